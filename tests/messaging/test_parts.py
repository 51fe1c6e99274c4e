"""No command names thousands: the embedded store looks through a whole `$in` for each document."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.collection import Collection

from accounts.trail import reading as trail
from messaging.keeping import ending, frames, store
from messaging.keeping.counting import count
from messaging.keeping.retention import prune
from messaging.keeping.storing import store_batch
from messaging.queries import history, sessions, windows
from messaging.queries.history import Wanted
from messaging.statistics.reading import by_station
from runtime.parts import by_ids, delete_by_ids, parts
from stations.state import snapshots
from tests.messaging.conftest import batch_of, make_record

MOST = 50
MANY = 700  # messages
COMMANDS = (
    "aggregate", "find", "find_one", "delete_many", "update_many", "count_documents", "distinct",
)  # fmt: skip


def longest(match: object) -> int:
    """Of the `$in` in it."""
    if isinstance(match, Mapping):
        here = len(match["$in"]) if isinstance(match.get("$in"), list) else 0
        return max([here, *map(longest, match.values())])
    return max(map(longest, match), default=0) if isinstance(match, list) else 0


@pytest.fixture
def lists(monkeypatch) -> list[int]:
    """How many names each command that was given had in a list."""
    found: list[int] = []

    def watched(of: type, name: str) -> None:
        real = getattr(of, name)

        def given(self, *arguments, **options):
            found.append(longest([*arguments, *options.values()]))
            return real(self, *arguments, **options)

        monkeypatch.setattr(of, name, given)

    for of in (Collection, AsyncCollection):
        for name in COMMANDS:
            watched(of, name)
    return found


def hold(lists: list[int]) -> None:
    assert 0 < max(lists) <= MOST, max(lists)
    lists.clear()


@pytest.fixture
def log(mongo) -> list:
    """Of the last minutes, of many stations, told by some batches."""
    start = time.time() - 900
    records = [
        make_record(time=start + number, station=f"CP{number % 90}", text=f'[2,"{number}"]')
        for number in range(MANY)
    ]
    for place in range(0, MANY, 100):
        store_batch(mongo, batch_of(records[place : place + 100]))
    return records


async def test_reading_and_deleting_the_log(mongo, log, lists):
    db = store.async_database()
    page = await history.read_page(db, Wanted(), limit=500, seconds=60)
    assert [made["_id"] for made in page.items] == [each.id for each in reversed(log)][:500]
    hold(lists)
    every = [made async for some in history.each(db, Wanted()) for made in some]
    assert [made["_id"] for made in every] == [each.id for each in log]
    hold(lists)
    found = await history.read_page(db, Wanted(text='"69'), limit=500, seconds=60)
    assert len(found.items) == 11  # 69 and 690 to 699
    hold(lists)
    assert await history.delete(db, Wanted(text='"69')) == (11, True)
    hold(lists)
    assert await history.delete(db, Wanted(text='"5', masks=True)) == (111, True)
    hold(lists)
    assert await history.delete(db, Wanted(direction="sent")) == (MANY - 122, True)
    hold(lists)
    assert mongo[store.FRAMES].count_documents({}) == 0
    await store.close_async()


async def test_what_is_too_old_goes_to_the_last_message(mongo, log, lists, monkeypatch):
    monkeypatch.setattr("messaging.keeping.retention.DELETE_AT_MOST", 60)
    monkeypatch.setattr("messaging.keeping.retention.PAUSE", 0)
    before = datetime.fromtimestamp(log[500].time, UTC)
    old = {each.id for each in log if each.time < log[500].time // 60 * 60}
    assert 400 < len(old) <= 500
    lists.clear()
    assert await prune(store.async_database(), before, 60) == (len(old), True)
    hold(lists)
    there = {made["_id"] for made in frames.documents(mongo)}
    assert there == {each.id for each in log} - old
    await store.close_async()


def test_a_batch_that_comes_again_whole(mongo, log, lists):
    mongo[store.CATALOG].delete_many({})  # as if who wrote it had died before
    lists.clear()
    for place in range(0, MANY, 100):
        assert store_batch(mongo, batch_of(log[place : place + 100])) == 0
    assert max(lists, default=0) <= MOST and mongo[store.CATALOG].count_documents({})


async def test_statistics_of_hours_and_days(mongo, lists):
    now = time.time()
    records = [
        make_record(time=now - hours * 3600, station=f"CP{station}")
        for hours in range(1, 200, 3) for station in range(3)
    ]  # fmt: skip
    store_batch(mongo, batch_of(records))
    lists.clear()
    count(mongo, now + 600)
    hold(lists)
    for name in ("24h", "30d"):
        assert (await by_station(store.async_database(), name, now=now))["rows"]
        hold(lists)
    await store.close_async()


async def test_the_hours_of_many_stations(mongo, lists):
    now = time.time()
    records = [make_record(time=now - hours * 3600) for hours in range(2, 30)]
    store_batch(mongo, batch_of(records))
    count(mongo, now + 600)
    names = tuple(f"CP{number}" for number in range(1, 40))
    lists.clear()
    wanted = Wanted(names)
    page = await history.read_page(store.async_database(), wanted, limit=500, seconds=60)
    assert len(page.items) == len(records) and windows.MOST_HOURS * len(names) > 10 * MOST
    hold(lists)
    await store.close_async()


@pytest.mark.django_db
def test_states_that_are_in_mongodb_alone(lists):
    names = [f"PARTS-{number}" for number in range(120)]
    table = snapshots.state_collection()
    table.insert_many({"_id": name, "stamp": "1", "saved": b"\x80"} for name in names)
    try:
        lists.clear()
        assert None not in snapshots.read_states_sync(names).values()
        hold(lists)
        assert set(snapshots.read_newest(names)) == set(names)
        hold(lists)
        snapshots.forget_states(names)
        hold(lists)
        assert not table.count_documents({"_id": {"$regex": "^PARTS-"}})
    finally:
        table.delete_many({"_id": {"$regex": "^PARTS-"}})


@pytest.mark.django_db
def test_old_entries_of_the_trail(lists):
    old = datetime.now(UTC) - timedelta(days=9000)
    rows = [{"_id": f"parts{n:04}", "time": old, "action": "x"} for n in range(120)]
    trail.collection().insert_many(rows)
    lists.clear()
    assert trail.prune(old + timedelta(days=1), 60) == (120, True)
    hold(lists)


async def test_sessions_of_many_stations(mongo, lists):
    names = [f"CP{number}" for number in range(80)]
    started = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    mongo[store.TRANSACTIONS].insert_many(
        {"_id": f"s{number}", "station": f"CP{number}", "state": "active", "rev": 0,
         "started": started - timedelta(seconds=number)}
        for number in range(120)
    )  # fmt: skip
    lists.clear()
    found, _ = await sessions.read_page(
        store.async_database(), {"station": {"$in": names}, "state": "active"}, limit=500
    )
    assert [made["station"] for made in found] == names
    assert {made["station"] for made in ending.active_sessions(mongo, names)} == set(names)
    assert max(lists) == 0  # the store is not asked which of them
    [one] = ending.active_sessions(mongo, ["CP7"])
    assert one["station"] == "CP7" and not list(ending.active_sessions(mongo, []))
    await store.close_async()


def test_parts_are_all_of_it_once(mongo):
    assert list(parts("abcab", 2)) == [["a", "b"], ["c"]]
    assert list(parts([])) == []
    table = mongo["anything"]
    table.insert_many({"_id": number, "even": number % 2 == 0} for number in range(120))
    assert sorted(made["_id"] for made in by_ids(table, range(200))) == list(range(120))
    assert len(list(by_ids(table, range(200), {"even": True}))) == 60
    assert delete_by_ids(table, range(101), {"even": True}) == 51
    assert delete_by_ids(table, range(200)) == 69
