"""Writing a batch of records to MongoDB, so that doing it twice changes nothing."""

import logging

import bson
import msgspec
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from messaging.keeping import store, tallies
from messaging.keeping.bundles import Told
from messaging.keeping.catalog import minute_of, sheet, sheets_of
from messaging.keeping.counting import note_late
from messaging.keeping.marks import mark
from messaging.keeping.session_storing import DOCUMENT_FAULTS, UNFIT, keep_sessions
from messaging.keeping.store import DUPLICATE_KEY, insert_new
from messaging.records import (
    FrameRecord,
    SessionRecord,
    TornBatch,
    decode_payload,
    document,
    payloads,
    speakable,
)
from runtime.parts import by_ids, parts

log = logging.getLogger(__name__)

# MongoDB's limit is 16 MiB a document; a replaced character may take three bytes.
LONGEST_TEXT = 5_000_000
LONGEST_FIELD = 10_000


def read_batch(batch: bytes) -> tuple[list[FrameRecord], list[Told]]:
    """Decode a batch; what cannot be read is logged and left out, the rest is not lost by it."""
    frames: list[FrameRecord] = []
    sessions: list[Told] = []
    try:
        for payload in payloads(batch):
            try:
                record = decode_payload(payload)
            except msgspec.MsgspecError as error:
                log.error("A record of %d bytes cannot be read: %s", len(payload), error)
                continue
            if isinstance(record, FrameRecord):
                frames.append(record)
            elif isinstance(record, SessionRecord):
                sessions.append(Told(record, payload))
    except TornBatch as error:
        log.error("A batch is damaged (%s): %d records of it are kept", error, len(frames))
    return frames, sessions


def store_batch(db: Database, batch: bytes) -> int:
    """Write a batch; return how many frames were new."""
    frames, sessions = read_batch(batch)
    inserted = insert_frames(db, frames) if frames else []
    if sessions:
        keep_sessions(db, sessions)
    return len(inserted)


def insert_frames(db: Database, frames: list[FrameRecord]) -> list[dict]:
    """Insert frames, leaving out those that are there; return the documents that were new.

    In this order: marks, by which readers look; messages; the catalog, from which on they are in
    the log and count.
    """
    documents = [document(frame) for frame in frames]
    mark(db, [(minute_of(made), made["station"]) for made in documents])
    try:
        new = _insert(db, documents)
    except UNFIT as error:
        log.warning("A record does not fit MongoDB (%s): the batch goes one by one.", error)
        new = []
        for made in documents:
            new += _insert(db, [_fitting(made)])
    there = new if len(new) == len(documents) else new + _unlisted(db, documents, new)
    if there:
        insert_new(db[store.CATALOG], sheets_of(there))
    note_late(db, {minute_of(made) for made in documents})
    tallies.note(new)
    return new


def _unlisted(db: Database, documents: list[dict], new: list[dict]) -> list[dict]:
    """Those that were there before and are in no sheet: who inserted them died before that."""
    found = {made["_id"] for made in new}
    rest = [made["_id"] for made in documents if made["_id"] not in found]
    minutes = list({minute_of({"_id": one}) for one in rest})
    for some in parts(minutes):
        for listed in db[store.CATALOG].find({"minute": {"$in": some}}):
            found.update(sheet(listed).ids)
    missing = [one for one in rest if one not in found]
    return list(by_ids(db[store.MESSAGES], missing))


def _insert(db: Database, documents: list[dict], *, last_try: bool = False) -> list[dict]:
    """Insert what is not there yet and return it; what the server finds unfit is made fit."""
    try:
        db[store.MESSAGES].insert_many(documents, ordered=False)
    except BulkWriteError as error:
        refused = {problem["index"]: problem["code"] for problem in error.details["writeErrors"]}
        if set(refused.values()) - DOCUMENT_FAULTS - {DUPLICATE_KEY}:
            raise
        new = [made for index, made in enumerate(documents) if index not in refused]
        unfit = [documents[index] for index, code in refused.items() if code in DOCUMENT_FAULTS]
        if unfit and last_try:
            log.error("MongoDB refused messages for good: %s", [made["_id"] for made in unfit])
        elif unfit:
            new += _insert(db, [_fitting(made) for made in unfit], last_try=True)
        return new
    return documents


def _fitting(made: dict) -> dict:
    """Make a document that BSON cannot hold fit: escaped surrogates, cut texts; it says so."""
    try:
        if len(bson.encode(made)) < 2 * LONGEST_TEXT:
            return made
    except UNFIT:
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
