"""What Django's middlewares of ours share: one body for requests in threads and in coroutines."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse


class Middleware:
    """A subclass says what is around a request and what becomes of its answer."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def around(self, request: HttpRequest) -> AbstractContextManager:
        """Open while the request is served; what it gives is handed to `answered`."""
        return nullcontext()

    def waits(self, request: HttpRequest, found: Any) -> bool:
        """Whether `answered` asks a store, and so needs a thread."""
        return False

    def answered(self, request: HttpRequest, response: HttpResponse, found: Any) -> HttpResponse:
        """The answer that goes out."""
        return response

    def __call__(self, request: HttpRequest) -> Any:
        if self._is_async:
            return self._later(request)
        with self.around(request) as found:
            response = self._get_response(request)
        return self.answered(request, response, found)

    async def _later(self, request: HttpRequest) -> HttpResponse:
        with self.around(request) as found:
            response = await self._get_response(request)
        if self.waits(request, found):
            return await sync_to_async(self.answered)(request, response, found)
        return self.answered(request, response, found)
