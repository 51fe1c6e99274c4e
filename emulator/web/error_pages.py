"""What a browser shows when a page fails: the admin's look, a sentence, and a way back.

A page reads no store and no session, since these may be what failed. Below /api/ the same is told
in the API's one shape.
"""

from __future__ import annotations

import logging
import sys
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.errors import LOG_IN, ApiError, store_away_error
from emulator.web.headers import ADMIN_POLICY
from runtime.middleware import Middleware
from runtime.stores import away

log = logging.getLogger(__name__)
API = "/api/"
OPEN = ("/api/auth/login",)  # to who has not logged in
SAFE = ("GET", "HEAD", "OPTIONS")
RETRY_AFTER = "2"  # seconds
# status: (word for programs, title, sentence)
SAID = {
    400: ("bad_request", "Bad request", "The server could not make sense of what was sent. Go "
          "back and try it again."),
    403: ("forbidden", "Not allowed", "You have no right to open this page or to do this. Ask an "
          "administrator for it."),
    404: ("not_found", "Not found", "There is nothing at this address, or it has been deleted."),
    405: ("method_not_allowed", "Not here", "This address takes other methods than that."),
    500: ("internal", "This page failed", "The emulator failed at this; the log of the web process "
          "has the reason."),
}  # fmt: skip
FORM_EXPIRED = (
    "This form was opened before you logged in or out, or the browser sent no cookie with it. Go "
    "back, load the page anew and send it again."
)
# Where even the template fails.
PLAIN = (
    '<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1><p>{sentence}</p>'
    '<p><a href="/admin/">Dashboard</a></p></html>'
)


def error_page(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    """HTML with a way back; `status` is the answer's."""
    try:
        body = render_to_string(
            "errors/page.html",
            {
                **admin.site.look(request), "title": title, "sentence": sentence,
                "status": status, "time": timezone.now(), "back": _way_back(request),
                "home": reverse("admin:index"),
            },
        )  # fmt: skip
    except Exception:
        log.exception("The page for an error failed too")
        body = format_html(PLAIN, title=title, sentence=sentence)
    # The look is the admin's, scripts included, at whatever address.
    return HttpResponse(body, status=status, headers={"Content-Security-Policy": ADMIN_POLICY})


def _answer(request: HttpRequest, status: int, sentence: str = "") -> HttpResponse:
    code, title, usual = SAID[status]
    if request.path.startswith(API):
        error = ApiError(code, sentence or usual, status)
        return JsonResponse(error.as_dict(), status=status)
    return error_page(request, status, title, sentence or usual)


def _way_back(request: HttpRequest) -> str:
    """The page of this site that led here; empty if there is none."""
    came_from = request.headers.get("Referer", "")
    try:
        host = request.get_host()
    except DisallowedHost:
        return ""
    parts = urlsplit(came_from)
    if not url_has_allowed_host_and_scheme(came_from, {host}) or parts.path == request.path:
        return ""
    return came_from


def without(request: HttpRequest, store: str) -> HttpResponse:
    """The answer to a request that has not been looked at: 401 to one of the API that could not
    be answered with all stores there, for it says nothing of who sends it; else 503."""
    nameless = "Authorization" not in request.headers and not request.COOKIES.get(
        settings.SESSION_COOKIE_NAME
    )
    if nameless and request.path.startswith(API) and request.path not in OPEN:
        answer = JsonResponse(ApiError("not_authenticated", LOG_IN, 401).as_dict(), status=401)
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    return store_away(request, store)


def store_away(request: HttpRequest, store: str) -> HttpResponse:
    """503; what was sent to change something may have done so before the store went."""
    error = store_away_error(store, unsure=request.method not in SAFE)
    if request.path.startswith(API):
        answer: HttpResponse = JsonResponse(error.as_dict(), status=error.status)
    else:
        answer = error_page(request, error.status, f"{store} is away", error.message)
    answer["Cache-Control"] = "no-store"
    answer["Retry-After"] = RETRY_AFTER
    return answer


class StoreAwayMiddleware(Middleware):
    """Answers for views and their templates that a store was away from."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page 503 where a store is away; None for other exceptions, which Django handles."""
        store = away(error)
        return store_away(request, store) if store else None


class ApiRefusals(Middleware):
    """What a view below /api/ answers with 405 in the API's shape: ninja answers as plain text."""

    def answered(self, request: HttpRequest, response: HttpResponse, found: Any) -> HttpResponse:
        if response.status_code != 405 or not request.path.startswith(API):
            return response
        methods = response.headers.get("Allow", "")
        answer = _answer(request, 405, f"This address takes {methods}; see /api/docs.")
        answer["Allow"] = methods
        return answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page of an unexpected error: 503 where a store is away, else 500."""
    error = sys.exc_info()[1]  # of a middleware: a session that could not be saved, for one
    if store := error and away(error):
        return store_away(request, store)
    return _answer(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, 403, FORM_EXPIRED)
