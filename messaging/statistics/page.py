"""The statistics inside the admin: a table by action, and one of the stations that stand out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from messaging.keeping.store import async_database
from messaging.rights import PART
from messaging.statistics import reading

# Column of a row, its title, what it means.
COLUMNS = (
    ("calls", "Calls", "Requests of this action"),
    ("errors", "Errors", "CallErrors, Calls without an answer, frames with an error"),
    ("min_ms", "Min", "The quickest answer, in milliseconds"),
    ("mean_ms", "Mean", "Of all answers, in milliseconds"),
    ("p50_ms", "p50", "Half of the answers came within so many milliseconds"),
    ("p95_ms", "p95", "19 of 20 answers came within so many milliseconds"),
    ("p99_ms", "p99", "99 of 100 answers came within so many milliseconds"),
    ("max_ms", "Max", "The slowest answer, in milliseconds"),
    ("deviation_ms", "Deviation", "Standard deviation of the latency, in milliseconds"),
)  # fmt: skip
CALLERS = {"station": "Station", "csms": "CSMS"}
SHOWN_STATIONS = 50
DEFAULT, DEFAULT_SORT = "24h", "errors"


async def statistics(request: HttpRequest) -> HttpResponse:
    """`?range=` a key of RANGES, `?station=` one alone, `?sort=` the order of the stations."""
    refusal = await sync_to_async(_refusal)(request)
    if refusal is not None:
        return refusal
    chosen = request.GET.get("range", DEFAULT)
    chosen = chosen if chosen in reading.RANGES else DEFAULT
    sort = request.GET.get("sort", DEFAULT_SORT)
    sort = sort if sort in reading.SORTS else DEFAULT_SORT
    station = request.GET.get("station", "").strip()[:200]
    db = async_database()
    actions = await reading.by_action(db, chosen, station)
    stations = None if station else await reading.by_station(db, chosen, sort, SHOWN_STATIONS)
    context = {
        "title": f"Statistics of {station}" if station else "Statistics",
        "is_fullwidth": "1",
        "station": station,
        "since": actions["since"],
        "now": timezone.now(),
        "ranges": [
            {"label": each.label, "on": name == chosen,
             "query": _query(range=name, station=station, sort=sort)}
            for name, each in reading.RANGES.items()
        ],
        "chosen": chosen,
        "columns": COLUMNS,
        "actions": [_action(row, station) for row in actions["rows"]],
        "stations": [_station(row, chosen) for row in stations["rows"]] if stations else [],
        "count": stations["stations"] if stations else 0,
        "sorts": [
            {"title": title, "text": text, "on": name == sort,
             "query": _query(range=chosen, sort=name) if name in reading.SORTS else ""}
            for name, title, text in COLUMNS
        ],
        "live": reverse("live-view"),
    }  # fmt: skip
    return await sync_to_async(_rendered)(request, context)


def _refusal(request: HttpRequest) -> HttpResponse | None:
    if not admin.site.has_permission(request):
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    if not PART.may(request, PART.pages["statistics"]):
        raise PermissionDenied
    return None


def _rendered(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    whole = {**admin.site.each_context(request), **context}
    return render(request, "messaging/statistics.html", whole)


def _query(**values: str) -> str:
    usual = {"range": DEFAULT, "sort": DEFAULT_SORT, "station": ""}
    return urlencode({name: value for name, value in values.items() if value != usual[name]})


def _cells(row: dict[str, Any]) -> list[str]:
    return [_text(name, row[name]) for name, _, _ in COLUMNS]


def _text(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if not name.endswith("_ms"):
        return f"{value:,}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _action(row: dict[str, Any], station: str) -> dict[str, Any]:
    asked = {"action": row["action"], "station": station, "mode": "history"}
    return {
        "action": row["action"], "caller": CALLERS[row["caller"]], "cells": _cells(row),
        "messages": urlencode({name: value for name, value in asked.items() if value}),
        "bad": bool(row["errors"]),
    }  # fmt: skip


def _station(row: dict[str, Any], chosen: str) -> dict[str, Any]:
    name = row["station"]
    return {
        "name": name, "cells": _cells(row), "query": _query(range=chosen, station=name),
        "bad": bool(row["errors"]),
    }  # fmt: skip
