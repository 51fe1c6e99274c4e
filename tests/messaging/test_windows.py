"""Cutting the log in stretches: together they are the whole time, and none is needlessly empty."""

import importlib
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import history, store, windows
from messaging.history import Wanted, read_page
from messaging.storing import insert_frames
from messaging.windows import HOUR_MS, MINUTE_MS, MOST_READ, Pace, _edges, from_ms, stretches
from tests.messaging.conftest import make_record

MINUTE = 29_000_000 * MINUTE_MS


@given(
    total=st.integers(1, 100_000), target=st.integers(250, 5000),
    now=st.integers(-2 * MINUTE_MS, 2 * MINUTE_MS),
)  # fmt: skip
def test_the_stretches_of_a_minute_follow_one_another(total, target, now):
    edges = cut(total, target, MINUTE + now)
    assert edges[0] == MINUTE
    assert edges[-1] == MINUTE + MINUTE_MS
    assert edges == sorted(set(edges))


def test_what_is_to_come_of_this_minute_is_one_stretch():
    now = MINUTE + 10_000
    edges = cut(2600, 250, now)
    assert sum(edge > now + 1 for edge in edges) == 1
    assert sum(edge <= now + 1 for edge in edges) == 12  # eleven stretches of about 250


def cut(total: int, target: int, now: int) -> list[int]:
    """As `_edges` cuts at that time."""
    real, windows.now_ms = windows.now_ms, lambda: now
    try:
        return _edges(MINUTE, total, target)
    finally:
        windows.now_ms = real


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(text="nowhere"), Wanted(direction="sent")])
async def test_messages_that_are_counted_and_not_stored_yet_make_no_stretch_long(
    mongo, monkeypatch, wanted
):
    """What is empty is quick. It once led to a stretch of all the minutes before: 11 s of the
    embedded store, which answered nobody else meanwhile."""
    a_minute, number = 16_000, MINUTE // MINUTE_MS
    mongo[store.MINUTES].insert_many(
        {"_id": number - n, "time": from_ms(MINUTE - n * MINUTE_MS), "total": a_minute}
        for n in range(1, 17)
    )
    mongo[store.MINUTES].insert_one({"_id": number, "time": from_ms(MINUTE)})
    for module in (windows, history):
        monkeypatch.setattr(module, "now_ms", lambda: MINUTE + 7000)
    asked = []

    async def nothing(db, wanted, bounds, stretch, newest_first, limit):
        asked.append(stretch)
        return []

    monkeypatch.setattr(history, "_stretch", nothing)
    await read_page(store.async_database(), wanted, limit=100, seconds=30)
    await store.close_async()
    busy = [end - start for start, end in asked if end <= MINUTE]
    assert sum(busy) == 16 * MINUTE_MS
    assert max(busy) <= MINUTE_MS * MOST_READ / a_minute * 1.1


DAY = 24 * 60  # minutes


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(
    "ages",
    [
        [0],
        [0, 1, 59, 60, 61, 200, 30 * DAY],
        [3, 30 * DAY - 1, 30 * DAY],
        [*range(0, 30 * DAY, 437)],
        [*range(0, 26 * 60, 60)],
        [],
    ],
    ids=["now", "scattered", "ends", "all along", "each hour", "none"],
)
async def test_a_month_is_walked_in_few_queries(mongo, monkeypatch, ages, newest_first):
    """Once there was one for each empty day. `ages`: of the minutes with messages, in minutes."""
    number = MINUTE // MINUTE_MS
    for name, length in ((store.MINUTES, 1), (store.HOURS, 60)):
        marked = {(number - age) // length for age in ages}
        rows = [
            {"_id": n, "time": from_ms(n * length * MINUTE_MS), "total": 10_000} for n in marked
        ]
        if rows:
            mongo[name].insert_many(rows)
    asked = [0]

    def counting(real):
        async def count(*arguments):
            asked[0] += 1
            return await real(*arguments)

        return count

    for query in ("_counts", "_hours"):
        monkeypatch.setattr(windows, query, counting(getattr(windows, query)))
    low, high = MINUTE - 31 * DAY * MINUTE_MS, MINUTE + MINUTE_MS
    walk = stretches(
        store.async_database(), low, high, newest_first=newest_first, pace=Pace(target=100_000)
    )
    found = [stretch async for stretch in walk]
    await store.close_async()
    assert found == sorted(found, reverse=newest_first)
    minutes = {MINUTE - age * MINUTE_MS for age in ages}
    assert all(sum(a <= minute < b for a, b in found) == 1 for minute in minutes)
    hours = {minute // HOUR_MS for minute in minutes}
    assert asked[0] <= 4 + len(hours) / windows.MOST_HOURS


def test_an_hour_is_marked_before_its_messages_are_there(mongo, monkeypatch):
    """The history looks only where a mark is; the counts come after."""
    frames = [make_record(time=1_790_000_000.0 + n * 1800) for n in range(3)]
    monkeypatch.setattr("messaging.storing._count", lambda db, documents: None)
    insert_frames(mongo, frames)
    assert mongo[store.MINUTES].count_documents({}) == 3
    assert {row["_id"] for row in mongo[store.HOURS].find()} == {
        int(1_790_000_000 + n * 1800) // 3600 for n in range(3)
    }


def test_hours_of_before_are_marked_by_the_migration(mongo):
    module = importlib.import_module("messaging.migrations.0004_mark_hours")
    minutes = [{"_id": n, "time": from_ms(n * MINUTE_MS)} for n in (1, 59, 60)]
    mongo[store.MINUTES].insert_many(minutes)
    mongo[store.HOURS].insert_one({"_id": 1, "time": from_ms(HOUR_MS), "total": 5})
    module.mark(None, SimpleNamespace(connection=SimpleNamespace(database=mongo)))
    assert [(row["_id"], row.get("total")) for row in mongo[store.HOURS].find().sort("_id")] == [
        (0, None), (1, 5),
    ]  # fmt: skip
