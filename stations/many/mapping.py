"""The map of the fleet: where stations stand, taken together where many stand close.

Together are those of a cell of CELL pixels of the map as it is shown, so an answer is as large as
the window, however many stations there are. Rows and states are read for all who look within AGE.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from stations.admin.filters import known_tags
from stations.many.pages import guarded, rendered
from stations.roster.kept import A_LOOK, ROSTER
from stations.state.live import LABELS, label_of
from stations.state.seen import snapshots_of

AGE = 4.0  # seconds
CELL, TILE = 56, 256  # pixels
MOST_ZOOM = 18
NAMED = 12  # stations of a cluster that are named
LISTED = 50
CHUNK = 500
EDGE = 85.05112878  # degrees of latitude at which Web Mercator ends


@dataclass(frozen=True, slots=True)
class Placed:
    """x, y: on the map of the world, from 0 to 1 (Web Mercator)."""

    pk: str
    identity: str
    name: str
    label: str
    tags: frozenset[str]
    latitude: float
    longitude: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class View:
    """What is seen of the map. zoom: 2**zoom tiles across the world."""

    south: float = -EDGE
    west: float = -180.0
    north: float = EDGE
    east: float = 180.0
    zoom: int = 2
    tag: str = ""
    state: str = ""

    def has(self, one: Placed) -> bool:
        return (
            self.south <= one.latitude <= self.north and self.west <= one.longitude <= self.east
            and (not self.state or one.label == self.state)
            and (not self.tag or self.tag in one.tags)
        )  # fmt: skip


@dataclass
class _Fleet:
    placed: list[Placed] = field(default_factory=list)
    elsewhere: int = 0  # stations without a place
    read: float = float("-inf")


_fleet = _Fleet()
_reading = threading.Lock()


def on_map(latitude: float, longitude: float) -> tuple[float, float]:
    """(x, y) from 0 to 1, y downwards."""
    sine = math.sin(math.radians(max(-EDGE, min(EDGE, latitude))))
    return longitude / 360 + 0.5, 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)


def fleet() -> _Fleet:
    """Read anew where the last one is older than AGE; who comes meanwhile waits for that."""
    global _fleet
    with _reading:
        if time.monotonic() - _fleet.read > AGE:
            _fleet = _read()
        return _fleet


def _read() -> _Fleet:
    fleet = ROSTER.rows(A_LOOK)
    rows = [
        row for row in fleet
        if row.get("latitude") is not None and row.get("longitude") is not None
    ]  # fmt: skip
    placed: list[Placed] = []
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        placed += [_placed(*both) for both in zip(chunk, snapshots_of(chunk), strict=True)]
    return _Fleet(placed, len(fleet) - len(placed), time.monotonic())


def _placed(row: Mapping[str, Any], snapshot: Mapping[str, Any]) -> Placed:
    label = label_of(row["enabled"], row["running"], row["held_back"], snapshot)
    latitude, longitude = float(row["latitude"]), float(row["longitude"])
    return Placed(
        str(row["_id"]), row["identity"], row["name"], label, frozenset(row["tags"]), latitude,
        longitude, *on_map(latitude, longitude),
    )  # fmt: skip


def seen(view: View, placed: Iterable[Placed]) -> dict[str, Any]:
    """{"places": [...], "listed": [...], "states": {label: count}, "count"}.

    A place is {"at": [latitude, longitude], "count", "states", "stations"}: of up to NAMED stations
    all are named, of more none, but where no zooming would part them.
    """
    inside = [one for one in placed if view.has(one)]
    clusters = _clusters(inside, TILE * 2**view.zoom / CELL)
    return {
        "count": len(inside),
        "box": _box(inside),
        "states": dict(Counter(one.label for one in inside)),
        "places": [_place(members, view.zoom >= MOST_ZOOM) for members in clusters],
        "listed": [_station(one) for one in sorted(inside, key=lambda o: o.identity)[:LISTED]],
    }


def _clusters(inside: list[Placed], size: float) -> list[list[Placed]]:
    """Those in one cell of a grid of `size` cells across the world; what would be drawn over a
    larger one in the next cell is of that one."""
    cells: dict[tuple[int, int], list[Placed]] = {}
    for one in inside:
        cells.setdefault((int(one.x * size), int(one.y * size)), []).append(one)
    kept: dict[tuple[int, int], list[Placed]] = {}
    middles: dict[tuple[int, int], tuple[float, float]] = {}
    for (column, row), members in sorted(cells.items(), key=lambda item: -len(item[1])):
        x = sum(one.x for one in members) * size / len(members)
        y = sum(one.y for one in members) * size / len(members)
        beside = [(column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        near = min(
            (cell for cell in beside if cell in kept),
            key=lambda cell: math.dist((x, y), middles[cell]), default=None,
        )  # fmt: skip
        room = CELL * math.dist((x, y), middles[near]) if near is not None else math.inf
        if near is not None and room < radius(len(members)) + radius(len(kept[near])):
            kept[near] += members
        else:
            kept[column, row], middles[column, row] = members, (x, y)
    return list(kept.values())


def radius(count: int) -> float:
    """In pixels, as map.js draws so many stations."""
    return 11 if count == 1 else min(58, 30 + 12 * math.log10(count)) / 2


def _box(inside: list[Placed]) -> list[float] | None:
    """[south, west, north, east] of all of them; None without any."""
    if not inside:
        return None
    ys, xs = [one.latitude for one in inside], [one.longitude for one in inside]
    return [min(ys), min(xs), max(ys), max(xs)]


def _place(members: list[Placed], deepest: bool) -> dict[str, Any]:
    count = len(members)
    middle = [
        round(sum(getattr(one, name) for one in members) / count, 6)
        for name in ("latitude", "longitude")
    ]
    named = members[:NAMED] if deepest or count <= NAMED else []
    return {
        "at": middle, "count": count, "states": dict(Counter(one.label for one in members)),
        "stations": [_station(one) for one in named],
    }  # fmt: skip


def _station(one: Placed) -> dict[str, str]:
    link = reverse("admin:stations_station_life", args=[one.pk])
    return {"identity": one.identity, "name": one.name, "state": one.label, "link": link}


# --- pages -------------------------------------------------------------------------------------


@guarded("fleet-map")
def fleet_map(request: HttpRequest) -> HttpResponse:
    """The page of the map; its points come by the API."""
    context = {
        "title": "Map of the fleet", "tags": known_tags(),
        "states": [(label, text) for label, (text, _) in LABELS.items()],
        "given": {name: request.GET.get(name, "")[:100] for name in ("tag", "state")},
    }  # fmt: skip
    return rendered(request, "map", context)


@guarded("fleet-map-data")
def map_data(request: HttpRequest) -> JsonResponse:
    """What is within `?south=&west=&north=&east=&zoom=`, `tag` and `state` choose."""
    try:
        view = view_of(request.GET)
    except ValueError:
        sentence = "Give south, west, north, east in degrees and zoom from 0 to 18."
        return JsonResponse({"code": "bad_view", "message": sentence}, status=422)
    now = fleet()
    return JsonResponse({**seen(view, now.placed), "elsewhere": now.elsewhere})


def view_of(query: Mapping[str, str]) -> View:
    """Raises ValueError."""
    usual = View()
    sides = [float(query.get(n) or getattr(usual, n)) for n in ("south", "west", "north", "east")]
    zoom = int(query.get("zoom") or usual.zoom)
    if not all(map(math.isfinite, sides)) or not 0 <= zoom <= MOST_ZOOM:
        raise ValueError
    return View(*sides, zoom, query.get("tag", ""), query.get("state", ""))
