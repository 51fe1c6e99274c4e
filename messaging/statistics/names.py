"""The list of names that the minutes of an hour have in common (columns.py).

    _id    "n:" and the hour
    time   its beginning
    made   random bytes of its making: a document of columns says to which list it belongs
    count  how many names it has
    names  Binary, zstd of MessagePack

Names are only added, by compare-and-set, so a place is the same as long as the list is there: for
longer than the minutes that use it are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from bson import Binary
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from messaging.packing import compressed, decompressed
from messaging.records import when
from messaging.statistics.columns import Columns, Part

LETTER = "n"
HOUR = 3600  # seconds
TRIES = 10  # as many as may add to one list at a time
_decode = msgspec.msgpack.Decoder(list[str]).decode


def list_of(hour: int) -> str:
    """The `_id` of an hour's list."""
    return f"{LETTER}:{hour}"


def pressed(names: Sequence[str]) -> Binary:
    return Binary(compressed(msgspec.msgpack.encode(names)))


def read(data: bytes) -> list[str]:
    """Undo `pressed`."""
    return _decode(decompressed(data))


def own(document: Mapping[str, Any]) -> Part:
    """The columns of a document that has names of its own."""
    return Part(read(document["names"]), [Columns.read(document["columns"])])


def numbered(
    collection: Collection, hour: int, names: Iterable[str]
) -> tuple[bytes, dict[str, int]]:
    """(which list it is, {name: its place}) of at least these names, which are added to the hour's
    list where it lacks them. Raises RuntimeError where others added to it all the time."""
    wanted = list(dict.fromkeys(names))
    key = list_of(hour)
    for _ in range(TRIES):
        there = collection.find_one({"_id": key})
        known = read(there["names"]) if there else []
        places = {name: place for place, name in enumerate(known)}
        new = [name for name in wanted if name not in places]
        if there and not new:
            return bytes(there["made"]), places
        known += new
        document = {
            "_id": key, "time": when(hour * HOUR), "count": len(known), "names": pressed(known),
            "made": there["made"] if there else Binary(os.urandom(8)),
        }  # fmt: skip
        if _replaced(collection, there, document):
            places |= {name: place for place, name in enumerate(new, len(places))}
            return bytes(document["made"]), places
    raise RuntimeError(f"the names of hour {hour} changed {TRIES} times while some were added")


def _replaced(collection: Collection, there: dict | None, document: dict) -> bool:
    """Whether the document is now in the place of what was there."""
    if there is not None:
        same = {"_id": there["_id"], "count": there["count"], "made": there["made"]}
        return collection.replace_one(same, document).matched_count == 1
    try:
        collection.insert_one(document)
    except DuplicateKeyError:
        return False
    return True
