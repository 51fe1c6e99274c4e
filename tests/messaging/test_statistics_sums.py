"""The statistics of each station of a fleet: the sums that are kept, the names that minutes have in
common, and the order of its rows."""

from __future__ import annotations

import random
from importlib import import_module
from types import SimpleNamespace

import pytest
from bson import Binary

from messaging.keeping import store
from messaging.keeping.counting import count
from messaging.statistics import keeping, names, reading
from messaging.statistics import sums as sums_module
from messaging.statistics.cells import Cell, Table, number_of, together
from messaging.statistics.columns import Columns, Part, Whole
from messaging.statistics.keeping import HOUR, MINUTE
from messaging.statistics.ranges import RANGES
from messaging.statistics.ranking import SHARES, first
from messaging.statistics.reading import SORTS, by_station
from tests.messaging.test_statistics import NOW, kept, pair


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(reading, "_kept", {})


@pytest.fixture
def asked(monkeypatch):
    """The `_id`s that were asked for, level by level."""
    ids: list[str] = []
    real = reading.by_ids_async

    async def noted(collection, wanted, *more):
        wanted = list(wanted)
        ids.extend(wanted)
        return await real(collection, wanted, *more)

    monkeypatch.setattr(reading, "by_ids_async", noted)
    return ids


async def of_stations(name: str, now: float, sort: str = "calls") -> list[dict]:
    reading._kept.clear()  # as if the minute were another
    return (await by_station(store.async_database(), name, sort, now=now))["rows"]


# --- columns ---------------------------------------------------------------------------------


def fleet_of(chance: random.Random, stations: int) -> list[tuple[list[str], dict[str, Cell]]]:
    """Cells of some stations for each of some times, and the list of names of each."""
    found = []
    for _ in range(chance.randrange(1, 6)):
        all_names = [f"CP{n:03}" for n in range(stations)]
        chance.shuffle(all_names)
        cells = {}
        for name in all_names[: chance.randrange(stations)]:
            cell = cells[name] = Cell(calls=chance.randrange(9), errors=chance.randrange(3))
            for _ in range(chance.choice((0, 0, 1, 1, 2, 40))):
                cell.answered(int(chance.lognormvariate(9, chance.choice((0.1, 2)))))
        found.append((all_names, cells))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_columns_tell_what_the_cells_tell(seed):
    chance = random.Random(seed)
    times = fleet_of(chance, 60)
    parts, alike = [], []
    for all_names, cells in times:
        own = chance.random() < 0.5
        listed = list(cells) if own else all_names
        columns = Columns.of((listed.index(name), cell) for name, cell in cells.items())
        parts.append(Part(listed, [Columns.read(columns.packed())]))
        alike.append((listed, cells))
    table: Table = {}
    for _, cells in alike:
        for name, cell in cells.items():
            table[name] = {"": together([*table.get(name, {}).values(), cell])}
    whole = Whole(parts)
    seen = whole.seen()
    assert sorted(whole.names[place] for place in seen) == sorted(table)
    found = whole.cells(set(seen))
    assert {whole.names[place]: cell for place, cell in found.items()} == {
        name: its[""] for name, its in table.items()
    }
    for sort in SORTS:
        for limit in (1, 7, 1000):
            values = {name: number_of(its[""], sort) or 0 for name, its in table.items()}
            wanted = sorted(values, key=lambda name: (-values[name], name))[:limit]
            chosen = [whole.names[place] for place in first(whole, sort, limit, seen)]
            if sort not in SHARES:
                assert chosen == wanted, (sort, limit)
            else:  # the same to a bucket
                assert len(chosen) == len(wanted)
                for one, other in zip(chosen, wanted, strict=True):
                    assert values[one] == pytest.approx(values[other], rel=0.051, abs=0.002)


