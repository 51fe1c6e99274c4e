"""Sessions whose station will not tell their end."""

import time

import pytest

from messaging.keeping import store
from messaging.keeping.storing import store_batch
from messaging.records import REV_BITS, SessionRecord, encode, frame_payload
from stations.configuration import changes
from stations.models import Station
from stations.state import closing, snapshots
from stations.state.stamps import make_stamp, pack_state

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sessions():
    """The collection `transactions`, empty."""
    snapshots.redis_client().flushdb()
    collection = store.database()[store.TRANSACTIONS]
    collection.delete_many({})
    yield collection
    collection.delete_many({})


def tell(identity: str, run: int, rev: int = 1, **changed) -> None:
    update = {
        "id": f"session-of-{identity}", "rev": rev, "station": identity, "connector": 1, "evse": 1,
        "ocpp": "1.6", "transaction_id": "17", "id_tag": "TAG", "started": time.time() - 60,
        "meter_start": 100, "ended": None, "meter_stop": None, "reason": None, "energy_wh": 50,
        "state": "active", "sample": None,
    }  # fmt: skip
    record = SessionRecord("0" * 22, {**update, **changed}, run)
    store_batch(store.database(), frame_payload(encode(record)))


def configure(*identities: str) -> None:
    for identity in identities:
        Station.objects.create(identity=identity, csms_url="ws://nowhere", serial="S-1")


def has_state(identity: str, epoch: int) -> None:
    value = pack_state(make_stamp(epoch, 1), {"saved": {}})
    snapshots.write_if_newer({identity: value})


def test_the_session_of_a_deleted_station_ends(sessions):
    configure("GONE-1", "STAYS-1")
    run = int(time.time() * 1000)
    tell("GONE-1", run)
    tell("STAYS-1", run)
    changes.delete(["GONE-1"])
    tell("GONE-1", run, rev=2)  # its worker has not heard of it yet
    gone = sessions.find_one({"station": "GONE-1"})
    assert (gone["state"], gone["reason"], gone["meter_stop"]) == ("ended", "Station deleted", 150)
    assert gone["ended"] >= gone["started"]
    assert sessions.find_one({"station": "STAYS-1"})["state"] == "active"


def test_what_is_told_of_a_deleted_station_too_late_is_ended_in_turn(sessions):
    """Its worker was dead, and its journal was replayed after the deletion."""
    tell("GONE-2", 5)
    assert closing.close_lost() == {"deleted": 1, "lost": 0}
    assert sessions.find_one()["reason"] == "Station deleted"


def test_a_session_that_the_state_of_its_station_does_not_know_ends(sessions):
    configure("KNOWS-1", "KNOWS-2")
    long_ago = int((time.time() - 3600) * 1000)
    tell("KNOWS-1", long_ago - 1)
    tell("KNOWS-2", long_ago)
    for identity in ("KNOWS-1", "KNOWS-2"):
        has_state(identity, long_ago)
    assert closing.close_lost() == {"deleted": 0, "lost": 1}
    lost = sessions.find_one({"station": "KNOWS-1"})
    assert (lost["state"], lost["reason"]) == ("ended", "Lost in a crash")
    assert sessions.find_one({"station": "KNOWS-2"})["state"] == "active"
    # It was told of again all the same, and only the log was very late.
    tell("KNOWS-1", long_ago)
    assert sessions.find_one({"station": "KNOWS-1"})["state"] == "active"


def test_a_station_that_was_just_resumed_is_given_time_to_tell(sessions):
    configure("KNOWS-3")
    just_so = int(time.time() * 1000)
    tell("KNOWS-3", just_so - 10_000)
    has_state("KNOWS-3", just_so)
    assert closing.close_lost() == {"deleted": 0, "lost": 0}


def test_the_end_that_a_worker_tells_counts_over_one_that_was_guessed(sessions):
    run = int(time.time() * 1000)
    tell("GUESS-1", run)
    [session] = list(closing.ending.active_sessions(store.database(), ["GUESS-1"]))
    assert session["rev"] == (run << REV_BITS) + 1
    moved = {**session, "held": session["held"] - 1}
    assert not closing.ending.end_session(store.database(), moved, "x", 0, time.time())
