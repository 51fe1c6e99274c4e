"""News of sessions in progress: bundles, what is read of them, and what folding makes of them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from pymongo.errors import BulkWriteError

from messaging.keeping import ending, session_storing, store
from messaging.keeping.folding import fold, fold_bundles
from messaging.keeping.storing import store_batch
from messaging.queries import sessions
from messaging.records import REV_BITS, SessionRecord, id_at
from tests.messaging.conftest import batch_of, series
from tests.messaging.refusing import OUT_OF_DISK, first, refusing
from tests.messaging.test_storing import session

LATER = timedelta(minutes=10)
AT = 0.0  # a minute before the test


@pytest.fixture(autouse=True)
def a_minute_ago(monkeypatch):
    # Not at import: the tests before may take longer than news are looked for.
    monkeypatch.setitem(globals(), "AT", time.time() - 60)


def told(rev: int, run: int = 1, at: float | None = None, **changes) -> SessionRecord:
    return SessionRecord(
        f"{id_at(AT if at is None else at)}{rev:08x}", session(rev, **changes), run
    )


def tell(mongo, *records: SessionRecord) -> None:
    store_batch(mongo, batch_of(records))


def document(mongo, name: str = "s1") -> dict:
    return mongo[store.TRANSACTIONS].find_one({"_id": name})


def energies(mongo, name: str = "s1") -> list[int]:
    return [sample["energy_wh"] for sample in series(mongo, name)]


async def read(name: str = "s1") -> tuple[dict, list[dict]]:
    try:
        return await sessions.read_one(store.async_database(), name)
    finally:
        await store.close_async()


def test_progress_is_one_document_a_batch_and_no_update(mongo):
    tell(mongo, told(1), told(1, id="s2"))
    tell(mongo, told(2), told(2, id="s2"))
    assert mongo[store.NEWS].count_documents({}) == 2
    assert mongo[store.SAMPLES].count_documents({}) == 0
    assert document(mongo)["energy_wh"] == 10


async def test_a_session_in_progress_is_read_as_of_its_newest_reading(mongo):
    tell(mongo, told(1))
    tell(mongo, told(2), told(3))
    made, samples = await read()
    assert (made["energy_wh"], made["rev"]) == (30, (1 << REV_BITS) + 3)
    assert [sample["energy_wh"] for sample in samples] == [10, 20, 30]
    page, _ = await sessions.read_page(store.async_database(), {"state": "active"})
    await store.close_async()
    assert [row["energy_wh"] for row in page] == [30]


@pytest.mark.parametrize(
    "change",
    [
        {"transaction_id": "18"},
        {"state": "ended", "ended": 1_764_000_009.0, "meter_stop": 20, "reason": "Local"},
        {"run": 2},
    ],
    ids=["number", "end", "resumed"],
)
def test_what_is_more_than_progress_is_in_the_document_at_once(mongo, change):
    tell(mongo, told(1))
    tell(mongo, told(2, **change))
    assert document(mongo)["rev"] == (change.get("run", 1) << REV_BITS) + 2
    assert document(mongo)["energy_wh"] == 20


def test_another_process_writes_a_session_once(mongo):
    tell(mongo, told(1))
    session_storing.forget()
    tell(mongo, told(2))
    assert document(mongo)["energy_wh"] == 20


def test_what_was_not_written_is_not_known_to_be(mongo):
    with refusing(mongo, store.TRANSACTIONS, first(OUT_OF_DISK)) as full:
        with pytest.raises(BulkWriteError):
            tell(full, told(1))
    tell(mongo, told(1))
    assert document(mongo)["energy_wh"] == 10


def test_a_batch_that_comes_twice_and_one_that_overlaps_add_no_reading(mongo):
    for records in ([told(1), told(2)], [told(1), told(2)], [told(2), told(3)]):
        tell(mongo, *records)
    assert mongo[store.NEWS].count_documents({}) == 2
    assert energies(mongo) == [10, 20, 30]


def test_folding_puts_readings_and_progress_in_their_places(mongo):
    tell(mongo, told(1), told(1, id="s2"))
    tell(mongo, told(2), told(3, id="s2"))
    assert fold(mongo, datetime.now(UTC)) == 0  # too young
    assert fold(mongo, datetime.now(UTC) + LATER) == 2
    assert mongo[store.NEWS].count_documents({}) == 0
    assert mongo[store.SAMPLES].count_documents({}) == 2
    assert (document(mongo)["energy_wh"], document(mongo, "s2")["energy_wh"]) == (20, 30)
    assert (energies(mongo), energies(mongo, "s2")) == ([10, 20], [10, 30])


def test_folding_changes_no_session_that_has_ended_since(mongo):
    tell(mongo, told(1), told(2))
    end = {"state": "ended", "ended": 1_764_000_009.0, "meter_stop": 25, "energy_wh": 25}
    tell(mongo, told(3, sample=None, **end))
    before = document(mongo)
    fold(mongo, datetime.now(UTC) + LATER)
    assert document(mongo) == before
    assert energies(mongo) == [10, 20]


def test_a_fold_that_died_half_way_is_done_again(mongo):
    tell(mongo, told(1), told(2))
    bundles = list(mongo[store.NEWS].find())
    fold_bundles(mongo, bundles)
    mongo[store.NEWS].insert_many(bundles)  # as if it had died before it deleted them
    tell(mongo, told(3))
    fold(mongo, datetime.now(UTC) + LATER)
    assert energies(mongo) == [10, 20, 30]
    assert document(mongo)["energy_wh"] == 30


def test_a_document_that_went_away_comes_back_with_its_news(mongo):
    tell(mongo, told(1))
    mongo[store.TRANSACTIONS].delete_many({})
    tell(mongo, told(2))
    fold(mongo, datetime.now(UTC) + LATER)
    assert document(mongo)["energy_wh"] == 20


def test_what_was_left_for_hours_is_found_by_the_first_run(mongo):
    long_ago = AT - 30 * 3600
    tell(mongo, told(1, at=long_ago))
    assert fold(mongo, datetime.now(UTC)) == 0
    assert fold(mongo, datetime.now(UTC), all_hours=True) == 1


def test_news_that_do_not_fit_cost_no_other(mongo, caplog):
    tell(mongo, told(1), told(1, id="bad", meter_start=2**63), told(1, id="s3"))
    assert "bad" in caplog.text
    fold(mongo, datetime.now(UTC) + LATER)
    assert {made["session"] for made in mongo[store.SAMPLES].find()} >= {"s1", "s3"}
    assert mongo[store.NEWS].count_documents({}) == 0


async def test_a_session_that_nobody_ends_ends_where_its_meter_was_told_to_be(mongo):
    tell(mongo, told(1))
    tell(mongo, told(2))
    [open_one] = ending.active_sessions(mongo)
    assert ending.end_session(mongo, open_one, "Lost", open_one["rev"] + 1, time.time())
    assert document(mongo)["meter_stop"] == 20
    assert list(ending.active_sessions(mongo)) == []


def test_readings_of_before_are_read(mongo):
    mongo[store.TRANSACTIONS].insert_one(
        {"_id": "s1", "rev": 1, "state": "active", "samples": [{"t": 1.0, "energy_wh": 1}]}
    )
    mongo[store.SAMPLES].insert_one(
        {"_id": "s1:2.0", "session": "s1", "sample": {"t": 2.0, "energy_wh": 2}}
    )
    tell(mongo, told(3))
    fold(mongo, datetime.now(UTC) + LATER)
    tell(mongo, told(4))
    assert energies(mongo) == [1, 2, 30, 40]


def test_a_bundle_is_smaller_than_what_it_tells(mongo):
    batch = batch_of([told(1, id=f"s{number}") for number in range(200)])
    store_batch(mongo, batch)
    [bundle] = mongo[store.NEWS].find()
    assert len(bundle["records"]) < len(batch) / 5
