"""Where pages, pairs and deletions are cut: in the middle of a millisecond, an id, a minute."""

from __future__ import annotations

import pytest

from messaging.keeping import store
from messaging.keeping.retention import prune
from messaging.keeping.storing import store_batch
from messaging.queries.history import Wanted, pair_among, read_page
from messaging.queries.windows import MINUTE_MS, now_ms
from messaging.records import when
from tests.messaging.conftest import batch_of, make_record


def of_one_millisecond(count: int) -> list:
    """Records that differ by a microsecond, of an hour ago."""
    micros = (now_ms() - 3_600_000) * 1000
    return [
        make_record(id=f"{micros + number:014x}00000001", time=micros / 1e6)
        for number in range(count)
    ]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 10])
async def test_pages_within_a_millisecond_have_each_message_once(mongo, newest_first, limit):
    records = of_one_millisecond(10)
    store_batch(mongo, batch_of(records))
    found, cursor = [], ""
    while cursor is not None:
        page = await read_page(
            store.async_database(), Wanted(), limit=limit, cursor=cursor, newest_first=newest_first
        )
        found += [made["_id"] for made in page.items]
        cursor = page.next
    ids = [record.id for record in records]
    assert found == (ids[::-1] if newest_first else ids)
    await store.close_async()


async def test_a_range_of_ids_within_a_millisecond_has_both_its_ends(mongo):
    ids = [record.id for record in of_one_millisecond(10)]
    store_batch(mongo, batch_of(make_record(id=one, time=1.0) for one in ids))
    wanted = Wanted(first_id=ids[2], last_id=ids[7])
    page = await read_page(store.async_database(), wanted, limit=100, newest_first=False)
    assert [made["_id"] for made in page.items] == ids[2:8]
    await store.close_async()


def frame(number: int, kind: str, direction: str) -> dict:
    return {"_id": f"{number:014x}", "kind": kind, "direction": direction, "uid": "7"}


def test_of_several_calls_of_one_id_each_has_the_answer_that_came_next():
    first, second = frame(1, "Call", "sent"), frame(3, "Call", "sent")
    answers = [frame(2, "CallResult", "received"), frame(4, "CallError", "received")]
    others = [first, second, *answers, frame(2, "CallResult", "sent"), frame(3, "Call", "received")]
    assert pair_among(first, others) == answers[0]
    assert pair_among(second, others) == answers[1]
    assert pair_among(answers[0], others) == first
    assert pair_among(answers[1], others) == second


async def test_a_minute_goes_when_all_of_it_is_too_old(mongo):
    minute = (now_ms() // MINUTE_MS - 60 * 24 * 10) * MINUTE_MS / 1000
    store_batch(mongo, batch_of(make_record(time=minute + at) for at in (1, 59)))
    database = store.async_database()
    assert await prune(database, when(minute + 30), 10.0) == (0, True)
    assert mongo[store.MINUTES].count_documents({}) == 1
    assert await prune(database, when(minute + 60), 10.0) == (2, True)
    assert mongo[store.FRAMES].count_documents({}) == 0
    assert mongo[store.MINUTES].count_documents({}) == 0
    await store.close_async()
