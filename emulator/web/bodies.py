"""How large a request's body may be: known before it is read, whoever sends it and however.

Daphne takes a whole body in before the application hears of the request, so no middleware could
refuse one. Here its request class counts: what is declared is refused at the headers, what comes
chunked at the first byte too many.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from accounts.errors import ApiError

MIB = 2**20
ANONYMOUS = 64 * 1024  # a log-in; of who shows neither a session nor a token
USUAL = 8 * MIB  # the certificates of a station, the form that deletes a whole fleet
IMPORT = 20 * MIB
IMPORTS = (b"/api/stations/import", b"/api/scenarios/import")
TOGETHER = 128 * MIB  # of all requests of this process that are not answered yet
LINGER = 3.0  # seconds in which a refused client may read why

TOO_LARGE = "Send less at once: a body may have {limit} bytes here."
BUSY = "Other large bodies are on their way: send this one again in a moment."


def limit_of(path: bytes, known: bool) -> int:
    """Bytes. `known`: the request shows something to be known by, true or not."""
    if not known:
        return ANONYMOUS
    return IMPORT if path.partition(b"?")[0] in IMPORTS else USUAL


class Shelf:
    """The bytes of bodies that one process holds."""

    def __init__(self, most: int = TOGETHER) -> None:
        self.most = most
        self.held = 0


class Allowance:
    """One body's share: `take` says why no more may be taken, None while it may."""

    def __init__(self, limit: int, shelf: Shelf) -> None:
        self._limit = limit
        self._shelf = shelf
        self._taken = 0

    def declared(self, length: int) -> ApiError | None:
        """Why a body of `length` bytes is not taken: 413 too large, 503 too much at once; None:
        it is."""
        if length > self._limit:
            return ApiError("too_large", TOO_LARGE.format(limit=self._limit), 413)
        return BUSY_ERROR if self._shelf.held + length > self._shelf.most else None

    def take(self, size: int) -> ApiError | None:
        """Count `size` bytes more of a body: as `declared`, and held until `give_back`."""
        refused = self.declared(self._taken + size) if self._taken + size > self._limit else None
        if refused is None and self._shelf.held + size > self._shelf.most:
            refused = BUSY_ERROR
        if refused is None:
            self._taken += size
            self._shelf.held += size
        return refused

    def give_back(self) -> None:
        """The request is over: its bytes are not held any more."""
        self._shelf.held -= self._taken
        self._taken = 0


BUSY_ERROR = ApiError("busy", BUSY, 503)


def answer_of(error: ApiError) -> bytes:
    """A whole HTTP answer that ends the connection."""
    body = json.dumps(error.as_dict()).encode()
    title = {413: "Content Too Large", 503: "Service Unavailable"}[error.status]
    return (
        f"HTTP/1.1 {error.status} {title}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n\r\n"
    ).encode() + body


def limit_bodies() -> None:
    """Bound what this process reads if it is Daphne's; elsewhere do nothing."""
    daphne = sys.modules.get("daphne.http_protocol")
    if daphne is not None and sys.modules.get("twisted.internet.reactor") is not None:
        daphne.WebRequest = bounded(daphne.WebRequest, Shelf())


def bounded(base: type, shelf: Shelf) -> type:
    """Daphne's request class with limits. It has no setting for one: its factory names it."""

    class BoundedRequest(base):
        _allowance: Allowance | None = None
        _refused = False

        def gotLength(self, length: int | None) -> None:
            known = any(map(self.requestHeaders.hasHeader, (b"authorization", b"cookie")))
            self._allowance = Allowance(limit_of(self.channel._path, known), shelf)
            refused = self._allowance.declared(length or 0)
            super().gotLength(0 if refused else length)
            self._refuse(refused)

        def handleContentChunk(self, data: bytes) -> None:
            if not self._refused:
                self._refuse(self._allowance.take(len(data)))
            if not self._refused:
                super().handleContentChunk(data)

        def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
            if self._refused:
                self.channel.loseConnection()
            else:
                super().requestReceived(command, path, version)

        def connectionLost(self, reason: Any) -> None:
            self._give_back()
            super().connectionLost(reason)

        def finish(self) -> None:
            self._give_back()
            super().finish()

        def _refuse(self, error: ApiError | None) -> None:
            if error is None:
                return
            from twisted.internet import reactor

            self._refused = True
            self._give_back()
            transport = self.channel.transport
            transport.write(answer_of(error))
            # A close with bytes unread would be a reset, which may overtake the answer.
            transport.loseWriteConnection()
            reactor.callLater(LINGER, transport.abortConnection)

        def _give_back(self) -> None:
            if self._allowance is not None:
                self._allowance.give_back()

    return BoundedRequest
