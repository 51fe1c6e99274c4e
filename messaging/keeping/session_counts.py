"""How many sessions began in an hour and what became of them, kept for the statistics.

Made of `transactions` by a task each minute, of the hours in which a session has changed: set, not
added to, so whatever is counted twice is the same. One document an hour in `transaction_hours`:

    _id      unix time / 3600; `time` is its beginning
    sums     started, ended, energy_wh, seconds (of those that ended), reasons [[reason, ended]]
    minutes  the same of each minute of it, {"0" to "59": ...}
    active   how many go on; not there where none does
    changed  while a session has changed since it was counted; without `sums` it never was

and WHOLE, once all that was there before has been marked as changed. An hour without sessions has
none.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pymongo.database import Database

from messaging.keeping import store
from messaging.keeping.store import insert_new
from messaging.records import when

WHOLE = "whole"
BACK = 31 * 24  # hours: more than are asked for at most
HOUR, LATEST = 3600, 2**37  # seconds; later is no time that a document can have
SECONDS = 20.0  # of counting in one run
NUMBERS = ("started", "ended", "energy_wh", "seconds")


def mark_changed(db: Database, starts: Iterable[object]) -> None:
    """Have the hours counted again in which these began, unix seconds. Call it after the sessions
    are written, also if they were before."""
    known = (start for start in starts if isinstance(start, int | float) and 0 < start < LATEST)
    for hour in {int(start) // HOUR for start in known}:
        _mark(db, hour)


def _mark(db: Database, hour: int) -> None:
    db[store.SESSION_HOURS].update_one(
        {"_id": hour},
        {"$set": {"changed": time.time()}, "$setOnInsert": {"time": when(hour * HOUR)}},
        upsert=True,
    )


def keep(db: Database, now: float, seconds: float = SECONDS) -> int:
    """Count the hours that have changed, the newest first, for so long; returns how many.

    A run may die anywhere: an hour's mark goes last, and only if it is still the same.
    """
    limit = time.monotonic() + seconds
    _begin(db, now)
    rows = db[store.SESSION_HOURS].find({"changed": {"$gt": 0}}, {"changed": 1})
    counted = 0
    for row in sorted(rows, key=lambda row: row["_id"], reverse=True):
        if change := _counted(db, row["_id"]):
            db[store.SESSION_HOURS].update_one({"_id": row["_id"]}, change)
            db[store.SESSION_HOURS].update_one(row, {"$unset": {"changed": 1}})
        else:
            db[store.SESSION_HOURS].delete_one(row)
        counted += 1
        if time.monotonic() > limit:
            break
    return counted


def _begin(db: Database, now: float) -> None:
    """Have all hours counted once, where there are sessions of before this was kept."""
    if db[store.SESSION_HOURS].find_one({"_id": WHOLE}) is not None:
        return
    if db[store.TRANSACTIONS].estimated_document_count():
        last = int(now) // HOUR
        rows = [
            {"_id": hour, "time": when(hour * HOUR), "changed": now}
            for hour in range(last - BACK, last + 1)
        ]
        insert_new(db[store.SESSION_HOURS], rows)
    db[store.SESSION_HOURS].update_one({"_id": WHOLE}, {"$set": {"at": now}}, upsert=True)


def _counted(db: Database, hour: int) -> dict[str, Any] | None:
    """What is to be written of the hour; None where no session began in it."""
    begin = when(hour * HOUR)
    span = {"$gte": begin, "$lt": begin + timedelta(hours=1)}
    found: dict[str, list[dict]] = {}
    for made in db[store.TRANSACTIONS].find({"started": span}):
        found.setdefault(str(made["started"].minute), []).append(_one(made))
    if not found:
        return None
    minutes = {minute: together(some) for minute, some in found.items()}
    sums = together(minutes.values())
    fields: dict[str, Any] = {"sums": sums, "minutes": minutes}
    if active := sums["started"] - sums["ended"]:
        return {"$set": {**fields, "active": active}}
    return {"$set": fields, "$unset": {"active": 1}}


def sums_of(found: Iterable[dict]) -> dict[str, Any]:
    """The sums of sessions' documents."""
    return together(map(_one, found))


def _one(made: dict) -> dict[str, Any]:
    sums = {"started": 1, "ended": 0, "energy_wh": made.get("energy_wh") or 0, "seconds": 0}
    if not made.get("ended"):
        return {**sums, "reasons": []}
    spent = (made["ended"] - made["started"]).total_seconds()
    reasons = [[made.get("reason") or "unknown", 1]]
    return {**sums, "ended": 1, "seconds": spent, "reasons": reasons}


def together(several: Iterable[dict]) -> dict[str, Any]:
    """Sums in one."""
    plain = dict.fromkeys(NUMBERS, 0)
    reasons: Counter[str] = Counter()
    for each in several:
        for name in NUMBERS:
            plain[name] += each[name]
        for reason, amount in each["reasons"]:
            reasons[reason] += amount
    return {**plain, "reasons": [[reason, amount] for reason, amount in reasons.items()]}
