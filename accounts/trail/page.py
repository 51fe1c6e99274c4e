"""The trail in the admin: entries by filter, newest first. Nothing here changes anything."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.table import PART
from accounts.trail.acts import RESULTS, VIAS
from accounts.trail.reading import Wanted, is_id, read_page

LIMIT = 50
SHOWN_OBJECTS = 5


def _text(label: str) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=500, widget=UnfoldAdminTextInputWidget
    )


def _choice(label: str, words: tuple[str, ...]) -> forms.ChoiceField:
    choices = [("", "any"), *((word, word) for word in words)]
    return forms.ChoiceField(
        label=label, required=False, choices=choices, widget=UnfoldAdminSelectWidget
    )


def _moment(label: str) -> forms.DateTimeField:
    widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
    return forms.DateTimeField(label=label, required=False, widget=widget)


class TrailForm(forms.Form):
    actor = _text("Who")
    object = _text("On what")
    action = _text("Action")
    model = _text("Kind")
    via = _choice("Through", VIAS)
    page = _text("Page, operation or task")
    result = _choice("Result", RESULTS)
    address = _text("Address")
    execution = _text("Execution")
    act = _text("Act")
    since = _moment("From")
    until = _moment("Before")

    def wanted(self) -> Wanted:
        return Wanted(**{name: value or Wanted.__dataclass_fields__[name].default
                         for name, value in self.cleaned_data.items()})  # fmt: skip


def row(entry: dict[str, Any]) -> dict[str, Any]:
    """What a line of the page or of a station's panel shows."""
    objects = entry.get("objects", [])
    through = [entry.get("token"), entry.get("execution") and f"execution {entry['execution']}"]
    if session := entry.get("session"):
        through.append(f"session {session}")
    return {
        "time": entry["time"].replace(tzinfo=UTC),  # as MongoDB keeps it, without a zone
        "actor": entry.get("actor", ""), "act": entry.get("act", ""),
        "address": entry.get("address", ""), "via": entry["via"], "page": entry.get("page", ""),
        "through": ", ".join(filter(None, through)), "action": entry["action"],
        "model": entry.get("model", ""), "objects": objects[:SHOWN_OBJECTS],
        "more": max(0, len(objects) - SHOWN_OBJECTS), "changes": entry.get("changes", []),
        "details": entry.get("details", {}), "result": entry["result"],
        "status": entry.get("status", ""), "message": entry.get("message", ""),
    }  # fmt: skip


@staff_member_required
def trail(request: HttpRequest) -> HttpResponse:
    """`?actor=` and so on as the API has them; `cursor`: where the page before ended.

    Raises PermissionDenied where the user has no right to the page.
    """
    if not PART.may(request, PART.pages["trail"]):
        raise PermissionDenied
    form = TrailForm(request.GET)
    cursor = request.GET.get("cursor", "")
    wanted = form.wanted() if form.is_valid() else None
    page = read_page(wanted, LIMIT, cursor if is_id(cursor) else "") if wanted else None
    given = {name: text for name, text in request.GET.items() if text and name in form.fields}
    renamed = {{"since": "from", "until": "to"}.get(name, name): text
               for name, text in given.items()}  # fmt: skip
    context = admin.site.each_context(request) | {
        "title": "Trail", "form": form, "is_fullwidth": "1",
        "rows": [row(entry) for entry in page.items] if page else [],
        "older": urlencode(given | {"cursor": page.next}) if page and page.next else "",
        "query": urlencode(renamed),
    }  # fmt: skip
    return render(request, "accounts/trail.html", context)
