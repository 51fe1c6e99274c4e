"""Rows of many named stations, at a cost that grows with their number and not with its square.

The embedded store looks through a whole `$in` for each row that it finds by it, so long lists of
names are asked for in parts; and where they name most of the table, all of it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import connection

TABLE = "stations_station"
CHUNK = 50
# A row found by its name costs about three times what a row costs that all are read with.
SHARE = 3


def parts(names: Iterable[str], size: int = CHUNK) -> Iterator[list[str]]:
    """Lists of up to `size`, each name once."""
    rest = iter(dict.fromkeys(names))
    while part := list(islice(rest, size)):
        yield part


def rows(names: Iterable[str], *columns: str) -> Iterator[dict]:
    """Documents of those of the stations that there are; `identity` and `_id` are always in."""
    wanted = set(names)
    collection = connection.get_collection(TABLE)
    shown = dict.fromkeys(("identity", *columns), 1)
    if len(wanted) > CHUNK and collection.estimated_document_count() < SHARE * len(wanted):
        yield from (row for row in collection.find({}, shown) if row["identity"] in wanted)
        return
    for part in parts(wanted):
        yield from collection.find({"identity": {"$in": part}}, shown)
