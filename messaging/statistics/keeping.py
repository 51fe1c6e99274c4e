"""The statistics of each station and action as they are kept: of minutes, hours and days.

Made by the task that counts the minutes (messaging/keeping/counting.py), of the same sheets: set,
not added to, so whatever is counted twice is the same. An hour is the sum of its minutes and a day
of its hours, made once it is over, and again where more of it comes.

    _id      level, number (unix time / seconds of the level) and part
    time     its beginning
    cells    Binary, zstd of a table (cells.py)

of each part but EACH, which has in place of the cells

    columns  Binary, of each station with all its actions together (columns.py)
    names    Binary, of the stations (names.py); of a minute instead
    made     which list of its hour's names it belongs to

and others. OPEN: the hours ("h") and days ("d") that are to be made, or made anew.
VERSIONS: `of`, for each level and number bytes that are others after each time that it was set, so
that who has a sum of many can tell whether it is still the sum. The names of hours (names.py), and
some sums (sums.py).

A level's time is parted, so that who asks for one station reads a sixteenth: parts "0" to "15" by
a checksum of the identity, "*" all stations together under the name "", and EACH.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bson import Binary
from pymongo import ReplaceOne
from pymongo.database import Database

from messaging.keeping import store
from messaging.keeping.catalog import Sheet, sheet
from messaging.packing import compressed, decompressed
from messaging.records import when
from messaging.statistics import names
from messaging.statistics.cells import Cell, Table, added, packed, table_of, together, unpacked
from messaging.statistics.columns import Columns
from runtime.parts import by_ids, delete_by_ids

COLLECTION = store.STATISTICS
PARTS = 16
ALL, EACH = "*", "="
NAMES = (*map(str, range(PARTS)), ALL, EACH)
MINUTE, HOUR, DAY = 60, 3600, 86_400
A_WRITE = 2**20  # bytes that are written at a time
OPEN = "open"  # the document that says what is to be made
VERSIONS = "versions"  # the document that says when what was made changes


class Level(NamedTuple):
    """seconds of a document's time, and for how many it is kept; `finer`: what it is made of."""

    letter: str
    seconds: int
    kept: int
    finer: Level | None = None


MINUTES = Level("m", MINUTE, 3 * HOUR)
HOURS = Level("h", HOUR, 2 * DAY, MINUTES)
DAYS = Level("d", DAY, 32 * DAY, HOURS)
LEVELS = (MINUTES, HOURS, DAYS)


def part_of(station: str) -> str:
    return str(zlib.crc32(station.encode("utf-8", "surrogatepass")) % PARTS)


def name_of(level: Level, number: int, part: str) -> str:
    """The `_id` of a document."""
    return f"{level.letter}:{number}:{part}"


def version_of(level: Level, number: int) -> str:
    """The key of `of` in VERSIONS."""
    return f"{level.letter}:{number}"