def test_the_minutes_of_an_hour_have_their_names_in_common(mongo):
    kept(mongo, [*pair(NOW - 600, 0.1, "CP1"), *pair(NOW - 540, 0.1, "CP2")])
    key = names.list_of(int(NOW - 600) // HOUR)
    before = mongo[keeping.COLLECTION].find_one({"_id": key})
    kept(mongo, [*pair(NOW - 480, 0.1, "CP3"), *pair(NOW - 470, 0.1, "CP1")])
    after = mongo[keeping.COLLECTION].find_one({"_id": key})
    assert names.read(before["names"]) == ["CP1", "CP2"]
    assert names.read(after["names"]) == ["CP1", "CP2", "CP3"]
    assert before["made"] == after["made"]


def test_two_that_add_names_at_once_give_no_place_twice(mongo, monkeypatch):
    collection, real = mongo[keeping.COLLECTION], names._replaced
    others = iter([["A", "B"], ["C"]])

    def meanwhile(into, there, document):
        if (more := next(others, None)) is not None:
            with monkeypatch.context() as patch:
                patch.setattr(names, "_replaced", real)
                names.numbered(into, 7, more)
        return real(into, there, document)

    monkeypatch.setattr(names, "_replaced", meanwhile)
    made, places = names.numbered(collection, 7, ["X", "B"])
    assert places == {"A": 0, "B": 1, "C": 2, "X": 3}
    assert names.numbered(collection, 7, []) == (made, places)
    monkeypatch.setattr(names, "_replaced", lambda *_: False)
    with pytest.raises(RuntimeError, match="names of hour 7"):
        names.numbered(collection, 7, ["Y"])


async def test_numbers_of_a_list_that_is_gone_are_of_nobody(mongo):
    kept(mongo, pair(NOW - 600, 0.1, "CP1"))
    key = names.list_of(int(NOW - 600) // HOUR)
    mongo[keeping.COLLECTION].delete_one({"_id": key})
    assert await of_stations("15m", NOW) == []
    kept(mongo, pair(NOW - 400, 0.1, "CP2"))  # another list, in which the first place is CP2's
    rows = await of_stations("15m", NOW)
    assert [(row["station"], row["calls"]) for row in rows] == [("CP2", 1)]


def test_statistics_from_before_the_columns_are_taken_over(mongo):
    kept(mongo, [*pair(NOW - 600, 0.1, "CP1"), *pair(NOW - 3 * HOUR, 0.3, "CP2")])
    collection = mongo[keeping.COLLECTION]
    new = {row["_id"]: row for row in collection.find({"_id": {"$regex": "=$"}})}
    assert {name[0] for name in new} == {"m", "h"}
    for name, row in new.items():  # as they were
        level = {each.letter: each for each in keeping.LEVELS}[name[0]]
        parts = [keeping.name_of(level, int(name.split(":")[1]), str(n)) for n in range(16)]
        cells = {
            station: {"": together(its.values())}
            for part in collection.find({"_id": {"$in": parts}})
            for station, its in keeping.read(part).items()
        }
        old = {"_id": f"{name[:-1]}+", "time": row["time"], "cells": Binary(keeping.pressed(cells))}
        collection.insert_one(old)
        collection.delete_one({"_id": name})
    collection.insert_one({"_id": "sum:24h", "of": {}})
    migration = import_module("messaging.migrations.0009_columns")
    migration.to_columns(None, SimpleNamespace(connection=SimpleNamespace(database=mongo)))
    assert not collection.count_documents({"_id": {"$regex": r"\+$|^sum:24h$"}})
    for name in new:
        own = names.own(collection.find_one({"_id": name}))
        assert own.names in (["CP1"], ["CP2"]) and own.columns[0].column("calls")[0] == 1


# --- the order of the rows -------------------------------------------------------------------


async def test_a_large_fleets_rows_are_read_once_a_minute(mongo, monkeypatch, asked):
    monkeypatch.setattr(reading, "MANY", 2)
    db = store.async_database()
    kept(mongo, [*pair(NOW - 300, 0.1, "CP1"), *pair(NOW - 290, 0.5, "CP2")])
    slow = await by_station(db, "1h", "max_ms", now=NOW)
    assert [row["station"] for row in slow["rows"]] == ["CP2", "CP1"]
    calls = await by_station(db, "1h", "calls", 1, now=NOW + 1)
    assert [row["station"] for row in calls["rows"]] == ["CP1"]
    assert calls["stations"] == 2 and calls["since"] == slow["since"]
    kept(mongo, pair(NOW - 280, 0.9, "CP3"))
    del asked[:]
    again = await by_station(db, "1h", "max_ms", 2, now=NOW + 29)
    assert again == slow and not asked
    assert len((await by_station(db, "1h", "max_ms", now=NOW + 60))["rows"]) == 3
    monkeypatch.setattr(reading, "MOST_KEPT", 3)
    for name in RANGES:  # what is kept is bounded
        await by_station(db, name, now=NOW + 60)
    assert {minute for minute, _ in reading._kept.values()} == {int(NOW + 60) // MINUTE}
    assert len(reading._kept) == reading.MOST_KEPT


@pytest.mark.parametrize("sort", SORTS)
async def test_rows_stand_in_the_order_of_what_they_tell(mongo, sort):
    chance = random.Random(3)
    records = [
        row for n in range(80)
        for row in pair(NOW - 900 + n, chance.lognormvariate(-3, 1), f"CP{chance.randrange(20)}")
    ]  # fmt: skip
    kept(mongo, records)
    rows = await of_stations("1h", NOW, sort)
    told = [row[sort] or 0 for row in rows]
    assert len(rows) > 15 and told == sorted(told, reverse=True)


# --- sums ------------------------------------------------------------------------------------


async def without_sums(monkeypatch_of: pytest.MonkeyPatch, name: str, now: float) -> list[dict]:
    with monkeypatch_of.context() as patch:
        patch.setattr(reading.Sum, "of", classmethod(lambda cls, noted, name: cls({}, [])))
        return await of_stations(name, now)


@pytest.mark.parametrize("seed", range(6))
async def test_a_sum_that_is_kept_is_the_sum_of_what_there_is(mongo, monkeypatch, seed):
    """Minutes and hours pass, and some of what is told is told late, or deleted."""
    monkeypatch.setattr(sums_module, "A_DOCUMENT", 2)
    chance, now, used = random.Random(seed), NOW, 0
    for _ in range(14):
        for _ in range(chance.randrange(4)):
            late = chance.choice((90, 90, 400, 2000, HOUR, 5 * HOUR, 26 * HOUR))
            kept(mongo, pair(now - late, chance.random(), f"CP{chance.randrange(5)}"), now)
        if chance.random() < 0.15:
            for each in (store.FRAMES, store.CATALOG):
                mongo[each].delete_many({})
            keeping.set_minute(mongo, int(now - 400) // MINUTE, [])
        now += chance.choice((10, 60, 60, 400, HOUR))
        if chance.random() < 0.8:
            count(mongo, now)
        used += len(mongo[keeping.COLLECTION].find_one({"_id": sums_module.SUMS}) or ()) > 1
        for name in ("6h", "24h", "7d"):
            found, plain = await of_stations(name, now), await without_sums(monkeypatch, name, now)
            if found != plain:  # in the first minutes of an hour it may begin an hour earlier
                assert now % HOUR < reading.SUM_LATE and {row["station"] for row in found} >= {
                    row["station"] for row in plain
                }
    assert used


async def test_who_asks_reads_the_sum_that_the_task_has_kept(mongo, asked):
    ages = (20 * HOUR, 9 * HOUR, 5 * HOUR, 3 * HOUR, 900)
    for age in ages:
        kept(mongo, pair(NOW - age, 0.1, f"CP{age}"), NOW - age + 300)
    count(mongo, NOW)
    del asked[:]
    assert len(await of_stations("24h", NOW)) == 5
    hours = {int(name.split(":")[1]) for name in asked if name.startswith("h:")}
    assert not hours & {int(NOW - age) // HOUR for age in ages}
    assert [name.split(":")[:2] for name in asked if name.startswith("sum")] == [["sum", "24h"]]
    kept(mongo, pair(NOW - 5 * HOUR + 5, 0.2, "CPlate"), NOW + 5)  # the task has not come by
    keeping.roll_up(mongo, NOW + 5)
    assert len(await of_stations("24h", NOW + 10)) == 6


async def test_the_sum_of_an_hour_ago_does_until_the_next_is_made(mongo, asked):
    begin = NOW // HOUR * HOUR
    for age in (24.5 * HOUR, 9 * HOUR, 5 * HOUR, 3 * HOUR):
        kept(mongo, pair(begin - age, 0.1, f"CP{age}"), begin - age + 300)
    count(mongo, begin - 30)
    for now, wanted in ((begin - 1, 4), (begin + 100, 4), (begin + 400, 3)):
        del asked[:]
        assert len(await of_stations("24h", now)) == wanted
        assert any(name.startswith("sum") for name in asked) == (wanted == 4), now
    found = await by_station(store.async_database(), "24h", now=begin + 100)
    assert found["since"].timestamp() == begin - 25 * HOUR
    count(mongo, begin + 500)
    del asked[:]
    assert len(await of_stations("24h", begin + 500)) == 3
    assert any(name.startswith("sum") for name in asked)


def sum_documents(mongo) -> dict[str, set[str]]:
    """The makings of each range that there are documents of."""
    found: dict[str, set[str]] = {}
    for row in mongo[keeping.COLLECTION].find({"_id": {"$regex": "^sum:"}}):
        _, name, made, _ = row["_id"].split(":")
        found.setdefault(name, set()).add(made)
    return found


async def test_of_each_range_one_sum_is_kept_and_none_where_it_is_not_worth_it(mongo, monkeypatch):
    monkeypatch.setattr(sums_module, "A_DOCUMENT", 2)
    for age in (20 * HOUR, 9 * HOUR, 5 * HOUR, 3 * HOUR, 2 * HOUR):
        kept(mongo, pair(NOW - age, 0.1, f"CP{age}"), NOW - age + 300)
    count(mongo, NOW)
    cut_off = f"sum:24h:{int(NOW):x}-00000000:0"
    mongo[keeping.COLLECTION].insert_one({"_id": cut_off})
    first_made = sum_documents(mongo)
    assert set(first_made) == set(sums_module.LONG)
    kept(mongo, pair(NOW - 5 * HOUR + 5, 0.2, "CPlate"), NOW + 5)
    count(mongo, NOW + 5)
    assert cut_off in {row["_id"] for row in mongo[keeping.COLLECTION].find()}  # as if being made
    count(mongo, NOW + HOUR + 100)
    assert len(await of_stations("24h", NOW + HOUR + 100)) == 6
    kept(mongo, pair(NOW - 5 * HOUR + 9, 0.2, "CPlate"), NOW + HOUR + 200)
    made = sum_documents(mongo)
    assert all(len(makings) == 1 for makings in made.values())
    assert not any(made[name] & first_made[name] for name in made)
    mongo[keeping.COLLECTION].delete_many({"_id": {"$regex": "^[hd]:"}})
    mongo[keeping.COLLECTION].delete_many({"_id": keeping.VERSIONS})
    count(mongo, NOW + HOUR + 300)
    assert sum_documents(mongo) == {}


async def test_a_sum_whose_documents_went_while_it_was_read_is_not_used(mongo):
    for age in (20 * HOUR, 9 * HOUR, 5 * HOUR, 3 * HOUR):
        kept(mongo, pair(NOW - age, 0.1, f"CP{age}"), NOW - age + 300)
    count(mongo, NOW)
    for name in ("24h", "7d"):
        mongo[keeping.COLLECTION].delete_many({"_id": {"$regex": f"^sum:{name}:"}})
        assert len(await of_stations(name, NOW)) == 4
    count(mongo, NOW + HOUR + 100)
    assert {"24h", "7d"} <= set(sum_documents(mongo))
    assert len(await of_stations("7d", NOW + HOUR + 100)) == 4


async def test_what_a_range_has_left_behind_is_in_no_sum(mongo):
    for age in (24 * HOUR, 12 * HOUR, 11 * HOUR, 10 * HOUR):
        kept(mongo, pair(NOW - age, 0.1, f"CP{age}"), NOW - age + 300)
    count(mongo, NOW)
    assert len(await of_stations("24h", NOW)) == 4
    assert len(await of_stations("24h", NOW + 2 * HOUR)) == 3
