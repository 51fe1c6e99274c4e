"""What the station endpoints share: finding rows, pages, and errors as the API tells them."""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bson import ObjectId
from django.db.models import Q
from ninja import Query

from accounts.errors import ApiError
from accounts.parameters import known, word_of
from stations.configuration.changes import IdentityTaken
from stations.configuration.importing import ImportRefused
from stations.configuration.validation import OCPP_VERSIONS
from stations.models import StaleStation, Station, Template
from stations.orders import named
from stations.orders.commands import CommandFailed
from stations.roster.asking import identities
from stations.roster.kept import A_LOOK
from stations.state.live import COLUMNS_OF, HELD_BACK, STATE_FILTERS, in_state, live_states

PAGE_LIMIT = 500
PART = 100  # rows of a query by names
VERSIONS = (*OCPP_VERSIONS, *(f"ocpp{version}" for version in OCPP_VERSIONS))
# Types of parameters.
Version, State = word_of("", *VERSIONS), word_of("", *STATE_FILTERS)
SEARCHED = ("identity", "name", "vendor", "model", "serial")

# Codes of the fleet and the core that are not the caller's fault or not a conflict.
COMMAND_STATUS = {
    "no_worker": 503,
    "busy": 503,
    "unavailable": 503,
    "timeout": 504,
    "invalid_arguments": 422,
    "not_allowed": 403,
    "no_such_connector": 404,
    "no_such_fault": 404,
    "no_such_breakpoint": 404,
    "no_such_frame": 404,
    "unknown_command": 400,
    "internal": 500,
}


@contextmanager
def told() -> Iterator[None]:
    """Refusals of the rooms below become ApiErrors.

    Raises them with the codes and statuses of docs/reference/api.md.
    """
    try:
        yield
    except IdentityTaken as error:
        fields = {"identity": str(error)}
        raise ApiError("identity_taken", str(error), 409, fields) from error
    except ImportRefused as error:
        raise ApiError("import_refused", str(error), 422, error.fields) from error
    except StaleStation as error:
        sentence = "The station was changed meanwhile: read it again and repeat your change."
        raise ApiError("stale", sentence, 409) from error
    except Station.DoesNotExist as error:
        raise not_found() from error
    except CommandFailed as error:
        raise ApiError(error.code, error.message, COMMAND_STATUS.get(error.code, 409)) from error


def not_found(identity: str = "") -> ApiError:
    """The error 404 for a station."""
    name = f'station "{identity}"' if identity else "such station"
    return ApiError("station_not_found", f"There is no {name}: see GET /api/stations.", 404)


def station_or_404(identity: str) -> Station:
    """The row of a station. Raises ApiError 404."""
    station = Station.objects.filter(identity=identity).first()
    if station is None:
        raise not_found(identity)
    return station


def template_or_404(name_or_id: str) -> Template:
    """A template by its name or id. Raises ApiError 404."""
    wanted = Q(name=name_or_id)
    if ObjectId.is_valid(name_or_id):
        wanted |= Q(pk=ObjectId(name_or_id))
    template = Template.objects.filter(wanted).first()
    if template is None:
        sentence = f'There is no template "{name_or_id}": see GET /api/templates.'
        raise ApiError("template_not_found", sentence, 404)
    return template


def cursor_of(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def cut_page(found: Iterable[Any], limit: int, field: str) -> tuple[list[Any], str | None]:
    """Of up to one row more than wanted: the page, and the cursor of the next or None.

    `field`: of a row, what the rows are ordered by.
    """
    rows = list(found)
    page = rows[:limit]
    return page, cursor_of(str(getattr(page[-1], field))) if len(rows) > limit else None


def text_of(cursor: str) -> str:
    try:
        return base64.b64decode(
            cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        ).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        sentence = "Take the cursor from `next` of the page before, or leave it out."
        raise ApiError("bad_cursor", sentence, 422) from error


def page_limit(usual: int) -> Any:
    """The parameter `limit` of a list."""
    return Query(usual, ge=1, le=PAGE_LIMIT, description="rows of a page")


def match_of(
    search: str = "", version: str = "", tag: str = "", template: str = ""
) -> dict[str, Any]:
    """The MongoDB filter of the list's parameters. `template`: name or id.

    Raises ApiError 422 for an unknown version, 404 for an unknown template.
    """
    match: dict[str, Any] = {}
    if search:
        pattern = {"$regex": re.escape(search), "$options": "i"}
        match["$or"] = [{name: pattern} for name in SEARCHED]
    if version:
        known("version", version, VERSIONS)
        match["ocpp_version"] = version.removeprefix("ocpp")
    if tag:
        match["tags"] = tag
    if template:
        match["template_id"] = template_or_404(template).pk
    return match


def names_of(
    match: dict[str, Any], state: str = "", after: str = "", most: int | None = None,
    patience: float | None = None,
) -> list[str]:
    """Identities, in their order, of stations that fit the filter and a live state.

    after: an identity; those beyond it. most: no more of them are looked for.
    patience: see Roster.rows. Raises ApiError.
    """
    if state in COLUMNS_OF:
        columns = COLUMNS_OF[state]
    elif state == HELD_BACK:
        columns = {"enabled": True, "running": True, "held_back": {"$gt": ""}}
    elif state in STATE_FILTERS:
        columns = COLUMNS_OF["running"]
    else:
        known("state", state, STATE_FILTERS)
        columns = {}
    found = identities(match | columns, patience)
    if after:
        found = found[bisect_right(found, after) :]
    if state in STATE_FILTERS and columns is COLUMNS_OF["running"] and state != "running":
        return in_state(found, state, most, is_page=patience is not None)
    return found[:most]


def stations_named(names: Sequence[str]) -> list[Station]:
    """By identity, those there are. Not by a QuerySet: Django's pipeline copies every row before
    it sorts them."""
    found: list[Station] = []
    for part in named.parts(sorted(names), PART):
        pipeline = [{"$match": {"identity": {"$in": part}}}, {"$sort": {"identity": 1}}]
        found += Station.objects.raw_aggregate(pipeline)
    return found


def with_live(stations: list[Station]) -> list[Station]:
    """Each with `.live`; one read of Redis."""
    states = live_states(stations)
    for station in stations:
        station.live = states[station.identity]
    return stations


def page_of(
    match: dict[str, Any], state: str, cursor: str | None, limit: int
) -> tuple[list[Station], str | None]:
    """(stations with `.live`, cursor of the next page)."""
    names = names_of(match, state, text_of(cursor) if cursor else "", limit + 1, A_LOOK)
    return cut_page(with_live(stations_named(names)), limit, "identity")
