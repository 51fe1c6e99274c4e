"""Statistics of each station and action: right to their promise, and each message once."""

from __future__ import annotations

import random
import statistics as exact
import time

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.keeping import store
from messaging.keeping.counting import count
from messaging.keeping.storing import store_batch
from messaging.statistics import keeping, names, reading
from messaging.statistics import sums as sums_module
from messaging.statistics.cells import (
    Cell,
    added,
    packed,
    percentile,
    table_of,
    together,
    told,
    unpacked,
)
from messaging.statistics.keeping import DAY, HOUR, MINUTE
from messaging.statistics.page import COLUMNS
from messaging.statistics.ranges import RANGES, spans_of
from messaging.statistics.reading import SORTS, by_action, by_station
from tests.messaging.conftest import batch_of, make_record

NOW = (int(time.time()) // DAY - 1) * DAY + 14.5 * HOUR  # in the middle of yesterday's hours


def pair(at: float, took: float, station: str = "CP1", action: str = "Heartbeat", **more) -> list:
    """A Call of the station and its answer."""
    call = make_record(station=station, action=action, time=at)
    answer = {"direction": "received", "kind": "CallResult", "latency": took, "uid": call.uid}
    return [call, make_record(station=station, action=action, time=at + took, **answer | more)]


def kept(mongo, records: list, now: float = NOW) -> None:
    store_batch(mongo, batch_of(records))
    count(mongo, now)


async def rows_of(name: str, station: str = "", now: float = NOW) -> dict:
    found = await by_action(store.async_database(), name, station, now)
    return {(row["caller"], row["action"]): row for row in found["rows"]}


# --- a cell ----------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 120_000_000), min_size=1, max_size=300), st.sampled_from(
    [0.5, 0.95, 0.99]))  # fmt: skip
