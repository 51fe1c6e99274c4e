"""Walking the log in stretches of time, each small enough to be read at once.

The embedded store reads every document that an index range holds before it sorts and limits, so
"the newest 100" of a large log must be asked of a short stretch of time. The minute counts say
where messages are and how many, so empty nights are skipped and busy minutes are cut up.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pymongo.asynchronous.database import AsyncDatabase

from messaging import store

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
FEW_HOURS, MOST_HOURS = 4, 24  # whose minutes are read at once
UNCOUNTED = 1000  # a minute that is marked but not counted yet
FIRST_TARGET, LEAST_TARGET, MOST_TARGET = 500, 250, 500_000
# Where the time alone finds the documents, each of a stretch is read: some 0.2 s of the embedded
# store, which answers nobody meanwhile. A stretch that was quick may have been empty, since what
# was counted is not stored yet, and says nothing about the next.
MOST_READ = 4000
QUICK, SLOW = 0.04, 0.2  # seconds a stretch may take before the next is larger or smaller


def to_ms(moment: datetime) -> int:
    """Unix milliseconds, cut off as BSON does."""
    return int(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """The datetime of unix milliseconds."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def now_ms() -> int:
    """Unix milliseconds now."""
    return int(time.time() * 1000)


@dataclass
class Pace:
    """How many messages a stretch should hold, learned from how long the last ones took."""

    target: int = FIRST_TARGET
    most: int = MOST_TARGET
    _began: float = 0.0

    def begin(self) -> None:
        self._began = time.monotonic()

    def end(self) -> None:
        spent = time.monotonic() - self._began
        if spent < QUICK:
            self.target = min(self.target * 4, self.most)
        elif spent > SLOW:
            self.target = max(self.target // 4, LEAST_TARGET)


async def stretches(
    db: AsyncDatabase, start: int, end: int, *, newest_first: bool, pace: Pace
) -> AsyncIterator[tuple[int, int]]:
    """Yield (from, to) in unix ms, together all of [start, end) that holds messages, in order."""
    async for low, high in _spans(db, start, end, newest_first):
        counts = await _counts(db, low, high)
        async for stretch in _cut(counts, low, high, newest_first, pace):
            yield stretch


async def _spans(
    db: AsyncDatabase, start: int, end: int, newest_first: bool
) -> AsyncIterator[tuple[int, int]]:
    """Yield (from, to), in order, that together hold every minute of [start, end) with messages.

    Most readings end in the first hour. What lies beyond is asked of the hours, once: a query for
    each day of an empty month took a second under load.
    """
    if start >= end:
        return
    if newest_first:
        edge = max(start, _floor(end - HOUR_MS, MINUTE_MS))
        yield edge, end
        end = edge
    else:
        edge = min(end, _floor(start + HOUR_MS, MINUTE_MS))
        yield start, edge
        start = edge
    if start >= end:
        return
    hours = await _hours(db, start, end)
    if newest_first:
        hours.reverse()
    place, size = 0, FEW_HOURS
    while place < len(hours):
        some = sorted(hours[place : place + size])
        place, size = place + size, MOST_HOURS
        yield max(some[0], start), min(some[-1] + HOUR_MS, end)


async def _hours(db: AsyncDatabase, low: int, high: int) -> list[int]:
    """Return the beginnings, in ms, of the hours that have messages, oldest first."""
    span = {"$gte": from_ms(_floor(low, HOUR_MS)), "$lt": from_ms(high)}
    found = db[store.HOURS].find({"time": span}, {"_id": 1})
    return sorted([row["_id"] * HOUR_MS async for row in found])


async def _counts(db: AsyncDatabase, low: int, high: int) -> list[tuple[int, int]]:
    """Return (minute's start in ms, messages) of the minutes that have any, oldest first."""
    span = {"$gte": from_ms(_floor(low, MINUTE_MS)), "$lt": from_ms(high)}
    found = db[store.MINUTES].find({"time": span}, {"total": 1})
    return sorted([(row["_id"] * MINUTE_MS, row.get("total") or UNCOUNTED) async for row in found])


def _edges(first: int, total: int, target: int) -> list[int]:
    """Where to cut a busy minute. What is to come of the present one has hardly any messages."""
    end = min(first + MINUTE_MS, max(first + 1000, now_ms() + 1))
    step = max(50, (end - first) * target // total)
    edges = [*range(first, end, step), end]
    return edges if end == first + MINUTE_MS else [*edges, first + MINUTE_MS]


async def _cut(
    counts: list[tuple[int, int]], low: int, high: int, newest_first: bool, pace: Pace
) -> AsyncIterator[tuple[int, int]]:
    order = counts[::-1] if newest_first else counts
    place = 0
    while place < len(order):
        first, total = order[place]
        place += 1
        if total > 2 * pace.target:
            edges = _edges(first, total, pace.target)
            parts = list(zip(edges, edges[1:], strict=False))
            for part in parts[::-1] if newest_first else parts:
                if clipped := _clip(part, low, high):
                    yield clipped
            continue
        last = first
        while place < len(order) and total + order[place][1] <= pace.target:
            total += order[place][1]
            last = order[place][0]
            place += 1
        if clipped := _clip((min(first, last), max(first, last) + MINUTE_MS), low, high):
            yield clipped


def _clip(part: tuple[int, int], low: int, high: int) -> tuple[int, int] | None:
    start, end = max(part[0], low), min(part[1], high)
    return (start, end) if start < end else None


def _floor(value: int, step: int) -> int:
    return value // step * step


def horizon_ms(retention_days: int) -> int:
    """No message is older than this: retention, and a day for the store to catch up."""
    return now_ms() - int(timedelta(days=retention_days + 1).total_seconds() * 1000)
