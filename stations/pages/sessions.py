"""Pages of the charging sessions inside the admin: a list by filters, and one session.

The rows are read as the API reads them. Coroutines, because MongoDB's asynchronous client belongs
to the loop that serves the API; what Django does by threads runs in one.
"""

from __future__ import annotations

import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts import tables
from messaging.keeping.store import async_database
from messaging.queries import exporting, sessions
from messaging.queries.exporting import SESSION_COLUMNS as COLUMNS
from runtime import spreadsheets
from stations.admin.filters import known_tags
from stations.link.targets import in_query
from stations.models import Station
from stations.pages.session_filters import REASONS, STATES, SessionFilters, filters_of
from stations.rights import PART, VIEW, VIEW_MESSAGES, VIEW_SESSIONS

PAGE = 50
MOST_COUNTED = 5000  # sessions that the totals are of
READINGS = ("t", "energy_wh", "power_w", "soc", "current_a", "voltage_v", "limit_w")
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}

View = Callable[..., Awaitable[HttpResponse]]


def guarded(view: View) -> View:
    """For staff who may see sessions; others are led to the log-in or refused."""

    @functools.wraps(view)
    async def inner(request: HttpRequest, **found: str) -> HttpResponse:
        if (answer := await sync_to_async(_refusal)(request)) is not None:
            return answer
        return await view(request, **found)

    return inner


def _refusal(request: HttpRequest) -> HttpResponse | None:
    if not admin.site.has_permission(request):
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    if not PART.may(request, VIEW_SESSIONS):
        raise PermissionDenied
    return None


@sync_to_async
def _rendered(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "is_fullwidth": "1",
        "sees_stations": PART.may(request, VIEW),
        "sees_messages": PART.may(request, VIEW_MESSAGES),
        **context,
    }
    return render(request, template, context)


# --- the list ----------------------------------------------------------------------------------


@guarded
async def session_list(request: HttpRequest) -> HttpResponse:
    """Sessions by filter, newest first, a page at a time; `?cursor=` is the page before's."""
    filters = await sync_to_async(filters_of)(request.GET)
    found, following = await _page(filters)
    context = {
        "title": "Sessions",
        "filters": filters,
        "sessions": [sessions.item(made) for made in found],
        "next": following,
        "tags": await sync_to_async(known_tags)(),
        "states": STATES,
        "reasons": REASONS,
    }
    return await _rendered(request, "stations/sessions.html", context)


async def _page(filters: SessionFilters) -> tuple[list[dict], str | None]:
    if filters.problems:
        return [], None
    try:
        return await sessions.read_page(
            async_database(), filters.match, low=filters.low, high=filters.high, limit=PAGE,
            cursor=filters.cursor,
        )  # fmt: skip
    except ValueError:
        filters.problems.append("This page of the list is none: begin with the first.")
        return [], None


@guarded
async def session_totals(request: HttpRequest) -> HttpResponse:
    """Of the filter's newest MOST_COUNTED sessions; `more`: there are others."""
    filters = await sync_to_async(filters_of)(request.GET)
    if filters.problems:
        return JsonResponse({"code": "bad_filter", "message": filters.problems[0]}, status=422)
    found, following = await sessions.read_page(
        async_database(), filters.match, low=filters.low, high=filters.high, limit=MOST_COUNTED
    )
    return JsonResponse({**sessions.totals(found), "more": following is not None})


# --- exports -----------------------------------------------------------------------------------


@guarded
async def session_export(request: HttpRequest) -> HttpResponse:
    """All sessions of the filter, newest first: `?format=csv` or `json`, an array."""
    filters = await sync_to_async(filters_of)(request.GET)
    if filters.problems:
        return JsonResponse({"code": "bad_filter", "message": filters.problems[0]}, status=422)
    form = "json" if request.GET.get("format") == "json" else "csv"
    found = sessions.each(async_database(), filters.match, low=filters.low, high=filters.high)
    if form == "csv":
        return tables.download(exporting.of_sessions(found, form), "sessions")
    items = (sessions.item(made) async for page in found for made in page)
    return _download(_json_lines(items), form, "sessions")


@guarded
async def readings(request: HttpRequest, session_id: str) -> HttpResponse:
    """The meter values of a session: `?format=csv`, or `json` with all that is known of it."""
    made, samples = await _one(session_id)
    if request.GET.get("format") == "json":
        whole = json.dumps(sessions.item(made, samples)).encode()
        return _download(_whole(whole), "json", "session")
    text = spreadsheets.line(READINGS) + spreadsheets.lines(READINGS, samples)
    return _download(_whole(text), "csv", "session")


def _download(body: AsyncIterator[bytes], form: str, name: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(body, content_type=TYPES[form])
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return answer


async def _whole(text: bytes) -> AsyncIterator[bytes]:
    yield text


async def _json_lines(items: AsyncIterator[dict]) -> AsyncIterator[bytes]:
    begin = b"["
    async for item in items:
        plain = {name: item.get(name) for name in COLUMNS}
        yield begin + b"\n" + json.dumps(plain).encode()
        begin = b","
    yield b"[]\n" if begin == b"[" else b"\n]\n"


# --- one session -------------------------------------------------------------------------------


async def _one(session_id: str) -> tuple[dict, list[dict]]:
    found = await sessions.read_one(async_database(), session_id)
    if found is None:
        raise Http404
    return found


@guarded
async def session(request: HttpRequest, session_id: str) -> HttpResponse:
    """One session; its curves, meter values and messages come by the API."""
    made, samples = await _one(session_id)
    item = sessions.item(made, samples)
    station = await Station.objects.filter(identity=item["station"]).only("pk").afirst()
    begin = int(made["started"].timestamp()) - 60
    end = int(made["ended"].timestamp()) + 60 if made.get("ended") else None
    span = f"&from={begin}" + (f"&to={end}" if end else "")
    live = f"{reverse('live-view')}?station={in_query(item['station'])}"
    context = {
        "title": f"Session {item.get('transaction_id') or item['id']}",
        "session": item,
        "seconds": (made["ended"] - made["started"]).total_seconds() if made.get("ended") else "",
        "station_link": reverse("admin:stations_station_life", args=[station.pk])
        if station else "",
        "live_link": live if made.get("state") == "active" else "",
        "history_link": f"{live}&mode=history{span}",
        "begin": begin,
        "end": end or "",
    }  # fmt: skip
    return await _rendered(request, "stations/session.html", context)
