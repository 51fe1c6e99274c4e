"""The icon that a browser asks for by itself where a page names none, as for JSON and downloads."""

from __future__ import annotations

from functools import lru_cache

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

A_DAY = "public, max-age=86400"


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """The picture itself under the old name: browsers go by its type, not by the ending."""
    headers = {"Cache-Control": A_DAY}
    return HttpResponse(_picture(), content_type="image/svg+xml", headers=headers)


@lru_cache(maxsize=1)
def _picture() -> bytes:
    with open(finders.find("emulator/favicon.svg"), "rb") as file:
        return file.read()
