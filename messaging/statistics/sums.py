"""The sums of the hours and days of the long ranges, of each station, as a task keeps them: who
asks for such a range reads one and the minutes since.

A sum is right as long as each of its documents is still wanted in the version in which it was read
(keeping.VERSIONS).

    _id             "sum:", the range, ":" and its making, ":" and a number
    columns, names  of up to A_DOCUMENT stations, as in keeping.EACH

and in the document SUMS by range: `of` the versions of what it is the sum of, `made` its making
(its time, and what is random) and `parts` how many documents it has.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from pymongo.database import Database

from messaging.statistics.columns import Part, Whole
from messaging.statistics.keeping import (
    COLLECTION,
    EACH,
    MINUTES,
    VERSIONS,
    Level,
    name_of,
    of_names,
    version_of,
)
from messaging.statistics.names import own
from messaging.statistics.ranges import RANGES, spans_of
from runtime.parts import PART, by_ids, delete_by_ids

SUMS = "summed"
LONG = ("6h", "24h", "7d", "30d")
A_DOCUMENT = 10_000  # stations
CUT_OFF = 600  # seconds after which a sum is not being made any more
FEWEST = 3  # hours and days that are worth it


class Sum(NamedTuple):
    """versions: of what it is the sum of, by keeping.version_of; ids: of its documents."""

    versions: Mapping[str, bytes]
    ids: list[str]
    made: str = ""

    @classmethod
    def of(cls, noted: Mapping[str, Any] | None, name: str) -> Sum:
        """What a document SUMS notes of a range; of nothing, where it notes none."""
        one = (noted or {}).get(name)
        if one is None:
            return cls({}, [])
        made = one["made"]
        return cls(one["of"], [_id_of(name, made, n) for n in range(one["parts"])], made)

    def is_right(self, versions: Mapping[str, bytes], wanted: set[str]) -> bool:
        """Whether it is the sum of nothing else than what is wanted, as that is now."""
        return all(
            name in wanted and versions.get(name) == version
            for name, version in self.versions.items()
        )


def keep_sums(db: Database, now: float) -> None:
    """Bring the sums up to the hours and days that are made. May be cut off anywhere."""
    collection = db[COLLECTION]
    versions = (collection.find_one({"_id": VERSIONS}) or {}).get("of", {})
    noted = collection.find_one({"_id": SUMS}) or {}
    for name in LONG:
        wanted = {
            version_of(level, number): (level, number)
            for level, numbers in spans_of(RANGES[name], now)[1] if level is not MINUTES
            for number in numbers if version_of(level, number) in versions
        }  # fmt: skip
        there = {key: versions[key] for key in wanted}
        before = Sum.of(noted, name)
        if len(there) < FEWEST:
            if name in noted:
                collection.update_one({"_id": SUMS}, {"$unset": {name: ""}})
                _forget(db, name, before.made, now)
        elif before.versions != there or not _is_whole(db, before):
            if not before.is_right(versions, set(there)):
                before = before._replace(versions={}, ids=[])
            _make(db, name, before, there, wanted, now)


def _is_whole(db: Database, kept: Sum) -> bool:
    found = list(db[COLLECTION].find({"_id": {"$in": kept.ids[:PART]}}, {"_id": 1}))
    return len(found) == len(kept.ids[:PART])


def _make(
    db: Database, name: str, before: Sum, there: dict[str, bytes],
    wanted: Mapping[str, tuple[Level, int]], now: float,
) -> None:  # fmt: skip
    """Of the sum before and what it lacks."""
    found = list(by_ids(db[COLLECTION], before.ids))
    if len(found) < len(before.ids):  # somebody has deleted some
        found, before = [], before._replace(versions={})
    new = [name_of(*one, EACH) for key, one in wanted.items() if key not in before.versions]
    found += by_ids(db[COLLECTION], new)
    made, parts = f"{int(now):x}-{os.urandom(4).hex()}", 0
    for parts, fields in enumerate(_documents([own(row) for row in found]), 1):
        db[COLLECTION].insert_one({"_id": _id_of(name, made, parts - 1), **fields})
    note = {"of": there, "made": made, "parts": parts}
    db[COLLECTION].update_one({"_id": SUMS}, {"$set": {name: note}}, upsert=True)
    _forget(db, name, before.made, now)


def _id_of(name: str, made: str, number: int) -> str:
    return f"sum:{name}:{made}:{number}"


def _documents(parts: list[Part]) -> Iterator[dict[str, Any]]:
    whole = Whole(parts)
    places = iter(whole.seen())
    while some := set(islice(places, A_DOCUMENT)):
        cells = whole.cells(some)
        yield of_names({whole.names[place]: cells[place] for place in sorted(cells)})


def _forget(db: Database, name: str, made: str, now: float) -> None:
    """The documents of a making that nothing is noted of any more, and of such as were cut off."""
    span = {"$gte": f"sum:{name}:", "$lt": f"sum:{name};"}
    kept = Sum.of(db[COLLECTION].find_one({"_id": SUMS}), name).made
    gone = []
    for row in db[COLLECTION].find({"_id": span}, {"_id": 1}):
        its = row["_id"].split(":")[2]
        if its != kept and (its == made or int(its.partition("-")[0], 16) < now - CUT_OFF):
            gone.append(row["_id"])
    delete_by_ids(db[COLLECTION], gone)
