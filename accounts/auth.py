"""Who is asking: a Django session (with CSRF protection) or a bearer token.

`api_auth` is given to NinjaAPI(auth=...). It is async; ninja runs it for sync views too.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.utils import timezone
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from accounts.errors import ApiError
from accounts.models import LAST_USED_STEP, ApiToken, digest

SCHEMES = ("bearer", "token")


def token_of(request: HttpRequest) -> str | None:
    """The token of `Authorization: Bearer ...` or `Token ...`; None if there is none."""
    scheme, _, text = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() not in SCHEMES:
        return None
    return text.strip() or None


async def user_of_token(text: str) -> AbstractBaseUser:
    """The active user of a valid token; otherwise ApiError 401."""
    now = timezone.now()
    row = (
        await ApiToken.objects.valid(now)
        .select_related("user")
        .filter(digest=digest(text))
        .afirst()
    )
    if row is None or not row.user.is_active:
        raise ApiError(
            "token_invalid",
            "This token is unknown or has expired: log in again at POST /api/auth/login.",
            401,
        )
    if row.last_used is None or now - row.last_used > LAST_USED_STEP:
        await ApiToken.objects.filter(pk=row.pk).aupdate(last_used=now)
    return row.user


class SessionOrToken(AuthBase):
    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = (
        "A token of POST /api/auth/login as `Authorization: Bearer <token>` (or `Token <token>`). "
        "A logged-in browser session works too; unsafe methods then need the CSRF token."
    )

    async def __call__(self, request: HttpRequest) -> AbstractBaseUser:
        text = token_of(request)
        if text is not None:
            user = await user_of_token(text)
            request.user = user
            return user
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
        return user


api_auth = SessionOrToken()
