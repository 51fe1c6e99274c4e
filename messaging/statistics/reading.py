"""What the statistics tell: rows by action, of all stations or of one, and rows by station."""

from __future__ import annotations

import asyncio
import heapq
import time
from datetime import datetime
from typing import Any, NamedTuple

from pymongo.asynchronous.database import AsyncDatabase

from messaging.records import when
from messaging.statistics.cells import CSMS, STATION, Cell, Table, added, number_of, told
from messaging.statistics.keeping import (
    ALL,
    COLLECTION,
    EACH,
    MINUTES,
    VERSIONS,
    Level,
    made_of,
    name_of,
    part_of,
    read,
)
from messaging.statistics.ranges import RANGES, spans_of
from messaging.statistics.sums import Sum, Sums, id_of
from runtime.parts import by_ids_async

CALLERS = (STATION, CSMS)
SORTS = (
    "errors", "calls", "min_ms", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms", "deviation_ms",
)  # fmt: skip
MOST_STATIONS = 500
MANY = 1000  # stations whose rows are worth to be kept until the minute is over
# {(database, range, minute): (since, {station: cell})}: of the last that was asked for.
_kept: dict[tuple[str, str, int], tuple[datetime, dict[str, Cell]]] = {}
# {(database, range): what it was put together of last, as far as that was settled}.
_sums: dict[tuple[str, str], Sum] = {}
MOST_KEPT = 3  # ranges, of each of these


class Found(NamedTuple):
    """since: the time that it is of begins with a whole unit of what it is made of."""

    since: datetime
    table: Table


async def by_action(
    db: AsyncDatabase, name: str, station: str = "", now: float | None = None
) -> dict[str, Any]:
    """Rows of a range (a key of RANGES), most frequent first; `station`: of this one alone."""
    found = await _read(db, name, part_of(station) if station else ALL, now)
    rows = []
    for key, cell in found.table.get(station, {}).items():
        caller, _, action = key.partition(" ")
        rows.append({"action": action, "caller": caller, **told(cell)})
    rows.sort(key=lambda row: (-row["calls"], row["action"], row["caller"]))
    return {"since": found.since, "rows": rows}


async def by_station(
    db: AsyncDatabase, name: str, sort: str = "errors", limit: int = 100, now: float | None = None
) -> dict[str, Any]:
    """Rows of the stations that stand out, by a column of SORTS, and how many there are."""
    minute = int(time.time() if now is None else now) // MINUTES.seconds
    of = (db.name, name, minute)
    since, cells = _kept.get(of) or await _cells_of_stations(db, name, now)
    if len(cells) >= MANY:
        for old in [old for old in _kept if old[2] != minute or old[0] != db.name]:
            del _kept[old]
        _keep(_kept, of, (since, cells))

    def first() -> list[dict[str, Any]]:
        # Of a large fleet all numbers of all stations would be seconds of work.
        keys = ((-(number_of(cell, sort) or 0), station) for station, cell in cells.items())
        chosen = (station for _, station in heapq.nsmallest(limit, keys))
        return [{"station": station, **told(cells[station])} for station in chosen]

    rows = await asyncio.to_thread(first)
    return {"since": since, "stations": len(cells), "rows": rows}


def _keep(kept: dict, key: tuple, value: Any) -> None:
    """As the newest of MOST_KEPT."""
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]


async def _sum_kept(db: AsyncDatabase, name: str) -> Sum | None:
    document = await db[COLLECTION].find_one({"_id": id_of(name)})
    return None if document is None else await asyncio.to_thread(Sum.of, document)


async def _cells_of_stations(
    db: AsyncDatabase, name: str, now: float | None
) -> tuple[datetime, dict[str, Cell]]:
    found = await _read(db, name, EACH, now)
    # There one cell is all that a station has.
    return found.since, {station: cells[""] for station, cells in found.table.items()}


async def _read(db: AsyncDatabase, name: str, part: str, now: float | None) -> Found:
    now = time.time() if now is None else now
    since, spans = spans_of(RANGES[name], now)
    wanted = [(level, number) for level, numbers in spans for number in numbers]
    known = None
    if part == EACH:
        versions = (await db[COLLECTION].find_one({"_id": VERSIONS}) or {}).get("of", {})
        known, whole = Sums(_sums.get((db.name, name)), versions, now), wanted
        wanted = known.without(whole)
        if not known.kept.versions:
            known = Sums(await _sum_kept(db, name), versions, now)
            wanted = known.without(whole)
    rows: list[tuple[Level, int, dict]] = []
    while wanted:
        ids = {name_of(level, number, part): (level, number) for level, number in wanted}
        got = await by_ids_async(db[COLLECTION], ids)
        rows += [(*ids[row["_id"]], row) for row in got]
        missing = set(ids) - {row["_id"] for row in got}
        # The last hour or day that is over may not be put together yet.
        wanted = [
            finer
            for level, number in (ids[name] for name in missing)
            if level.finer is not None and number == int(now) // level.seconds - 1
            for finer in made_of(level, number)
        ]

    def put_together() -> Table:
        return known.add(rows) if known else added(read(row) for _, _, row in rows)

    # Of a large fleet that is seconds of work, in which the loop has others to serve.
    table = await asyncio.to_thread(put_together)
    if known and len(table) >= MANY:
        _keep(_sums, (db.name, name), known.kept)
    return Found(when(since), table)
