"""Many browsers, or one that opens many connections: what each may take of a web process."""

from __future__ import annotations

import os
import resource
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

TOO_MANY = 4429  # as HTTP 429; a browser's page tries again later
SENTENCE = "Too many connections are open: close some pages and try again."


def raise_file_limit() -> None:
    """Take all descriptors that the system gives: 1,000 idle connections use up the usual 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class SocketLimit:
    """ASGI: so many WebSockets at a time of one address, and so many of this process.

    Behind BehindProxies, so that an address is not a proxy's.
    """

    def __init__(
        self, app: Callable[..., Awaitable[None]], of_one: int | None = None, of_all: int = 1000
    ) -> None:
        self._app = app
        self._of_one = of_one or int(os.environ.get("WEBSOCKETS_PER_ADDRESS", "200"))
        self._of_all = of_all
        self.open: Counter[str] = Counter()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        address = (scope.get("client") or [""])[0]
        if self.open[address] >= self._of_one or self.open.total() >= self._of_all:
            await send({"type": "websocket.accept"})  # else a browser would not hear the code
            await send({"type": "websocket.close", "code": TOO_MANY, "reason": SENTENCE})
            return
        self.open[address] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self.open[address] -= 1
            if not self.open[address]:
                del self.open[address]
