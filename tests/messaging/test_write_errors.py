"""What MongoDB refuses: a batch is stored, made fit, or given back; never dropped in silence."""

from __future__ import annotations

import random

import pytest
from pymongo.errors import BulkWriteError

from messaging.keeping import frames, store, storing
from messaging.keeping.storing import store_batch
from tests.messaging.conftest import batch_of, make_record, series
from tests.messaging.refusing import NOT_ALLOWED, OUT_OF_DISK, UNFIT, first, refusing
from tests.messaging.test_storing import session, sessions_batch


def ids(mongo) -> set[str]:
    return {made["_id"] for made in frames.documents(mongo)}


@pytest.mark.parametrize("name", [store.FRAMES, store.CATALOG])
@pytest.mark.parametrize("code", [OUT_OF_DISK, NOT_ALLOWED])
def test_messages_that_were_refused_for_no_fault_of_theirs_are_given_back(mongo, code, name):
    records = [make_record() for _ in range(3)]
    with refusing(mongo, name, first(code)) as full, pytest.raises(BulkWriteError):
        store_batch(full, batch_of(records))
    store_batch(mongo, batch_of(records))  # as it comes again
    assert ids(mongo) == {record.id for record in records}


@pytest.mark.parametrize("name", [store.TRANSACTIONS, store.NEWS])
def test_sessions_that_were_refused_for_no_fault_of_theirs_are_given_back(mongo, name):
    with refusing(mongo, name, first(OUT_OF_DISK)) as full, pytest.raises(BulkWriteError):
        store_batch(full, sessions_batch([session(1)]))
    store_batch(mongo, sessions_batch([session(1)]))
    assert mongo[store.TRANSACTIONS].find_one({"_id": "s1"})["rev"] == 1
    assert len(series(mongo, "s1")) == 1


def test_a_session_that_is_unfit_costs_no_other(mongo):
    def refuse(writes):
        return {n: UNFIT for n, w in enumerate(writes) if w["q"]["_id"] == "bad"}

    with refusing(mongo, store.TRANSACTIONS, refuse) as unfit:
        store_batch(unfit, sessions_batch([session(1), session(1, id="bad"), session(1, id="s3")]))
    assert {made["_id"] for made in mongo[store.TRANSACTIONS].find()} == {"s1", "s3"}


def test_a_message_that_is_too_long_is_cut_and_found_among_the_failures(mongo):
    long = make_record(text="x" * 11_000_000, error="it was late")
    records = [make_record(), long, make_record()]
    assert store_batch(mongo, batch_of(records)) == 3
    assert ids(mongo) == {record.id for record in records}
    [made] = [each for each in frames.documents(mongo) if each.get("failed")]
    assert made["_id"] == records[1].id and len(made["text"]) == storing.LONGEST_TEXT
    assert made["error"] == "it was late; the record did not fit MongoDB and was changed"


def test_long_messages_are_kept_in_documents_that_mongodb_takes(mongo):
    chance = random.Random(7)
    texts = ["".join(chance.choices("0123456789ßéü€", k=3_000_000)) for _ in range(4)]
    records = [make_record(text=text) for text in texts]
    assert store_batch(mongo, batch_of(records)) == 4
    assert {made["text"] for made in frames.documents(mongo)} == set(texts)
    assert mongo[store.FRAMES].count_documents({}) == 4


def test_a_number_that_bson_cannot_hold_is_kept_as_it_is(mongo):
    odd = make_record(run=2**63)
    store_batch(mongo, batch_of([make_record(), odd]))
    [made] = frames.documents(mongo, {"id": odd.id})
    assert made["run"] == 2**63


def test_the_newest_update_of_a_session_counts_wherever_it_stands(mongo):
    store_batch(mongo, sessions_batch([session(3), session(1), session(2)]))
    assert mongo[store.TRANSACTIONS].find_one({"_id": "s1"})["energy_wh"] == 30
    store_batch(mongo, sessions_batch([session(2)]))
    assert mongo[store.TRANSACTIONS].find_one({"_id": "s1"})["energy_wh"] == 30
