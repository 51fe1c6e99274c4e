"""Snapshots where a write is refused, comes again, or is under way as its station is deleted."""

import asyncio
import socket

import pytest
import redis
from pymongo.errors import BulkWriteError

from chargepoint.effects import URGENT
from stations.state import keys, snapshots
from stations.state.snapshot_writer import SnapshotWriter
from stations.state.stamps import make_stamp, pack_state
from stations.worker import clock
from stations.worker.clock import Clock
from stations.worker.fleet import following
from tests.messaging.refusing import NOT_ALLOWED, OUT_OF_DISK, first, refusing
from tests.stations.fleet.conftest import until
from tests.stations.fleet.test_snapshots import Source, running, stamp_in, write, writer  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


# --- MongoDB refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", [OUT_OF_DISK, NOT_ALLOWED])
def test_a_state_that_mongodb_refused_stays_to_be_synced(store, monkeypatch, code):
    write(Source("CP-1"), Source("CP-2"))
    real = snapshots.state_collection()
    with refusing(real.database, real.name, first(code)) as full, monkeypatch.context() as patch:
        patch.setattr(snapshots, "state_collection", lambda: full[real.name])
        with pytest.raises(BulkWriteError):
            snapshots.sync_dirty()
    assert store.smembers(keys.dirty_key()) == {b"CP-1", b"CP-2"}
    assert snapshots.sync_dirty()["lag"] == 0
    assert {made["_id"] for made in real.find()} == {"CP-1", "CP-2"}


def test_a_snapshot_that_is_synced_again_is_stale_and_changes_nothing(store):
    write(Source("CP-1"))
    values = snapshots.read_chunk(["CP-1"])
    assert snapshots.write_chunk(values) == (1, 0)
    assert snapshots.write_chunk(values) == (0, 1)


def test_while_redis_is_away_the_last_synced_state_is_shown(store, monkeypatch):
    write(Source("CP-1"))
    snapshots.sync_dirty()
    with socket.socket() as taken:  # bound and not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        nobody = redis.Redis(host="127.0.0.1", port=taken.getsockname()[1])
    monkeypatch.setattr(snapshots, "redis_client", lambda: nobody)
    found = snapshots.read_states_sync(["CP-1", "CP-2"])
    assert found["CP-1"]["identity"] == "CP-1"
    assert found["CP-2"] is None


# --- the writer ----------------------------------------------------------------------------------


async def test_a_state_that_is_there_already_is_not_written_again(writer, store):  # noqa: F811
    source = Source("CP-1")
    value = pack_state(make_stamp(1, 1), {"identity": "CP-1", "saved": {}})
    source.packed_state = lambda: value
    await writer.write([source])
    store.delete(keys.dirty_key())
    await writer.write([source])
    assert (writer.written, writer.refused) == (1, 0)
    assert store.smembers(keys.dirty_key()) == set()


async def test_what_waits_is_not_written_of_a_station_that_was_deleted(running, store):  # noqa: F811
    gone, other = Source("CP-1"), Source("CP-2")
    running.changed(gone, URGENT)
    await running.forget([gone])
    running.changed(other, URGENT)
    await until(lambda: stamp_in(store, "CP-2"))
    assert stamp_in(store, "CP-1") == ""


async def test_a_write_under_way_is_waited_for_before_the_state_is_deleted(
    running,  # noqa: F811
    store,
    monkeypatch,
):
    source, write_now, let_go = Source("CP-1"), running.write, asyncio.Event()

    async def slow(sources, **how):
        await let_go.wait()
        await write_now(sources, **how)

    monkeypatch.setattr(running, "write", slow)
    running.changed(source, URGENT)
    await until(lambda: running.owes)
    forgetting = asyncio.create_task(running.forget([source]))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not forgetting.done()
    let_go.set()
    await forgetting
    store.delete(keys.state_key("CP-1"))
    await until(lambda: not running.owes)
    assert stamp_in(store, "CP-1") == ""


# --- stamps and clocks ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "lease", "expected"),
    [
        (0, 5, 5),  # never run
        (4, 5, 5),  # of the owner before
        (5, 5, 6),  # started again under the same lease
        (9, 5, 10),  # of a clock that was wrong
    ],
)
def test_every_start_has_an_epoch_above_all_that_were(last, lease, expected):
    assert following(last, lease) == expected
    assert make_stamp(following(last, lease), 0) > make_stamp(last, 999_999_999)


def test_the_time_of_a_worker_never_runs_back(monkeypatch):
    made = Clock()
    before, host = made.now(), clock.time.time
    for ahead in (-3600.0, 0.0, 3600.0, -3600.0):
        monkeypatch.setattr(clock.time, "time", lambda ahead=ahead: host() + ahead)
        made.follow_wall_clock()
        assert made.now() >= before
        before = made.now()
    assert before - host() == pytest.approx(0.0, abs=60)  # an hour that did not pass


def test_the_writer_owes_nothing_at_first(aredis):
    assert not SnapshotWriter(aredis, list).owes
