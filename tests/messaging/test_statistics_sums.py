"""The sums of long ranges that are kept, and the order of a large fleet's rows."""

from __future__ import annotations

import random

import pytest

from messaging.keeping import store
from messaging.keeping.counting import count
from messaging.statistics import keeping, reading
from messaging.statistics import sums as sums_module
from messaging.statistics.keeping import HOUR, MINUTE
from messaging.statistics.ranges import RANGES
from messaging.statistics.reading import by_station
from tests.messaging.test_statistics import NOW, kept, pair


async def test_a_large_fleets_rows_are_read_once_a_minute_in_whatever_order(mongo, monkeypatch):
    monkeypatch.setattr(reading, "MANY", 2)
    db, asked = store.async_database(), []
    real = reading._read

    async def counted(*wanted):
        asked.append(wanted[1])
        return await real(*wanted)

    monkeypatch.setattr(reading, "_read", counted)
    kept(mongo, [*pair(NOW - 300, 0.1, "CP1"), *pair(NOW - 290, 0.5, "CP2")])
    slow = await by_station(db, "1h", "max_ms", now=NOW)
    assert [row["station"] for row in slow["rows"]] == ["CP2", "CP1"]
    calls = await by_station(db, "1h", "calls", 1, now=NOW + 1)
    assert ([row["station"] for row in calls["rows"]], asked) == (["CP1"], ["1h"])
    assert calls["stations"] == 2 and calls["since"] == slow["since"]
    kept(mongo, pair(NOW - 280, 0.9, "CP3"))
    assert len((await by_station(db, "1h", now=NOW + 60))["rows"]) == 3
    for name in ("6h", "1h"):
        await by_station(db, name, now=NOW + 60)
    assert asked == ["1h", "1h", "6h"]
    for name in RANGES:  # what is kept is bounded
        await by_station(db, name, now=NOW + 60)
    assert {minute for _, _, minute in reading._kept} == {int(NOW + 60) // MINUTE}
    assert len(reading._kept) == len(reading._sums) == reading.MOST_KEPT
    reading._kept.clear()


@pytest.fixture
def sums(monkeypatch):
    """Of any fleet; returns the `_id`s of the documents that were read for them."""
    read: list[str] = []
    real = keeping.read
    monkeypatch.setattr(reading, "MANY", 1)
    monkeypatch.setattr(reading, "_kept", {})
    monkeypatch.setattr(reading, "_sums", {})
    monkeypatch.setattr(sums_module, "read", lambda row: read.append(row["_id"]) or real(row))
    return read


async def nothing(*_: object) -> None:
    """In place of a sum that is kept."""


async def of_stations(db, name: str, now: float) -> list[dict]:
    reading._kept.clear()  # as if the minute were another
    return (await by_station(db, name, "calls", now=now))["rows"]


@pytest.mark.parametrize("seed", range(4))
async def test_a_sum_that_is_kept_is_the_sum_of_what_there_is(mongo, sums, seed):
    """Minutes and hours pass, and some of what is told is told late, or deleted."""
    chance, db, now = random.Random(seed), store.async_database(), NOW
    for _ in range(12):
        for _ in range(chance.randrange(4)):
            late = chance.choice((90, 90, 400, 2000, HOUR, 5 * HOUR, 26 * HOUR))
            kept(mongo, pair(now - late, chance.random(), f"CP{chance.randrange(3)}"), now)
        if chance.random() < 0.15:
            for each in (store.MESSAGES, store.CATALOG):
                mongo[each].delete_many({})
            keeping.set_minute(mongo, int(now - 400) // MINUTE, [])
        now += chance.choice((10, 60, 60, 400, HOUR))
        count(mongo, now)
        for name in ("24h", "7d"):
            if chance.random() < 0.3:
                reading._sums.clear()  # another process, with nothing but what is kept for it
            found = await of_stations(db, name, now)
            before, reading._sums = reading._sums, {}
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(reading, "_sum_kept", nothing)
                assert found == await of_stations(db, name, now)
            reading._sums = before


async def test_who_asks_first_reads_the_sum_that_the_task_has_kept(mongo, sums):
    db = store.async_database()
    for age in (20 * HOUR, 9 * HOUR, 5 * HOUR, 3 * HOUR, 900):
        kept(mongo, pair(NOW - age, 0.1, f"CP{age}"), NOW - age + 300)
    count(mongo, NOW)
    del sums[:]
    assert len(await of_stations(db, "24h", NOW)) == 5
    assert [name.partition(":")[0] for name in sums] == ["sum", "m"]
    kept(mongo, pair(NOW - 5 * HOUR + 5, 0.2, "CPlate"), NOW + 5)  # the task has not come by
    keeping.roll_up(mongo, NOW + 5)
    reading._sums.clear()
    assert len(await of_stations(db, "24h", NOW + 10)) == 6
    mongo[keeping.COLLECTION].delete_many({"_id": {"$regex": "^[hd]:"}})
    mongo[keeping.COLLECTION].delete_many({"_id": keeping.VERSIONS})
    count(mongo, NOW + 60)
    assert mongo[keeping.COLLECTION].find_one({"_id": sums_module.id_of("24h")}) is None


async def test_a_sum_of_ones_own_that_is_out_of_date_gives_way_to_the_tasks(mongo, sums):
    db, later = store.async_database(), NOW + 2 * HOUR
    for age in (24 * HOUR, 9 * HOUR, 5 * HOUR, 3 * HOUR):
        kept(mongo, pair(NOW - age, 0.1, f"CP{age}"), NOW - age + 300)
    count(mongo, NOW)
    assert len(await of_stations(db, "24h", NOW)) == 4
    count(mongo, later)
    del sums[:]
    assert len(await of_stations(db, "24h", later)) == 3
    assert sums == [sums_module.id_of("24h")]


async def test_a_sum_that_is_too_large_for_a_document_is_not_kept(mongo, sums, monkeypatch):
    monkeypatch.setattr(sums_module, "MOST_BYTES", 10)
    db = store.async_database()
    for age in (20 * HOUR, 9 * HOUR, 5 * HOUR, 3 * HOUR):
        kept(mongo, pair(NOW - age, 0.1, f"CP{age}"), NOW - age + 300)
    count(mongo, NOW)
    assert "cells" not in mongo[keeping.COLLECTION].find_one({"_id": sums_module.id_of("24h")})
    assert len(await of_stations(db, "24h", NOW)) == 4


async def test_each_minute_only_what_is_new_is_read(mongo, sums):
    db = store.async_database()
    for age in (20 * HOUR, 5 * HOUR, 1500, 900, 600, 200):
        kept(mongo, pair(NOW - age, 0.1, f"CP{age}"), NOW - age + 100)
    count(mongo, NOW)
    first = await of_stations(db, "24h", NOW)
    assert len(first) == 6 and len(sums) == 6
    del sums[:]
    kept(mongo, pair(NOW - 140, 0.2), NOW + 60)
    assert len(await of_stations(db, "24h", NOW + 60)) == 7
    assert sorted(sums) == sorted(
        keeping.name_of(keeping.MINUTES, int(NOW - age) // MINUTE, keeping.EACH)
        for age in (200, 140)
    )
    del sums[:]
    kept(mongo, pair(NOW - 5 * HOUR + 5, 0.2), NOW + 70)  # late: an hour is made anew
    count(mongo, NOW + 80)
    rows = await of_stations(db, "24h", NOW + 80)
    assert sum(row["calls"] for row in rows) == 8
    assert len(sums) == 7


async def test_a_minute_that_may_be_counted_again_is_in_no_sum_yet(mongo, sums):
    db = store.async_database()
    for age in (20 * HOUR, 900, 280):
        kept(mongo, pair(NOW - age, 0.1, f"CP{age}"), NOW - age + 100)
    count(mongo, NOW)
    assert len(await of_stations(db, "24h", NOW)) == 3
    del sums[:]
    kept(mongo, pair(NOW - 270, 0.2), NOW + 10)
    assert sum(row["calls"] for row in await of_stations(db, "24h", NOW + 10)) == 4
    assert sums == [keeping.name_of(keeping.MINUTES, int(NOW - 280) // MINUTE, keeping.EACH)]


async def test_what_a_range_has_left_behind_is_in_no_sum(mongo, sums):
    db = store.async_database()
    for age in (24 * HOUR, 12 * HOUR):
        kept(mongo, pair(NOW - age, 0.1, f"CP{age}"), NOW - age + 300)
    count(mongo, NOW)
    assert len(await of_stations(db, "24h", NOW)) == 2
    assert len(await of_stations(db, "24h", NOW + 2 * HOUR)) == 1