def test_a_percentile_is_right_to_a_fortieth_and_the_rest_exactly(latencies, share):
    cell = Cell()
    for each in latencies:
        cell.answered(each)
    wanted = sorted(latencies)[max(1, -(-int(share * 100) * len(latencies) // 100)) - 1]
    assert percentile(cell, share) == pytest.approx(wanted, rel=0.025, abs=1)
    numbers = told(cell)
    assert (numbers["min_ms"], numbers["max_ms"]) == (
        round(min(latencies) / 1000, 3), round(max(latencies) / 1000, 3),
    )  # fmt: skip
    assert numbers["mean_ms"] == pytest.approx(exact.fmean(latencies) / 1000, abs=0.001)
    deviation = exact.pstdev(latencies) / 1000
    assert numbers["deviation_ms"] == pytest.approx(deviation, rel=1e-3, abs=0.2)


@given(st.lists(st.lists(st.integers(0, 10**7), max_size=30), max_size=8))
def test_parts_added_up_in_any_order_are_the_whole(parts):
    def cell_of(latencies: list[int]) -> Cell:
        made = Cell(calls=len(latencies))
        for each in latencies:
            made.answered(each)
        return made

    cells = [cell_of(part) for part in parts]
    random.Random(1).shuffle(cells)
    whole = cell_of([each for part in parts for each in part])
    summed = together(cells)
    assert told(summed) == pytest.approx(told(whole)) and summed.buckets == whole.buckets
    table = {"CP": {"station X": summed}}
    assert unpacked(packed(table)) == table


def test_whose_call_it_was_and_what_failed(mongo):
    at = NOW - 600
    records = [
        *pair(at, 0.1),
        *pair(at + 1, 0.2, kind="CallError", error="NotSupported: no"),
        make_record(action="Heartbeat", time=at + 2),
        make_record(action="Heartbeat", kind="Note", direction="", time=at + 32,
                    error="Timeout: no answer to Heartbeat in 30 s"),
        make_record(action="Reset", direction="received", time=at + 3),
        make_record(action="Reset", kind="CallResult", time=at + 3.5, latency=0.5),
        make_record(action="", kind="Invalid", direction="received", time=at, error="no JSON"),
        make_record(action="a.b$c", direction="received", time=at),
    ]  # fmt: skip
    store_batch(mongo, batch_of(records))
    sheets = [keeping.sheet(each) for each in mongo[store.CATALOG].find()]
    cells = table_of(sheets)["CP1"]
    assert {name: (c.calls, c.errors, sum(c.buckets.values())) for name, c in cells.items()} == {
        "station Heartbeat": (3, 2, 2), "csms Reset": (1, 0, 1), "csms other": (1, 0, 0),
    }  # fmt: skip


# --- kept and read ---------------------------------------------------------------------------


async def test_a_batch_that_comes_twice_counts_once_whenever_it_comes(mongo):
    records = [row for n in range(40) for row in pair(NOW - 900 + n, 0.02)]
    kept(mongo, records[:50])
    kept(mongo, records)  # what was there, and more
    kept(mongo, records)
    row = (await rows_of("1h"))["station", "Heartbeat"]
    assert (row["calls"], row["answers"], row["errors"]) == (40, 40, 0)


async def test_batches_that_overlap_count_once_though_each_was_taken_for_new(mongo):
    records = [row for n in range(10) for row in pair(NOW - 900 + n, 0.5)]
    store_batch(mongo, batch_of(records[:14]))
    listed = list(mongo[store.CATALOG].find())
    mongo[store.CATALOG].delete_many({})
    store_batch(mongo, batch_of(records))  # as if the two had been stored at the same moment
    mongo[store.CATALOG].insert_many(listed)
    count(mongo, NOW)
    row = (await rows_of("1h"))["station", "Heartbeat"]
    assert (row["calls"], row["answers"], row["mean_ms"]) == (10, 10, 500.0)


async def test_every_range_has_each_message_once(mongo):
    """Some of each minute, hour and day; made in one go, or minute by minute as time passes."""
    ages = [
        300,
        800,
        2 * HOUR,
        5 * HOUR,
        13 * HOUR,
        20 * HOUR,
        2 * DAY,
        6 * DAY,
        20 * DAY,
        31 * DAY,
    ]
    at = NOW - max(ages)
    for age in sorted(ages, reverse=True):
        while at < NOW - age:  # the task comes by, whether anything was said or not
            count(mongo, at)
            at += 6 * HOUR
        kept(mongo, pair(NOW - age, 0.05), NOW - age + 5 * MINUTE)
    count(mongo, NOW)
    for name in RANGES:
        found = await by_action(store.async_database(), name, now=NOW)
        since = found["since"].timestamp()
        assert NOW - RANGES[name].seconds - DAY < since <= NOW - RANGES[name].seconds, name
        wanted = sum(NOW - age >= since for age in ages)
        assert wanted and found["rows"][0]["calls"] == wanted, name


@pytest.mark.parametrize("name", RANGES)
def test_a_range_is_put_together_without_a_gap_or_an_overlap(name):
    for now in (NOW, NOW // DAY * DAY, NOW // DAY * DAY + 1, NOW // HOUR * HOUR + 59):
        since, spans = spans_of(RANGES[name], now)
        at = since
        for level, numbers in spans:
            assert numbers.start * level.seconds == at
            at = numbers.stop * level.seconds
        assert now < at <= now + MINUTE


async def test_what_comes_late_reaches_the_hour_and_the_day_that_are_made_already(mongo):
    long_ago = NOW - 26 * HOUR
    kept(mongo, pair(long_ago, 0.1), long_ago + 300)
    for each in (HOUR, 20 * HOUR, 26 * HOUR):
        count(mongo, long_ago + each)
    kept(mongo, [*pair(long_ago + 60, 0.3), *pair(long_ago, 0.3, "CP2")])
    row = (await rows_of("7d"))["station", "Heartbeat"]
    assert (row["calls"], row["max_ms"]) == (3, 300.0)
    assert (await rows_of("7d", "CP1"))["station", "Heartbeat"]["calls"] == 2


async def test_an_hour_whose_minutes_are_gone_is_counted_again_whole(mongo):
    begin = NOW // HOUR * HOUR - 4 * HOUR
    early = [*pair(begin + 1, 0.1), *pair(begin + HOUR - 2, 0.1)]
    kept(mongo, early, begin + HOUR + 300)
    count(mongo, NOW)
    assert not mongo[keeping.COLLECTION].count_documents({"_id": {"$regex": "^m:"}})
    kept(mongo, pair(begin + 1800, 0.3))
    row = (await rows_of("24h"))["station", "Heartbeat"]
    assert (row["calls"], row["max_ms"]) == (3, 300.0)


async def test_when_all_messages_are_deleted_their_statistics_are_too(mongo):
    from messaging.queries.history import Wanted, delete

    kept(mongo, pair(NOW - 600, 0.1))
    assert await rows_of("1h")
    await delete(store.async_database(), Wanted())
    assert await rows_of("1h") == {} and not mongo[keeping.COLLECTION].count_documents({})


async def test_after_a_stop_of_days_nothing_is_missing(mongo):
    """Minutes were counted and then the platform was stopped: nobody made their hours."""
    kept(mongo, [*pair(NOW - 600, 0.1), *pair(NOW - 2 * HOUR, 0.1)])
    later = NOW + 3 * DAY
    count(mongo, later)
    assert (await rows_of("7d", now=later))["station", "Heartbeat"]["calls"] == 2


async def test_the_last_hour_is_read_by_its_minutes_until_it_is_put_together(mongo):
    end = NOW // HOUR * HOUR
    kept(mongo, pair(end - 30, 0.1), end + 40)  # too early to be counted
    count(mongo, end + 100)
    there = {row["_id"].split(":")[0] for row in mongo[keeping.COLLECTION].find()}
    assert there == {"m", "h", keeping.OPEN, keeping.VERSIONS, names.LETTER}
    mongo[keeping.COLLECTION].delete_many({"_id": {"$regex": "^h:"}})  # as before that run
    assert (await rows_of("6h", now=end + 110))["station", "Heartbeat"]["calls"] == 1


async def test_the_stations_that_stand_out_come_first(mongo):
    records = []
    for n, name in enumerate(("CALM", "BUSY", "SLOW", "SICK")):
        for k in range(9 if name == "BUSY" else 3):
            failing = {"kind": "CallError", "error": "X"} if name == "SICK" else {}
            records += pair(NOW - 900 + n + k, 5.0 if name == "SLOW" else 0.1, name, **failing)
    kept(mongo, records)
    db = store.async_database()
    first = {sort: (await by_station(db, "1h", sort, now=NOW))["rows"][0]["station"]
             for sort in SORTS}  # fmt: skip
    slow = dict.fromkeys(("min_ms", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms"), "SLOW")
    assert first == {"errors": "SICK", "calls": "BUSY", **slow, "deviation_ms": "BUSY"}
    assert set(SORTS) == {name for name, _, _ in COLUMNS}
    page = await by_station(db, "1h", limit=2, now=NOW)
    assert page["stations"] == 4 and len(page["rows"]) == 2


def test_a_count_that_dies_before_the_statistics_does_them_next_time(mongo, monkeypatch):
    def dies(*_):
        raise ConnectionError

    store_batch(mongo, batch_of(pair(NOW - 600, 0.1)))
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "_set", dies)
        with pytest.raises(ConnectionError):
            count(mongo, NOW)
    minutes = {"_id": {"$regex": "^m:"}}
    assert not mongo[keeping.COLLECTION].count_documents(minutes)
    count(mongo, NOW)
    assert mongo[keeping.COLLECTION].count_documents(minutes) == 3


def test_an_idle_platform_writes_nothing_and_old_ones_go(mongo):
    kept(mongo, pair(NOW - 600, 0.1))
    collection = mongo[keeping.COLLECTION]
    others = {keeping.OPEN, keeping.VERSIONS, sums_module.SUMS, "sum", names.LETTER}

    def versions() -> set[str]:
        return {key[0] for key in collection.find_one({"_id": keeping.VERSIONS})["of"]}

    def levels(now: float) -> set[str]:
        count(mongo, now)
        return {row["_id"].partition(":")[0] for row in collection.find()} - others

    assert levels(NOW + HOUR) == versions() == {"m", "h"}
    assert levels(NOW + 4 * HOUR) == versions() == {"h"}
    before = list(collection.find())
    assert levels(NOW + 5 * HOUR) == {"h"} and list(collection.find()) == before
    assert levels(NOW + DAY) == {"h", "d"}
    assert levels(NOW + 3 * DAY) == {"d"}
    assert levels(NOW + 40 * DAY) == versions() == set()
    assert collection.find_one({"_id": keeping.OPEN}) == {"_id": keeping.OPEN, "h": [], "d": []}


def test_a_range_of_a_large_fleet_is_cheap_to_keep(mongo):
    """5,000 stations, 30,000 messages a minute: what the task has to do each minute."""
    chance = random.Random(1)
    records = [
        row
        for n in range(2000)
        for row in pair(NOW - 600 + n / 100, 0.01 + chance.random() / 10, f"CP{n}")
    ]
    kept(mongo, records)
    rows = list(mongo[keeping.COLLECTION].find({"_id": {"$regex": "^m:"}}))
    assert len(rows) <= len(keeping.NAMES) and sum(len(bson.encode(row)) for row in rows) < 150_000
    cells = [row for row in rows if "cells" in row]
    assert {each for row in cells for each in keeping.read(row)} == {"", *(
        f"CP{n}" for n in range(2000))}  # fmt: skip
    assert added(keeping.read(row) for row in cells if row["_id"].endswith("*"))
    assert reading.MOST_STATIONS < 2000
