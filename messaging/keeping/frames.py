"""The messages of the log as they are kept: those of one sheet of the catalog in one document.

A document costs the embedded store the same whatever it holds, and most of all where many come at
once, as after the start of a large fleet: see docs/decisions/0069-frames-of-a-sheet.md.

    _id     of the sheet that lists them (catalog.py)
    minute  unix time / 60
    n       how many there are; fewer than the sheet lists where some were deleted
    frames  Binary, zstd of a MessagePack array of records, by their ids

Messages of before stand in `messages`, a document each, until they are as old as the retention.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from bson import Binary

from messaging.packing import compressed, decompressed
from messaging.records import FrameRecord, decode_payload, document

log = logging.getLogger(__name__)

FRAMES = "message_frames"
BEFORE = "messages"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[FrameRecord]).decode
_take_apart = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


def document_of(name: str, minute: int, records: Sequence[FrameRecord]) -> dict[str, Any]:
    """The document of a sheet's records, which stand in the sheet's order."""
    packed = Binary(compressed(_encode(records)))
    return {"_id": name, "minute": minute, "n": len(records), "frames": packed}


def records_in(kept: Mapping[str, Any]) -> list[FrameRecord]:
    """All of a document; one that cannot be read is logged and left out."""
    unpacked = _unpacked(kept)
    try:
        return _decode(unpacked)
    except msgspec.ValidationError:
        return [made for part in _take_apart(unpacked) if (made := _read(kept, part))]


def _read(kept: Mapping[str, Any], part: msgspec.Raw) -> FrameRecord | None:
    try:
        record = decode_payload(bytes(part))
    except msgspec.MsgspecError as error:
        log.error("A message of %s cannot be read: %s", kept["_id"], error)
        return None
    return record if isinstance(record, FrameRecord) else None


def _unpacked(kept: Mapping[str, Any]) -> bytes:
    return decompressed(kept["frames"])


def chosen(kept: Mapping[str, Any], places: Mapping[str, int], of: int) -> list[FrameRecord]:
    """Those with these ids; places: theirs in the sheet, which lists `of`."""
    if kept["n"] == of and 4 * len(places) < of:
        parts = _take_apart(_unpacked(kept))
        return [made for place in places.values() if (made := _read(kept, parts[place]))]
    return [record for record in records_in(kept) if record.id in places]


def documents(db: Any, match: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Every message of the log whose record has these values, each once, in no order: for who
    audits the log. All of it is read."""
    wanted = dict(match or {})
    seen: set[str] = set()
    for made in db[BEFORE].find(wanted):
        seen.add(made["_id"])
        yield made
    for kept in db[FRAMES].find({}):
        for record in records_in(kept):
            if record.id not in seen and all(
                getattr(record, name) == value for name, value in wanted.items()
            ):
                seen.add(record.id)
                yield document(record)


def amount(db: Any) -> int:
    """How many messages the log has; one that came in two batches may count twice."""
    return db[BEFORE].estimated_document_count() + sum(
        kept["n"] for kept in db[FRAMES].find({}, {"n": 1})
    )
