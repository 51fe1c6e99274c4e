"""A middleware of ours is the same around a view in a thread and one in a loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from runtime.middleware import Middleware


class Noting(Middleware):
    """Says in the answer what it was told; asks stores about /asks."""

    is_open = False

    @contextmanager
    def around(self, request: HttpRequest) -> Iterator[str]:
        self.is_open = True
        yield f"found at {request.path}"
        self.is_open = False

    def waits(self, request: HttpRequest, found: str) -> bool:
        return found == "found at /asks"

    def answered(self, request: HttpRequest, response: HttpResponse, found: str) -> HttpResponse:
        response["Told"] = f"{request.path}, {found}, in a loop: {in_a_loop()}"
        assert not self.is_open
        return response


def in_a_loop() -> bool:
    try:
        return asyncio.get_running_loop() is not None
    except RuntimeError:
        return False


def test_around_a_view_in_a_thread():
    def view(request: HttpRequest) -> HttpResponse:
        assert noting.is_open
        return HttpResponse(request.path)

    noting = Noting(view)
    answer = noting(RequestFactory().get("/here"))
    assert answer.content == b"/here"
    assert answer["Told"] == "/here, found at /here, in a loop: False"


@pytest.mark.parametrize("path", ["/here", "/asks"])
async def test_around_a_view_in_a_loop(path):
    async def view(request: HttpRequest) -> HttpResponse:
        assert noting.is_open
        return HttpResponse(request.path)

    noting = Noting(view)
    answer = await noting(RequestFactory().get(path))
    assert answer.content == path.encode()
    assert answer["Told"] == f"{path}, found at {path}, in a loop: {path == '/here'}"
