"""One look at the whole fleet: how many are in which state, what they deliver, which are sick.

It reads only what is shown of the snapshots, so that 2,000 stations cost some 30 ms. Of a large
fleet that is seconds: there the task that keeps the dashboard's figures looks once a minute, and
others take what it has seen. Blocking: for a thread of one's own or a task.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from messaging.keeping import tallies
from stations.models import TagGroup
from stations.roster.kept import A_LOOK, LARGE, ROSTER, Row
from stations.state import keys, rollcall
from stations.state.live import LABELS, ONLINE, label_of
from stations.state.seen import Seen, snapshots_of
from stations.state.sickness import Reason, reasons
from stations.state.snapshots import redis_client

GROUPS_AGE = 6.0  # seconds
KEPT_FOR = 150  # seconds that a look at a large fleet is taken for one of now
CHUNK = 500
SICKEST = 10
FAILURES_OF = 15  # minutes
AT_REST = ("disabled", "stopped", "held back")


@dataclass
class Group:
    """states: {label: stations}."""

    name: str
    tags: list[str]
    stations: int = 0
    power_w: float = 0.0
    states: dict[str, int] = field(default_factory=Counter)


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
    """label: a key of LABELS; power in W; energy in Wh, of all its meters; last_message in unix
    seconds."""

    identity: str
    label: str
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
    states: dict[str, int] = field(default_factory=lambda: Counter(dict.fromkeys(LABELS, 0)))
    groups: list[Group] = field(default_factory=list)
    sick: int = 0
    sickest: list[Sick] = field(default_factory=list)


_decode = msgspec.msgpack.Decoder(Fleet).decode


class Census:
    """Keeps the tag groups between two looks."""

    def __init__(self) -> None:
        self._groups: list[tuple[str, list[str]]] = []
        self._read = float("-inf")

    def look(
        self, now: float | None = None, each: Callable[[OneStation], None] | None = None
    ) -> Fleet:
        """As it is now, or of a LARGE fleet as it was kept last.

        `each` is told of every station, for which all are read. Raises STORE_ERRORS where a store
        is away.
        """
        rows = ROSTER.rows(A_LOOK)
        if each is None and len(rows) > LARGE and (kept := redis_client().get(keys.census_key())):
            return _unpack(kept)
        return self._count(rows, now, each)

    def keep(self, now: float | None = None) -> Fleet:
        """Look, and have others take it for a while where the fleet is LARGE. Raises STORE_ERRORS.
        """
        rows = ROSTER.rows()
        if len(rows) <= LARGE:
            return self._count(rows, now)
        members: dict[str, list[str]] = {}
        fleet = self._count(rows, now, lambda one: _enter(members, one))
        rollcall.keep(members, KEPT_FOR)
        redis_client().set(keys.census_key(), _pack(fleet), ex=KEPT_FOR)
        return fleet

    def _count(
        self, rows: list[Row], now: float | None, each: Callable[[OneStation], None] | None = None
    ) -> Fleet:
        now = time.time() if now is None else now
        if time.monotonic() - self._read >= GROUPS_AGE:
            self._read_groups()
        minute = int(now) // 60
        failures = tallies.failures_of(range(minute - FAILURES_OF + 1, minute + 1))
        return count(rows, self._groups, failures, now, each)

    def _read_groups(self) -> None:
        self._groups = [(group.name, list(group.tags)) for group in TagGroup.objects.all()]
        self._read = time.monotonic()


def _enter(members: dict[str, list[str]], one: OneStation) -> None:
    """By each state that a filter may name and that it is in."""
    members.setdefault(one.label, []).append(one.identity)
    if one.connected:
        members.setdefault(ONLINE, []).append(one.identity)


def _pack(fleet: Fleet) -> bytes:
    return msgspec.msgpack.encode(fleet)


def _unpack(kept: bytes) -> Fleet:
    fleet = _decode(kept)
    fleet.states = Counter(fleet.states)
    for group in fleet.groups:
        group.states = Counter(group.states)
    return fleet


def count(
    rows: list[Row],
    groups: list[tuple[str, list[str]]],
    failures: Mapping[str, Mapping[str, int]],
    now: float,
    each: Callable[[OneStation], None] | None = None,
) -> Fleet:
    """rows: as the roster has them; failures: {station: {code: how many}}."""
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
        label=label,
        connected=runs and bool(seen.get("connected")),
        power_w=power,
        energy_wh=sum(outlet.get("energy_wh") or 0 for outlet in outlets),
        transactions=sum(bool(outlet.get("transaction")) for outlet in outlets) if runs else 0,
        sick=sick,
        last_message=seen.get("last_message"),
    )
