"""Pages of charging sessions: each session once, whatever began in the same millisecond."""

from __future__ import annotations

import random
import time

import pytest
from django.db import connections
from pymongo.asynchronous.collection import AsyncCollection

from messaging.keeping import store
from messaging.queries import sessions, windows
from messaging.records import when

BASE = 1_764_000_000.0


def fill(mongo, starts: list[float]) -> None:
    mongo[store.TRANSACTIONS].insert_many(
        {"_id": f"s{number:02d}", "station": "CP1", "state": "ended", "started": when(start)}
        for number, start in enumerate(starts)
    )


async def all_pages(limit: int, match: dict | None = None, **span: int) -> list[list[str]]:
    pages, cursor = [], ""
    while True:
        found, cursor = await sessions.read_page(
            store.async_database(), match or {}, limit=limit, cursor=cursor, **span
        )
        pages.append([made["_id"] for made in found])
        if cursor is None:
            return pages


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 10])
async def test_every_session_is_on_one_page(mongo, limit):
    assert connections["default"].settings_dict["NAME"] == mongo.name
    fill(mongo, [BASE, BASE, BASE, BASE + 0.001, BASE - 90 * 86_400, BASE - 90 * 86_400])
    pages = await all_pages(limit)
    listed = [identity for page in pages for identity in page]
    assert listed == ["s03", "s02", "s01", "s00", "s05", "s04"]
    assert all(len(page) == limit for page in pages[:-2])
    await store.close_async()


def generated(seed: int) -> list[dict]:
    """Sessions in heaps: many in a second, some in one millisecond, and silence between."""
    draw = random.Random(seed)
    made, moment = [], time.time()
    while len(made) < 400:
        moment -= draw.choice((0.001, 0.5, 40, 4000, 90_000)) * draw.uniform(0.5, 2)
        for _ in range(draw.choice((1, 1, 2, 30))):
            started = moment - draw.choice((0, 0, 0.001, 0.7))
            made.append({
                "_id": f"s{draw.randrange(10**9):09d}.{len(made)}", "rev": 1,
                "station": f"CP{draw.randrange(70)}", "id_tag": f"T{draw.randrange(3)}",
                "state": draw.choice(("active", "ended", "ended")), "started": when(started),
            })  # fmt: skip
    return made


def fits(made: dict, match: dict) -> bool:
    return all(
        made[name] in wanted["$in"] if isinstance(wanted, dict) else made[name] == wanted
        for name, wanted in match.items()
    )


def place(made: dict) -> tuple[int, str]:
    return windows.to_ms(made["started"]), made["_id"]


@pytest.mark.parametrize("seed", range(3))
async def test_pages_are_those_of_a_plain_sort(mongo, seed):
    made = generated(seed)
    mongo[store.TRANSACTIONS].insert_many(made)
    ordered = sorted(made, key=place, reverse=True)
    low, high = place(ordered[300])[0], place(ordered[20])[0]
    matches = [
        {}, {"state": "active"}, {"id_tag": "T1"}, {"state": "ended", "id_tag": "T2"},
        {"station": "CP7"}, {"station": "CP8", "state": "ended"}, {"station": {"$in": []}},
        {"station": {"$in": ["CP1", "CP2", "none"]}, "state": "ended"},
        {"station": {"$in": [f"CP{number}" for number in range(60)]}},
    ]  # fmt: skip
    for match in matches:
        for span in ({}, {"low": low}, {"low": low, "high": high}):
            wanted = [
                one["_id"] for one in ordered
                if fits(one, match) and span.get("low", 0) <= place(one)[0]
                and place(one)[0] < span.get("high", 1e15)
            ]  # fmt: skip
            pages = await all_pages(random.Random(seed).choice((17, 40, 150)), match, **span)
            assert [name for page in pages for name in page] == wanted, (match, span)
    await store.close_async()


async def test_a_cursor_of_what_is_out_of_the_span_is_no_way_around_it(mongo):
    fill(mongo, [BASE, BASE + 1, BASE + 2])
    db = store.async_database()
    low, high = int(BASE * 1000) + 500, int(BASE * 1000) + 1500
    page, _ = await sessions.read_page(db, {}, low=low, high=high, cursor=f"{high + 9000}.z")
    assert [made["_id"] for made in page] == ["s01"]
    page, _ = await sessions.read_page(db, {}, low=low, high=high, cursor=f"{low - 9000}.z")
    assert page == []
    await store.close_async()


class Rows:
    """A cursor of what is there."""

    def __init__(self, found: list[dict]):
        self.found = found

    async def to_list(self) -> list[dict]:
        return self.found


@pytest.fixture
def given(monkeypatch) -> list[int]:
    """How many documents each aggregation gives out."""
    numbers: list[int] = []
    real = AsyncCollection.aggregate

    async def watched(self, *arguments, **options):
        found = await (await real(self, *arguments, **options)).to_list()
        numbers.append(len(found))
        return Rows(found)

    monkeypatch.setattr(AsyncCollection, "aggregate", watched)
    return numbers


async def test_a_page_takes_no_more_than_it_shows_out_of_the_store(mongo, given):
    """5,000 that began within two minutes, as after a start of a fleet."""
    began = time.time() - 900
    mongo[store.TRANSACTIONS].insert_many(
        {"_id": f"s{number:04d}", "rev": 1, "station": f"CP{number}", "state": "active",
         "started": when(began + number * 0.024)}
        for number in range(5000)
    )  # fmt: skip
    cursor = ""
    for number in range(3):
        page, cursor = await sessions.read_page(
            store.async_database(), {"state": "active"}, cursor=cursor
        )
        assert [made["_id"] for made in page][::49] == [
            f"s{4999 - number * 50:04d}", f"s{4950 - number * 50:04d}",
        ]  # fmt: skip
        assert sum(given) <= 51
        given.clear()
    await store.close_async()


async def test_of_many_stations_no_more_time_is_looked_at_than_has_a_page(mongo, given):
    """A session every minute of the last ten hours."""
    began = time.time() - 30
    mongo[store.TRANSACTIONS].insert_many(
        {"_id": f"s{number}", "rev": 1, "station": f"CP{number}", "state": "ended",
         "started": when(began - number * 60)}
        for number in range(600)
    )  # fmt: skip
    names = [f"CP{number}" for number in range(0, 600, 2)]
    page, _ = await sessions.read_page(
        store.async_database(), {"station": {"$in": names}}, limit=10
    )
    assert [made["_id"] for made in page] == [f"s{number}" for number in range(0, 20, 2)]
    assert 20 <= sum(given) <= 100
    await store.close_async()
