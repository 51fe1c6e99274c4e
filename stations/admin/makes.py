"""The admin of makes: their documents as JSON, files in and out, copies."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin_rights import ByTable
from runtime.words import counted
from stations.admin.document_files import ImportForm, as_file, asked, exported
from stations.admin.json_field import PlainJSONField, text_of
from stations.admin.references import page
from stations.admin.row_forms import RowForm
from stations.makes import changes, documents, files
from stations.makes.tables import Make
from stations.rights import CHANGE_MAKE, PART

FIRST = {
    "name": "", "vendor": "", "model": "", "versions": ["1.6"],
    "outlets": [{"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 22000}],
}  # fmt: skip


class MakeForm(RowForm):
    document = PlainJSONField(
        rows=36,
        help_text=format_html(
            "What stations of this model do, by {}. A name cannot be changed later.",
            page("makes", "the fields of a make"),
        ),
    )
    revision_seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Make
        fields = ("document",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "revision_seen" in self.fields:
            self.fields["revision_seen"].initial = self.instance.revision
        if self.instance._state.adding and "document" in self.fields:
            self.fields["document"].initial = FIRST

    def clean(self) -> dict[str, Any]:
        """As Django has it. Raises ValidationError where the make may not become this."""
        cleaned = super().clean()
        document = cleaned.get("document")
        if isinstance(document, dict) and not self.instance._state.adding:
            known = Make.objects.get(pk=self.instance.pk)
            seen = cleaned.get("revision_seen")
            if seen is not None and seen != known.revision:
                raise forms.ValidationError(
                    "Someone changed this make meanwhile. Open it again and repeat your change."
                )
            try:
                changes.check(known, document)
            except changes.MakeError as error:
                raise forms.ValidationError({"document": str(error)}) from error
        elif isinstance(document, dict) and Make.objects.filter(name=document.get("name")):
            sentence = "name: There is a make of this name already: choose another."
            raise forms.ValidationError({"document": sentence})
        return cleaned


class CopyForm(forms.Form):
    name = forms.CharField(
        max_length=documents.LONGEST_NAME, widget=UnfoldAdminTextInputWidget, strip=True
    )


@admin.action(description="Export")
def export(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
    """The makes that were ticked, as a file to import."""
    return as_file(files.export_document(queryset.order_by("name")), "makes")


@admin.register(Make)
class MakeAdmin(ByTable, ModelAdmin):
    table = PART
    form = MakeForm
    list_display = ("name", "make_and_model", "ocpp", "brought_by", "used")
    list_filter = ("shipped",)
    search_fields = ("name",)
    actions = [export]
    actions_list = ["import_file"]
    actions_detail = ["copy", "export_one"]
    warn_unsaved_form = True
    fieldsets = ((None, {"fields": ("document", "revision_seen")}),)

    class Media:
        css = {"all": ["stations/stations.css"]}

    # --- the list

    @admin.display(description="Vendor and model")
    def make_and_model(self, row: Make) -> str:
        return f"{row.vendor} {row.model}"

    @admin.display(description="OCPP")
    def ocpp(self, row: Make) -> str:
        return ", ".join(row.versions)

    @admin.display(description="Made by", ordering="shipped")
    def brought_by(self, row: Make) -> str:
        return "ships with the emulator" if row.shipped else "you"

    @admin.display(description="Stations")
    def used(self, row: Make):
        """How many there are of it, as a link to them."""
        if not row.stations:
            return "0"
        return format_html('<a class="st-anchor" href="{}">{}</a>', stations_of(row), row.stations)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """As Django has it, with the number of stations of all rows by one look."""
        found = super().get_changelist_instance(request)
        counts = changes.used(row.name for row in found.result_list)
        for row in found.result_list:
            row.stations = counts[row.name]
        return found

    # --- the form

    def get_readonly_fields(self, request: HttpRequest, obj: Make | None = None):
        return ("written",)

    def has_change_permission(self, request: HttpRequest, obj: Make | None = None) -> bool:
        """Not of one that ships: it is copied."""
        return super().has_change_permission(request, obj) and not (obj and obj.shipped)

    def has_delete_permission(self, request: HttpRequest, obj: Make | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.shipped)

    def get_fieldsets(self, request: HttpRequest, obj: Make | None = None):
        if obj is not None and not self.has_change_permission(request, obj):
            return ((None, {"fields": ("written",)}),)
        return super().get_fieldsets(request, obj)

    @admin.display(description="Document")
    def written(self, row: Make):
        return format_html('<pre class="st-pem" tabindex="0">{}</pre>', text_of(row.document))

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """As Django has it, told how many stations are of the make."""
        row = self.get_object(request, object_id) if object_id else None
        more = dict(extra_context or {})
        if row is not None:
            count = changes.used([row.name])[row.name]
            more["subtitle"] = f"{counted(count, 'station')} of it"
        try:
            return super().changeform_view(request, object_id, form_url, more)
        except changes.MakeError as error:  # another save came between the check and the write
            self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Make, form: Any, change: bool) -> None:
        """Store the document; its stations, also those that run, take it."""
        if change:
            changes.replace(Make.objects.get(pk=obj.pk), obj.document, obj.revision)
        else:
            obj.pk = changes.create(obj.document).pk

    def delete_model(self, request: HttpRequest, obj: Make) -> None:
        """Refused, with a sentence, where stations are of it."""
        try:
            changes.delete(obj)
        except changes.MakeError as error:
            self.message_user(request, str(error), messages.ERROR)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Those that nothing is of; the others are told."""
        for row in queryset:
            self.delete_model(request, row)

    # --- files and copies

    def has_import_file_permission(self, request: HttpRequest) -> bool:
        return self.may_open(request, "import_file")

    def has_copy_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may_open(request, "copy")

    def has_export_one_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may_open(request, "export_one")

    @action(description="Import makes", url_path="import", icon="upload",
            permissions=["import_file"])
    def import_file(self, request: HttpRequest) -> HttpResponse:
        """The form, and what becomes of the file: all of it or nothing."""
        form = ImportForm(
            request.POST or None, request.FILES or None, plural="Makes",
            help_text="JSON: a make, a list of makes, or an export of them.",
            may_change=PART.may(request, CHANGE_MAKE),
        )  # fmt: skip
        if request.method == "POST" and form.is_valid():
            try:
                outcomes = files.import_document(
                    form.cleaned_data["file"], form.cleaned_data["on_existing"]
                )
            except files.MakesRefused as error:
                for path, sentence in error.fields.items():
                    form.add_error("file", f"{path}: {sentence}")
            else:
                told = ", ".join(f"{each.name} {each.action}" for each in outcomes)
                self.message_user(request, told or "The file has no makes.")
                return redirect("admin:stations_make_changelist")
        return asked(self, request, "Import makes", "Import", form)

    @action(description="Copy", url_path="copy", icon="content_copy", permissions=["copy"])
    def copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The form of a copy's name, and the copy."""
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        form = CopyForm(request.POST or None, initial={"name": f"{row.name} (copy)"})
        if request.method == "POST" and form.is_valid():
            try:
                made = changes.copy(row, form.cleaned_data["name"])
            except changes.MakeError as error:
                form.add_error("name", str(error))
            except ValidationError as error:
                form.add_error("name", " ".join(error.messages))
            else:
                return redirect("admin:stations_make_change", made.pk)
        return asked(self, request, f"Copy {row.name}", "Copy", form)

    @action(
        description="Export", url_path="export", icon="download", permissions=["export_one"]
    )
    def export_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The make's document as a file. Raises PermissionDenied."""
        return exported(self, request, object_id, "make")


def stations_of(row: Make) -> str:
    """The address of the list of a make's stations."""
    return f"{reverse('admin:stations_station_changelist')}?make={row.name}"
