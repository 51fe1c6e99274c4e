"""API tokens in the admin: all users' for administrators. One's own: views.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.admin_rights import ByTable
from accounts.models import LONGEST_LIFETIME, TOKEN_LIFETIME, ApiToken, default_scopes
from accounts.rights import SCOPES
from accounts.table import PART


def default_expiry() -> Any:
    return timezone.now() + TOKEN_LIFETIME


class ScopesField(forms.MultipleChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=[(name, name) for name in SCOPES], initial=default_scopes,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text="Which of its user's rights the token has. metrics: health and metrics only.",
            **options,
        )  # fmt: skip


class TokenForm(forms.ModelForm):
    scopes = ScopesField()

    class Meta:
        model = ApiToken
        fields = ("name", "scopes", "expires")

    def clean_expires(self) -> Any:
        """A new token has an end; what is not touched stays, however far it is.

        Raises ValidationError where it lies further off than LONGEST_LIFETIME.
        """
        kept, wanted = self.instance.expires, self.cleaned_data["expires"]
        if wanted is None:
            known = not self.instance._state.adding
            return None if known and kept is None else default_expiry()
        if (
            wanted != (kept and kept.replace(microsecond=0))
            and wanted > timezone.now() + LONGEST_LIFETIME
        ):
            raise ValidationError("Choose an end within a year.")
        return wanted


@admin.register(ApiToken)
class ApiTokenAdmin(ByTable, ModelAdmin):
    table = PART
    form = TokenForm
    list_display = ("name", "user", "hint", "scope_list", "created", "expires", "last_used")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    readonly_fields = ("user",)

    @admin.display(description="Scopes")
    def scope_list(self, row: ApiToken) -> str:
        return ", ".join(row.scopes)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        return (*(("user",) if obj else ()), "name", "scopes", "expires")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"expires": default_expiry()}

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Issue a new token and show its text this once; of an old one change name, scopes and
        end only."""
        if change:
            obj.save(update_fields=["name", "scopes", "expires"])
            return
        lifetime: timedelta = obj.expires - timezone.now()
        row, text = ApiToken.objects.issue(request.user, obj.name, lifetime, obj.scopes)
        for field in ApiToken._meta.concrete_fields:
            setattr(obj, field.attname, getattr(row, field.attname))
        obj._state.adding = False
        messages.warning(request, f"Copy the token now, it is not shown again: {text}")
