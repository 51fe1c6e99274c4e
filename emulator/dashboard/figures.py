"""The dashboard's aggregates: a document a minute, and of those one for ten minutes, one an hour.

Kept by the task `keep_figures` each minute, read for the charts; nobody asks the log. Everything in
a document is set anew from what it is made of, so a run that is repeated or late changes nothing.

    _id        number of the minute (ten minutes, hour) since 1970; `time` is its beginning
    fleet      stations, connected, charging, sick, power_w, energy_wh, states {label: stations}
    platform   queues {name: tasks}, log_lag, sync_lag, dirty, workers, executions
    messages   total, sent, received, errors
    latencies  {action: {bucket: answers}}, see messaging/keeping/tallies.py
    seconds    of messages: how long the document's time is, as far as it has passed

In the coarse ones states and power are means, queues and lags the highest, the rest sums, or as at
the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pymongo import ASCENDING, IndexModel, ReplaceOne, UpdateOne
from pymongo.database import Database

from messaging.keeping.tallies import added
from messaging.records import when

DAY = 86_400


class Level(NamedTuple):
    """seconds of a document; kept: seconds that it is kept for."""

    collection: str
    seconds: int
    kept: int


MINUTES = Level("dashboard_minutes", 60, 2 * DAY)
TENS = Level("dashboard_tens", 600, 4 * DAY)
HOURS = Level("dashboard_hours", 3600, 32 * DAY)
LEVELS = (MINUTES, TENS, HOURS)
_PLAIN = ("stations", "connected", "charging", "sick", "power_w")
_LEVELS_OF_NOW = ("log_lag", "sync_lag", "dirty", "workers", "executions")
_COUNTED = ("total", "sent", "received", "errors")


def ensure_indexes(db: Database) -> None:
    for level in LEVELS:
        db[level.collection].create_indexes([IndexModel([("time", ASCENDING)], name="time")])


def keep(db: Database, parts: Mapping[int, Mapping[str, Any]], now: float) -> int:
    """Set parts of minutes, {minute: {"fleet": ..., "messages": ...}}, and make the coarse
    documents of them anew. Others' parts stay. Returns how many minutes changed."""
    begin = min([now, *(minute * 60.0 for minute in parts)])
    begin -= begin % HOURS.seconds
    minutes = {made["_id"]: made for made in between(db, MINUTES, begin, now + 60)}
    updates = []
    for minute, part in parts.items():
        held = minutes.setdefault(minute, {"_id": minute})
        news = {name: value for name, value in part.items() if held.get(name) != value}
        held.update(news)
        if news:
            change = {"$set": {**news, "time": when(minute * 60)}}
            updates.append(UpdateOne({"_id": minute}, change, upsert=True))
    if updates:
        db[MINUTES.collection].bulk_write(updates, ordered=False)
    _roll_up(db, [minutes[number] for number in sorted(minutes)], now)
    return len(updates)


def _roll_up(db: Database, minutes: list[dict[str, Any]], now: float) -> None:
    for level in (TENS, HOURS):
        parts: dict[int, list[dict[str, Any]]] = {}
        for made in minutes:
            parts.setdefault(made["_id"] * 60 // level.seconds, []).append(made)
        writes = [
            ReplaceOne({"_id": number}, _of(number, level, found, now), upsert=True)
            for number, found in parts.items()
        ]
        if writes:
            db[level.collection].bulk_write(writes, ordered=False)


def _of(number: int, level: Level, minutes: list[dict[str, Any]], now: float) -> dict[str, Any]:
    start = number * level.seconds
    return {
        "_id": number,
        "time": when(start),
        "seconds": max(60, min(level.seconds, round(now - start))),
        "fleet": _fleet([made["fleet"] for made in minutes if "fleet" in made]),
        "platform": _platform([made["platform"] for made in minutes if "platform" in made]),
        "messages": _messages(made["messages"] for made in minutes if "messages" in made),
        "latencies": added(*(made.get("latencies", {}) for made in minutes)),
    }


def _fleet(samples: list[dict[str, Any]]) -> dict[str, Any]:
    if not samples:
        return {}
    states: Counter = Counter()
    for sample in samples:
        states.update(sample["states"])
    means = {
        name: round(sum(sample[name] for sample in samples) / len(samples), 1) for name in _PLAIN
    }
    shares = {label: round(count / len(samples), 1) for label, count in states.items()}
    return {**means, "energy_wh": samples[-1]["energy_wh"], "states": shares}


def _platform(samples: list[dict[str, Any]]) -> dict[str, Any]:
    if not samples:
        return {}
    highest = {
        name: max((s[name] for s in samples if s[name] is not None), default=None)
        for name in _LEVELS_OF_NOW
    }
    queues: dict[str, int] = {}
    for sample in samples:
        for name, depth in sample["queues"].items():
            queues[name] = max(depth, queues.get(name, 0))
    return {**highest, "queues": queues}


def _messages(counts: Iterable[dict[str, Any]]) -> dict[str, int]:
    sums: Counter = Counter(dict.fromkeys(_COUNTED, 0))
    for count in counts:
        sums.update({name: count.get(name, 0) for name in _COUNTED})
    return dict(sums)


def between(db: Database, level: Level, begin: float, end: float) -> list[dict[str, Any]]:
    """The documents that begin in this time (unix seconds), oldest first."""
    span = {"time": {"$gte": when(begin), "$lt": when(end)}}
    return sorted(db[level.collection].find(span), key=lambda made: made["_id"])


def forget_old(db: Database, now: float) -> None:
    for level in LEVELS:
        db[level.collection].delete_many({"time": {"$lt": when(now - level.kept)}})
