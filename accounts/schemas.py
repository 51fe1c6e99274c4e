"""Shapes of the auth API, and the error that every endpoint may answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

from accounts.rights import LEVELS


def _named(text: str) -> str:
    if "\0" in text:
        raise ValueError("Take out the NUL characters (\\u0000).")
    return text


Name = Annotated[str, AfterValidator(_named)]
Scope = Literal["read", "drive", "configure", "administer", "metrics"]


class ErrorOut(Schema):
    code: str
    message: str
    fields: dict[str, str] | None = None


class LoginIn(Schema):
    username: Name
    password: str
    session: bool = False
    """Also log this browser session in, by a cookie."""
    name: Name = ""
    """What uses the token; shown in the admin."""
    scopes: list[Scope] = Field(default_factory=lambda: list(LEVELS))
    """What the token may do of what the user may do."""


class UserOut(Schema):
    username: str
    email: str
    is_staff: bool
    is_superuser: bool
    groups: list[str] = Field(default_factory=list)
    scopes: list[str] | None = Field(None, description="Of the token that was sent; else null")

    @staticmethod
    def resolve_groups(row: Any) -> list[str]:
        return sorted(row.groups.values_list("name", flat=True))


class TokenOut(Schema):
    token: str
    token_type: str = "Bearer"
    expires: datetime | None
    refreshable_until: datetime
    scopes: list[str]
    user: UserOut


class TokenIn(Schema):
    """A token of one's own, for a program."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(max_length=80)
    scopes: list[Scope] = Field(min_length=1)
    days: int = Field(30, ge=1, le=366)


class OwnTokenOut(Schema):
    id: str
    name: str
    hint: str = Field(description="How it begins")
    scopes: list[str]
    created: datetime
    expires: datetime | None
    last_used: datetime | None
    current: bool = Field(description="It is the one that was sent with this request")


class NewTokenOut(OwnTokenOut):
    token: str = Field(description="Shown this once")


class DoneOut(Schema):
    detail: str
