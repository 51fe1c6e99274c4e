"""Counts of minutes and hours: made of the catalog, each message once, whatever comes twice."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest

from messaging.keeping import counting, marks, store
from messaging.keeping.catalog import listed, sheet
from messaging.keeping.counting import COUNTED_AFTER, count, tally
from messaging.keeping.storing import store_batch
from messaging.names import plain as plain_name
from messaging.queries import analytics
from messaging.records import document, when
from tests.messaging.conftest import batch_of, make_record

NOW = int(time.time()) // 60 * 60.0


def totals(mongo, name: str = store.MINUTES) -> dict[int, int]:
    return {row["_id"]: row["total"] for row in mongo[name].find() if row.get("total")}


def at(age: float, **changes):
    return make_record(time=NOW - age, **changes)


def test_a_minute_is_counted_when_it_is_over_for_some_time(mongo):
    store_batch(mongo, batch_of([at(-1), at(-2), at(3600)]))
    assert count(mongo, NOW + 60 + COUNTED_AFTER - 1) == 1
    assert sum(totals(mongo).values()) == 1
    assert count(mongo, NOW + 61 + COUNTED_AFTER) == 1
    assert sum(totals(mongo).values()) == sum(totals(mongo, store.HOURS).values()) == 3
    assert count(mongo, NOW + 600) == 0


def test_what_comes_late_is_counted_with_the_rest(mongo):
    store_batch(mongo, batch_of([at(7200)]))
    count(mongo, NOW)
    late = batch_of([at(7199), at(7198)])
    store_batch(mongo, late)
    assert count(mongo, NOW) == 1
    assert sum(totals(mongo).values()) == 3
    store_batch(mongo, late)  # again: it may have died before it said so
    assert count(mongo, NOW) >= 1
    assert sum(totals(mongo).values()) == sum(totals(mongo, store.HOURS).values()) == 3


def test_what_comes_while_it_is_counted_is_counted_next_time(mongo, monkeypatch):
    store_batch(mongo, batch_of([at(7200)]))

    def late(sheets):
        counted = tally(sheets)
        monkeypatch.setattr(counting, "tally", tally)
        store_batch(mongo, batch_of([at(7199.5)]))
        return counted

    monkeypatch.setattr(counting, "tally", late)
    count(mongo, NOW)
    count(mongo, NOW)
    assert sum(totals(mongo).values()) == 2


def test_batches_that_overlap_count_once_though_each_was_taken_for_new(mongo):
    records = [at(7200 - n / 100, latency=0.5, kind="CallResult") for n in range(10)]
    store_batch(mongo, batch_of(records[:7]))
    listed = list(mongo[store.CATALOG].find())
    mongo[store.CATALOG].delete_many({})
    store_batch(mongo, batch_of(records))  # as if the two had been stored at the same moment
    mongo[store.CATALOG].insert_many(listed)
    count(mongo, NOW)
    (minute,) = mongo[store.MINUTES].find()
    assert (minute["total"], minute["latencies"], minute["latency_ms"]) == (10, 10, 5000)
    assert minute["kinds"] == {"CallResult": 10}


async def test_a_count_that_died_half_way_is_done_again(mongo, monkeypatch):
    store_batch(mongo, batch_of([at(7200)]))

    def dies(*_):
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(counting, "_count_hour", dies)
        with pytest.raises(ConnectionError):
            count(mongo, NOW)
    assert count(mongo, NOW) == 1
    assert sum(totals(mongo, store.HOURS).values()) == 1


@pytest.mark.parametrize("hours", [3, 12])
async def test_what_is_not_counted_yet_is_in_the_numbers(mongo, hours):
    end = when(NOW + 120)
    store_batch(mongo, batch_of([at(3000), at(2400)]))
    count(mongo, NOW + 600)
    store_batch(mongo, batch_of([at(3000.5), at(10), at(-30)]))
    database = store.async_database()
    rows = await analytics.counts(database, hours, end)
    assert sum(row["total"] for row in rows) == 5
    count(mongo, NOW + 600)
    rows = await analytics.counts(database, hours, end)
    await store.close_async()
    assert sum(row["total"] for row in rows) == 5


async def test_of_very_many_the_last_wait_for_the_task_and_are_told(mongo):
    end = when(NOW + 120)
    store_batch(mongo, batch_of([at(3000)]))
    count(mongo, NOW + 600)
    store_batch(mongo, batch_of([at(3000 + n / 1000) for n in range(1, 6)]))  # again dirty
    store_batch(mongo, batch_of([at(70), at(-10), at(-11), at(-12)]))
    database = store.async_database()
    rows = await analytics.counts(database, 3, end, most=4)
    assert (sum(row["total"] for row in rows), rows.uncounted) == (1, 5)
    rows = await analytics.counts(database, 3, end, most=8)
    assert (sum(row["total"] for row in rows), rows.uncounted) == (6 + 1, 3)
    rows = await analytics.counts(database, 3, end)
    assert (sum(row["total"] for row in rows), rows.uncounted) == (10, 0)
    count(mongo, NOW + 600)
    rows = await analytics.counts(database, 3, end, most=0)
    await store.close_async()
    assert (sum(row["total"] for row in rows), rows.uncounted) == (10, 0)


WORDS = {
    "direction": ("sent", "received", "other"), "kind": ("Call", "CallResult", "CallError", "Send"),
    "action": ("Heartbeat", "a.b$"), "error": ("", "", "Timeout"), "mark": ("", "edited"),
    "latency": (None, 0.0, 0.25, 1.5),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_counts_are_those_of_one_message_after_the_other(seed):
    draw = random.Random(seed)
    records = [
        at(60 + n / 1000, **{name: draw.choice(words) for name, words in WORDS.items()})
        for n in range(200)
    ]
    made = sorted(records, key=lambda one: one.id)
    lists = [draw.sample(made, draw.randrange(1, 120)) for _ in range(6)] + [made[:1], made]
    told = [document(one) for one in {one.id: one for some in lists for one in some}.values()]
    plain: Counter[str] = Counter(total=0, bytes=0)
    names: dict[str, Counter[str]] = {"kinds": Counter(), "actions": Counter(), "codes": Counter()}
    for one in told:
        plain.update({"total": 1, "bytes": one["bytes"], one["direction"]: 1})
        names["kinds"][one["kind"]] += 1
        if one.get("failed"):
            plain["errors"] += 1
            names["codes"][one["error"] or one["kind"]] += 1
        elif one["kind"] in ("Call", "Send"):
            names["actions"][plain_name(one["action"])] += 1
        elif one["latency"] is not None:
            plain.update({"latencies": 1, "latency_ms": one["latency"]})
    plain.pop("other", None)
    counted = tally(sheet(row) for some in lists for row, _ in listed(some))
    assert counted == {**plain, **{name: dict(found) for name, found in names.items() if found}}


def test_a_minute_of_before_is_counted_anew_with_what_comes(mongo):
    store_batch(mongo, batch_of([at(7200)]))
    mongo[store.MINUTES].update_many({}, {"$unset": {"dirty": 1}, "$set": {"total": 1}})
    marks.forget()  # as a process that starts
    store_batch(mongo, batch_of([at(7199.5)]))
    count(mongo, NOW)
    assert sum(totals(mongo).values()) == 2
