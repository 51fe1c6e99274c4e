"""A span of every request, where TRACING is on; settings.py leaves the middleware out else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from opentelemetry import propagate
from opentelemetry.trace import SpanKind, Status, StatusCode

from runtime.tracing import tracer_of


@cache
def tracer() -> Any:
    """That of this process, made with its first request: it may have been forked before."""
    return tracer_of("ocpp-web")


class TracedMiddleware:
    """The first of all, so that a span has the time of the others in it."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._next = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if iscoroutinefunction(self):
            return self._later(request)
        span = _begun(request)
        try:
            response = self._next(request)
            _tell(span, request, response)
        finally:
            span.end()
        return response

    async def _later(self, request: HttpRequest) -> HttpResponse:
        span = _begun(request)
        try:
            response = await self._next(request)
            _tell(span, request, response)
        finally:
            span.end()
        return response


def _begun(request: HttpRequest) -> Any:
    return tracer().start_span(
        request.method, context=propagate.extract(request.headers), kind=SpanKind.SERVER,
        attributes={"http.request.method": request.method},
    )  # fmt: skip


def _tell(span: Any, request: HttpRequest, response: HttpResponse) -> None:
    """By the route and not the path: that has the names of stations in it, without an end."""
    match = request.resolver_match
    if match is not None:
        span.update_name(f"{request.method} /{match.route}")
        span.set_attribute("http.route", f"/{match.route}")
    span.set_attribute("http.response.status_code", response.status_code)
    if response.status_code >= 500:
        span.set_status(Status(StatusCode.ERROR))
