"""Walking the catalog of the log in steps of time, each small enough to be read at once.

The embedded store reads every document that an index range holds before it sorts and limits, so
"the newest 100" of a large log must be asked of a short time. The marks say which hours have
messages, and of which stations, so empty nights and a station's silent days are skipped.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pymongo.asynchronous.database import AsyncDatabase

from messaging.keeping import store
from messaging.keeping.catalog import Choice, Sheet
from messaging.keeping.marks import LISTED, station_mark
from runtime.parts import by_ids_async

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
FEW_SHEETS, MANY_SHEETS = 20, 100  # in a step; then the next is longer or shorter
MOST_MINUTES = 60
SHORTER = 8  # times, where a step met too much
MOST_HOURS = 24  # of a station's that are looked for at once
ALL = Choice()


def to_ms(moment: datetime) -> int:
    """Unix milliseconds, cut off as BSON does."""
    return int(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """The datetime of unix milliseconds."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def now_ms() -> int:
    """Unix milliseconds now."""
    return int(time.time() * 1000)


def horizon_ms(retention_days: int) -> int:
    """No message is older than this: retention, and a day for the store to catch up."""
    return now_ms() - int(timedelta(days=retention_days + 1).total_seconds() * 1000)


@dataclass(frozen=True)
class Step:
    """The sheets of [start, end), unix ms, that may have what is chosen; they may list more than
    that at its ends."""

    start: int
    end: int
    sheets: list[Sheet]


async def steps(
    db: AsyncDatabase,
    start: int,
    end: int,
    *,
    newest_first: bool,
    choice: Choice = ALL,
    length: int = 1,
) -> AsyncIterator[Step]:
    """Yield steps, in order, that together hold what is chosen of [start, end) in unix ms.

    length    of the first step, in minutes; that of the next goes by how much there was
    """
    async for low, high in _spans(db, start, end, newest_first, choice.stations):
        first, last = low // MINUTE_MS, -(-high // MINUTE_MS)
        while first < last:
            a, b = (
                (max(first, last - length), last)
                if newest_first
                else (first, min(first + length, last))
            )
            # A step grows over empty hours, and may then meet a full one.
            most = 2 * MANY_SHEETS if b - a > 1 else 0
            some = db[store.CATALOG].find({"minute": {"$gte": a, "$lt": b}}).limit(most)
            found = await some.to_list()
            if most and len(found) == most:
                length = max((b - a) // SHORTER, 1)
                continue
            sheets = [made for document in found if (made := choice.sheet(document))]
            yield Step(max(a * MINUTE_MS, low), min(b * MINUTE_MS, high), sheets)
            first, last = (first, a) if newest_first else (b, last)
            if len(found) < FEW_SHEETS:
                length = min(2 * length, MOST_MINUTES)
            elif len(found) > MANY_SHEETS:
                length = max(length // 2, 1)


async def _spans(
    db: AsyncDatabase, start: int, end: int, newest_first: bool, stations: Sequence[str]
) -> AsyncIterator[tuple[int, int]]:
    """Yield (from, to), in order, that together hold every minute of [start, end) with messages.

    Most readings end in the first hour. What lies beyond is asked of the hours.
    """
    if start >= end:
        return
    if newest_first:
        edge = max(start, _floor(end - HOUR_MS, HOUR_MS))
        yield edge, end
        end = edge
    else:
        edge = min(end, _floor(start + HOUR_MS, HOUR_MS) + HOUR_MS)
        yield start, edge
        start = edge
    if start >= end:
        return
    hours = await _hours(db, start, end)
    if newest_first:
        hours.reverse()
    for place in range(0, len(hours), MOST_HOURS):
        for hour in await _with(db, hours[place : place + MOST_HOURS], stations):
            yield max(hour * HOUR_MS, start), min((hour + 1) * HOUR_MS, end)


async def _hours(db: AsyncDatabase, low: int, high: int) -> list[tuple[int, bool]]:
    """The hours that have messages, oldest first, and whether their stations are listed."""
    span = {"$gte": from_ms(_floor(low, HOUR_MS)), "$lt": from_ms(high)}
    found = db[store.HOURS].find({"time": span}, {LISTED: 1})
    return sorted([(row["_id"], bool(row.get(LISTED))) async for row in found])


async def _with(
    db: AsyncDatabase, hours: list[tuple[int, bool]], stations: Sequence[str]
) -> list[int]:
    """Those of the hours in which one of the stations may have messages."""
    if not stations:
        return [hour for hour, _ in hours]
    names = [station_mark(hour, name) for hour, listed in hours if listed for name in stations]
    having = {row["hour"] for row in await by_ids_async(db[store.STATIONS], names)}
    return [hour for hour, listed in hours if not listed or hour in having]


def _floor(value: int, step: int) -> int:
    return value // step * step
