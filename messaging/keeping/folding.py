"""Putting bundles of news in their places: once in some minutes instead of with each reading.

A session's readings of that time become one document of `transaction_samples`:

    _id      session, time of the first and the last reading, and how many: written again, it is one
    session  the session's id; `time` of its last reading, for the retention
    samples  [{"t": unix seconds, "energy_wh": ...}, ...]

and its progress comes into its document of `transactions`, where it is newer. Then the bundles go.
A run may die anywhere, and two may meet: what is folded twice is read once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from pymongo.database import Database

from messaging.keeping import store
from messaging.keeping.bundles import updates_in
from messaging.keeping.session_storing import apply_sessions, each_if_not_all
from messaging.keeping.store import insert_new
from messaging.records import when
from runtime.parts import delete_by_ids

FOLD_AFTER = timedelta(minutes=5)
STRETCH = timedelta(minutes=10)  # whose bundles are read at once
RECENT = timedelta(hours=2)  # in which each run looks


def fold(db: Database, now: datetime, *, all_hours: bool = False) -> int:
    """Fold the bundles that are old enough; returns how many.

    Looks at the last hours only, or at every hour that has messages.
    """
    folded = 0
    for low, high in _stretches(db, now - FOLD_AFTER, all_hours):
        bundles = list(db[store.NEWS].find({"time": {"$gte": low, "$lt": high}}))
        if bundles:
            fold_bundles(db, bundles)
            folded += len(bundles)
    return folded


def _stretches(
    db: Database, before: datetime, all_hours: bool
) -> Iterator[tuple[datetime, datetime]]:
    """(from, to) of all that may have bundles, oldest first."""
    start = before - RECENT
    if all_hours:
        hours = [row["time"] for row in db[store.HOURS].find({"time": {"$lt": start}}, {"time": 1})]
        for hour in sorted(hours):
            yield from _cut(hour, min(hour + timedelta(hours=1), start))
    yield from _cut(start, before)


def _cut(low: datetime, high: datetime) -> Iterator[tuple[datetime, datetime]]:
    while low < high:
        yield low, min(low + STRETCH, high)
        low += STRETCH


def fold_bundles(db: Database, bundles: list[dict]) -> None:
    """Fold these and delete them."""
    updates = list(updates_in(bundles))
    series: dict[str, dict[float, dict]] = defaultdict(dict)
    for update in updates:
        if update.get("sample") is not None:
            series[update["id"]].setdefault(update["sample"].get("t", 0), update["sample"])
    told = [{"session": session, "readings": readings} for session, readings in series.items()]
    if told:
        each_if_not_all(told, lambda some: _insert_parts(db, some))
    if updates:
        apply_sessions(db, updates)
    delete_by_ids(db[store.NEWS], [bundle["_id"] for bundle in bundles])


def _insert_parts(db: Database, told: list[dict]) -> None:
    insert_new(db[store.SAMPLES], [_part(**one) for one in told])


def _part(session: str, readings: dict[float, dict]) -> dict:
    times = sorted(readings)
    return {
        "_id": f"{session}:{times[0]}:{times[-1]}:{len(times)}",
        "session": session,
        "time": when(times[-1]),
        "samples": [readings[moment] for moment in times],
    }
