"""Is the page that asks one of ours? A browser sends cookies whoever made the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.http.request import is_same_domain

Scope = dict[str, Any]


def is_ours(origin: str, request: HttpRequest) -> bool:
    """Whether an Origin header (RFC 6454) names the scheme, host and port that was asked.

    Or one of CSRF_TRUSTED_ORIGINS, as for Django's own check of forms.
    """
    try:
        host = request.get_host()
    except DisallowedHost:
        return False
    return origin.lower() == f"{request.scheme}://{host}".lower() or _is_trusted(origin)


def _is_trusted(origin: str) -> bool:
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return any(
        trusted.startswith(f"{parts.scheme}://*")
        and is_same_domain(parts.netloc, trusted.partition("*")[2])
        for trusted in settings.CSRF_TRUSTED_ORIGINS
    )


class SameOrigin:
    """ASGI: WebSockets from pages of ours, and from programs, which send a token and no Origin."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        app = self._app if self._passes(scope) else WebsocketDenier()
        await app(scope, receive, send)

    def _passes(self, scope: Scope) -> bool:
        scheme = "https" if scope.get("scheme") == "wss" else "http"
        asked = {**scope, "type": "http", "method": "GET", "scheme": scheme}
        request = ASGIRequest(asked, BytesIO())
        origin = request.headers.get("Origin")
        if origin is None:
            return "Authorization" in request.headers
        return is_ours(origin, request)
