"""What every answer tells a browser to refuse: foreign and inline scripts, frames, guesses.

The admin's pages are Unfold's, whose Alpine makes functions of the expressions in `x-` attributes:
they alone, and error pages in their look, may call eval. No page may have a script of its own text,
so what somebody writes into a field is never one. Styles may stand inline: Unfold has its colours
and widths there, and a style reaches no other origin, since nothing may be fetched from one.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from runtime.middleware import Middleware

ADMIN, API, STATIC = "/admin/", "/api/", "/static/"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",  # of ws: and wss: too (CSP level 3, 6.7.2.8)
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
EVAL = {**POLICY, "script-src": "'self' 'unsafe-eval'"}
PERMISSIONS = (
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), serial=(), usb=()"
)


def _written(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


PLAIN_POLICY, ADMIN_POLICY = _written(POLICY), _written(EVAL)


def secure(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """The same answer with the headers; what a view has set stays."""
    path = request.path
    policy = ADMIN_POLICY if path.startswith(ADMIN) else PLAIN_POLICY
    answer.headers.setdefault("Content-Security-Policy", policy)
    answer.headers.setdefault("Permissions-Policy", PERMISSIONS)
    answer.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    if not path.startswith(STATIC):
        # Messages, passwords and tokens are no matter of a proxy's or a browser's disk.
        answer.headers.setdefault("Cache-Control", "private, no-store")
    return answer


class HeadersMiddleware(Middleware):
    def answered(self, request: HttpRequest, response: HttpResponse, found: Any) -> HttpResponse:
        return secure(request, response)
