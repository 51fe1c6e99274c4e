"""Walking the log in steps: together they are the whole time, and none is needlessly empty."""

import importlib
import time
from types import SimpleNamespace

import pytest

from messaging.keeping import store
from messaging.keeping.catalog import Choice
from messaging.keeping.marks import LISTED
from messaging.keeping.storing import insert_frames
from messaging.queries import windows
from messaging.queries.windows import HOUR_MS, MINUTE_MS, from_ms, steps
from messaging.records import document
from tests.messaging.conftest import make_record

MINUTE = 29_000_000 * MINUTE_MS
DAY = 24 * 60  # minutes


def say(*ages: int, station: str = "CP1") -> list:
    """Messages of the middle of the minutes that are so old."""
    return [
        make_record(time=(MINUTE - age * MINUTE_MS) / 1000 + 30, station=station) for age in ages
    ]


async def walk(low: int, high: int, newest_first: bool, stations=()) -> list[windows.Step]:
    found = steps(
        store.async_database(), low, high, newest_first=newest_first, choice=Choice(stations)
    )
    try:
        return [step async for step in found]
    finally:
        await store.close_async()


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
async def test_a_month_is_walked_in_order_and_few_steps(mongo, ages, newest_first):
    made = say(*ages)
    if made:
        insert_frames(mongo, made)
    low, high = MINUTE - 31 * DAY * MINUTE_MS, MINUTE + MINUTE_MS
    found = await walk(low, high, newest_first)
    spans = [(step.start, step.end) for step in found]
    assert spans == sorted(spans, reverse=newest_first)
    parts = [[one for sheet in step.sheets for one in sheet.ids] for step in found]
    ids = [one for part in parts for one in sorted(part, reverse=newest_first)]
    assert ids == sorted((record.id for record in made), reverse=newest_first)
    hours = {(MINUTE - age * MINUTE_MS) // HOUR_MS for age in ages}
    assert len(found) <= 8 + len(hours)  # an hour has a step, and the first of all a few


@pytest.mark.parametrize("newest_first", [True, False])
async def test_steps_end_where_they_were_asked_to(mongo, newest_first):
    insert_frames(mongo, say(*range(300)))
    low, high = MINUTE - 200 * MINUTE_MS + 1, MINUTE - 7 * MINUTE_MS - 1
    found = await walk(low, high, newest_first)
    spans = sorted((step.start, step.end) for step in found)
    assert (spans[0][0], spans[-1][1]) == (low, high)
    assert all(one[1] == two[0] for one, two in zip(spans, spans[1:], strict=False))


@pytest.mark.parametrize("newest_first", [True, False])
async def test_a_full_hour_beyond_empty_ones_is_read_in_short_steps(
    mongo, monkeypatch, newest_first
):
    monkeypatch.setattr(windows, "MANY_SHEETS", 4)
    monkeypatch.setattr(windows, "FEW_SHEETS", 2)
    made = say(*range(600, 660)) + say(*[630] * 20, station="CP2")
    for record in made:  # a sheet each
        insert_frames(mongo, [record])
    found = await walk(MINUTE - 31 * DAY * MINUTE_MS, MINUTE, newest_first)
    whole = [step for step in found if step.end - step.start > MINUTE_MS]
    assert max(len(step.sheets) for step in whole) < 8
    listed = [one for step in found for sheet in step.sheets for one in sheet.ids]
    assert sorted(listed) == sorted(record.id for record in made)
    assert len(found) < 150


async def test_where_there_is_much_a_step_is_short(mongo, monkeypatch):
    monkeypatch.setattr(windows, "MANY_SHEETS", 4)
    monkeypatch.setattr(windows, "FEW_SHEETS", 2)
    insert_frames(mongo, say(*range(60)))
    found = await walk(MINUTE - HOUR_MS, MINUTE + MINUTE_MS, True)
    assert max(len(step.sheets) for step in found) <= 8


@pytest.mark.parametrize("newest_first", [True, False])
async def test_hours_without_the_station_are_left_out(mongo, newest_first):
    insert_frames(mongo, [*say(*range(0, 10 * DAY, 30)), *say(9 * DAY, 200, station="CP2")])
    low, high = MINUTE - 11 * DAY * MINUTE_MS, MINUTE + MINUTE_MS
    found = await walk(low, high, newest_first, ["CP2", "CP3"])
    names = {name for step in found for sheet in step.sheets for name in sheet.names}
    assert "CP2" in names
    assert len(found) < 20


async def test_an_hour_of_before_is_looked_into_for_any_station(mongo):
    insert_frames(mongo, say(300, station="CP2"))
    mongo[store.HOURS].update_many({}, {"$unset": {LISTED: 1}})
    mongo[store.STATIONS].delete_many({})
    found = await walk(MINUTE - DAY * MINUTE_MS, MINUTE, True, ["CP2"])
    assert sum(len(step.sheets) for step in found) == 1


def test_marks_are_there_before_the_messages(mongo, monkeypatch):
    """The history looks only where a mark is; messages are in it once they are in the catalog."""
    frames = [make_record(time=1_790_000_000.0 + n * 1800) for n in range(3)]

    def died(*_):
        raise ConnectionError

    monkeypatch.setattr("messaging.keeping.storing.insert_new", died)
    with pytest.raises(ConnectionError):
        insert_frames(mongo, frames)
    assert mongo[store.MINUTES].count_documents({"dirty": {"$gt": 0}}) == 3
    hours = {int(1_790_000_000 + n * 1800) // 3600 for n in range(3)}
    assert {row["_id"] for row in mongo[store.HOURS].find()} == hours
    assert {row["_id"] for row in mongo[store.STATIONS].find()} == {f"{hour}:CP1" for hour in hours}


def test_hours_of_before_are_marked_by_the_migration(mongo):
    module = importlib.import_module("messaging.migrations.0004_mark_hours")
    minutes = [{"_id": n, "time": from_ms(n * MINUTE_MS)} for n in (1, 59, 60)]
    mongo[store.MINUTES].insert_many(minutes)
    mongo[store.HOURS].insert_one({"_id": 1, "time": from_ms(HOUR_MS), "total": 5})
    module.mark(None, SimpleNamespace(connection=SimpleNamespace(database=mongo)))
    assert [(row["_id"], row.get("total")) for row in mongo[store.HOURS].find().sort("_id")] == [
        (0, None), (1, 5),
    ]  # fmt: skip


async def test_the_log_of_before_is_listed_by_the_migration(mongo):
    """As the releases before left it: messages with indexes, marked minutes, no catalog."""
    module = importlib.import_module("messaging.migrations.0007_catalog")
    made = say(1, 1, 90, 3000)
    insert_frames(mongo, made)
    mongo[store.MESSAGES].insert_many(map(document, made))
    for name in (store.CATALOG, store.STATIONS, store.FRAMES):
        mongo[name].delete_many({})
    mongo[store.HOURS].update_many({}, {"$unset": {LISTED: 1}})
    mongo[store.MINUTES].update_many({}, {"$unset": {"dirty": 1}, "$set": {"total": 5}})
    for name in store.FORMER_INDEXES:
        mongo[store.MESSAGES].create_index([("time", 1), (name, 1)], name=name)
    for _ in range(2):  # it may have been cut off
        module.fill(None, SimpleNamespace(connection=SimpleNamespace(database=mongo)))
    assert set(mongo[store.MESSAGES].index_information()) == {"_id_"}
    found = await walk(MINUTE - 10 * DAY * MINUTE_MS, MINUTE, False, ["CP1"])
    ids = [one for step in found for sheet in step.sheets for one in sheet.ids]
    assert ids == sorted(record.id for record in made)
    assert {row["total"] for row in mongo[store.MINUTES].find()} == {5}


def test_the_time_is_now():
    assert abs(windows.now_ms() - time.time() * 1000) < 60_000
