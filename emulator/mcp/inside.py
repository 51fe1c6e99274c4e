"""A request to the platform's own API in this process, as if it had come over HTTP.

It goes through all that guards the API: who asks, his rights, the limits, the trail. What comes
back is bounded, whatever was asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

Event = dict[str, Any]
App = Callable[..., Awaitable[None]]

# Of the request that the call came by, what the API is to hear: who, from where, under which name.
KEPT = (b"authorization", b"host", b"user-agent", b"x-forwarded-proto", b"x-forwarded-for")
MOST = 60_000  # bytes of an answer: some 15,000 tokens of a model
JSON = b"application/json"


@dataclass(frozen=True)
class Answer:
    """`cut`: there was more than MOST."""

    status: int
    text: str
    cut: bool


class _Ending:
    """What the application sends, as much of it as is wanted; then it hears that nobody listens."""

    def __init__(self, body: bytes, most: int) -> None:
        self.status = 500
        self.held = bytearray()
        self.cut = False
        self._most = most
        self._body: bytes | None = body
        self._enough = asyncio.Event()

    async def receive(self) -> Event:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._enough.wait()
        return {"type": "http.disconnect"}

    async def send(self, event: Event) -> None:
        if event["type"] == "http.response.start":
            self.status = event["status"]
            return
        room = self._most - len(self.held)
        body = event.get("body", b"")
        self.held += body[:room]
        if len(body) > room:
            self.cut = True
            self._enough.set()

    def answer(self) -> Answer:
        return Answer(self.status, self.held.decode("utf-8", "ignore"), self.cut)


async def ask(
    app: App, scope: Event, method: str, path: str, query: str, body: bytes, most: int = MOST
) -> Answer:
    """scope: of the request that this one is for. path: with "%2F" for a "/" in an identity."""
    headers = [(name, value) for name, value in scope["headers"] if name in KEPT]
    headers.append((b"accept", JSON))
    if body:
        headers += [(b"content-type", JSON), (b"content-length", str(len(body)).encode())]
    inner = {
        **{name: scope[name] for name in ("type", "asgi", "http_version", "client", "server",
                                          "scheme") if name in scope},
        "method": method, "path": unquote(path), "raw_path": path.encode(), "root_path": "",
        "query_string": query.encode(), "headers": headers,
    }  # fmt: skip
    ending = _Ending(body, most)
    await app(inner, ending.receive, ending.send)
    return ending.answer()
