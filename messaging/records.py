"""Message records: what a worker writes for each frame, and how a batch of them is framed.

A batch is a run of `[u32 length][u32 crc32][msgpack payload]`, little-endian: exactly the bytes
that stand in the journal. So a batch costs one slice, whatever the number of records in it, and
the log, the live stream and the journal share one format.
"""

import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

PREFIX = struct.Struct("<II")
# Set in the length of a record that stays in the journal: it is for whoever resumes the stations
# of its writer, and is no part of a batch.
KEPT = 0x8000_0000
LENGTH = KEPT - 1
FRAME_TAG = 0
REV_BITS = 20  # updates of a session within a run; more would count as of the next one
PASSING = ("Call", "CallResult", "Send", "Note")  # kinds that are no failure


class FrameRecord(msgspec.Struct, array_like=True, tag=FRAME_TAG):
    """One frame sent or received. `time` is unix seconds, `latency` seconds or None.

    An array without names: new fields stand last, and a record of before has their defaults.
    """

    id: str
    station: str
    run: int
    seq: int
    time: float
    direction: str
    kind: str
    action: str
    uid: str
    text: str
    latency: float | None = None
    error: str = ""
    mark: str = ""
    cause: str = ""  # not written where there is none


class SessionRecord(msgspec.Struct, array_like=True, tag=1):
    """One update of a charging session, for the `transactions` collection.

    `run` is the station's, as a frame's. The update's `rev` counts within the session; a crash
    may turn it back, and then the run is a later one.
    """

    id: str
    update: dict
    run: int = 0


def placed(record: SessionRecord) -> dict:
    """The update with a `rev` that no crash turns back: a later run counts for more."""
    return {**record.update, "rev": (record.run << REV_BITS) + record.update["rev"]}


class StateRecord(msgspec.Struct, array_like=True, tag=2):
    """A station's packed state as it was when its record was written; stays in the journal.

    What an event changes for good stands here before the frames of that event leave the process.
    """

    station: str
    state: bytes


Record = FrameRecord | SessionRecord | StateRecord

encode = msgspec.msgpack.Encoder().encode
_decode_typed = msgspec.msgpack.Decoder(Record).decode
_decode_plain = msgspec.msgpack.Decoder().decode


class TornBatch(ValueError):
    """The bytes end inside a record, or a record's checksum is wrong."""


def decode_payload(payload: bytes) -> Record:
    """Decode one record; a field of a wrong type is made to fit rather than lost."""
    try:
        return _decode_typed(payload)
    except msgspec.ValidationError:
        plain = _decode_plain(payload)
        if not isinstance(plain, list) or len(plain) < 11 or plain[0] != 0:
            raise
        return FrameRecord(*map(_fitting, plain[1:15], FrameRecord.__annotations__.values()))


def _fitting(value: object, kind: object) -> object:
    if kind is str:
        if isinstance(value, str):
            return value
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return int(value) if is_number and math.isfinite(value) else 0
    return float(value) if is_number else (0.0 if kind is float else None)


def frame_payload(payload: bytes) -> bytes:
    """Put the length and checksum before one encoded record."""
    return PREFIX.pack(len(payload), zlib.crc32(payload)) + payload


def payloads(batch: bytes) -> Iterator[bytes]:
    """Yield each record's msgpack bytes; raise TornBatch at the first that is not whole."""
    offset, end = 0, len(batch)
    while offset < end:
        if offset + PREFIX.size > end:
            raise TornBatch(f"{end - offset} bytes after the last whole record")
        length, crc = PREFIX.unpack_from(batch, offset)
        start = offset + PREFIX.size
        offset = start + length
        if offset > end:
            raise TornBatch(f"a record of {length} bytes is cut off")
        payload = batch[start:offset]
        if zlib.crc32(payload) != crc:
            raise TornBatch("a record's checksum is wrong")
        yield payload


def decode_batch(batch: bytes) -> list[Record]:
    """Decode every record of a batch, in order."""
    return [decode_payload(payload) for payload in payloads(batch)]


def first_id(batch: bytes) -> str:
    """The id of a batch's first record: what the batch is known by. Raises as decode_batch."""
    return decode_payload(next(payloads(batch))).id


def when(seconds: float) -> datetime:
    """Unix seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def id_at(moment: datetime | float) -> str:
    """Return the lowest id a record of this moment can have (ids sort by time).

    Ids are 14 hex digits of unix microseconds followed by 8 that are the writer's own.
    """
    seconds = moment.timestamp() if isinstance(moment, datetime) else moment
    return f"{max(0, round(seconds * 1e6)):014x}"


def time_of(record_id: str) -> float:
    """Return the unix seconds an id was made at."""
    return int(record_id[:14], 16) / 1e6


def speakable(text: str) -> str:
    """Replace lone surrogates, which neither UTF-8 nor BSON can hold, by their escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def speakable_tree(value: object) -> object:
    """Do as `speakable` for every string in plain data."""
    if isinstance(value, str):
        return speakable(value)
    if isinstance(value, dict):
        return {speakable_tree(name): speakable_tree(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [speakable_tree(part) for part in value]
    return value


def failed(record: FrameRecord) -> bool:
    """Whether it counts as a failure."""
    return bool(record.error) or record.kind not in PASSING


def size_of(text: str) -> int:
    """Bytes of a frame."""
    return len(text) if text.isascii() else len(text.encode("utf-8"))


def latency_ms(seconds: float) -> float:
    """Milliseconds, as they are kept and told."""
    return round(seconds * 1000, 3)


def document(record: FrameRecord) -> dict:
    """Return a frame as a document: what the readers of the log work with.

    `time` is the id's, so that a range of ids is a range of times; it differs from the frame's
    by microseconds where a worker has several frames in one. `failed` stands in failures only,
    `mark` where something was done on purpose, `cause` where somebody is known who did.
    """
    made = {
        "_id": record.id,
        "station": record.station,
        "run": record.run,
        "seq": record.seq,
        "time": when(time_of(record.id)),
        "direction": record.direction,
        "kind": record.kind,
        "action": record.action,
        "uid": record.uid,
        "text": record.text,
        "latency": None if record.latency is None else latency_ms(record.latency),
        "error": record.error,
        "bytes": size_of(record.text),
    }
    if failed(record):
        made["failed"] = True
    if record.mark:
        made["mark"] = record.mark
    if record.cause:
        made["cause"] = record.cause
    return made


def record_of(made: Mapping[str, Any]) -> FrameRecord:
    """The frame of a document of `messages`, as those of before are kept."""
    latency = made["latency"]
    return FrameRecord(
        made["_id"], made["station"], made["run"], made["seq"], time_of(made["_id"]),
        made["direction"], made["kind"], made["action"], made["uid"], made["text"],
        None if latency is None else latency / 1000, made["error"],
        made.get("mark", ""), made.get("cause", ""),
    )  # fmt: skip
