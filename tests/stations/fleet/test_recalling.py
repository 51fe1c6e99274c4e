"""What a worker takes from the journals: the newest states, of its own shards' stations alone."""

from __future__ import annotations

import json

import pytest

from messaging.journals.journal import Journal
from messaging.records import StateRecord, encode
from stations.models import Station
from stations.orders.commands import shard_of
from stations.orders.sharding import Share
from stations.state import keys
from stations.state.stamps import make_stamp, pack_state
from stations.worker import recalling
from tests.messaging.conftest import make_record

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = [f"CP-{number}" for number in range(12)]


def state(name: str, epoch: int, version: int) -> bytes:
    return pack_state(make_stamp(epoch, version), {"identity": name, "version": version})


def left(root, owner: str, *rows: tuple[str, int, int]) -> None:
    """A dead worker's journal with these states in it, (station, epoch, version), and a frame."""
    journal = Journal(root, owner)
    for row in rows:
        journal.append_kept(encode(StateRecord(row[0], state(*row))), [])
        uid = f"0123456789-{row[2]}"
        call = json.dumps([2, uid, "NotifyEvent", {"eventData": [{"eventId": row[2]}]}])
        journal.append(
            encode(make_record(station=row[0], action="NotifyEvent", uid=uid, text=call))
        )
    journal.close(empty=False)


@pytest.fixture
def stations(transactional_db, store):
    for name in NAMES:
        Station.objects.create(identity=name, csms_url="ws://127.0.0.1:9/")
    return store


def test_only_stations_of_the_shards_that_were_taken_are_recalled(stations, tmp_path):
    left(tmp_path, "dead", *((name, 5, 1) for name in NAMES))
    shard = shard_of(NAMES[0])
    ours = {name for name in NAMES if shard_of(name) == shard}
    assert 0 < len(ours) < len(NAMES)
    assert set(recalling.recall(tmp_path, Share({shard}))) == ours
    assert {name for name in NAMES if stations.exists(keys.state_key(name))} == ours
    assert stations.smembers(keys.dirty_key()) == {name.encode() for name in ours}


@pytest.mark.parametrize("owners", ["ab", "ba"])
def test_of_several_journals_the_newest_state_counts_whichever_is_read_last(
    stations, tmp_path, owners
):
    name = NAMES[0]
    left(tmp_path, owners[0], (name, 6, 1), (name, 6, 2))
    left(tmp_path, owners[1], (name, 5, 8), (name, 5, 9))
    said = recalling.recall(tmp_path, Share({shard_of(name)}))
    assert stations.get(keys.state_key(name)) == state(name, 6, 2)
    assert said[name].event_id == 9


def test_a_newer_state_in_redis_stays(stations, tmp_path):
    name = NAMES[0]
    stations.set(keys.state_key(name), state(name, 7, 1))
    left(tmp_path, "dead", (name, 6, 5))
    recalling.recall(tmp_path, Share({shard_of(name)}))
    assert stations.get(keys.state_key(name)) == state(name, 7, 1)


def test_a_station_that_was_deleted_gets_no_state(stations, tmp_path):
    name = NAMES[0]
    Station.objects.filter(identity=name).delete()
    left(tmp_path, "dead", (name, 5, 1))
    recalling.recall(tmp_path, Share({shard_of(name)}))
    assert not stations.exists(keys.state_key(name))
