"""Storing batches: once is the same as twice, and one bad record does not take others along."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from celery.exceptions import Reject
from django.db import connections
from hypothesis import given, settings
from hypothesis import strategies as st
from pymongo.errors import AutoReconnect

from messaging import tasks
from messaging.journals.log_queue import enqueue_with_celery
from messaging.keeping import frames, marks, session_storing, store
from messaging.keeping.counting import count
from messaging.keeping.folding import fold
from messaging.keeping.storing import store_batch
from messaging.records import SessionRecord, encode, frame_payload
from messaging.tasks import store_messages
from tests.messaging.conftest import batch_of, make_record, series

ROOT = Path(__file__).resolve().parents[2]


def test_a_frame_becomes_the_documented_document(mongo):
    record = make_record(kind="CallResult", direction="received", latency=0.0421234, text='[3,"ü"]')
    store_messages.apply((batch_of([record]),), throw=True)
    [stored] = frames.documents(mongo)
    assert stored.pop("time") == datetime.fromtimestamp(int(record.id[:14], 16) / 1e6, UTC)
    assert stored == {
        "_id": record.id,
        "station": "CP1",
        "run": 1,
        "seq": record.seq,
        "direction": "received",
        "kind": "CallResult",
        "action": "Heartbeat",
        "uid": record.uid,
        "text": '[3,"ü"]',
        "latency": 42.123,
        "error": "",
        "bytes": 8,
    }


def test_a_batch_twice_is_a_batch_once(mongo):
    batch = batch_of([make_record() for _ in range(20)])
    assert store_batch(mongo, batch) == 20
    assert store_batch(mongo, batch) == 0
    assert frames.amount(mongo) == len(list(frames.documents(mongo))) == 20
    count(mongo, time.time())
    assert sum(minute["total"] for minute in mongo[store.MINUTES].find()) == 20


def test_what_comes_again_with_others_is_there_once(mongo):
    records = [make_record() for _ in range(10)]
    store_batch(mongo, batch_of(records[:6]))
    assert store_batch(mongo, batch_of(records[3:])) == 7
    assert sorted(m["_id"] for m in frames.documents(mongo)) == [r.id for r in records]
    count(mongo, time.time())
    assert sum(minute["total"] for minute in mongo[store.MINUTES].find()) == 10


@pytest.mark.parametrize(
    "poison",
    [
        {"text": "x" * 17_000_000},
        {"run": 2**63},
        {"action": "null \x00 inside"},
    ],
)
def test_a_record_that_does_not_fit_is_stored_as_far_as_it_does(mongo, poison):
    records = [make_record(), make_record(**poison), make_record()]
    assert store_batch(mongo, batch_of(records)) == 3
    assert {made["_id"] for made in frames.documents(mongo)} == {record.id for record in records}


def test_a_payload_that_is_no_record_is_left_out(mongo, caplog):
    batch = (
        batch_of([make_record()]) + frame_payload(b"\x93\x01\x02\x03") + batch_of([make_record()])
    )
    assert store_batch(mongo, batch) == 2
    assert "cannot be read" in caplog.text


def test_a_field_of_a_wrong_type_is_made_to_fit(mongo):
    odd = make_record(uid=17, action=None, text=b"\xff binary", run="x")
    assert store_batch(mongo, batch_of([odd, make_record()])) == 2
    [made] = frames.documents(mongo, {"id": odd.id})
    assert (made["uid"], made["action"], made["text"], made["run"]) == (
        "17", "None", "\ufffd binary", 0,
    )  # fmt: skip


def test_minutes_count_by_kind_action_and_error(mongo):
    store_batch(
        mongo,
        batch_of(
            [
                make_record(),
                make_record(direction="received", kind="CallResult", latency=0.5),
                make_record(direction="received", kind="CallError", error="FormatViolation"),
                make_record(action="$where.evil"),
            ]
        ),
    )
    count(mongo, time.time())
    (minute,) = mongo[store.MINUTES].find()
    assert minute["total"] == 4
    assert (minute["sent"], minute["received"], minute["errors"]) == (2, 2, 1)
    assert minute["actions"] == {"Heartbeat": 1, "other": 1}
    assert minute["codes"] == {"FormatViolation": 1}
    assert minute["latency_ms"] == 500


def session(rev, **changes):
    update = {
        "id": "s1", "rev": rev, "station": "CP1", "connector": 1, "evse": 1, "ocpp": "1.6",
        "transaction_id": "17", "id_tag": "TAG", "started": 1_764_000_000.5, "meter_start": 0,
        "ended": None, "meter_stop": None, "reason": None, "energy_wh": rev * 10,
        "state": "active", "sample": {"t": 1_764_000_000.0 + rev, "energy_wh": rev * 10},
    }  # fmt: skip
    return {**update, **changes}


def sessions_batch(updates):
    return batch_of(SessionRecord("0" * 22, update) for update in updates)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_session_ends_the_same_in_whatever_order_its_updates_come(data):
    database = store.database().client["messaging_sessions"]
    session_storing.forget()
    marks.forget()
    updates = [session(rev) for rev in range(1, 6)]
    updates.append(session(6, state="ended", ended=1_764_000_009.0, meter_stop=60, sample=None))
    order = data.draw(st.permutations(updates + updates[:3]))
    cut = data.draw(st.integers(0, len(order)))
    try:
        for part in (order[:cut], order[cut:]):
            if part:
                store_batch(database, sessions_batch(part))
        (made,) = database.transactions.find()
        samples = series(database, "s1")
        fold(database, datetime.now(UTC), all_hours=True)
        (folded,) = database.transactions.find()
        assert folded == made
        assert series(database, "s1") == samples
        assert database[store.NEWS].count_documents({}) == 0
    finally:
        database.client.drop_database("messaging_sessions")
    assert made["rev"] == 6
    assert made["state"] == "ended"
    assert made["meter_stop"] == 60
    assert made["started"] == datetime(2025, 11, 24, 16, 0, 0, 500000, UTC)
    assert [sample["energy_wh"] for sample in samples] == [10, 20, 30, 40, 50]
    assert "samples" not in made


def test_a_later_run_counts_for_more_whatever_its_numbers(mongo, caplog):
    """A crash turned `rev` back: the station was resumed from a state of before."""
    run = 1_764_000_000_000
    last = session(9)
    end = session(3, state="ended", ended=1_764_000_009.0, meter_stop=95, sample=None)
    store_batch(mongo, batch_of([SessionRecord("0" * 22, last, run)]))
    store_batch(mongo, batch_of([SessionRecord("0" * 22, end, run)]))
    assert mongo.transactions.find_one()["state"] == "active"
    assert "ends of 1 sessions were refused" in caplog.text
    store_batch(mongo, batch_of([SessionRecord("0" * 22, end, run + 1)]))
    (made,) = mongo.transactions.find()
    assert (made["state"], made["meter_stop"]) == ("ended", 95)


def test_a_batch_that_comes_twice_is_no_refusal(mongo, caplog):
    end = session(3, state="ended", ended=1_764_000_009.0, meter_stop=95, sample=None)
    for _ in range(2):
        store_batch(mongo, sessions_batch([session(2), end]))
    store_batch(mongo, sessions_batch([session(1)]))
    assert "refused" not in caplog.text


def test_a_session_that_does_not_fit_does_not_stop_the_others(mongo, caplog):
    updates = [session(1), session(1, id="s2", meter_start=2**63), session(1, id="s3")]
    store_batch(mongo, sessions_batch(updates))
    assert {made["_id"] for made in mongo.transactions.find()} >= {"s1", "s3"}
    assert "s2" in caplog.text


def test_while_mongodb_is_away_the_batch_goes_back_to_the_queue(mongo, monkeypatch):
    pauses = []
    monkeypatch.setattr(tasks, "time", SimpleNamespace(sleep=pauses.append))
    monkeypatch.setattr(tasks, "_failures", 0)

    def away(*_):
        raise AutoReconnect("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "store_batch", away)
        for _ in range(8):
            with pytest.raises(Reject) as refusal:
                store_messages.run(b"")
            assert refusal.value.requeue
    assert pauses[0] < pauses[2] < pauses[4]
    assert max(pauses) <= tasks.BACKOFF_MOST * 1.25
    assert store_messages.run(batch_of([make_record()])) == 1


def start_worker(name: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "emulator", "worker", "-P", "prefork", "-c", "1",
         "-Q", "messages", "-n", f"{name}@test", "--loglevel", "warning"],
        cwd=ROOT,
        env={**os.environ, "MONGODB_NAME": connections["default"].settings_dict["NAME"]},
    )  # fmt: skip


@pytest.mark.slow
def test_a_real_worker_stores_what_is_enqueued(mongo):
    record = make_record()
    worker = start_worker("one")
    try:
        enqueue_with_celery(batch_of([record]))
        limit = time.monotonic() + 40
        while not list(frames.documents(mongo, {"id": record.id})):
            assert time.monotonic() < limit, "the worker did not store the batch"
            assert worker.poll() is None
            time.sleep(0.1)
    finally:
        worker.terminate()
        worker.wait(20)


def test_encoding_is_stable_for_replay():
    record = make_record()
    assert encode(record) == encode(record)
