"""API tokens: only a hash is kept, so a copy of the database opens nothing."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_mongodb_backend.fields import ArrayField

from accounts.rights import LEVELS, SCOPES

TOKEN_LIFETIME = timedelta(days=30)
# From the log-in on, however often the token is exchanged for a new one.
TOTAL_LIFETIME = timedelta(days=90)
LONGEST_LIFETIME = timedelta(days=366)
# A write per request would make every read a write; a minute is near enough for "last used".
LAST_USED_STEP = timedelta(minutes=1)


def digest(token: str) -> str:
    """SHA-256 in hex. A token is 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def default_scopes() -> list[str]:
    return list(LEVELS)


class TrailEntry(models.Model):  # noqa: DJ008 - there are no instances
    """The trail as Django knows it: for its permission alone. See accounts/trail/."""

    class Meta:
        managed = False
        db_table = "trail"
        default_permissions = ("view",)


class ApiTokenQuerySet(models.QuerySet):
    def issue(
        self,
        user: Any,
        name: str = "",
        lifetime: timedelta | None = TOKEN_LIFETIME,
        scopes: Iterable[str] = LEVELS,
        born: datetime | None = None,
    ) -> tuple[ApiToken, str]:
        """Make a token and return (row, token text). The text cannot be had again.

        lifetime None: the token does not expire.
        born: when the user logged in; left out: now.
        """
        text, now = secrets.token_urlsafe(32), timezone.now()
        row = self.create(
            user=user, name=name, digest=digest(text), hint=text[:6],
            expires=None if lifetime is None else now + lifetime,
            scopes=[scope for scope in SCOPES if scope in set(scopes)], born=born or now,
            password_hash=user.get_session_auth_hash(),
        )  # fmt: skip
        return row, text

    def valid(self, now: datetime | None = None) -> ApiTokenQuerySet:
        """Those that have not expired at `now`."""
        now = now or timezone.now()
        return self.filter(models.Q(expires=None) | models.Q(expires__gt=now))


class ApiToken(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(
        max_length=80, blank=True, help_text="What uses this token, e.g. a script's name."
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=6, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=20),
        default=default_scopes,
        help_text="Which of its user's rights the token has.",
    )
    created = models.DateTimeField(auto_now_add=True)
    born = models.DateTimeField(default=timezone.now, editable=False)
    expires = models.DateTimeField(null=True, blank=True, help_text="Empty: in 30 days.")
    last_used = models.DateTimeField(null=True, blank=True, editable=False)
    # Of the user's password: another one ends the token, whoever sets it and by what.
    password_hash = models.CharField(max_length=128, default="", editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        # The unique index is partial ($type: string); the embedded store looks nothing up by it.
        indexes = [models.Index(fields=["digest"], name="api_token_digest")]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name or 'token'} ({self.hint}…)"

    def clean(self) -> None:
        """As Django has it. Raises ValidationError for a scope that is not known."""
        super().clean()
        if strange := [scope for scope in self.scopes or [] if scope not in SCOPES]:
            raise ValidationError({"scopes": f"There is no scope {', '.join(strange)}."})

    @property
    def owner(self) -> str:
        """The user's name; of one who has just been deleted, his key."""
        found = get_user_model()._default_manager.filter(pk=self.user_id).first()
        return str(self.user_id) if found is None else found.get_username()

    @property
    def of_this_password(self) -> bool:
        """Whether the user's password is the one that it was made under."""
        valid = [self.user.get_session_auth_hash(), *self.user.get_session_auth_fallback_hash()]
        return any(constant_time_compare(self.password_hash, each) for each in valid)

    @property
    def exchangeable_until(self) -> datetime:
        return self.born + TOTAL_LIFETIME
