"""Ending sessions in the record of transactions whose station will not tell their end any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pymongo.database import Database

from messaging.keeping import store
from messaging.keeping.session_counts import mark_changed
from messaging.queries.news import newest_now
from messaging.records import REV_BITS, when
from runtime.parts import PART

ACTIVE = "active"


def active_sessions(db: Database, stations: Iterable[str] | None = None) -> Iterator[dict]:
    """The open sessions, of these stations or of all, as end_session wants them.

    `rev` and `energy_wh` are the newest that was told, `held` the `rev` of the document.
    """
    match: dict[str, Any] = {"state": ACTIVE}
    names = None if stations is None else frozenset(stations)
    if names is not None and len(names) <= PART:
        match["station"] = {"$in": list(names)}
    wanted = {"station": 1, "rev": 1, "started": 1, "meter_start": 1, "energy_wh": 1}
    found = [
        made for made in db[store.TRANSACTIONS].find(match, wanted)
        if names is None or made["station"] in names
    ]  # fmt: skip
    newest = newest_now(db, [made["_id"] for made in found])
    for made in found:
        told = newest.get(made["_id"], made)
        newer = told if told["rev"] > made["rev"] else made
        now = {name: newer[name] for name in ("rev", "energy_wh") if name in newer}
        yield {**made, **now, "held": made["rev"]}


def run_of(session: dict) -> int:
    """The run of the station that told of the session last; 0 for one of the first releases."""
    return session["rev"] >> REV_BITS


def end_session(db: Database, session: dict, reason: str, rev: int, at: float) -> bool:
    """End it as of `at`, unix seconds, unless it has moved on meanwhile; what its meter was last
    known to show is its end. An update that comes later with a higher `rev` counts all the same."""
    stop = session.get("meter_start", 0) + session.get("energy_wh", 0)
    fields = {
        "state": "ended", "reason": reason, "meter_stop": stop, "rev": rev,
        "ended": max(when(at), session["started"]),
    }  # fmt: skip
    unmoved = {"_id": session["_id"], "rev": session["held"], "state": ACTIVE}
    matched = db[store.TRANSACTIONS].update_one(unmoved, {"$set": fields}).matched_count
    mark_changed(db, [session["started"].timestamp()])
    return matched == 1
