"""API tokens: only a hash is kept, so a copy of the database opens nothing."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

TOKEN_LIFETIME = timedelta(days=30)
# A write per request would make every read a write; a minute is near enough for "last used".
LAST_USED_STEP = timedelta(minutes=1)


def digest(token: str) -> str:
    """SHA-256 in hex. A token is 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


class ApiTokenQuerySet(models.QuerySet):
    def issue(
        self, user, name: str = "", lifetime: timedelta | None = TOKEN_LIFETIME
    ) -> tuple[ApiToken, str]:
        """Make a token and return (row, token text). The text cannot be had again.

        lifetime None: the token does not expire.
        """
        text = secrets.token_urlsafe(32)
        expires = timezone.now() + lifetime if lifetime is not None else None
        row = self.create(user=user, name=name, digest=digest(text), hint=text[:6], expires=expires)
        return row, text

    def valid(self, now: datetime | None = None) -> ApiTokenQuerySet:
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
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    last_used = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        # The unique index is partial ($type: string); the embedded store looks nothing up by it.
        indexes = [models.Index(fields=["digest"], name="api_token_digest")]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name or 'token'} ({self.hint}…)"
