"""Counts of the minutes and hours: the statistics' source.

They are made of the catalog once a minute, and are set, not added to: whatever is counted twice
is the same. A minute is counted when it is over for some time, and again where more of it comes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import compress
from typing import Any

from pymongo.database import Database

from messaging.keeping import store
from messaging.keeping.catalog import FAILED, Sheet, sheet
from messaging.keeping.marks import make_dirty
from messaging.names import plain as plain_name
from messaging.records import when
from messaging.statistics import keeping as statistics
from messaging.statistics.sums import keep_sums

# Seconds after the end of a minute. What is stored later says so after it is there; the time
# between the two is for clocks that differ.
LATE_AFTER = 20
COUNTED_AFTER = 60
PLAIN = ("total", "sent", "received", "errors", "bytes", "latency_ms", "latencies")
LISTS = ("kinds", "actions", "codes")


def tally(sheets: Iterable[Sheet]) -> dict[str, Any]:
    """Count the messages of these sheets, each once: PLAIN numbers, and LISTS of names."""
    plain: Counter[str] = Counter()
    lists: dict[str, Counter[str]] = {name: Counter() for name in LISTS}
    seen: set[str] = set()
    for one in sheets:
        first = [identity not in seen for identity in one.ids]
        seen.update(one.ids)
        plain["total"] += sum(first)
        plain["bytes"] += sum(compress(one.sizes, first))
        rows = zip(
            one.directions, one.kinds, one.actions, one.errors, one.flags, one.latencies,
            strict=True,
        )  # fmt: skip
        for told, latency in _alike(compress(rows, first)):
            _add(plain, lists, one.names, told, latency)
    if "latency_ms" in plain:
        plain["latency_ms"] = round(plain["latency_ms"], 3)
    return {**plain, **{name: dict(found) for name, found in lists.items() if found}}


def _alike(rows: Iterator[tuple]) -> Iterator[tuple[tuple, list[int]]]:
    """(direction, kind, action, error, flags) and the latencies of all that have these."""
    groups: dict[tuple, list[int]] = {}
    for *told, latency in rows:
        groups.setdefault(tuple(told), []).append(latency)
    return iter(groups.items())


def _add(
    plain: Counter, lists: dict[str, Counter], names: list[str], told: tuple, latencies: list[int]
) -> None:
    direction, kind, action, error = (names[number] for number in told[:4])
    amount = len(latencies)
    if direction in ("sent", "received"):
        plain[direction] += amount
    lists["kinds"][plain_name(kind)] += amount
    if told[4] & FAILED:
        plain["errors"] += amount
        lists["codes"][plain_name(error or kind)] += amount
    elif kind in ("Call", "Send"):
        lists["actions"][plain_name(action)] += amount
    elif answered := [latency for latency in latencies if latency >= 0]:
        plain["latency_ms"] += sum(answered) / 1000
        plain["latencies"] += len(answered)


def note_late(db: Database, minutes: Iterable[int]) -> None:
    """Have minutes counted again where that may have been done. Call it after their sheets are
    there, also if they were there before."""
    now = time.time()
    for minute in set(minutes):
        if (minute + 1) * 60 + LATE_AFTER < now:
            make_dirty(db, minute)


def count(db: Database, now: float) -> int:
    """Count the minutes that are to be counted, and their hours; returns how many.

    A run may die anywhere: a minute's mark goes last, and only if it is still the same.
    """
    dirty = [
        row
        for row in db[store.MINUTES].find({"dirty": {"$gt": 0}}, {"dirty": 1})
        if (row["_id"] + 1) * 60 + COUNTED_AFTER < now
    ]
    for row in dirty:
        sheets = [sheet(listed) for listed in db[store.CATALOG].find({"minute": row["_id"]})]
        db[store.MINUTES].update_one(row, {"$set": tally(sheets)})
        statistics.set_minute(db, row["_id"], sheets)
    statistics.roll_up(db, now)
    keep_sums(db, now)
    for hour in {row["_id"] // 60 for row in dirty}:
        _count_hour(db, hour)
    for row in dirty:
        db[store.MINUTES].update_one(row, {"$unset": {"dirty": 1}})
    statistics.forget_old(db, now)
    return len(dirty)


def _count_hour(db: Database, hour: int) -> None:
    start = when(hour * 3600)
    span = {"time": {"$gte": start, "$lt": start + timedelta(hours=1)}}
    counted = together(db[store.MINUTES].find(span))
    db[store.HOURS].update_one(
        {"_id": hour}, {"$set": counted, "$setOnInsert": {"time": start}}, upsert=True
    )


def together(rows: Iterable[dict]) -> dict[str, Any]:
    """The counts of these minutes or hours in one."""
    plain: Counter = Counter()
    lists: dict[str, Counter] = {name: Counter() for name in LISTS}
    for row in rows:
        for name in PLAIN:
            if name in row:
                plain[name] += row[name]
        for name in LISTS:
            lists[name].update(row.get(name, {}))
    return {**plain, **{name: dict(found) for name, found in lists.items() if found}}
