"""Rows of many named stations, at a cost that grows with their number and not with its square.

The embedded store looks through a whole `$in` for each row that it finds by it, so long lists of
names are asked for in parts; and where they name most of the table, all of it is read.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from bson import ObjectId
from django.db import connection
from pymongo.collection import Collection

import runtime.parts
from stations.orders.spreading import EVERYTHING, Range, pieces

Name = TypeVar("Name")
TABLE = "stations_station"
CHUNK = 25
STRETCH = 200  # names of one range
PIECE = 1000  # rows, about: of a longer answer the embedded store makes others wait
COUNT_HOLDS = 0.0003  # seconds a row that a count is used again: 30 s of 100,000
_counted = [0, 0.0]  # rows, and until when that is used
# A row found by its name costs about three times what a row costs that all are read with.
SHARE = 3


def parts(names: Iterable[Name], size: int = CHUNK) -> Iterator[list[Name]]:
    """Lists of up to `size`, each name once."""
    return runtime.parts.parts(names, size)


def most(count: int) -> bool:
    """Whether so many names are so large a part of the table that all of it is as well read."""
    collection = connection.get_collection(TABLE)
    return count > CHUNK and _count(collection) < SHARE * count


def _count(collection: Collection) -> int:
    """About how many rows there are: the embedded store takes 4 us a row to tell."""
    known, until = _counted
    if time.monotonic() > until:
        known = collection.estimated_document_count()
        _counted[:] = known, time.monotonic() + known * COUNT_HOLDS
    return known


def whole(names: Iterable[str], dense: bool) -> Iterator[dict]:
    """Documents with all columns; sorted names are found soonest.

    `dense`: there are few others between them, so that ranges find them for half the cost.
    """
    collection = connection.get_collection(TABLE)
    if not dense:
        for part in parts(names):
            yield from collection.find({"identity": {"$in": part}})
        return
    for part in parts(names, STRETCH):
        wanted = set(part)
        found = collection.find({"identity": {"$gte": min(part), "$lte": max(part)}})
        yield from (row for row in found if row["identity"] in wanted)


def runnable(ranges: Iterable[Range], *columns: str) -> Iterator[dict]:
    """Documents of those that are to run by their rows, as `rows` gives them.

    ranges: of `spread`. Rows without one (see SpreadField) come too, whosever they are.
    """
    return _in_pieces(ranges, {"enabled": True, "running": True}, columns)


def every(*columns: str) -> Iterator[dict]:
    """Documents of all stations, in no order. One that is made meanwhile may be missing."""
    return _in_pieces([EVERYTHING], {}, columns)


def _in_pieces(ranges: Iterable[Range], match: dict, columns: tuple[str, ...]) -> Iterator[dict]:
    shown = dict.fromkeys(("identity", *columns), 1)
    collection = connection.get_collection(TABLE)
    number = -(-_count(collection) // PIECE)
    for first, end in pieces(ranges, number):
        # Not by the ORM, with whose `$and` the embedded store looks at every row.
        yield from collection.find({"spread": {"$gte": first, "$lt": end}, **match}, shown)
    yield from collection.find({"spread": None, **match}, shown)


def rows(names: Iterable[str], *columns: str) -> Iterator[dict]:
    """Documents of those of the stations that there are; `identity` and `_id` are always in."""
    wanted = set(names)
    collection = connection.get_collection(TABLE)
    shown = dict.fromkeys(("identity", *columns), 1)
    if most(len(wanted)):
        yield from (row for row in every(*columns) if row["identity"] in wanted)
        return
    for part in parts(wanted):
        yield from collection.find({"identity": {"$in": part}}, shown)


def of_keys(keys: Iterable[ObjectId], *columns: str) -> Iterator[dict]:
    """The same of those that there are by their `_id`."""
    shown = dict.fromkeys(("identity", *columns), 1)
    for part in parts(keys):
        yield from connection.get_collection(TABLE).find({"_id": {"$in": part}}, shown)
