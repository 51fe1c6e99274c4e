"""What stands above the list of stations: ways to work on many, saved filters, the columns."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest
from django.urls import reverse

import stations.admin.columns as columns
from stations import rights
from stations.roster.asking import rows_of

PAGES = (
    ("Map", "fleet-map"), ("Jobs", "fleet-jobs"), ("Import", "fleet-import"),
)  # fmt: skip


def head_of_list(request: HttpRequest) -> dict[str, Any]:
    """For the template stations/list_head.html."""
    query = request.GET.copy()
    for name in ("p", "format"):
        query.pop(name, None)
    export = reverse("admin:stations_station_export")
    shown = columns.chosen(request)
    return {
        "fleet_links": [
            (title, reverse(page)) for title, page in PAGES
            if rights.PART.may(request, rights.PART.pages[page])
        ],
        "fleet_exports": [
            (form.upper(), f"{export}?{query.urlencode()}{'&' if query else ''}format={form}")
            for form in ("csv", "json")
        ],
        "fleet_columns": [
            (name, columns.COLUMNS[name], name in shown, name in columns.ALWAYS)
            for name in columns.allowed(request)
        ],
        "fleet_cookie": columns.COOKIE,
        "fleet_query": query.urlencode(),
    }  # fmt: skip


def filtered_identities(shown: ModelAdmin, request: HttpRequest) -> list[str] | None:
    """Of those that the list shows by the request's filters; None: of all."""
    listed = shown.get_changelist_instance(request)
    if not listed.queryset.query.where:
        return None
    return [row["identity"] for row in rows_of(listed.get_queryset(request))]
