"""What is counted beside the log: answers by how long they took, failures by station."""

from __future__ import annotations

import time

import pytest

from benchmarks.processes import free_port
from messaging.keeping import tallies
from messaging.keeping.storing import store_batch
from tests.messaging.conftest import batch_of, make_record


@pytest.fixture(autouse=True)
def own_prefix(settings):
    settings.REDIS_PREFIX = f"test-tallies-{time.monotonic_ns()}:"
    client = tallies.client()
    yield
    for key in client.scan_iter(f"{settings.REDIS_PREFIX}*"):
        client.delete(key)


NOW = time.time()
MINUTE = int(NOW) // 60


def answer(milliseconds: float, **more) -> object:
    values = {"kind": "CallResult", "direction": "received", "time": NOW}
    return make_record(**values | {"latency": milliseconds / 1000} | more)


def test_answers_are_counted_by_action_and_bucket_once_however_often_a_batch_comes(mongo):
    records = [
        answer(0.4), answer(1), answer(1.01), answer(99_999),
        answer(30, action="BootNotification"), answer(5, action="a.b|c"),
        answer(5, direction="sent"),  # of the station, to the CSMS
        make_record(time=NOW),
    ]  # fmt: skip
    for _ in range(2):
        store_batch(mongo, batch_of(records))
    assert tallies.latencies_of([MINUTE]) == {
        MINUTE: {
            "Heartbeat": {"0": 2, "1": 1, "28": 1}, "BootNotification": {"8": 1}, "other": {"3": 1},
        }
    }  # fmt: skip
    assert tallies.take_touched() == [MINUTE] and tallies.take_touched() == []


def test_failures_are_counted_by_station_and_code_and_a_name_may_have_anything(mongo):
    strange = "CP|1|ä\n"
    records = [
        make_record(time=NOW, station=strange, kind="Note", direction="",
                    error="Timeout: no answer to Heartbeat in 30 s"),
        make_record(time=NOW, station=strange, kind="CallError", direction="received",
                    error="NotSupported: because"),
        make_record(time=NOW, station="CP2", kind="CallError", direction="sent", error="x|y"),
        make_record(time=NOW, station="CP2", kind="Invalid", direction="received"),
        make_record(time=NOW - 7200, station="CP2", error="Timeout"),  # too old to be counted
    ]  # fmt: skip
    store_batch(mongo, batch_of(records))
    assert tallies.failures_of(range(MINUTE - 130, MINUTE + 1)) == {
        strange: {tallies.NO_ANSWER: 1, "received NotSupported": 1},
        "CP2": {"sent other": 1, "Invalid": 1},
    }


def test_a_minute_has_room_for_so_much_and_goes_after_an_hour(mongo, monkeypatch):
    monkeypatch.setattr(tallies, "MOST_FIELDS", 3)
    names = [f"CP{number}" for number in range(9)]
    for _ in range(2):
        records = [make_record(time=NOW, station=name, error="Timeout") for name in names]
        store_batch(mongo, batch_of(records))
    found = tallies.failures_of([MINUTE])
    assert len(found) == 3 and {codes["Timeout"] for codes in found.values()} == {2}
    assert 0 < tallies.client().ttl(tallies.failures_key(MINUTE)) <= tallies.KEPT


def test_a_batch_is_stored_while_redis_is_away(mongo, settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    assert store_batch(mongo, batch_of([answer(3), answer(4)])) == 2


@pytest.mark.parametrize(
    ("buckets", "share", "wanted"),
    [
        ({}, 0.5, None),
        ({"0": 10}, 0.5, 0.5),
        ({"3": 100}, 0.5, 4.0),  # from 3 to 5 ms
        ({"3": 100}, 0.95, 4.9),
        ({"3": 90, "10": 10}, 0.95, 60.0),  # from 50 to 70 ms, the middle of those ten
        ({"28": 5}, 0.95, 60_000.0),  # has no end: the last bound
    ],
)
def test_a_percentile_lies_evenly_in_its_bucket(buckets, share, wanted):
    assert tallies.percentile(buckets, share) == wanted
