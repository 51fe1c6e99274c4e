"""/api/auth: login, logout, me, refresh."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest
from ninja import Router

from accounts.auth import token_of
from accounts.errors import REFUSED, ApiError
from accounts.models import ApiToken, digest
from accounts.schemas import DoneOut, ErrorOut, LoginIn, TokenOut, UserOut

# Mounted at /api/: the paths here are whole.
router = Router(tags=["auth"])


def _token_out(user, name: str) -> dict:
    row, text = ApiToken.objects.issue(user, name)
    return {"token": text, "expires": row.expires, "user": user}


@router.post("/auth/login", auth=None, response={200: TokenOut, REFUSED: ErrorOut})
def log_in(request: HttpRequest, body: LoginIn):
    """Exchange a user name and password for a token that lasts 30 days."""
    user = authenticate(request, username=body.username, password=body.password)
    if user is None:
        raise ApiError("login_failed", "Check the user name and the password.", 401)
    if body.session:
        login(request, user)
    return _token_out(user, body.name or "login")


@router.post("/auth/logout", response={200: DoneOut, REFUSED: ErrorOut})
def log_out(request: HttpRequest):
    """Revoke the token that was sent, or end the session."""
    text = token_of(request)
    if text is not None:
        ApiToken.objects.filter(digest=digest(text)).delete()
        return {"detail": "The token is revoked."}
    logout(request)
    return {"detail": "You are logged out."}


@router.get("/auth/me", response={200: UserOut, REFUSED: ErrorOut})
def me(request: HttpRequest):
    return request.auth


@router.post("/auth/refresh", response={200: TokenOut, REFUSED: ErrorOut})
def refresh(request: HttpRequest):
    """A new token for 30 more days; the token that was sent is revoked."""
    text = token_of(request)
    name = "login"
    if text is not None:
        old = ApiToken.objects.filter(digest=digest(text))
        name = old.values_list("name", flat=True).first() or name
        # Two refreshes of one token at once: the delete counts for one of them only.
        if not old.delete()[0]:
            raise ApiError("token_invalid", "This token was refreshed already: log in again.", 401)
    return _token_out(request.auth, name)
