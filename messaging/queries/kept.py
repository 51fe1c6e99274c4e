"""Messages by where the catalog says that they are kept: read, one by its id, and forgotten."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from pymongo.asynchronous.database import AsyncDatabase

from messaging.keeping import frames, store
from messaging.keeping.catalog import first_of, sheet
from messaging.records import FrameRecord, document, record_of, time_of
from runtime.parts import by_ids_async, delete_by_ids_async, parts

AT_ONCE = 4  # documents of a sheet's messages that are taken apart without a thread of their own
TRIES = 10  # as many as may take messages out of one document at a time
HELD = 4_000_000  # bytes of such documents that are taken apart at a time


class Place(NamedTuple):
    """sheet: the `_id` of its document; at: which of its messages; of: how many it lists."""

    sheet: str
    at: int
    of: int


Judge = Callable[[FrameRecord], bool]


async def read(
    db: AsyncDatabase, where: Mapping[str, Place], judge: Judge | None = None
) -> list[dict[str, Any]]:
    """Documents of those of the messages that there are and that are judged to be wanted, in no
    order. where: {id: place}."""
    found: list[dict[str, Any]] = []
    by_sheet = _by_sheet(where.items())
    missing = set(by_sheet)
    async for kept in _documents(db, by_sheet):
        missing -= {one["_id"] for one in kept}
        if len(kept) <= AT_ONCE:
            found += _taken(kept, by_sheet, where, judge)
        else:
            found += await asyncio.to_thread(_taken, kept, by_sheet, where, judge)
    if missing:  # of before, or deleted
        ids = [one for name in missing for one in by_sheet[name]]
        rows = await by_ids_async(db[store.MESSAGES], ids)
        found += [made for made in rows if judge is None or judge(record_of(made))]
    return found


async def _documents(db: AsyncDatabase, names: Iterable[str]) -> AsyncIterator[list[dict]]:
    """As the store gives them, so that no more are held at a time."""
    for part in parts(names):
        kept: list[dict] = []
        size = 0
        async for one in db[store.FRAMES].find({"_id": {"$in": part}}):
            kept.append(one)
            size += len(one["frames"])
            if size > HELD:
                yield kept
                kept, size = [], 0
        if kept:
            yield kept


def _taken(
    kept: list[dict], by_sheet: Mapping[str, dict[str, int]], where: Mapping[str, Place],
    judge: Judge | None,
) -> list[dict[str, Any]]:  # fmt: skip
    found = []
    for one in kept:
        places = by_sheet[one["_id"]]
        records = frames.chosen(one, places, where[next(iter(places))].of)
        found += [document(record) for record in records if judge is None or judge(record)]
    return found


def _by_sheet(places: Iterable[tuple[str, Place]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for one, place in places:
        found[place.sheet][one] = place.at
    return found


async def by_id(db: AsyncDatabase, record_id: str) -> dict[str, Any] | None:
    """A message by its id."""
    minute = int(time_of(record_id)) // 60
    names = [row["_id"] async for row in db[store.CATALOG].find({"minute": minute}, {"_id": 1})]
    # It stands in a sheet that begins before it, and most probably in one of the last of these.
    before = sorted((name for name in names if first_of(name) <= record_id), key=first_of)
    for name in reversed(before):
        listed = await db[store.CATALOG].find_one({"_id": name})
        ids = sheet(listed).ids if listed else []
        if record_id in ids:
            place = Place(name, ids.index(record_id), len(ids))
            if found := await read(db, {record_id: place}):
                return found[0]
    return await db[store.MESSAGES].find_one({"_id": record_id})


async def forget(db: AsyncDatabase, places: Iterable[tuple[str, Place]]) -> int:
    """Delete messages, each wherever it is kept; returns how many there were."""
    gone: set[str] = set()
    old: list[str] = []
    for name, ids in _by_sheet(places).items():
        if removed := await remove(db, name, ids.keys()):
            gone |= removed
        else:
            old += ids
    return len(gone) + await delete_by_ids_async(db[store.MESSAGES], old)


async def remove(db: AsyncDatabase, name: str, ids: Collection[str]) -> set[str]:
    """Take these out of a document; returns those that were in it. Raises RuntimeError where
    others took some out of it all the time."""
    collection = db[store.FRAMES]
    for _ in range(TRIES):
        if (kept := await collection.find_one({"_id": name})) is None:
            return set()
        records = frames.records_in(kept)
        left = [record for record in records if record.id not in ids]
        gone = {record.id for record in records} - {record.id for record in left}
        if not gone:
            return set()
        same = {"_id": name, "n": kept["n"]}  # they only become fewer
        if left:
            new = frames.document_of(name, kept["minute"], left)
            done = (await collection.replace_one(same, new)).matched_count
        else:
            done = (await collection.delete_one(same)).deleted_count
        if done:
            return gone
    raise RuntimeError(f"{name} changed {TRIES} times while messages were taken out of it")
