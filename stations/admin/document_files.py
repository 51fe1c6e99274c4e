"""Documents in and out of the admin as files: forms that are asked in, and an answer to keep."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

LARGEST_FILE = 5_000_000  # bytes
# What becomes of a document whose name there is already.
EXISTING = {
    "fail": "refuse the file", "skip": "leave as they are",
    "update": "change to what the file says",
}  # fmt: skip


class ImportForm(forms.Form):
    """`plural`: what the file has, as "makes". Who may not change them may not choose to."""

    file = forms.FileField()
    on_existing = forms.ChoiceField(choices=list(EXISTING.items()), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, plural: str, help_text: str, may_change: bool) -> None:
        super().__init__(*args)
        self.fields["file"].help_text = help_text
        self.fields["on_existing"].label = f"{plural} that exist already"
        if not may_change:
            kept = {name: text for name, text in EXISTING.items() if name != "update"}
            self.fields["on_existing"].choices = list(kept.items())

    def clean_file(self) -> Any:
        """The document of the file. Raises ValidationError."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise ValidationError(f"Choose a file of at most {LARGEST_FILE // 1_000_000} MB.")
        try:
            return json.loads(file.read().decode("utf-8-sig"))
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise ValidationError(f"This is no JSON ({place}): {error.msg}.") from None
        except (ValueError, RecursionError):
            raise ValidationError("Save the file as JSON in UTF-8.") from None


def as_file(document: Any, name: str) -> JsonResponse:
    """name: without .json."""
    return JsonResponse(
        document, json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={"Content-Disposition": f'attachment; filename="{name}.json"'},
    )  # fmt: skip


def exported(admin: ModelAdmin, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
    """The document of a row, for the action `export_one` of its admin. Raises PermissionDenied."""
    if not admin.may_open(request, "export_one"):
        raise PermissionDenied
    row = admin.get_object(request, object_id)
    if row is None:
        return admin._get_obj_does_not_exist_redirect(request, admin.opts, object_id)
    return as_file(row.document, name)


def asked(
    admin: ModelAdmin, request: HttpRequest, title: str, verb: str, form: forms.Form
) -> HttpResponse:
    """A page with a form and one button, called by the verb."""
    context = admin.admin_site.each_context(request) | {
        "title": title, "verb": verb, "form": form, "opts": admin.opts,
        "media": admin.media + form.media,
    }  # fmt: skip
    return render(request, "stations/make_form.html", context)
