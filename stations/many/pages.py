"""Pages of the fleet inside the admin: jobs and one job, a command or a change to many, import.

What moves in them comes by the API; here are their frames and the table of what one may do.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst

from stations import rights
from stations.admin.filters import known_tags
from stations.api.schemas import StationChange
from stations.cars import garage
from stations.configuration.validation import OCPP_VERSIONS
from stations.many import commanding, jobs, regions
from stations.many.api import item
from stations.many.editing import OWN
from stations.models import Station, Template
from stations.state.live import LABELS, STATE_FILTERS

LISTED = 50
FIRST = (
    "csms_url", "enabled", "autostart", "heartbeat_interval", "meter_sample_interval",
    "default_id_tag", "latitude", "longitude",
)  # fmt: skip


def guarded(name: str) -> Callable:
    """For staff with the right of the page of this name.

    The view raises PermissionDenied for others.
    """

    def of(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def inner(request: HttpRequest, **found: str) -> HttpResponse:
            if not rights.PART.may(request, rights.PART.pages[name]):
                raise PermissionDenied
            return view(request, **found)

        return staff_member_required(login_url="admin:login")(inner)

    return of


def rendered(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page of many stations in the admin's frame."""
    frame = admin.site.each_context(request) | {"is_fullwidth": "1"}
    return render(request, f"stations/fleet/{template}.html", frame | context)


def may(request: HttpRequest, right: str) -> bool:
    return rights.PART.may(request, right)


@guarded("fleet-jobs")
def job_list(request: HttpRequest) -> HttpResponse:
    """What is done with many stations now, and was."""
    context = {
        "title": "Jobs",
        "jobs": [item(job) for job in jobs.newest(LISTED)],
        "may_begin": may(request, rights.PART.pages["fleet-new"]),
    }
    return rendered(request, "jobs", context)


@guarded("fleet-job")
def job_page(request: HttpRequest, job: str) -> HttpResponse:
    """The page of a job. Raises Http404 where there is none."""
    found = jobs.read(job)
    if found is None or found.state == jobs.CHOSEN:
        raise Http404
    from stations.many.asking import right_of

    context = {
        "title": found.title, "job": item(found), "asked": facts(found.told),
        "may_stop": may(request, right_of(found)),
        "open": found.state in jobs.OPEN, "results": jobs.RESULTS,
    }  # fmt: skip
    return rendered(request, "job", context)


def facts(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """[(name, text)] of what was asked for, as one reads it; what is empty is left out. Commands
    and fields are called as the pages call them on which they are chosen."""
    told = dict(told)
    if "command" in told:
        told["command"] = commanding.LABELS.get(told["command"], told["command"])
    if isinstance(values := told.get("values"), Mapping):
        told["values"] = {_label(name): value for name, value in values.items()}
    return [
        (name.replace("_", " ").capitalize().replace("Csms urls", "CSMS addresses"), _text(value))
        for name, value in told.items() if value not in (None, "", [], {})
    ]  # fmt: skip


def _text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case [{"url": url, "share": _}]:
            return url
        case list():
            return ", ".join(map(_text, value))
        case {"url": url, "share": share}:
            return f"{url} {share}"
        case {"ticked": True}:
            return "those that were ticked"
        case {"all": True}:
            return "all"
        case dict():
            return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    return str(value)


@guarded("fleet-new")
def new_job(request: HttpRequest) -> HttpResponse:
    """A command or a change to many; `?chosen=` are those that were ticked in the list, and any
    filter of GET /api/stations chooses by it."""
    chosen = jobs.read(request.GET.get("chosen", ""))
    names = ("search", "version", "tag", "template", "state")
    context = {
        "title": "Work on many stations",
        "chosen": chosen if chosen and chosen.state == jobs.CHOSEN else None,
        "gone": bool(request.GET.get("chosen")) and chosen is None,
        "given": {name: request.GET.get(name, "")[:200] for name in names},
        "tags": known_tags(),
        "templates": list(Template.objects.values_list("name", flat=True)),
        "versions": OCPP_VERSIONS,
        "states": [
            (name, LABELS[name][0] if name in LABELS else capfirst(name)) for name in STATE_FILTERS
        ],
        "countries": regions.countries(),
        "told": {
            "commands": _commands(request), "fields": _fields(request),
            "ev_profiles": garage.to_choose(),
        },
    }
    return rendered(request, "new", context)


def _commands(request: HttpRequest) -> list[dict[str, Any]]:
    """[{"name", "label", "group", "help", "schema"}] of those that this user may give."""
    found = [
        {"name": name, "label": label, "group": "Power", "help": "", "schema": None}
        for name, label in commanding.SWITCHES.items()
    ]
    found += [
        {"name": c.name, "label": c.label, "group": commanding.SEATS[c.seat][0], "help": c.help,
         "schema": c.schema}
        for c in commanding.TABLE
    ]  # fmt: skip
    found.append({
        "name": commanding.SETTING, "label": commanding.LABELS[commanding.SETTING],
        "group": "Technician", "help": "", "schema": commanding.SettingIn.model_json_schema(),
    })  # fmt: skip
    return [each for each in found if may(request, commanding.right_of(each["name"]))]


def _fields(request: HttpRequest) -> list[dict[str, Any]]:
    """Two schemas of what may be changed of many: what one mostly wants, and the rest."""
    if not may(request, rights.CHANGE):
        return []
    whole = StationChange.model_json_schema()
    parts = {
        name: {"label": _label(name)}
        | {key: value for key, value in part.items() if key != "default"}
        for name, part in whole["properties"].items() if name not in OWN and name != "tags"
    }  # fmt: skip
    rest = [name for name in parts if name not in FIRST]
    return [
        {"properties": {name: parts[name] for name in some}, "$defs": whole.get("$defs", {})}
        for some in (FIRST, rest)
    ]


def _label(name: str) -> str:
    """As the form of a station calls the field."""
    if name == "default_id_tag":
        return "Default idTag"
    try:
        return capfirst(Station._meta.get_field(name).verbose_name)
    except FieldDoesNotExist:
        return name.replace("_", " ").capitalize()


@guarded("fleet-import")
def import_page(request: HttpRequest) -> HttpResponse:
    """A file of stations: looked at first, then imported whole or not at all."""
    context = {
        "title": "Import stations",
        "may_update": may(request, rights.CHANGE), "may_start": may(request, rights.DRIVE_STATION),
    }  # fmt: skip
    return rendered(request, "import", context)
