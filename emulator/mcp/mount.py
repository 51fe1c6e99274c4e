"""/api/mcp: who asks is looked at before anything is loaded or read."""

from __future__ import annotations

import asyncio
import importlib
from io import BytesIO

from asgiref.sync import sync_to_async
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, JsonResponse

from accounts.auth import token_of, token_row
from accounts.errors import ApiError
from accounts.models import digest
from emulator.mcp.inside import App, Event
from emulator.web import headers

PATH = "/api/mcp"


class WithMcp:
    """ASGI application around the one for HTTP."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Event, receive, send) -> None:
        if scope["type"] != "http" or scope["path"].rstrip("/") != PATH:
            await self._app(scope, receive, send)
            return
        try:
            request = await self._known(scope)
        except ApiError as error:
            await _refuse(scope, error, send)
            return
        server = await _loaded()
        await server.answer(server.Caller(request, self._app, scope), receive, send)

    async def _known(self, scope: Event) -> HttpRequest:
        """The request with its user and token. Raises ApiError."""
        request = ASGIRequest(scope, BytesIO())
        try:
            request.get_host()
        except DisallowedHost:
            raise ApiError("bad_host", "The platform is not known by this name.", 400) from None
        if request.method != "POST":
            sentence = "Send MCP's requests by POST: there is neither a stream nor a session."
            raise ApiError("method_not_allowed", sentence, 405)
        text = token_of(request)
        if text is None:
            # A browser's session does not count here: a page of somebody else's could use it.
            sentence = "Send a token of POST /api/auth/login as `Authorization: Bearer <token>`."
            raise ApiError("not_authenticated", sentence, 401)
        request.api_token = await sync_to_async(token_row)(digest(text))
        request.user = request.api_token.user
        return request


async def _loaded():
    """The SDK's import takes a second or more of CPU: not in the loop that serves everybody."""
    return await asyncio.to_thread(importlib.import_module, "emulator.mcp.server")


async def _refuse(scope: Event, error: ApiError, send) -> None:
    answer = JsonResponse(error.as_dict(), status=error.status)
    if error.status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    if error.status == 405:
        answer["Allow"] = "POST"
    headers.secure(ASGIRequest(scope, BytesIO()), answer)
    told = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": told})
    await send({"type": "http.response.body", "body": answer.content})
