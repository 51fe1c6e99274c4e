"""Who is asking: a Django session (with CSRF protection) or a bearer token; and may he do this?

`SessionOrToken(table)` is given to NinjaAPI(auth=...). It is async; ninja runs it for sync views
too. A request has `api_token` afterwards: the row of its token, or None.
"""

from __future__ import annotations

import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from accounts.errors import ApiError
from accounts.models import LAST_USED_STEP, ApiToken, digest
from accounts.rights import ANYONE, METRICS, WORDS, Part, operation_of, sufficient
from accounts.trail.following import known_as

log = logging.getLogger(__name__)
SCHEMES = ("bearer", "token")


def token_of(request: HttpRequest) -> str | None:
    """The token of `Authorization: Bearer ...` or `Token ...`; None if there is none."""
    scheme, _, text = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() not in SCHEMES:
        return None
    return text.strip() or None


def token_row(hashed: str) -> ApiToken:
    """The row of a valid token by its digest, with its active user; otherwise ApiError 401.

    Raises it where there is none.
    """
    now = timezone.now()
    row = ApiToken.objects.valid(now).select_related("user").filter(digest=hashed).first()
    if row is None or not row.user.is_active or not row.of_this_password:
        raise ApiError(
            "token_invalid",
            "This token is unknown or has expired: log in again at POST /api/auth/login.",
            401,
        )
    if row.last_used is None or now - row.last_used > LAST_USED_STEP:
        ApiToken.objects.filter(pk=row.pk).update(last_used=now)
    return row


class SessionOrToken(AuthBase):
    """table: right of each operation; one that has no row there is refused."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = (
        "A token of POST /api/auth/login as `Authorization: Bearer <token>` (or `Token <token>`). "
        "A logged-in browser session works too; unsafe methods then need the CSRF token."
    )

    def __init__(self, table: Part) -> None:
        self.table = table
        super().__init__()

    async def __call__(self, request: HttpRequest) -> AbstractBaseUser:
        operation = operation_of(request.method, request.resolver_match.route)
        right = self.table.operations.get(operation)
        if right == METRICS and is_metrics_token(request):
            request.api_token = None
            return AnonymousUser()
        user = await authenticated(request)
        if right is None:
            log.error("%s has no row in the table of rights, so nobody may do it", operation)
            raise ApiError("forbidden", "Nobody may do this.", 403)
        if not self.table.in_scope(request, right):
            raise out_of_scope()
        if right not in WORDS and not await _holds(user, right):
            raise forbidden(right)
        return user


def is_metrics_token(request: HttpRequest) -> bool:
    """Whether the token is the one of the settings, which needs no store."""
    text, wanted = token_of(request), settings.METRICS_TOKEN
    return bool(wanted and text) and constant_time_compare(text, wanted)


async def authenticated(request: HttpRequest) -> AbstractBaseUser:
    """Who is asking, by token or session; sets `api_token`. ApiError 401, or 403 without CSRF.

    Raises them with a sentence on how to log in.
    """
    request.api_token = None
    text = token_of(request)
    if text is not None:
        request.api_token = await sync_to_async(token_row)(digest(text))
        request.user = request.api_token.user
        known_as(request.user, request.api_token)
        return request.user
    user = await request.auser()
    if not user.is_authenticated:
        raise ApiError(
            "not_authenticated",
            "Log in: send a token of POST /api/auth/login as `Authorization: Bearer <token>`.",
            401,
        )
    # A cookie is sent by the browser whoever made the page, a header is not: so only
    # the session needs the CSRF check. It passes safe methods by itself.
    if check_csrf(request) is not None:
        raise ApiError(
            "csrf_failed",
            "Send the CSRF token of the page in the X-CSRFToken header, or use a token.",
            403,
        )
    known_as(user)
    return user


async def _holds(user: Any, right: str) -> bool:
    for name in sufficient(right):
        if await user.ahas_perm(name):
            return True
    return False


def forbidden(right: str) -> ApiError:
    return ApiError("forbidden", f'Ask an administrator for the right "{right}".', 403)


def out_of_scope() -> ApiError:
    """The error for a token whose scopes do not include what was asked, status 403."""
    sentence = "This token's scopes do not reach so far: use one with more, see GET /api/auth/me."
    return ApiError("out_of_scope", sentence, 403)


def demand(part: Part, request: HttpRequest, right: str) -> None:
    """ApiError 403 unless the caller has this right too; for what a body or a query asks for.

    Raises it as `forbidden`, or `out_of_scope` where only the token lacks it.
    """
    if right == ANYONE or part.may(request, right):
        return
    raise forbidden(right) if part.in_scope(request, right) else out_of_scope()
