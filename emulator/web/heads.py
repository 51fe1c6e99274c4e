"""How long the head of a request may take: from its first byte to the empty line that ends it.

Twisted ends a connection that is silent for a minute, but each byte begins the minute anew, so a
head that dribbles in would hold a connection for hours. A whole head is some KiB: seconds by the
slowest line.
"""

from __future__ import annotations

import sys
from typing import Any

LATE = (
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n"
    b"Cache-Control: no-store\r\n\r\n"
)


def bound_heads(seconds: float) -> None:
    """Have this process's Daphne end those that take longer; elsewhere, or by 0, do nothing."""
    daphne = sys.modules.get("daphne.http_protocol")
    if seconds and daphne is not None and sys.modules.get("twisted.internet.reactor") is not None:
        # Without the wrapper that would turn to HTTP/2 within TLS: we serve neither.
        daphne.HTTPFactory.protocol = staticmethod(prompt(daphne.http.HTTPChannel, seconds))


def prompt(base: type, seconds: float) -> type:
    """Twisted's HTTP channel with a limit for heads, which no setting of its own has."""

    class PromptChannel(base):
        _head_ends: Any = None  # the call that gives it up, while a head comes in

        def dataReceived(self, data: bytes) -> None:
            if self._head_ends is None and self.line_mode and not self._handlingRequest:
                self._head_ends = self.callLater(seconds, self._give_up)
            super().dataReceived(data)

        def allHeadersReceived(self) -> None:
            self._head_came()
            super().allHeadersReceived()

        def connectionLost(self, reason: Any) -> None:
            self._head_came()
            super().connectionLost(reason)

        def _head_came(self) -> None:
            call, self._head_ends = self._head_ends, None
            if call is not None and call.active():
                call.cancel()

        def _give_up(self) -> None:
            self._head_ends = None
            self.transport.write(LATE)
            self.timeoutConnection()

    return PromptChannel
