"""An answer to HEAD has no body (RFC 9110, 9.3.2).

Daphne 4.2 sends what the application gives it, and Django gives the body of a GET: on a connection
that is kept the next answer would begin in the midst of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any


class WithoutBodyForHead:
    """An ASGI application in front of another."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return await self._app(scope, receive, send)

        async def without_body(message: dict) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        return await self._app(scope, receive, without_body)
