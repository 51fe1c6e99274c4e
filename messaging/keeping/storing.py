"""Writing a batch of records to MongoDB, so that doing it twice changes nothing."""

import logging

import msgspec
from pymongo.database import Database

from messaging.keeping import store, tallies
from messaging.keeping.bundles import Told
from messaging.keeping.catalog import listed, minute_of
from messaging.keeping.counting import note_late
from messaging.keeping.frames import document_of
from messaging.keeping.marks import mark
from messaging.keeping.session_storing import keep_sessions
from messaging.keeping.store import insert_new
from messaging.records import (
    FrameRecord,
    SessionRecord,
    TornBatch,
    decode_payload,
    payloads,
    size_of,
)

log = logging.getLogger(__name__)

# MongoDB's limit is 16 MiB a document; a replaced character may take three bytes.
LONGEST_TEXT = 5_000_000
LONGEST_LATENCY = 1e6  # seconds


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
    inserted = insert_frames(db, frames) if frames else 0
    if sessions:
        keep_sessions(db, sessions)
    return inserted


def insert_frames(db: Database, frames: list[FrameRecord]) -> int:
    """Insert frames; return how many were new.

    In this order: marks, by which readers look; messages; the catalog, from which on they are in
    the log and count. A batch that comes again makes the same documents. What comes again with
    others makes new ones: then two list a message, and who reads or counts takes it once.
    """
    frames = [_fitting(frame) for frame in frames]
    minutes = [(minute_of(frame), frame.station) for frame in frames]
    mark(db, minutes)
    made = listed(frames)
    kept = [document_of(row["_id"], row["minute"], records) for row, records in made]
    there = {document["_id"] for document in insert_new(db[store.FRAMES], kept)}
    insert_new(db[store.CATALOG], [row for row, _ in made])
    note_late(db, {minute for minute, _ in minutes})
    new = [record for row, records in made if row["_id"] in there for record in records]
    tallies.note(new)
    return len(new)


def _fitting(frame: FrameRecord) -> FrameRecord:
    """What is too long for a document is cut, and says so; a time that is none is left out."""
    if frame.latency is not None and not 0 <= frame.latency <= LONGEST_LATENCY:
        frame = msgspec.structs.replace(frame, latency=None)
    if len(frame.text) <= LONGEST_TEXT or size_of(frame.text) < 2 * LONGEST_TEXT:
        return frame
    note = "the record did not fit MongoDB and was changed"
    return msgspec.structs.replace(
        frame, text=frame.text[:LONGEST_TEXT],
        error=f"{frame.error}; {note}" if frame.error else note,
    )  # fmt: skip
