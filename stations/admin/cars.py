"""The admin of EV profiles that are one's own."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from unfold.admin import ModelAdmin

from accounts.admin_rights import ByTable
from chargepoint.cars.reading import told
from chargepoint.cars.shipped import shipped
from stations.admin.json_field import PlainJSONField
from stations.admin.references import page
from stations.cars import changes
from stations.cars.tables import CarProfile
from stations.rights import PART


class CarProfileForm(forms.ModelForm):
    document = PlainJSONField(
        rows=30, label="Profile",
        help_text=page("ev-profiles", "What a profile may have"),
    )  # fmt: skip

    class Meta:
        model = CarProfile
        fields = ("document",)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding and not self.is_bound:  # one to begin with
            self.initial["document"] = told(shipped()["compact"]) | {"name": "my-car"}


@admin.register(CarProfile)
class CarProfileAdmin(ByTable, ModelAdmin):
    table = PART
    form = CarProfileForm
    list_display = ("name", "title", "battery", "inlets", "weight")
    search_fields = ("name",)
    warn_unsaved_form = True

    @display(description="Title")
    def title(self, row: CarProfile) -> str:
        return str(row.document.get("title", ""))

    @display(description="Battery")
    def battery(self, row: CarProfile) -> str:
        return f"{row.document.get('battery_kwh', 0):g} kWh"

    @display(description="Most power")
    def inlets(self, row: CarProfile) -> str:
        sides = ((name, row.document.get(name)) for name in ("ac", "dc"))
        return ", ".join(f"{n.upper()} {s['max_power_kw']:g} kW" for n, s in sides if s)

    @display(description="Weight")
    def weight(self, row: CarProfile) -> str:
        return f"{row.document.get('weight', 1):g}"

    def save_model(self, request, obj, form, change) -> None:
        """As Django has it; stations that have the profile among their cars take it."""
        super().save_model(request, obj, form, change)
        if change:
            changes.tell_users(obj.name)

    def has_delete_permission(self, request, obj=None) -> bool:
        """As Django has it, for one that no station has among its cars."""
        if not super().has_delete_permission(request, obj):
            return False
        return obj is None or not any(changes.users(obj.name))

    def delete_queryset(self, request, queryset) -> None:
        """Those that nobody has among their cars; the others stay, and it is said."""
        for row in queryset:
            try:
                changes.delete(row)
            except changes.ProfileError as error:
                self.message_user(request, f"{row.name}: {error}", level="error")
