"""Shapes of the auth API, and the error that every endpoint may answer."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema


class ErrorOut(Schema):
    code: str
    message: str
    fields: dict[str, str] | None = None


class LoginIn(Schema):
    username: str
    password: str
    session: bool = False
    """Also log this browser session in, by a cookie."""
    name: str = ""
    """What uses the token; shown in the admin."""


class UserOut(Schema):
    username: str
    email: str
    is_staff: bool
    is_superuser: bool


class TokenOut(Schema):
    token: str
    token_type: str = "Bearer"
    expires: datetime | None
    user: UserOut


class DoneOut(Schema):
    detail: str
