"""The catalog of the log: what its messages are, a small document for many of them.

A sheet lists the messages of one minute that one batch brought. It takes the place of indexes, of
which each costs the embedded store more than a message itself: what is wanted is looked up in the
sheets of its time, and then read where those messages are kept (frames.py).

    _id     minute, the first message's id, and a checksum of the ids: written again, it is one
    minute  unix time / 60
    n       how many messages
    rows    Binary, zstd of `Sheet`

A message is in the log from the moment on that its sheet is there, and then counts. Batches may
overlap, so a message may be in two sheets.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import compress
from operator import attrgetter
from typing import Any

import msgspec
from bson import Binary

from messaging.packing import compressed, decompressed
from messaging.records import FrameRecord, failed, latency_ms, size_of, time_of

MOST = 1000  # messages in a sheet
LARGEST = 4_000_000  # characters of their texts; MongoDB takes 16 MiB
FAILED, MARKED = 1, 2


class Sheet(msgspec.Struct, array_like=True):
    """Columns: one entry for each message; those that are numbers of names stand in `names`.

    uids     checksums; `latencies` are microseconds, -1 where there is none
    errors   numbers of names, of what failed
    """

    minute: int
    names: list[str]
    ids: list[str]
    stations: list[int]
    directions: list[int]
    kinds: list[int]
    actions: list[int]
    uids: list[int]
    flags: list[int]
    errors: list[int]
    sizes: list[int]
    latencies: list[int]


class _Head(msgspec.Struct, array_like=True):
    """What a sheet shows at a glance: the columns that are not needed are passed over."""

    minute: int
    names: list[str]
    ids: msgspec.Raw
    stations: msgspec.Raw
    directions: msgspec.Raw
    kinds: msgspec.Raw
    actions: msgspec.Raw
    uids: list[int]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Sheet).decode
_decode_head = msgspec.msgpack.Decoder(_Head).decode


def minute_of(record: FrameRecord) -> int:
    """The minute of a message, by its id."""
    return int(time_of(record.id)) // 60


def checksum(text: str) -> int:
    """Of a unique id."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def listed(records: Iterable[FrameRecord]) -> list[tuple[dict[str, Any], list[FrameRecord]]]:
    """The documents of the catalog for these records, and the records of each in its order."""
    by_minute: dict[int, list[FrameRecord]] = defaultdict(list)
    for record in records:
        by_minute[minute_of(record)].append(record)
    made = []
    for minute, some in by_minute.items():
        some.sort(key=attrgetter("id"))
        made += [(_document(minute, part), part) for part in _parts(some)]
    return made


def _parts(records: list[FrameRecord]) -> Iterator[list[FrameRecord]]:
    """Of up to MOST messages and LARGEST characters, one at least."""
    part: list[FrameRecord] = []
    size = 0
    for record in records:
        length = len(record.text)
        if part and (len(part) >= MOST or size + length > LARGEST):
            yield part
            part, size = [], 0
        part.append(record)
        size += length
    if part:
        yield part


def _document(minute: int, records: list[FrameRecord]) -> dict[str, Any]:
    numbers: dict[str, int] = {}

    def column(name: str) -> list[int]:
        return [numbers.setdefault(name, len(numbers)) for name in map(attrgetter(name), records)]

    sheet = Sheet(
        minute, [], [record.id for record in records],
        column("station"), column("direction"), column("kind"), column("action"),
        [checksum(record.uid) for record in records],
        [
            FAILED * failed(record) + MARKED * bool(record.mark or record.cause)
            for record in records
        ],
        column("error"),
        [size_of(record.text) for record in records],
        [-1 if r.latency is None else round(latency_ms(r.latency) * 1000) for r in records],
    )  # fmt: skip
    sheet.names = list(numbers)
    return {
        "_id": name_of(sheet),
        "minute": minute,
        "n": len(records),
        "rows": Binary(compressed(_encode(sheet))),
    }


def name_of(sheet: Sheet) -> str:
    """The `_id` of its document."""
    return f"{sheet.minute}.{sheet.ids[0]}.{zlib.crc32(''.join(sheet.ids).encode()):08x}"


def first_of(name: str) -> str:
    """The id of the first message of a sheet, by the `_id` of its document."""
    return name.split(".")[1]


def sheet(document: dict) -> Sheet:
    """Undo what made the document."""
    return _decode(_unpacked(document))


def _unpacked(document: dict) -> bytes:
    return decompressed(document["rows"])


class Choice:
    """Which messages are wanted, as far as a sheet tells. Empty: all.

    stations  the same, for who looks elsewhere first
    uid       may choose others of the same checksum
    """

    def __init__(
        self,
        stations: Iterable[str] = (),
        direction: str = "",
        kinds: Iterable[str] = (),
        actions: Iterable[str] = (),
        uid: str = "",
        flags: int = 0,
    ) -> None:
        self.stations = tuple(stations)
        self.named = [
            (column, set(names))
            for column, names in (
                ("stations", self.stations),
                ("directions", [direction] if direction else ()),
                ("kinds", kinds),
                ("actions", actions),
            )
            if names
        ]
        self.uid = checksum(uid) if uid else None
        self.flags = flags

    def sheet(self, document: dict) -> Sheet | None:
        """The sheet, None where a glance shows that it has nothing of what is chosen.

        Most sheets of a large log have nothing of one station, and a glance costs a third of
        reading all columns.
        """
        unpacked = _unpacked(document)
        if (self.named or self.uid is not None) and not self._may_be_in(_decode_head(unpacked)):
            return None
        return _decode(unpacked)

    def _may_be_in(self, head: _Head) -> bool:
        return (self.uid is None or self.uid in head.uids) and not any(
            names.isdisjoint(head.names) for _, names in self.named
        )

    def places(self, sheet: Sheet) -> Iterator[tuple[int, str]]:
        """Place in the sheet and id of the messages that are chosen, in the order of the sheet."""
        chosen = [True] * len(sheet.ids)
        for column, wanted in self.named:
            numbers = {number for number, name in enumerate(sheet.names) if name in wanted}
            if not numbers:
                return iter(())
            chosen = [
                held and number in numbers
                for held, number in zip(chosen, getattr(sheet, column), strict=True)
            ]
        if self.uid is not None:
            chosen = [
                held and uid == self.uid for held, uid in zip(chosen, sheet.uids, strict=True)
            ]
        if self.flags:
            chosen = [
                held and flags & self.flags == self.flags
                for held, flags in zip(chosen, sheet.flags, strict=True)
            ]
        return compress(enumerate(sheet.ids), chosen)