def set_minute(db: Database, minute: int, sheets: Iterable[Sheet]) -> None:
    """Set what a minute's messages tell; its hour is to be made anew."""
    _open(db, HOURS, minute * MINUTE // HOUR)
    _set(db, MINUTES, minute, _parted(table_of(sheets)))


def roll_up(db: Database, now: float) -> None:
    """Make the hours and days that are to be made and are over. May be cut off anywhere."""
    for hour in _over(db, HOURS, now):
        _open(db, DAYS, hour * HOUR // DAY)
        _set(db, HOURS, hour, _sum(db, HOURS, hour, now))
        _close(db, HOURS, hour)
    for day in _over(db, DAYS, now):
        _set(db, DAYS, day, _sum(db, DAYS, day, now))
        _close(db, DAYS, day)


def _parted(table: Table) -> Iterator[tuple[str, Table]]:
    parts: dict[str, Table] = {}
    for station, cells in table.items():
        parts.setdefault(part_of(station), {})[station] = cells
    yield from parts.items()


def _open(db: Database, level: Level, number: int) -> None:
    """Note what is to be made, before what it is made of is there."""
    db[COLLECTION].update_one({"_id": OPEN}, {"$addToSet": {level.letter: number}}, upsert=True)


def _close(db: Database, level: Level, number: int) -> None:
    db[COLLECTION].update_one({"_id": OPEN}, {"$pull": {level.letter: number}})


def _over(db: Database, level: Level, now: float) -> list[int]:
    noted = (db[COLLECTION].find_one({"_id": OPEN}) or {}).get(level.letter, ())
    return sorted(number for number in noted if (number + 1) * level.seconds <= now)


def made_of(level: Level, number: int) -> list[tuple[Level, int]]:
    """The finer ones of an hour or a day."""
    assert level.finer is not None
    ratio = level.seconds // level.finer.seconds
    return [(level.finer, each) for each in range(number * ratio, (number + 1) * ratio)]


def _sum(db: Database, level: Level, number: int, now: float) -> Iterator[tuple[str, Table]]:
    """Of the finer ones, a part at a time. Where these are not kept any more, what is left is
    counted again."""
    finer = made_of(level, number)
    first = finer[0][0]
    if now - number * level.seconds > first.kept:
        begin = number * level.seconds // MINUTE
        yield from _parted(added(_counted(db, range(begin, begin + level.seconds // MINUTE))))
        return
    for part in map(str, range(PARTS)):
        ids = [name_of(*one, part) for one in finer]
        yield part, added(map(read, by_ids(db[COLLECTION], ids)))


def _counted(db: Database, minutes: Iterable[int]) -> Iterator[Table]:
    """Minute by minute, so that no more of the catalog is held than that."""
    for minute in minutes:
        yield table_of(map(sheet, db[store.CATALOG].find({"minute": minute})))


def _set(db: Database, level: Level, number: int, parts: Iterable[tuple[str, Table]]) -> None:
    """In the place of what was there, of each part; no more than one is held at a time, but for a
    cell of each station."""
    written: set[str] = set()
    start, writes, size = when(number * level.seconds), [], 0

    def write(part: str, fields: dict[str, Any]) -> None:
        nonlocal size
        name = name_of(level, number, part)
        document = {"_id": name, "time": start, **fields}
        writes.append(ReplaceOne({"_id": name}, document, upsert=True))
        written.add(name)
        size += sum(len(each) for each in fields.values())
        if size >= A_WRITE:
            write_out()

    def write_out() -> None:
        nonlocal size
        if writes:
            db[COLLECTION].bulk_write(writes, ordered=False)
        writes.clear()
        size = 0

    each: dict[str, Cell] = {}
    of_all: Table = {}
    for part, table in parts:
        if table:
            write(part, {"cells": Binary(pressed(table))})
            of_all = added([of_all, *({"": cells} for cells in table.values())])
            each |= {station: together(cells.values()) for station, cells in table.items()}
    if each:
        write(ALL, {"cells": Binary(pressed(of_all))})
        write(EACH, _of_each(db, level, number, each))
    write_out()
    wanted = (name_of(level, number, part) for part in NAMES)
    delete_by_ids(db[COLLECTION], [name for name in wanted if name not in written])
    # Afterwards: who has read what was there before finds another version next time.
    version = {f"of.{version_of(level, number)}": Binary(os.urandom(8))}
    db[COLLECTION].update_one({"_id": VERSIONS}, {"$set": version}, upsert=True)


def _of_each(db: Database, level: Level, number: int, cells: dict[str, Cell]) -> dict[str, Any]:
    if level is MINUTES:
        made, places = names.numbered(db[COLLECTION], number * MINUTE // HOUR, cells)
        columns = Columns.of((places[station], cell) for station, cell in cells.items())
        return {"columns": columns.packed(), "made": Binary(made)}
    return of_names(cells)


def of_names(cells: Mapping[str, Cell]) -> dict[str, Any]:
    """The fields of a document of EACH with names of its own."""
    columns = Columns.of(enumerate(cells.values()))
    return {"columns": columns.packed(), "names": names.pressed(list(cells))}


def pressed(cells: Table) -> bytes:
    return compressed(packed(cells))


def read(document: dict) -> Table:
    """Undo what made the document."""
    return unpacked(decompressed(document["cells"]))


def forget_old(db: Database, now: float) -> None:
    """What is older than it is kept for; the retention of messages may be shorter still."""
    kept = {**{level.letter: level.kept for level in LEVELS}, names.LETTER: MINUTES.kept + HOUR}
    for letter, seconds in kept.items():
        # A level's documents stand together by their `_id`, and its times do by theirs.
        span = {"$gte": f"{letter}:", "$lt": f"{letter};"}
        db[COLLECTION].delete_many({"time": {"$lt": when(now - seconds)}, "_id": span})
    known = (db[COLLECTION].find_one({"_id": VERSIONS}) or {}).get("of", {})
    if gone := {f"of.{key}": "" for key in known if _is_old(key, now)}:
        db[COLLECTION].update_one({"_id": VERSIONS}, {"$unset": gone})


def _is_old(version: str, now: float) -> bool:
    letter, _, number = version.partition(":")
    level = next(level for level in LEVELS if level.letter == letter)
    return int(number) * level.seconds < now - level.kept
