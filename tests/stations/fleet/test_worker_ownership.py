"""Who runs a station when workers stop, die, freeze, come back and hand over."""

import asyncio

import pytest
from bson import Binary

from chargepoint.effects import URGENT
from stations.orders.commands import notify_changed, send_command, shard_of
from stations.state import keys, snapshots
from stations.state.stamps import make_stamp, pack_state, split_stamp, unpack_state
from tests.stations.fleet.conftest import until
from tests.stations.fleet.running import (
    RunningWorker,
    charging,
    configure,
    hot_state,
    in_database,
    stamp_of,
    stored_state,
)

pytestmark = pytest.mark.django_db(transaction=True)


async def test_an_orderly_stop_leaves_everything_written(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await charging(worker, sink, "CP-1")
    await worker.stop()
    state = hot_state(store, "CP-1")
    assert state["connected"] is False and state["connectors"][0]["transaction"]
    assert not sink.live()
    leases = [store.get(key) for key in store.keys(f"{keys.lease_prefix()}*")]
    assert leases and all(lease.startswith(b":") for lease in leases)  # free for anybody at once
    assert store.hlen(keys.workers_key()) == 0


async def test_takeover_after_a_kill_resumes_the_transaction(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await charging(worker, sink, "CP-1")
    await until(lambda: (s := hot_state(store, "CP-1")) and s["connectors"][0]["transaction"])
    epoch = worker.worker.leases.held[shard_of("CP-1")]
    await worker.kill()
    heir = RunningWorker()
    await until(lambda: heir.running("CP-1"))
    await until(lambda: len(sink.live()) == 1)
    assert heir.running("CP-1").snapshot()["connectors"][0]["transaction"]
    assert heir.worker.leases.held[shard_of("CP-1")] > epoch
    await heir.stop()


async def test_two_workers_share_and_the_second_hands_back(worker, sink):
    names = [f"CP-{n}" for n in range(16)]
    await configure(sink, *names)
    await notify_changed(names)
    await until(lambda: len(worker.worker.fleet.running) == 16)
    second = RunningWorker()
    await until(lambda: len(second.worker.leases.held) == 4)
    await until(
        lambda: (
            len(second.worker.fleet.running) + len(worker.worker.fleet.running) == 16
            and len(sink.live()) == 16
        ),
        10,
    )
    both = set(second.worker.fleet.running) & set(worker.worker.fleet.running)
    assert both == set() and second.worker.fleet.running
    await second.stop()
    await until(lambda: len(worker.worker.fleet.running) == 16)


async def test_a_worker_that_was_frozen_gives_way(worker, sink, store):
    """Its leases lapsed and were taken while it did not run; it must not write any more."""
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: hot_state(store, "CP-1"))
    shard = shard_of("CP-1")
    store.set(f"{keys.lease_prefix()}{shard}", "other:9999999999999")
    store.hset(keys.epochs_key(), shard, 9999999999999)
    await until(lambda: worker.running("CP-1") is None)
    await until(lambda: not sink.live())
    assert shard not in worker.worker.leases.held


async def test_a_refused_snapshot_makes_way_for_the_newer_state(worker, sink, store):
    """The lease is ours all the same, so the station starts again from what is there."""
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: (hot_state(store, "CP-1") or {}).get("registration") == "Accepted")
    beyond = make_stamp(9999999999999, 5)
    store.set(keys.state_key("CP-1"), pack_state(beyond, hot_state(store, "CP-1")))
    first = worker.running("CP-1")
    await send_command("CP-1", "plug", {"connector": 1})
    await until(lambda: worker.running("CP-1") not in (None, first))
    await until(lambda: stamp_of(store, "CP-1") > beyond)
    await until(lambda: len(sink.connections) == 2 and len(sink.live()) == 1)


async def test_a_refused_snapshot_starts_nothing_while_another_has_the_shard(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: (hot_state(store, "CP-1") or {}).get("registration") == "Accepted")
    shard = shard_of("CP-1")
    store.set(f"{keys.lease_prefix()}{shard}", "other:9999999999999")
    store.hset(keys.epochs_key(), shard, 9999999999999)
    newer = pack_state(make_stamp(9999999999999, 1), hot_state(store, "CP-1"))
    store.set(keys.state_key("CP-1"), newer)
    worker.worker.host.snapshots.changed(worker.worker.fleet.running["CP-1"].consumer, URGENT)
    await until(lambda: worker.running("CP-1") is None)
    await notify_changed(["CP-1"])
    await asyncio.sleep(0.5)
    assert worker.running("CP-1") is None and sink.live() == []
    assert store.get(keys.state_key("CP-1")) == newer


async def test_stamps_from_beyond_the_leases_epoch_are_followed(worker, sink, store):
    """A clock was a century fast, and Redis has lost the epochs since."""
    beyond = make_stamp(5_000_000_000_000, 3)
    document = {"_id": "CP-1", "stamp": beyond, "ocpp": "2.0.1", "saved": Binary(b"\xc0")}
    await in_database(lambda: snapshots.state_collection().insert_one(document))()
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: (hot_state(store, "CP-1") or {}).get("registration") == "Accepted")
    assert stamp_of(store, "CP-1") > beyond
    await in_database(snapshots.sync_dirty)()
    assert (await stored_state("CP-1"))["registration"] == "Accepted"


async def test_each_start_under_a_lease_has_an_epoch_of_its_own(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: hot_state(store, "CP-1"))
    stamps = []
    for _ in range(3):
        await send_command("CP-1", "stop")
        await until(lambda: worker.running("CP-1") is None)
        await send_command("CP-1", "start")
        await until(lambda: worker.running("CP-1"))
        await until(lambda: hot_state(store, "CP-1")["connected"])
        stamps.append(split_stamp(unpack_state(store.get(keys.state_key("CP-1")))[0]))
    assert stamps == sorted(set(stamps)) and len({epoch for epoch, _ in stamps}) == 3
    numbers = [(run, frame.unique_id) for _, run, frame in worker.kept.frames]
    assert {run for run, _ in numbers} >= {epoch for epoch, _ in stamps}
    assert worker.worker.host.snapshots.refused == 0
