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

from messaging.keeping import store
from messaging.keeping.catalog import name_of
from messaging.queries.windows import HOUR_MS, MINUTE_MS, Step, from_ms, steps, to_ms
from messaging.statistics import keeping as statistics
from runtime.parts import parts

DELETE_AT_MOST = 500  # messages a command: some 70 ms of the embedded store
FIRST_MINUTES = 10  # that are looked at at once, to begin with
DAY_MS = 24 * HOUR_MS
PAUSE = 0.05  # seconds between two commands, for the others


async def prune(db: AsyncDatabase, before: datetime, seconds: float) -> tuple[int, bool]:
    """Delete messages and what tells of them from before that time, for so long at most.

    Returns (messages deleted, whether that was all). A minute goes when all of it is older. May be
    cut off anywhere: what a run leaves, the next finds, since a minute's sheets go after its
    messages and its mark goes last.
    """
    deadline = time.monotonic() + seconds
    end, deleted = to_ms(before) // MINUTE_MS * MINUTE_MS, 0
    oldest = await _oldest_minute(db, before)
    if oldest is not None:
        async for step in steps(db, oldest, end, newest_first=False, length=FIRST_MINUTES):
            deleted += await _delete_step(db, step)
            if time.monotonic() >= deadline:
                await _forget_marks(db, step.end)
                return deleted, False
        await _forget_marks(db, end)
    await _forget_samples(db, before)
    return deleted, True


async def _oldest_minute(db: AsyncDatabase, before: datetime) -> int | None:
    """The first minute, in unix ms, that has a mark and begins before that time."""
    minutes = db[store.MINUTES].find({"time": {"$lt": before}}, {"_id": 1})
    numbers = [row["_id"] async for row in minutes]
    return min(numbers) * MINUTE_MS if numbers else None


async def _delete_step(db: AsyncDatabase, step: Step) -> int:
    """Delete the messages of a step, then the sheets of its minutes and what they hold."""
    whole = {"$gte": step.start // MINUTE_MS, "$lt": step.end // MINUTE_MS}
    kept = await db[store.FRAMES].find({"minute": whole}, {"n": 1}).to_list()
    there = {row["_id"] for row in kept}
    deleted = sum(row["n"] for row in kept)
    for part in parts(there):
        await db[store.FRAMES].delete_many({"_id": {"$in": part}})
        await asyncio.sleep(PAUSE)
    before = [sheet for sheet in step.sheets if name_of(sheet) not in there]
    deleted += await _delete_old(db, {one for sheet in before for one in sheet.ids})
    await db[store.CATALOG].delete_many({"minute": whole})
    span = {"time": {"$gte": from_ms(step.start), "$lt": from_ms(step.end)}}
    for name in (store.SAMPLES, store.NEWS):
        await db[name].delete_many(span)
    return deleted


async def _delete_old(db: AsyncDatabase, ids: set[str]) -> int:
    """Of those that are kept a document each."""
    old, deleted = sorted(ids), 0
    for place in range(0, len(old), DELETE_AT_MOST):
        # All from the first to the last of them: what no sheet lists there is as old.
        some = old[place : place + DELETE_AT_MOST]
        span = {"_id": {"$gte": some[0], "$lte": some[-1]}}
        deleted += (await db[store.MESSAGES].delete_many(span)).deleted_count
        await asyncio.sleep(PAUSE)
    return deleted


async def _forget_samples(db: AsyncDatabase, before: datetime) -> None:
    """Delete the samples whose messages had gone already, by hand for instance."""
    for name in (store.SAMPLES, store.NEWS):
        await db[name].delete_many({"time": {"$lt": before}})


async def _forget_marks(db: AsyncDatabase, end: int) -> None:
    """Delete the marks and counts of what lies wholly before `end` (unix ms)."""
    for name, length in ((store.MINUTES, MINUTE_MS), (store.HOURS, HOUR_MS)):
        await db[name].delete_many({"time": {"$lte": from_ms(end - length)}})
    await db[statistics.COLLECTION].delete_many({"time": {"$lte": from_ms(end - DAY_MS)}})
    await db[store.STATIONS].delete_many({"hour": {"$lt": end // HOUR_MS}})
