"""Deleting what is older than the retention, oldest first, a little at a time: messages, their
counts, and the meter samples of sessions. The sessions themselves stay.

MongoDB's own TTL would do on a real server. The embedded store's copies and decodes the whole
collection under its lock each minute (docs/decisions/0006-retention.md).
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

from pymongo.asynchronous.database import AsyncDatabase

from messaging import store
from messaging.windows import HOUR_MS, MINUTE_MS, Pace, from_ms, stretches, to_ms

DELETE_AT_MOST = 2000  # messages a command: some 100 ms of the embedded store
PAUSE = 0.05  # seconds between two commands, for the others


async def prune(db: AsyncDatabase, before: datetime, seconds: float) -> tuple[int, bool]:
    """Delete messages and their counts from before that time, for so long at most.

    Returns (messages deleted, whether that was all). May be cut off anywhere: what a run leaves,
    the next finds, since a minute's count goes after its messages.
    """
    deadline = time.monotonic() + seconds
    end = to_ms(before)
    oldest = await _oldest_minute(db, before)
    if oldest is None:
        await _forget_samples(db, before)
        return 0, True
    deleted, reached, complete = 0, oldest, True
    pace = Pace(most=DELETE_AT_MOST)
    async for low, high in stretches(db, oldest, end, newest_first=False, pace=pace):
        pace.begin()
        span = {"time": {"$gte": from_ms(low), "$lt": from_ms(high)}}
        deleted += (await db[store.MESSAGES].delete_many(span)).deleted_count
        await db[store.SAMPLES].delete_many(span)
        pace.end()
        reached = high
        if time.monotonic() >= deadline:
            complete = False
            break
        await asyncio.sleep(PAUSE)
    await _forget_counts(db, end if complete else min(reached, end))
    if complete:
        await _forget_samples(db, before)
    return deleted, complete


async def _oldest_minute(db: AsyncDatabase, before: datetime) -> int | None:
    """The first minute, in unix ms, that has a count and begins before that time."""
    minutes = db[store.MINUTES].find({"time": {"$lt": before}}, {"_id": 1})
    numbers = [row["_id"] async for row in minutes]
    return min(numbers) * MINUTE_MS if numbers else None


async def _forget_samples(db: AsyncDatabase, before: datetime) -> None:
    """Delete the samples whose messages had gone already, by hand for instance."""
    await db[store.SAMPLES].delete_many({"time": {"$lt": before}})


async def _forget_counts(db: AsyncDatabase, end: int) -> None:
    """Delete the counts of the minutes and hours that lie wholly before `end` (unix ms)."""
    for name, length in ((store.MINUTES, MINUTE_MS), (store.HOURS, HOUR_MS)):
        await db[name].delete_many({"time": {"$lte": from_ms(end - length)}})
