"""The sum of what is settled of a range, so that each minute only what is new is added to it.

A sum is right as long as each of its documents is still wanted in the version in which it was read
(keeping.VERSIONS): one that was made anew, or a range that begins later, has all of it read again.

Of the long ranges the task that makes hours and days keeps their sum, for who asks first:

    _id    "sum:" and the range
    of     the versions of what it is the sum of
    cells  of each station (keeping.EACH), as of other documents; left out where that is too much

and in the document SUMS the same versions by range, so that what is unchanged is not made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bson import Binary
from pymongo.database import Database

from messaging.statistics.cells import Table, added
from messaging.statistics.keeping import (
    COLLECTION,
    EACH,
    MINUTES,
    VERSIONS,
    Level,
    name_of,
    pressed,
    read,
    version_of,
)
from messaging.statistics.ranges import RANGES, spans_of
from runtime.parts import by_ids

SUMS = "sums"
LONG = ("24h", "7d", "30d")
MOST_BYTES = 8 * 2**20  # of the cells of a sum that is kept; MongoDB takes 16 MiB
FEWEST = 3  # hours and days that are worth it
SETTLES = 300.0  # seconds after which a time that is over is hardly counted again


class Sum(NamedTuple):
    """versions: of what it is the sum of, by keeping.version_of. Not to be changed."""

    versions: Mapping[str, bytes]
    table: Table

    @classmethod
    def of(cls, document: dict) -> Sum:
        """As it is kept."""
        return cls(document["of"], read(document) if "cells" in document else {})


def id_of(name: str) -> str:
    """The `_id` of the sum of a range that is kept."""
    return f"sum:{name}"


def keep_sums(db: Database, now: float) -> None:
    """Bring the sums of the long ranges up to the hours and days that are made. May be cut off
    anywhere."""
    collection = db[COLLECTION]
    versions = (collection.find_one({"_id": VERSIONS}) or {}).get("of", {})
    made = collection.find_one({"_id": SUMS}) or {}
    for name in LONG:
        wanted = [
            (level, number)
            for level, numbers in spans_of(RANGES[name], now)[1] if level is not MINUTES
            for number in numbers if version_of(level, number) in versions
        ]  # fmt: skip
        there = {key: versions[key] for key in (version_of(*one) for one in wanted)}
        if len(there) < FEWEST:
            if name in made:
                collection.delete_one({"_id": id_of(name)})
                collection.update_one({"_id": SUMS}, {"$unset": {name: ""}})
            continue
        if made.get(name) == there:
            continue
        document = collection.find_one({"_id": id_of(name)})
        sums = Sums(document and Sum.of(document), versions, now + SETTLES)
        ids = {name_of(*one, EACH): one for one in sums.without(wanted)}
        found = by_ids(collection, ids)
        sums.add((*ids[row["_id"]], row) for row in found)
        _set(db, name, sums.kept)
        collection.update_one({"_id": SUMS}, {"$set": {name: there}}, upsert=True)


def _set(db: Database, name: str, kept: Sum) -> None:
    document = {"_id": id_of(name), "of": dict(kept.versions)}
    cells = pressed(kept.table)
    if len(cells) > MOST_BYTES:
        document["of"] = {}
    else:
        document["cells"] = Binary(cells)
    db[COLLECTION].replace_one({"_id": document["_id"]}, document, upsert=True)


class Sums:
    """Of one look. `kept`: the sum of what is settled, when `add` has returned.

    before    what was kept of the last look, None where nothing was
    versions  as they were before anything else was read
    """

    def __init__(self, before: Sum | None, versions: Mapping[str, bytes], now: float) -> None:
        self._before, self._versions, self._now = before, versions, now
        self.kept = Sum({}, {})

    def without(self, wanted: list[tuple[Level, int]]) -> list[tuple[Level, int]]:
        """Those that the sum does not have; all where it is not right any more."""
        names = {version_of(level, number) for level, number in wanted}
        if self._before is not None and all(
            name in names and self._versions.get(name) == version
            for name, version in self._before.versions.items()
        ):
            self.kept = self._before
        return [one for one in wanted if version_of(*one) not in self.kept.versions]

    def add(self, rows: Iterable[tuple[Level, int, dict]]) -> Table:
        """The whole sum, with these documents; neither it nor `kept` shares cells with another."""
        settled: dict[str, bytes] = {}
        old: list[Table] = []
        new: list[Table] = []
        for level, number, row in rows:
            name = version_of(level, number)
            version = self._versions.get(name)
            if version and (number + 1) * level.seconds <= self._now - SETTLES:
                settled[name] = version
                old.append(read(row))
            else:
                new.append(read(row))
        if old:
            versions = {**self.kept.versions, **settled}
            self.kept = Sum(versions, added([self.kept.table, *old]))
        return added([self.kept.table, *new])
