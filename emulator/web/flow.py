"""An answer waits for its reader: what is streamed faster than it is read stays where it is made.

Daphne writes whatever the application sends into memory, so a download of the log by one who does
not read would grow the web process by the whole log.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any


def heed_readers() -> None:
    """Have this process's Daphne wait, if it is one; elsewhere do nothing."""
    http, server = (sys.modules.get(f"daphne.{name}") for name in ("http_protocol", "server"))
    if http is not None and server is not None:
        http.WebRequest = heeding(http.WebRequest)
        server.Server.handle_reply = _patiently(server.Server.handle_reply)


def _patiently(handle_reply: Any) -> Any:
    """Of Daphne's Server: what `await send(...)` of an application ends up in."""

    async def handle(self: Any, protocol: Any, message: dict[str, Any]) -> None:
        await handle_reply(self, protocol, message)
        if (free := getattr(protocol, "free_to_write", None)) is not None:
            await free.wait()

    return handle


class Flow:
    """A twisted IPushProducer: the transport says when it holds enough, and when it is empty."""

    def __init__(self, free: asyncio.Event) -> None:
        self._free = free
        free.set()

    def pauseProducing(self) -> None:
        self._free.clear()

    def resumeProducing(self) -> None:
        self._free.set()

    stopProducing = resumeProducing  # nothing is taken any more, and nobody has to wait for that


def heeding(base: type) -> type:
    """Daphne's request class whose `free_to_write` is an event while it streams, else None."""

    class HeedingRequest(base):
        free_to_write: asyncio.Event | None = None

        def handle_reply(self, message: dict[str, Any]) -> None:
            streams = message["type"] == "http.response.body" and message.get("more_body", False)
            if streams and self.free_to_write is None and not self.finished and self.channel:
                self.free_to_write = asyncio.Event()
                self.registerProducer(Flow(self.free_to_write), True)
            super().handle_reply(message)

        def finish(self) -> None:
            self._let_go()
            if self.producer is not None:
                self.unregisterProducer()
            super().finish()

        def connectionLost(self, reason: Any) -> None:
            self._let_go()
            super().connectionLost(reason)

        def _let_go(self) -> None:
            if self.free_to_write is not None:
                self.free_to_write.set()

    return HeedingRequest
