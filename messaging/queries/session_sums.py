"""Reading what is kept of the sessions of each hour: see session_counts.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from pymongo.asynchronous.database import AsyncDatabase

from messaging.keeping import store
from messaging.keeping.session_counts import WHOLE, sums_of, together

HOUR = timedelta(hours=1)


class Kept(NamedTuple):
    """parts: (a time, sums of what began in its hour or then); active: how many sessions go on."""

    parts: list[tuple[datetime, dict]]
    active: int

    @property
    def started(self) -> int:
        return sum(sums["started"] for _, sums in self.parts)


async def read(db: AsyncDatabase, since: datetime) -> Kept | None:
    """The sums of what began since then, from its minute on; None where not all hours are marked.

    Hours that were never counted are counted here: the one that has just begun.
    """
    table = db[store.SESSION_HOURS]
    if await table.find_one({"_id": WHOLE}) is None:
        return None
    first = since.replace(minute=0, second=0, microsecond=0)
    rows = await table.find({"time": {"$gte": first}}, {"minutes": 0}).to_list()
    parts, active = [], 0
    for row in rows:
        if "sums" not in row:
            span = {"$gte": max(row["time"], since), "$lt": row["time"] + HOUR}
            sums = sums_of(await db[store.TRANSACTIONS].find({"started": span}).to_list())
            active += sums["started"] - sums["ended"]
        elif row["time"] == first:
            sums = await _from_minute(db, row["_id"], since.minute)
        else:
            sums = row["sums"]
        parts.append((row["time"], sums))
    going = await table.find({"active": {"$gt": 0}}, {"active": 1}).to_list()
    return Kept(parts, active + sum(row["active"] for row in going))


async def _from_minute(db: AsyncDatabase, hour: int, begin: int) -> dict:
    row = await db[store.SESSION_HOURS].find_one({"_id": hour}) or {}
    minutes = row.get("minutes", {})
    return together(sums for minute, sums in minutes.items() if int(minute) >= begin)
