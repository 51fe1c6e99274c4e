"""/api/auth: login, logout, me, refresh, and one's own tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bson import ObjectId
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from ninja.responses import Status

from accounts.auth import out_of_scope
from accounts.errors import REFUSED, ApiError
from accounts.models import TOKEN_LIFETIME, ApiToken
from accounts.origins import is_ours
from accounts.schemas import (
    DoneOut,
    ErrorOut,
    LoginIn,
    NewTokenOut,
    OwnTokenOut,
    TokenIn,
    TokenOut,
    UserOut,
)
from accounts.trail.following import logged_in, logged_out

# Mounted at /api/: the paths here are whole.
router = Router(tags=["auth"])
THROTTLED = frozenset({429, 503})


def _token_out(user: Any, name: str, **of_before: Any) -> dict:
    row, text = ApiToken.objects.issue(user, name, **of_before)
    return {
        "token": text, "expires": row.expires, "refreshable_until": row.exchangeable_until,
        "scopes": row.scopes, "user": user,
    }  # fmt: skip


@router.post(
    "/auth/login", auth=None, response={200: TokenOut, REFUSED: ErrorOut, THROTTLED: ErrorOut}
)
def log_in(request: HttpRequest, body: LoginIn):
    """Exchange a user name and password for a token that lasts 30 days.

    After a few failures one has to wait longer and longer (429).
    """
    if body.session:
        _refuse_foreign(request)
    user = authenticate(request, username=body.username, password=body.password)
    if user is None:
        raise ApiError("login_failed", "Check the user name and the password.", 401)
    if body.session:
        login(request, user)
    else:
        logged_in(user)
    return _token_out(user, body.name or "login", scopes=body.scopes)


def _refuse_foreign(request: HttpRequest) -> None:
    """No page of others logs a browser in: a form can send text that reads as JSON."""
    origin = request.headers.get("Origin")
    if origin is not None and not is_ours(origin, request):
        sentence = "Only a page of this server may log the browser in; take `session` out."
        raise ApiError("csrf_failed", sentence, 403)
    if request.content_type != "application/json":
        sentence = "Send JSON with the Content-Type application/json to log the browser in."
        raise ApiError("csrf_failed", sentence, 403)


@router.post("/auth/logout", response={200: DoneOut, REFUSED: ErrorOut})
def log_out(request: HttpRequest):
    """Revoke the token that was sent, or end the session."""
    if request.api_token is not None:
        ApiToken.objects.filter(pk=request.api_token.pk).delete()
        logged_out(request.auth)
        return {"detail": "The token is revoked."}
    logout(request)
    return {"detail": "You are logged out."}


@router.get("/auth/me", response={200: UserOut, REFUSED: ErrorOut})
def me(request: HttpRequest):
    """Who one is: name, rights, and the scopes of the token that was sent (null for a session)."""
    user, token = request.auth, request.api_token
    user.scopes = None if token is None else token.scopes
    return user


@router.post("/auth/refresh", response={200: TokenOut, REFUSED: ErrorOut})
def refresh(request: HttpRequest):
    """A new token for 30 more days, with the same scopes; the token that was sent is revoked.

    Up to 90 days after the log-in; then one logs in again.
    """
    old = request.api_token
    if old is None:
        return _token_out(request.auth, "login")
    left = old.exchangeable_until - timezone.now()
    if left <= timedelta(0):
        sentence = "This token has been refreshed for 90 days: log in again."
        raise ApiError("token_invalid", sentence, 401)
    # Two refreshes of one token at once: the delete counts for one of them only.
    if not ApiToken.objects.filter(pk=old.pk).delete()[0]:
        raise ApiError("token_invalid", "This token was refreshed already: log in again.", 401)
    return _token_out(
        request.auth, old.name, lifetime=min(TOKEN_LIFETIME, left), scopes=old.scopes, born=old.born
    )


def _item(row: ApiToken, request: HttpRequest) -> dict:
    current = request.api_token is not None and request.api_token.pk == row.pk
    names = ("name", "hint", "scopes", "created", "expires", "last_used")
    return {name: getattr(row, name) for name in names} | {"id": str(row.pk), "current": current}


@router.get("/auth/tokens", response={200: list[OwnTokenOut], REFUSED: ErrorOut})
def list_tokens(request: HttpRequest):
    """The caller's own."""
    return [_item(row, request) for row in ApiToken.objects.filter(user=request.auth)]


@router.post("/auth/tokens", response={201: NewTokenOut, REFUSED: ErrorOut})
def make_token(request: HttpRequest, body: TokenIn):
    """By a token: one with no more scopes, that is good for no longer."""
    lifetime, born, by = timedelta(days=body.days), timezone.now(), request.api_token
    if by is not None:
        if not set(body.scopes) <= {*by.scopes, *(["metrics"] if "read" in by.scopes else [])}:
            raise out_of_scope()
        born = by.born
        if by.expires is not None:
            lifetime = min(lifetime, by.expires - timezone.now())
    row, text = ApiToken.objects.issue(request.auth, body.name, lifetime, body.scopes, born)
    return Status(201, _item(row, request) | {"token": text})


@router.delete("/auth/tokens/{token}", response={204: None, REFUSED: ErrorOut})
def revoke_token(request: HttpRequest, token: str):
    """By its id, one of the caller's own."""
    own = ApiToken.objects.filter(user=request.auth)
    if not ObjectId.is_valid(token) or not own.filter(pk=ObjectId(token)).delete()[0]:
        raise ApiError("token_not_found", "There is no such token of yours: see the list.", 404)
    return Status(204, None)
