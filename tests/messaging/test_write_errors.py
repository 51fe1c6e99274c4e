"""What MongoDB refuses: a batch is stored, made fit, or given back; never dropped in silence."""

from __future__ import annotations

import pytest
from pymongo.errors import BulkWriteError

from messaging.keeping import store
from messaging.keeping.storing import store_batch
from tests.messaging.conftest import batch_of, make_record, series
from tests.messaging.refusing import NOT_ALLOWED, OUT_OF_DISK, UNFIT, first, refusing
from tests.messaging.test_storing import session, sessions_batch


def ids(mongo) -> set[str]:
    return {made["_id"] for made in mongo[store.MESSAGES].find()}


@pytest.mark.parametrize("code", [OUT_OF_DISK, NOT_ALLOWED])
def test_messages_that_were_refused_for_no_fault_of_theirs_are_given_back(mongo, code):
    records = [make_record() for _ in range(3)]
    with refusing(mongo, store.MESSAGES, first(code)) as full, pytest.raises(BulkWriteError):
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


def test_a_message_that_is_unfit_is_made_fit_and_found_among_the_failures(mongo):
    records = [make_record(), make_record(text="x" * 11_000_000), make_record()]
    seen = []

    def refuse(documents):
        seen.append(documents)
        return {n: UNFIT for n, made in enumerate(documents) if len(made["text"]) > 5_000_000}

    with refusing(mongo, store.MESSAGES, refuse) as unfit:
        assert store_batch(unfit, batch_of(records)) == 3
    assert ids(mongo) == {record.id for record in records}
    [made] = mongo[store.MESSAGES].find({"failed": True})
    assert made["_id"] == records[1].id
    assert "was changed" in made["error"]
    assert [len(documents) for documents in seen] == [3, 1]


def test_a_record_that_bson_cannot_hold_is_found_among_the_failures(mongo):
    odd = make_record(run=2**63, error="it was late")
    store_batch(mongo, batch_of([make_record(), odd]))
    [made] = mongo[store.MESSAGES].find({"failed": True})
    assert (made["_id"], made["run"]) == (odd.id, -1)
    assert made["error"].startswith("it was late; ")


def test_a_message_that_stays_unfit_is_named_and_costs_no_other(mongo, caplog):
    records = [make_record(), make_record(action="bad"), make_record()]

    def refuse(documents):
        return {n: UNFIT for n, made in enumerate(documents) if made["action"] == "bad"}

    with refusing(mongo, store.MESSAGES, refuse) as unfit:
        store_batch(unfit, batch_of(records))
    assert ids(mongo) == {records[0].id, records[2].id}
    assert records[1].id in caplog.text


def test_the_newest_update_of_a_session_counts_wherever_it_stands(mongo):
    store_batch(mongo, sessions_batch([session(3), session(1), session(2)]))
    assert mongo[store.TRANSACTIONS].find_one({"_id": "s1"})["energy_wh"] == 30
    store_batch(mongo, sessions_batch([session(2)]))
    assert mongo[store.TRANSACTIONS].find_one({"_id": "s1"})["energy_wh"] == 30
