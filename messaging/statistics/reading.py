"""What the statistics tell: rows by action, of all stations or of one, and rows by station."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from messaging.records import when
from messaging.statistics import names
from messaging.statistics.cells import CSMS, STATION, added, told
from messaging.statistics.columns import Columns, Part, Whole
from messaging.statistics.keeping import (
    ALL,
    COLLECTION,
    EACH,
    HOUR,
    MINUTE,
    VERSIONS,
    Level,
    made_of,
    name_of,
    part_of,
    read,
    version_of,
)
from messaging.statistics.ranges import RANGES, spans_of
from messaging.statistics.ranking import first
from messaging.statistics.sums import SUMS, Sum
from runtime.parts import by_ids_async

CALLERS = (STATION, CSMS)
SORTS = (
    "errors", "calls", "min_ms", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms", "deviation_ms",
)  # fmt: skip
MOST_STATIONS = 500
MANY = 1000  # stations whose rows are worth to be kept until the minute is over
MOST_KEPT = 50  # ranges and orders
SUM_LATE = 300.0  # seconds into an hour or day in which the sums may be those of before it
# {(database, range, order): (minute, what was told in it)}.
_kept: dict[tuple[str, str, str], tuple[int, dict[str, Any]]] = {}

Unit = tuple[Level, int]


async def by_action(
    db: AsyncDatabase, name: str, station: str = "", now: float | None = None
) -> dict[str, Any]:
    """Rows of a range (a key of RANGES), most frequent first; `station`: of this one alone."""
    now = time.time() if now is None else now
    since, wanted = _units(name, now)
    found = await _documents(db, wanted, part_of(station) if station else ALL, now)

    def put_together() -> list[dict[str, Any]]:
        table = added({station: cells} for cells in (
            read(row).get(station) for _, row in found) if cells)  # fmt: skip
        rows = []
        for key, cell in table.get(station, {}).items():
            caller, _, action = key.partition(" ")
            rows.append({"action": action, "caller": caller, **told(cell)})
        return rows

    rows = await asyncio.to_thread(put_together)
    rows.sort(key=lambda row: (-row["calls"], row["action"], row["caller"]))
    # It begins with a whole unit of what it is made of.
    return {"since": when(since), "rows": rows}


async def by_station(
    db: AsyncDatabase, name: str, sort: str = "errors", limit: int = 100, now: float | None = None
) -> dict[str, Any]:
    """Rows of the stations that stand out, by a column of SORTS, and how many there are.

    Of percentiles within 5 % of each other, as many as are shown are taken by their names.
    """
    now = time.time() if now is None else now
    minute, of = int(now) // MINUTE, (db.name, name, sort)
    before, answer = _kept.get(of, (None, {}))
    if before != minute:
        since, parts = await _parts(db, name, now)
        # Of a large fleet that is half a second of work, in which the loop has others to serve.
        answer = await asyncio.to_thread(_ranked, since, parts, sort)
        if answer["stations"] >= MANY:
            _keep(of, minute, answer)
    return answer | {"rows": answer["rows"][:limit]}


def _ranked(since: float, parts: list[Part], sort: str) -> dict[str, Any]:
    whole = Whole(parts)
    seen = whole.seen()
    chosen = first(whole, sort, MOST_STATIONS, seen)
    cells = whole.cells(set(chosen))
    rows = [{"station": whole.names[place], **told(cells[place])} for place in chosen]
    rows.sort(key=lambda row: -(row[sort] or 0))
    return {"since": when(since), "stations": len(seen), "rows": rows}


def _keep(of: tuple[str, str, str], minute: int, answer: dict[str, Any]) -> None:
    """Until the minute is over, as the newest of MOST_KEPT."""
    for old in [old for old, (its, _) in _kept.items() if its != minute or old == of]:
        del _kept[old]
    _kept[of] = minute, answer
    while len(_kept) > MOST_KEPT:
        del _kept[next(iter(_kept))]


def _units(name: str, now: float, late: float = 0.0) -> tuple[float, list[Unit]]:
    since, spans = spans_of(RANGES[name], now, late)
    return since, [(level, number) for level, numbers in spans for number in numbers]


async def _parts(db: AsyncDatabase, name: str, now: float) -> tuple[float, list[Part]]:
    """Since when, and the columns of a range: of its kept sum, and of what that lacks."""
    collection = db[COLLECTION]
    versions = (await collection.find_one({"_id": VERSIONS}) or {}).get("of", {})
    kept = Sum.of(await collection.find_one({"_id": SUMS}), name)
    since, wanted = _units(name, now)
    for late in (0.0, SUM_LATE):
        at, units = _units(name, now, late)
        if kept.ids and kept.is_right(versions, {version_of(*unit) for unit in units}):
            rows = await by_ids_async(collection, kept.ids)
            if len(rows) == len(kept.ids):  # none where the next is there already
                rest = [unit for unit in units if version_of(*unit) not in kept.versions]
                found = await _documents(db, rest, EACH, now)
                return at, [*map(names.own, rows), *await _columns(db, found)]
    return since, await _columns(db, await _documents(db, wanted, EACH, now))


async def _columns(db: AsyncDatabase, found: Iterable[tuple[Unit, dict]]) -> list[Part]:
    """Those with names of their own, and those minutes of an hour that have them in common."""
    parts: list[Part] = []
    hours: dict[int, list[dict]] = {}
    for (_, number), row in found:
        if "made" in row:
            hours.setdefault(number * MINUTE // HOUR, []).append(row)
        else:
            parts.append(names.own(row))
    lists = await by_ids_async(db[COLLECTION], map(names.list_of, hours))
    by_id: Mapping[str, dict] = {row["_id"]: row for row in lists}
    for hour, rows in hours.items():
        if (names_of := by_id.get(names.list_of(hour))) is None:
            continue
        columns = [Columns.read(row["columns"]) for row in rows if row["made"] == names_of["made"]]
        parts.append(Part(names.read(names_of["names"]), columns))
    return parts


async def _documents(
    db: AsyncDatabase, wanted: list[Unit], part: str, now: float
) -> list[tuple[Unit, dict]]:
    found: list[tuple[Unit, dict]] = []
    while wanted:
        ids = {name_of(level, number, part): (level, number) for level, number in wanted}
        got = await by_ids_async(db[COLLECTION], ids)
        found += [(ids[row["_id"]], row) for row in got]
        missing = set(ids) - {row["_id"] for row in got}
        # The last hour or day that is over may not be put together yet.
        wanted = [
            finer
            for level, number in (ids[name] for name in missing)
            if level.finer is not None and number == int(now) // level.seconds - 1
            for finer in made_of(level, number)
        ]
    return found
