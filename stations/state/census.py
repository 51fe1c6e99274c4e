"""One look at the whole fleet: how many are in which state, what they deliver, which are sick.

Reads a row of each station every ROWS_AGE seconds and of the snapshots only what is shown, so that
2,000 stations cost some 30 ms. Blocking: for a thread of one's own or a task.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

import msgspec
from django.db import connection

from messaging.keeping import tallies
from stations.models import Station, TagGroup
from stations.state import keys
from stations.state.live import LABELS, label_of
from stations.state.sickness import Reason, reasons
from stations.state.snapshots import redis_client
from stations.state.stamps import STAMP_SIZE

ROWS_AGE = 6.0  # seconds
CHUNK = 500
SICKEST = 10
FAILURES_OF = 15  # minutes
AT_REST = ("disabled", "stopped", "held back")
_COLUMNS = ("identity", "name", "enabled", "running", "held_back", "tags")


class Outlet(TypedDict, total=False):
    id: int
    status: str
    power_w: float
    energy_wh: float
    error: str
    transaction: Any


class Seen(TypedDict, total=False):
    """Of a snapshot what is looked at; the rest is skipped and not even made."""

    connected: bool
    registration: str
    power_w: float
    connectors: list[Outlet]
    link: dict[str, Any] | None
    trouble: str
    last_message: float | None
    breaches: list[dict[str, Any]]


_decode = msgspec.msgpack.Decoder(Seen, strict=False).decode


@dataclass
class Group:
    """states: {label: stations}."""

    name: str
    tags: list[str]
    stations: int = 0
    power_w: float = 0.0
    states: Counter = field(default_factory=Counter)


@dataclass
class Sick:
    """One that wants a look; the reasons by weight."""

    pk: str
    identity: str
    name: str
    label: str
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class OneStation:
    """power in W; energy in Wh, of all its meters; last_message in unix seconds."""

    identity: str
    connected: bool
    power_w: float
    energy_wh: float
    transactions: int
    sick: bool
    last_message: float | None


@dataclass
class Fleet:
    """power in W; energy in Wh, of all meters together."""

    stations: int = 0
    running: int = 0
    connected: int = 0
    charging: int = 0  # connectors with a transaction
    power_w: float = 0.0
    energy_wh: float = 0.0
    states: Counter = field(default_factory=lambda: Counter(dict.fromkeys(LABELS, 0)))
    groups: list[Group] = field(default_factory=list)
    sick: int = 0
    sickest: list[Sick] = field(default_factory=list)


class Census:
    """Keeps the rows between two looks."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._groups: list[tuple[str, list[str]]] = []
        self._read = float("-inf")

    def look(
        self, now: float | None = None, each: Callable[[OneStation], None] | None = None
    ) -> Fleet:
        """`each` is told of every station. Raises STORE_ERRORS where a store is away."""
        now = time.time() if now is None else now
        if time.monotonic() - self._read >= ROWS_AGE:
            self._read_rows()
        minute = int(now) // 60
        failures = tallies.failures_of(range(minute - FAILURES_OF + 1, minute + 1))
        return count(self._rows, self._groups, failures, now, each)

    def _read_rows(self) -> None:
        collection = connection.get_collection(Station._meta.db_table)
        self._rows = list(collection.find({}, dict.fromkeys(_COLUMNS, 1)))
        self._groups = [(group.name, list(group.tags)) for group in TagGroup.objects.all()]
        self._read = time.monotonic()


def count(
    rows: list[dict[str, Any]],
    groups: list[tuple[str, list[str]]],
    failures: Mapping[str, Mapping[str, int]],
    now: float,
    each: Callable[[OneStation], None] | None = None,
) -> Fleet:
    """rows: of `stations_station` with _COLUMNS; failures: {station: {code: how many}}."""
    fleet = Fleet(stations=len(rows), groups=[Group(*group) for group in groups])
    of_tag: dict[str, list[Group]] = {}
    for group in fleet.groups:
        for tag in group.tags:
            of_tag.setdefault(tag, []).append(group)
    sick: list[tuple[int, int, Sick]] = []
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        for number, (row, seen) in enumerate(zip(chunk, snapshots_of(chunk), strict=True), start):
            label, power = _add(fleet, row, seen)
            for group in {id(g): g for tag in row["tags"] for g in of_tag.get(tag, ())}.values():
                group.stations += 1
                group.power_w += power
                group.states[label] += 1
            why = reasons(label, row["held_back"], seen, failures.get(row["identity"], {}), now)
            if each is not None:
                each(_one(row, seen, label, power, bool(why)))
            if why:
                fleet.sick += 1
                found = Sick(str(row["_id"]), row["identity"], row["name"], label, why)
                entry = (why[0].weight + len(why) - 1, -number, found)
                (heapq.heappush if len(sick) < SICKEST else heapq.heappushpop)(sick, entry)
    fleet.sickest = [entry[2] for entry in sorted(sick, key=lambda e: (-e[0], -e[1]))]
    return fleet


def _add(fleet: Fleet, row: Mapping[str, Any], seen: Seen) -> tuple[str, float]:
    """(label, power) of a station, once it is counted."""
    label = label_of(row["enabled"], row["running"], row["held_back"], seen)
    fleet.states[label] += 1
    for outlet in seen.get("connectors") or ():
        fleet.energy_wh += outlet.get("energy_wh") or 0
    power = 0.0
    if label not in AT_REST:
        power = seen.get("power_w") or 0.0
        fleet.running += 1
        fleet.connected += bool(seen.get("connected"))
        fleet.charging += sum(bool(o.get("transaction")) for o in seen.get("connectors") or ())
        fleet.power_w += power
    return label, power


def _one(
    row: Mapping[str, Any], seen: Seen, label: str, power: float, sick: bool
) -> OneStation:
    runs = label not in AT_REST
    outlets = seen.get("connectors") or ()
    return OneStation(
        identity=row["identity"],
        connected=runs and bool(seen.get("connected")),
        power_w=power,
        energy_wh=sum(outlet.get("energy_wh") or 0 for outlet in outlets),
        transactions=sum(bool(outlet.get("transaction")) for outlet in outlets) if runs else 0,
        sick=sick,
        last_message=seen.get("last_message"),
    )


def snapshots_of(rows: Iterable[Mapping[str, Any]]) -> list[Seen]:
    """Of the rows' stations, {} where Redis has none or one that cannot be read."""
    names = [keys.state_key(row["identity"]) for row in rows]
    return [_read(value) for value in redis_client().mget(names)]


def _read(value: bytes | None) -> Seen:
    try:
        return _decode(memoryview(value)[STAMP_SIZE:]) if value else {}
    except msgspec.MsgspecError:
        return {}
