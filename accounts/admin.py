"""API tokens in the admin: seen and revoked; made here too, the text shown once."""

from __future__ import annotations

from django.contrib import admin, messages
from unfold.admin import ModelAdmin

from accounts.models import ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    list_display = ("name", "user", "hint", "created", "expires", "last_used")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    fields = ("name", "user", "expires")
    readonly_fields = ("user",)

    def get_fields(self, request, obj=None):
        return ("name", "user", "expires") if obj else ("name", "expires")

    def save_model(self, request, obj, form, change):
        if change:
            obj.save(update_fields=["name", "expires"])
            return
        row, text = ApiToken.objects.issue(request.user, obj.name, lifetime=None)
        if obj.expires is not None:
            ApiToken.objects.filter(pk=row.pk).update(expires=obj.expires)
        obj.pk, obj.user, obj.digest, obj.hint = row.pk, row.user, row.digest, row.hint
        obj._state.adding = False
        messages.warning(request, f"Copy the token now, it is not shown again: {text}")
