"""The log-in form of the admin."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from accounts.errors import ApiError


class LoginForm(AuthenticationForm):
    def clean(self) -> dict:
        try:
            return super().clean()
        except ApiError as error:  # too many attempts
            raise ValidationError(error.message, code=error.code) from error
