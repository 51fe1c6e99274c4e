"""Writing what is told of charging sessions: `transactions`, and their meter series beside it.

A session's document is written where more of it changes than its progress: at its start, when the
CSMS gives its number, at its end. Its readings, every few seconds, are kept in bundles (news.py),
which `fold` puts in their places: one document of readings a session, and its progress.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence

from bson.errors import BSONError
from pymongo import UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DocumentTooLarge

from messaging.keeping import store
from messaging.keeping.bundles import Told, bundle_of, fields_of, newest_of
from messaging.keeping.marks import mark_hours
from messaging.keeping.session_counts import mark_changed
from messaging.keeping.store import DUPLICATE_KEY, codes_of, insert_new
from messaging.records import REV_BITS, placed
from runtime.parts import by_ids

log = logging.getLogger(__name__)

DOCUMENT_FAULTS = {2, 22, 121, 10334}  # bad value, invalid BSON, failed validation, too large
UNFIT = (BSONError, DocumentTooLarge, OverflowError, UnicodeError)
# What changes from one reading to the next. Any other change is written at once.
PROGRESS = ("rev", "energy_wh", "sample")
MOST_KNOWN = 50_000  # sessions

_known: dict[tuple[str, str], int] = {}  # (database, session) -> what its document says


def forget() -> None:
    """Know nothing of what is stored: for whoever empties the store under this process."""
    _known.clear()


def keep_sessions(db: Database, told: Sequence[Told]) -> None:
    """Store what a batch tells of sessions: changes in their documents, progress in a bundle.

    That a document says all but the progress is known of this process's own writes, so another
    process writes it once more.
    """
    by_session: dict[str, list[dict]] = defaultdict(list)
    for one in told:
        by_session[one.record.update["id"]].append(placed(one.record))
    newest = {name: max(updates, key=_rev) for name, updates in by_session.items()}
    said = {name: _said(update) for name, update in newest.items()}
    changed = {
        name for name, mark in said.items() if mark is None or _known.get((db.name, name)) != mark
    }
    progress = [
        one
        for one in told
        if one.record.update.get("sample") is not None or one.record.update["id"] not in changed
    ]
    if progress:
        bundle = bundle_of(progress)
        mark_hours(db, [int(bundle["time"].timestamp()) // 3600])
        insert_new(db[store.NEWS], [bundle])
    if changed:
        apply_sessions(db, [newest[name] for name in changed])
    if len(_known) > MOST_KNOWN:
        _known.clear()
    for name in changed:
        if said[name] is None:
            _known.pop((db.name, name), None)
        else:
            _known[db.name, name] = said[name]


def _rev(update: dict) -> int:
    return update["rev"]


def _said(update: dict) -> int | None:
    """A mark of all that an update says but for the progress; None where that is the end."""
    if update.get("state") != "active":
        return None
    run = update["rev"] >> REV_BITS
    return hash((run, *(repr(update[name]) for name in sorted(update) if name not in PROGRESS)))


def apply_sessions(db: Database, updates: list[dict]) -> None:
    """Bring `transactions` up to date: the fields of the highest `rev` count."""
    newest = list(newest_of(updates).values())
    each_if_not_all(newest, lambda some: _write_sessions(db, some))
    mark_changed(db, [update.get("started") for update in newest])


def each_if_not_all(things: list[dict], write: Callable[[list[dict]], None]) -> None:
    """Write all at once; where one does not fit, each by itself, and say which does not.

    things: each of one session, in its `session` or `id`
    """
    try:
        write(things)
    except (*UNFIT, BulkWriteError) as error:
        log.warning("Session updates go one session at a time: %s", error)
        for thing in things:
            session = thing.get("session") or thing.get("id")
            try:
                write([thing])
            except UNFIT as fault:
                log.error("Session %r cannot be stored: %s", session, fault)
            except BulkWriteError as fault:
                if codes_of(fault) - DOCUMENT_FAULTS:
                    raise
                log.error("Session %r was refused: %s", session, fault.details)


def _write_sessions(db: Database, newest: list[dict]) -> None:
    operations = [operation for update in newest for operation in _session_operations(update)]
    for attempt in (1, 2):  # two workers may both try to create one session
        try:
            result = db[store.TRANSACTIONS].bulk_write(operations, ordered=True)
            if result.matched_count + result.upserted_count < len(operations):
                _say_refused(db, newest)
            return
        except BulkWriteError as error:
            if attempt == 2 or codes_of(error) != {DUPLICATE_KEY}:
                raise


def _say_refused(db: Database, newest: list[dict]) -> None:
    """Some updates were not newer than what is there: a batch that came twice, or out of order.

    None of those says that an open session has ended. One that does was numbered too low.
    """
    ends = {update["id"]: update["rev"] for update in newest if update["state"] == "ended"}
    open_ones = by_ids(db[store.TRANSACTIONS], ends, {"state": "active"})
    refused = [made["_id"] for made in open_ones if made["rev"] >= ends[made["_id"]]]
    if refused:
        log.error("The ends of %d sessions were refused as old: %s", len(refused), refused[:10])


def _session_operations(update: dict) -> list[UpdateOne]:
    """Create the session where it is new; then the fields, if newer."""
    guard = {"_id": update["id"], "rev": {"$lt": update["rev"]}}
    return [
        UpdateOne({"_id": update["id"]}, {"$setOnInsert": {"rev": -1}}, upsert=True),
        UpdateOne(guard, {"$set": fields_of(update)}),
    ]
