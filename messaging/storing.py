"""Writing a batch of records to MongoDB, so that doing it twice changes nothing."""

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

import bson
import msgspec
from bson.errors import BSONError
from pymongo import UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DocumentTooLarge

from messaging import store
from messaging.records import (
    FrameRecord,
    SessionRecord,
    TornBatch,
    decode_payload,
    document,
    payloads,
    speakable,
    when,
)

log = logging.getLogger(__name__)

DUPLICATE_KEY = 11000
# MongoDB's limit is 16 MiB a document; a replaced character may take three bytes.
LONGEST_TEXT = 5_000_000
LONGEST_FIELD = 10_000
PLAIN_NAME = re.compile(r"[A-Za-z0-9]{1,50}").fullmatch
SESSION_TIMES = ("started", "ended")


def read_batch(batch: bytes) -> tuple[list[FrameRecord], list[SessionRecord]]:
    """Decode a batch; what cannot be read is logged and left out, the rest is not lost by it."""
    frames: list[FrameRecord] = []
    sessions: list[SessionRecord] = []
    try:
        for payload in payloads(batch):
            try:
                record = decode_payload(payload)
            except msgspec.MsgspecError as error:
                log.error("A record of %d bytes cannot be read: %s", len(payload), error)
                continue
            (frames if isinstance(record, FrameRecord) else sessions).append(record)
    except TornBatch as error:
        log.error("A batch is damaged (%s): %d records of it are kept", error, len(frames))
    return frames, sessions


def store_batch(db: Database, batch: bytes) -> int:
    """Write a batch; return how many frames were new."""
    frames, sessions = read_batch(batch)
    inserted = insert_frames(db, frames) if frames else []
    if sessions:
        apply_sessions(db, [record.update for record in sessions])
    return len(inserted)


def insert_frames(db: Database, frames: list[FrameRecord]) -> list[dict]:
    """Insert frames, leaving out those that are there; return the documents that were new."""
    documents = [document(frame) for frame in frames]
    # Before the insert: history reads skip minutes and hours that no document speaks of.
    _mark(db, documents)
    try:
        new = _insert(db, documents)
    except (BSONError, DocumentTooLarge, OverflowError, UnicodeError) as error:
        log.warning("A record does not fit MongoDB (%s): the batch goes one by one.", error)
        new = []
        for made in documents:
            new += _insert(db, [_fitting(made)])
    _count(db, new)
    return new


def _insert(db: Database, documents: list[dict], *, last_try: bool = False) -> list[dict]:
    """Insert what is not there yet and return it; what the server finds unfit is made fit."""
    try:
        db[store.MESSAGES].insert_many(documents, ordered=False)
    except BulkWriteError as error:
        refused = {problem["index"]: problem["code"] for problem in error.details["writeErrors"]}
        if set(refused.values()) - _DOCUMENT_FAULTS - {DUPLICATE_KEY}:
            raise
        new = [made for index, made in enumerate(documents) if index not in refused]
        unfit = [documents[index] for index, code in refused.items() if code in _DOCUMENT_FAULTS]
        if unfit and last_try:
            log.error("MongoDB refused messages for good: %s", [made["_id"] for made in unfit])
        elif unfit:
            new += _insert(db, [_fitting(made) for made in unfit], last_try=True)
        return new
    return documents


_DOCUMENT_FAULTS = {2, 22, 121, 10334}  # bad value, invalid BSON, failed validation, too large


def _fitting(made: dict) -> dict:
    """Make a document that BSON cannot hold fit: escaped surrogates, cut texts; it says so."""
    try:
        if len(bson.encode(made)) < 2 * LONGEST_TEXT:
            return made
    except (BSONError, DocumentTooLarge, OverflowError, UnicodeError):
        pass
    fit = {
        name: speakable(value)[: LONGEST_TEXT if name == "text" else LONGEST_FIELD]
        if isinstance(value, str)
        else value
        for name, value in made.items()
    }
    for name in ("run", "seq"):
        if not -(2**63) <= fit[name] < 2**63:
            fit[name] = -1
    note = "the record did not fit MongoDB and was changed"
    fit["error"] = f"{fit['error']}; {note}" if fit["error"] else note
    fit["failed"] = True
    return fit


def _minute(made: dict) -> int:
    return int(made["time"].timestamp()) // 60


_marked: set[tuple[str, str, int]] = set()


