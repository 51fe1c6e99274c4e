"""What sessions in progress tell every few seconds, kept as it comes: a document a batch.

A batch's news are one document of the collection `transaction_news`, a bundle: the session records
themselves, compressed.

    _id      the id of its first record, and a checksum: a batch that comes twice is one
    time     of its first record
    records  Binary, records as in a batch, by zstd

What is in it reaches `transactions` and `transaction_samples` when `folding` has come by; until
then it is read from here. Batches may overlap, so a reading may be in two bundles.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from bson import Binary

from messaging.packing import compressed, decompressed
from messaging.records import (
    REV_BITS,
    SessionRecord,
    decode_payload,
    frame_payload,
    payloads,
    placed,
    time_of,
    when,
)

FEW = 4  # sessions that are looked for in a bundle before it is taken apart


class _Which(msgspec.Struct):
    id: str
    rev: int


class _Head(msgspec.Struct, array_like=True, tag=1):
    """What a session record shows at a glance, at a tenth of what it takes to decode it."""

    id: str
    update: _Which
    run: int = 0


_decode_head = msgspec.msgpack.Decoder(_Head).decode


class Told(NamedTuple):
    """A record, and its bytes as they stand in the batch."""

    record: SessionRecord
    payload: bytes


def bundle_of(told: Sequence[Told]) -> dict[str, Any]:
    """The document of these records; one at least."""
    first = told[0].record.id
    records = b"".join(frame_payload(one.payload) for one in told)
    return {
        "_id": f"{first}.{zlib.crc32(records):08x}",
        "time": when(time_of(first)),
        "records": Binary(compressed(records)),
    }


def updates_in(bundles: Iterable[dict], sessions: Iterable[str] | None = None) -> Iterator[dict]:
    """Yield the updates of these sessions, or of all, as they were told, each with its place."""
    wanted = None if sessions is None else frozenset(sessions)
    for payload in _payloads(bundles, wanted):
        if wanted is not None and (glance := _glance(payload)) and glance.update.id not in wanted:
            continue
        record = decode_payload(payload)
        if isinstance(record, SessionRecord) and (wanted is None or record.update["id"] in wanted):
            yield placed(record)


def newest_in(bundles: Iterable[dict], sessions: Iterable[str]) -> dict[str, dict]:
    """The newest update of each of these sessions; the others' are not decoded."""
    wanted = frozenset(sessions)
    newest: dict[str, tuple[int, bytes]] = {}
    for payload in _payloads(bundles, wanted):
        if (glance := _glance(payload)) is None or glance.update.id not in wanted:
            continue
        name, place = glance.update.id, (glance.run << REV_BITS) + glance.update.rev
        if name not in newest or newest[name][0] < place:
            newest[name] = place, payload
    found = (decode_payload(payload) for _, payload in newest.values())
    return {made.update["id"]: placed(made) for made in found if isinstance(made, SessionRecord)}


def _payloads(bundles: Iterable[dict], wanted: frozenset[str] | None) -> Iterator[bytes]:
    """Those of the bundles that may tell of what is wanted."""
    names = [name.encode() for name in wanted] if wanted and len(wanted) <= FEW else []
    for bundle in bundles:
        records = decompressed(bundle["records"])
        if not names or any(name in records for name in names):
            yield from payloads(records)


def _glance(payload: bytes) -> _Head | None:
    try:
        return _decode_head(payload)
    except msgspec.ValidationError:
        return None


def newest_of(updates: Iterable[dict]) -> dict[str, dict]:
    """The newest update of each session."""
    newest: dict[str, dict] = {}
    for update in updates:
        held = newest.get(update["id"])
        if held is None or held["rev"] < update["rev"]:
            newest[update["id"]] = update
    return newest


def brought_up(made: dict, update: dict | None) -> dict:
    """A session's document with what was told since it was written."""
    if update is None or update["rev"] <= made["rev"]:
        return made
    return {**made, **fields_of(update)}


def fields_of(update: dict) -> dict:
    """What an update says, as the fields of the session's document."""
    fields = {name: value for name, value in update.items() if name not in ("id", "sample")}
    for name in ("started", "ended"):
        if isinstance(fields.get(name), int | float):
            fields[name] = when(fields[name])
    return fields


def series_of(made: dict, rows: Iterable[dict], updates: Iterable[dict]) -> list[dict]:
    """The meter series of a session, from where its parts stand.

    made     its document: the oldest have their readings in themselves
    rows     its documents of `transaction_samples`: of one reading or of several
    updates  of it that are news still
    """
    readings = list(made.get("samples", ()))
    for row in rows:
        readings += row["samples"] if "samples" in row else [row["sample"]]
    readings += [update["sample"] for update in updates if update.get("sample") is not None]
    by_time = {reading.get("t", 0): reading for reading in readings}
    return [by_time[moment] for moment in sorted(by_time)]
