"""The admin of EV profiles: their documents as JSON, files in and out, copies."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin_rights import ByTable
from chargepoint.cars.reading import told
from chargepoint.cars.shipped import shipped
from stations.admin.document_files import ImportForm, as_file, asked, exported
from stations.admin.json_field import PlainJSONField, text_of
from stations.admin.references import page
from stations.admin.row_forms import RowForm
from stations.cars import changes
from stations.cars.tables import CarProfile
from stations.rights import CHANGE_EV_PROFILE, PART

LONGEST_NAME = CarProfile._meta.get_field("name").max_length


class CarProfileForm(RowForm):
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


@admin.action(description="Export")
def export(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
    """The profiles that were ticked, as a file to import."""
    return as_file(changes.export(queryset.order_by("name")), "ev-profiles")


class CopyForm(forms.Form):
    name = forms.CharField(max_length=LONGEST_NAME, widget=UnfoldAdminTextInputWidget, strip=True)


@admin.register(CarProfile)
class CarProfileAdmin(ByTable, ModelAdmin):
    table = PART
    form = CarProfileForm
    list_display = ("name", "title", "battery", "inlets", "weight", "brought_by")
    list_filter = ("shipped",)
    search_fields = ("name",)
    actions = [export]
    actions_list = ["import_file"]
    actions_detail = ["copy", "export_one"]
    warn_unsaved_form = True
    fieldsets = ((None, {"fields": ("document",)}),)

    class Media:
        css = {"all": ["stations/stations.css"]}

    # --- the list

    @display(description="Title")
    def title(self, row: CarProfile) -> str:
        return row.title

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

    @display(description="Made by", ordering="shipped")
    def brought_by(self, row: CarProfile) -> str:
        return "ships with the emulator" if row.shipped else "you"

    # --- the form

    def get_readonly_fields(self, request: HttpRequest, obj: CarProfile | None = None):
        return ("written",)

    def get_fieldsets(self, request: HttpRequest, obj: CarProfile | None = None):
        if obj is not None and not self.has_change_permission(request, obj):
            return ((None, {"fields": ("written",)}),)
        return super().get_fieldsets(request, obj)

    @display(description="Profile")
    def written(self, row: CarProfile):
        return format_html('<pre class="st-pem" tabindex="0">{}</pre>', text_of(row.document))

    def save_model(self, request, obj, form, change) -> None:
        """As Django has it; stations that have the profile among their cars take it."""
        super().save_model(request, obj, form, change)
        if change:
            changes.tell_users(obj.name)

    def has_change_permission(self, request, obj=None) -> bool:
        """Not of one that ships: it is copied."""
        return super().has_change_permission(request, obj) and not (obj and obj.shipped)

    def has_delete_permission(self, request, obj=None) -> bool:
        """As Django has it, for one of one's own that no station has among its cars."""
        if not super().has_delete_permission(request, obj):
            return False
        return obj is None or not (obj.shipped or any(changes.users(obj.name)))

    def delete_queryset(self, request, queryset) -> None:
        """Those that nobody has among their cars; the others stay, and it is said."""
        for row in queryset:
            try:
                changes.delete(row)
            except changes.ProfileError as error:
                self.message_user(request, f"{row.name}: {error}", level="error")

    # --- files and copies

    def has_import_file_permission(self, request: HttpRequest) -> bool:
        return self.may_open(request, "import_file")

    def has_export_one_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may_open(request, "export_one")

    def has_copy_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may_open(request, "copy")

    @action(description="Copy", url_path="copy", icon="content_copy", permissions=["copy"])
    def copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The form of a copy's name, and the copy."""
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        form = CopyForm(request.POST or None, initial={"name": f"my-{row.name}"[:LONGEST_NAME]})
        if request.method == "POST" and form.is_valid():
            try:
                made = changes.copy(row, form.cleaned_data["name"])
            except (changes.ProfileError, ValidationError) as error:
                form.add_error("name", " ".join(getattr(error, "messages", [str(error)])))
            else:
                return redirect("admin:stations_carprofile_change", made.pk)
        return asked(self, request, f"Copy {row.name}", "Copy", form)

    @action(description="Import EV profiles", url_path="import", icon="upload",
            permissions=["import_file"])
    def import_file(self, request: HttpRequest) -> HttpResponse:
        """The form, and what becomes of the file: all of it or nothing."""
        form = ImportForm(
            request.POST or None, request.FILES or None, plural="Profiles",
            help_text="JSON: a profile, a list of profiles, or an export of them.",
            may_change=PART.may(request, CHANGE_EV_PROFILE),
        )  # fmt: skip
        if request.method == "POST" and form.is_valid():
            given, on_existing = form.cleaned_data["file"], form.cleaned_data["on_existing"]
            try:
                outcomes = changes.import_all(given, on_existing, dry_run=False)
            except ValidationError as error:
                for path, sentences in error.message_dict.items():
                    form.add_error("file", f"{path}: {' '.join(sentences)}")
            else:
                told = ", ".join(f"{each['name']} {each['action']}" for each in outcomes)
                self.message_user(request, told)
                return redirect("admin:stations_carprofile_changelist")
        return asked(self, request, "Import EV profiles", "Import", form)

    @action(
        description="Export", url_path="export", icon="download", permissions=["export_one"]
    )
    def export_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The profile's document as a file. Raises PermissionDenied."""
        return exported(self, request, object_id, "ev-profile")
