"""Making connections: how many at a time, how many a second, and what to say when one fails."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
import time
from collections.abc import Coroutine
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import picows
from python_socks import ProxyError

from runtime import lifetime
from stations.link.opening import open_websocket
from stations.link.pacing import Turns
from stations.link.reaching import Reach
from stations.link.targets import DialTarget, secured

if TYPE_CHECKING:
    from stations.link.dialer import Dialer


_REFUSED = f"[Errno {errno.ECONNREFUSED}]"
TICK = 0.01  # seconds; turns that come within it are taken together


class DialQueue:
    """At most `limit` connections are being made at a time, whatever the number of stations, and as
    many a second as the turns allow.

    A dial is the only time at which a station has a task.
    """

    def __init__(
        self,
        limit: int = 200,
        timeout: float = 10.0,
        reach: Reach | None = None,
        turns: Turns[Dialer] | None = None,
    ) -> None:
        """`timeout`: seconds for a connection and its upgrade, each."""
        self.reach = reach or Reach()
        self._limit = limit
        self._timeout = timeout
        self._turns = Turns() if turns is None else turns
        self._tasks: set[asyncio.Task] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._dialing = 0
        self._closed = False

    def submit(self, dialer: Dialer) -> None:
        """Have a dialer connect when it is its turn."""
        url = target_of(dialer).url if self._turns.paced else ""
        self._turns.add(dialer, url, time.monotonic())
        self._start_next()

    def backlog(self) -> tuple[int, float]:
        """How many wait for their turn, and by how many seconds the first of them is late by the
        rates (without rates: since when it waits)."""
        return len(self._turns), self._turns.late(time.monotonic())

    @property
    def crowded(self) -> bool:
        """Whether more stations may connect than are dialled at once."""
        return self._turns.crowded(time.monotonic())

    @property
    def busy(self) -> bool:
        """Whether any connection is being made, or could be."""
        return self._dialing > 0 or self.crowded

    def swallow(self, ending: Coroutine) -> None:
        """Retrieve the exception by which picows ended a connection; it is logged already."""
        self._keep(asyncio.ensure_future(_swallow(ending)))

    async def close(self) -> None:
        """Give up the dials under way and those that wait."""
        self._closed = True
        self._turns.clear()
        self._forget_timer()
        await lifetime.end(self._tasks)

    def _start_next(self) -> None:
        self._forget_timer()
        now = time.monotonic()
        while self._dialing < self._limit and not self._closed:
            dialer = self._turns.take(now)
            if dialer is None:
                break
            self._dialing += 1
            task = asyncio.ensure_future(self._dial(dialer))
            self._tasks.add(task)
            task.add_done_callback(self._dialed)
        if self._dialing == self._limit or self._closed:
            return  # a dial that ends is followed by the next
        at = self._turns.next_turn()
        if at is not None:
            wait = max(at - now, TICK)
            self._timer = asyncio.get_running_loop().call_later(wait, self._start_next)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _dialed(self, task: asyncio.Task) -> None:
        self._tasks.discard(task)
        self._dialing -= 1
        self._start_next()

    def _keep(self, task: asyncio.Task) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _dial(self, dialer: Dialer) -> None:
        try:
            gate = dialer.consumer.host.gate
            # A CSMS may take a new connection for the end of the one that another worker has.
            if (asked := gate.asked()) is not None:
                await asked
            await gate.opened()
            if not dialer.wanted:
                raise ConnectionAbortedError("no longer wanted")
            async with asyncio.timeout(self._timeout):
                listener = await open_websocket(dialer, target_of(dialer), self._timeout)
            if listener is None:
                raise ConnectionResetError("the CSMS closed the connection during the handshake")
        except Exception as failure:
            dialer.failed(failure)


def target_of(dialer: Dialer) -> DialTarget:
    """Where to and how: as the operator has configured, and as the CSMS has changed it since."""
    station = dialer.consumer.station
    return secured(dialer.target, station.link_security(), station.identity)


def refusal(failure: BaseException, proxy: str = "") -> str:
    """One sentence for the operator on why a dial failed; `proxy`: by which it was made."""
    words = _refusal(failure)
    # Who refused a connection, or let it break, is not to be seen from here.
    return f"{words} (by the proxy {urlsplit(proxy).netloc.rpartition('@')[2]})" if proxy else words


def _refusal(failure: BaseException) -> str:
    if (status := _status_of(failure)) is not None:
        return f"the CSMS answered HTTP {status.value} {status.phrase}"
    if isinstance(failure, ProxyError):
        return _refusal_of_proxy(str(failure))
    if isinstance(failure, TimeoutError):
        return "no answer in time"
    if isinstance(failure, OSError):
        return _refusal_of_system(failure)
    return str(failure) or type(failure).__name__


def _status_of(failure: BaseException) -> HTTPStatus | None:
    """By which a handshake was refused."""
    if not isinstance(failure, picows.WSHandshakeError):
        return None
    if failure.response is not None:
        status = getattr(failure.response, "status", None)
        return None if status == HTTPStatus.SWITCHING_PROTOCOLS else status
    # Of an answer in HTTP/1.0, as some proxies give, picows reads no further than its version.
    version, _, rest = bytes(failure.raw_header or b"").upper().partition(b" ")
    code = rest[:3].decode("latin-1") if version == b"HTTP/1.0" else ""
    refused = code.isdecimal() and code in {str(each.value) for each in HTTPStatus if each >= 300}
    return HTTPStatus(int(code)) if refused else None


def _refusal_of_system(failure: OSError) -> str:
    if isinstance(failure, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {failure.verify_message}"
    words = str(failure) or type(failure).__name__
    if isinstance(failure, ssl.SSLError):
        return words
    if isinstance(failure, socket.gaierror):
        return f"the CSMS's name is not known: {failure.strerror}"
    # Of a name with several addresses asyncio tells all that failed, in one text.
    if failure.errno == errno.ECONNREFUSED or _REFUSED in words:
        return "nobody listens at the CSMS's address: connection refused"
    if failure.errno:
        return os.strerror(failure.errno)
    first, *others = words.split("[Errno ")
    return first + "".join(other.partition("] ")[2] or other for other in others)


def _refusal_of_proxy(words: str) -> str:
    """picows tells a status by its number alone."""
    head, is_status, number = words.rpartition("status ")
    if is_status and number.isdigit() and len(number) == 3:
        known = {each.value: each.phrase for each in HTTPStatus}
        return f"the proxy answered HTTP {number} {known.get(int(number), '')}".rstrip()
    return words.replace("HTTP proxy", "the proxy", 1)


def failure_kind(failure: BaseException) -> str:
    """A key of chargepoint.common.security.relinking.FAILURES, or "network"."""
    if isinstance(failure, picows.WSHandshakeError):
        return "refused" if _status_of(failure) in (401, 403) else "network"
    if isinstance(failure, ssl.SSLCertVerificationError):
        return "certificate"
    if not isinstance(failure, ssl.SSLError):
        return "network"
    reason = (failure.reason or "").upper()
    if "VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason:
        return "version"
    if "HANDSHAKE_FAILURE" in reason or "CIPHER" in reason:
        return "cipher"
    return "tls"


async def _swallow(ending: Coroutine) -> None:
    with contextlib.suppress(Exception):
        await ending