def _mark(db: Database, documents: Iterable[dict]) -> None:
    minutes = {_minute(made) for made in documents}
    for name, numbers, seconds in (
        (store.MINUTES, minutes, 60),
        (store.HOURS, {minute // 60 for minute in minutes}, 3600),
    ):
        for number in numbers:
            if (db.name, name, number) in _marked:
                continue
            since = when(number * seconds)
            db[name].update_one({"_id": number}, {"$setOnInsert": {"time": since}}, upsert=True)
            if len(_marked) > 1000:
                _marked.clear()
            _marked.add((db.name, name, number))


def _count(db: Database, documents: Iterable[dict]) -> None:
    """Add new documents to the counts of their minutes and hours: the statistics' source."""
    minutes: dict[int, Counter] = defaultdict(Counter)
    hours: dict[int, Counter] = defaultdict(Counter)
    for made in documents:
        for name, amount in _counted(made):
            minutes[_minute(made)][name] += amount
    for minute, counts in minutes.items():
        hours[minute // 60] += counts
    for name, spans, seconds in ((store.MINUTES, minutes, 60), (store.HOURS, hours, 3600)):
        updates = [
            UpdateOne(
                {"_id": number},
                {"$inc": dict(counts), "$setOnInsert": {"time": when(number * seconds)}},
                upsert=True,
            )
            for number, counts in spans.items()
        ]
        if updates:
            db[name].bulk_write(updates, ordered=False)


def _counted(made: dict) -> Iterable[tuple[str, float]]:
    """Yield the counters that a document adds to, and how much."""
    yield "total", 1
    yield "bytes", made["bytes"]
    if made["direction"] in ("sent", "received"):
        yield made["direction"], 1
    yield "kinds." + _plain(made["kind"]), 1
    if made.get("failed"):
        yield "errors", 1
        yield "codes." + _plain(made["error"] or made["kind"]), 1
    elif made["kind"] in ("Call", "Send"):
        yield "actions." + _plain(made["action"]), 1
    elif made["latency"] is not None:
        yield "latency_ms", made["latency"]
        yield "latencies", 1


def _plain(name: str) -> str:
    """Field names come from the CSMS: only plain words may become fields of ours."""
    return name if PLAIN_NAME(name) else "other"


def apply_sessions(db: Database, updates: list[dict]) -> None:
    """Bring `transactions` up to date, fields by the highest `rev`, and keep the samples."""
    by_session: dict[str, list[dict]] = defaultdict(list)
    for update in updates:
        by_session[update["id"]].append(update)
    try:
        _write_sessions(db, list(by_session.values()))
    except (BSONError, DocumentTooLarge, OverflowError, UnicodeError, BulkWriteError) as error:
        log.warning("Session updates go one session at a time: %s", error)
        for session in by_session.values():
            try:
                _write_sessions(db, [session])
            except (BSONError, DocumentTooLarge, OverflowError, UnicodeError) as fault:
                log.error("Session %r cannot be stored: %s", session[0]["id"], fault)
            except BulkWriteError as fault:
                if _all_codes(fault) - _DOCUMENT_FAULTS:
                    raise
                log.error("Session %r was refused: %s", session[0]["id"], fault.details)


def _write_sessions(db: Database, sessions: list[list[dict]]) -> None:
    operations = [operation for session in sessions for operation in _session_operations(session)]
    samples = [operation for session in sessions for operation in _sample_operations(session)]
    for attempt in (1, 2):  # two workers may both try to create one session, or one sample
        try:
            if samples:
                db[store.SAMPLES].bulk_write(samples, ordered=False)
            db[store.TRANSACTIONS].bulk_write(operations, ordered=True)
            return
        except BulkWriteError as error:
            if attempt == 2 or _all_codes(error) != {DUPLICATE_KEY}:
                raise


def _all_codes(error: BulkWriteError) -> set[int]:
    return {problem["code"] for problem in error.details["writeErrors"]}


def _session_operations(updates: list[dict]) -> list[UpdateOne]:
    """Create the session where it is new; then the fields, if newer."""
    newest = max(updates, key=lambda update: update["rev"])
    fields = {name: value for name, value in newest.items() if name not in ("id", "sample")}
    for name in SESSION_TIMES:
        if isinstance(fields.get(name), int | float):
            fields[name] = when(fields[name])
    guard = {"_id": newest["id"], "rev": {"$lt": newest["rev"]}}
    return [
        UpdateOne({"_id": newest["id"]}, {"$setOnInsert": {"rev": -1}}, upsert=True),
        UpdateOne(guard, {"$set": fields}),
    ]


def _sample_operations(updates: list[dict]) -> list[UpdateOne]:
    """A document a sample. In an array of the session's, each would cost as much as all before."""
    return [
        UpdateOne(
            {"_id": f"{update['id']}:{update['sample']['t']}"},
            {"$setOnInsert": {
                "session": update["id"], "time": when(update["sample"]["t"]),
                "sample": update["sample"],
            }},
            upsert=True,
        )
        for update in updates
        if update.get("sample") is not None
    ]  # fmt: skip
