"""Long lists of names in parts.

The embedded store looks through a whole `$in` for each document that it finds by it: a thousand ids
in one list cost it eight times what they cost in lists of fifty, a deletion twelve times (decision
27). So no command names more than a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.collection import Collection

Name = TypeVar("Name")
PART = 50


def parts(names: Iterable[Name], size: int = PART) -> Iterator[list[Name]]:
    """Lists of up to `size`, each name once."""
    rest = iter(dict.fromkeys(names))
    while part := list(islice(rest, size)):
        yield part


def by_ids(
    collection: Collection, ids: Iterable[Any], match: Mapping[str, Any] | None = None
) -> Iterator[dict]:
    """The documents of these ids that fit `match`, in no order."""
    for part in parts(ids):
        yield from collection.find({"_id": {"$in": part}, **(match or {})})


async def by_ids_async(
    collection: AsyncCollection, ids: Iterable[Any], match: Mapping[str, Any] | None = None
) -> list[dict]:
    """The documents of these ids that fit `match`, in no order."""
    found: list[dict] = []
    for part in parts(ids):
        found += await collection.find({"_id": {"$in": part}, **(match or {})}).to_list()
    return found


def delete_by_ids(
    collection: Collection, ids: Iterable[Any], match: Mapping[str, Any] | None = None
) -> int:
    """Delete the documents of these ids that fit `match`; returns how many there were."""
    return sum(
        collection.delete_many({"_id": {"$in": part}, **(match or {})}).deleted_count
        for part in parts(ids)
    )


async def delete_by_ids_async(
    collection: AsyncCollection, ids: Iterable[Any], match: Mapping[str, Any] | None = None
) -> int:
    """Delete the documents of these ids that fit `match`; returns how many there were."""
    deleted = 0
    for part in parts(ids):
        match_part = {"_id": {"$in": part}, **(match or {})}
        deleted += (await collection.delete_many(match_part)).deleted_count
    return deleted
