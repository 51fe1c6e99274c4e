"""Marks of what anything is stored of, made before it is there: readers skip what has none.

    message_minutes   of a minute, with its counts; `dirty` while they are not those of the catalog
    message_hours     of an hour, with its counts
    message_stations  of a station in an hour: `_id` hour:station

Each process makes a mark once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from pymongo.database import Database

from messaging.keeping import store
from messaging.keeping.store import insert_new
from messaging.records import when

LISTED = "listed"  # in an hour all whose stations have marks
MOST, MOST_STATIONS = 1000, 100_000

_marked: set[tuple[str, str, int]] = set()
_stations: set[tuple[str, str]] = set()


def forget() -> None:
    """Know of no mark: for whoever empties the store under this process."""
    _marked.clear()
    _stations.clear()


def station_mark(hour: int, station: str) -> str:
    """The `_id` of a station's mark."""
    return f"{hour}:{station}"


def mark(db: Database, found: Iterable[tuple[int, str]]) -> None:
    """Mark the minutes (unix time / 60) of stations, and their hours."""
    found = set(found)
    minutes = _new(db, store.MINUTES, {minute for minute, _ in found})
    for minute in minutes:
        make_dirty(db, minute)
    mark_hours(db, {minute // 60 for minute, _ in found})
    pairs = {(minute // 60, station) for minute, station in found}
    named = {(db.name, station_mark(*pair)): pair for pair in pairs}
    missing = [name for name in named if name not in _stations]
    if missing:
        rows = [{"_id": name[1], "hour": named[name][0]} for name in missing]
        insert_new(db[store.STATIONS], rows)
    if len(_stations) > MOST_STATIONS:
        _stations.clear()
    _stations.update(missing)
    _note(db, store.MINUTES, minutes)


def mark_hours(db: Database, hours: Iterable[int]) -> None:
    """Mark these hours (unix time / 3600)."""
    new = _new(db, store.HOURS, set(hours))
    for hour in new:
        made = {"time": when(hour * 3600), LISTED: True}
        db[store.HOURS].update_one({"_id": hour}, {"$setOnInsert": made}, upsert=True)
    _note(db, store.HOURS, new)


def make_dirty(db: Database, minute: int) -> None:
    """Have the minute counted again; each time by a mark of its own."""
    db[store.MINUTES].update_one(
        {"_id": minute},
        {"$set": {"dirty": time.time()}, "$setOnInsert": {"time": when(minute * 60)}},
        upsert=True,
    )


def _new(db: Database, name: str, numbers: set[int]) -> set[int]:
    return {number for number in numbers if (db.name, name, number) not in _marked}


def _note(db: Database, name: str, numbers: Iterable[int]) -> None:
    if len(_marked) > MOST:
        _marked.clear()
    _marked.update((db.name, name, number) for number in numbers)
