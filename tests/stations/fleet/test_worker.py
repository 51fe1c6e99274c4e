"""A whole worker in this process: real Redis, real SecantusDB, real sockets to a small CSMS."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from bson import Binary
from channels.layers import channel_layers

from chargepoint.effects import URGENT
from stations import keys, snapshots
from stations.commands import CommandFailed, notify_changed, send_command, send_commands, shard_of
from stations.models import Station
from stations.stamps import make_stamp, pack_state, split_stamp, unpack_state
from stations.worker import Worker, WorkerOptions
from tests.stations.fleet.conftest import KeptFrames, until
from tests.stations.fleet.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

OPTIONS = WorkerOptions(reconcile_every=15.0, lease_ms=1000, tend_every=0.1)


class RunningWorker:
    """A worker with its task; `kill` ends it as kill -9 would, without a word to anybody."""

    def __init__(self, options: WorkerOptions = OPTIONS) -> None:
        self.kept = KeptFrames()
        self.worker = Worker(self.kept, options)
        self.task = asyncio.create_task(self.worker.run())

    async def stop(self) -> None:
        self.worker.stop()
        async with asyncio.timeout(15):
            await self.task

    async def kill(self) -> None:
        async def no_goodbye(tasks):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        worker = self.worker
        worker._leave = no_goodbye
        for shard in list(worker._listeners):
            await worker._deafen(shard)
        worker.stop()
        await self.task
        for station in worker.fleet.running.values():
            if station.dialer.transport is not None:
                station.dialer.transport.disconnect(False)
                station.dialer.transport = None
        worker.host.deadlines.close()
        await worker.queue.close()
        await worker.redis.aclose()
        worker.database.shutdown()

    def running(self, identity: str):
        station = self.worker.fleet.running.get(identity)
        return station and station.consumer.station


@pytest.fixture
async def sink():
    async with Sink() as sink:
        yield sink


@pytest.fixture
async def layers():
    """Channel layers keep connections of the loop they were used on."""
    yield
    for layer in channel_layers.backends.values():
        await layer.close_pools() if hasattr(layer, "close_pools") else await layer.flush()
    channel_layers.backends.clear()


@pytest.fixture
async def worker(transactional_db, store, layers, sink):
    running = RunningWorker()
    yield running
    if not running.task.done():
        await running.stop()


in_database = sync_to_async


@sync_to_async
def configure(sink: Sink, *identities: str, **fields) -> None:
    values = {"csms_url": sink.url, "running": True, "serial": "S-1"} | fields
    for identity in identities:
        Station.objects.create(identity=identity, **values)


@sync_to_async
def stored_state(identity: str) -> dict | None:
    return snapshots.state_collection().find_one(identity)


def hot_state(store, identity: str) -> dict | None:
    value = store.get(keys.state_key(identity))
    return unpack_state(value)[1] if value else None


def stamp_of(store, identity: str) -> str:
    return store.getrange(keys.state_key(identity), 0, 24).decode()


async def charging(worker: RunningWorker, sink: Sink, identity: str) -> None:
    """Bring a station up and start a transaction on it."""
    await until(lambda: sink.connections and worker.running(identity).registration == "Accepted")
    await send_command(identity, "start-transaction", {"connector": 1, "id_tag": "TAG"})
    await until(lambda: "StartTransaction" in sink.connections[-1].actions())
    await until(lambda: worker.running(identity).snapshot()["connectors"][0]["transaction"])


# --- a station end to end ----------------------------------------------------------------------


async def test_a_configured_station_boots_and_its_state_can_be_read(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: sink.connections)
    await until(lambda: "StatusNotification" in sink.connections[0].actions())
    await until(lambda: (hot_state(store, "CP-1") or {}).get("registration") == "Accepted")
    state = (await snapshots.read_states(["CP-1"]))["CP-1"]
    assert state["connected"] and state["link"]["state"] == "open"
    assert {station for station, _, _ in worker.kept.frames} == {"CP-1"}
    run = worker.kept.frames[0][1]
    assert run == worker.worker.leases.held[shard_of("CP-1")]


async def test_a_change_notice_that_was_lost_is_made_up_for(transactional_db, store, layers, sink):
    worker = RunningWorker(WorkerOptions(reconcile_every=0.3, lease_ms=1000, tend_every=0.1))
    await until(lambda: worker.worker.leases.held)
    await configure(sink, "CP-1")
    await until(lambda: sink.connections)
    await worker.stop()


async def test_hot_reload_changes_the_running_station(worker, sink):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: sink.connections)

    def edit(**fields):
        station = Station.objects.get(identity="CP-1")
        for name, value in fields.items():
            setattr(station, name, value)
        station.save()

    await in_database(edit)(boot_delay=7)
    await notify_changed(["CP-1"])
    await until(lambda: worker.running("CP-1").config.boot_delay == 7)
    assert len(sink.connections) == 1
    async with Sink() as other:
        await in_database(edit)(csms_url=other.url)
        await notify_changed(["CP-1"])
        await until(lambda: other.connections)
        await until(lambda: not sink.live())


async def test_another_version_is_another_station(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: sink.connections)
    first = worker.running("CP-1")

    def edit():
        station = Station.objects.get(identity="CP-1")
        station.ocpp_version = "2.0.1"
        station.save()

    sink.subprotocol = "ocpp2.0.1"
    await in_database(edit)()
    await notify_changed(["CP-1"])
    await until(lambda: worker.running("CP-1") not in (None, first))
    await until(lambda: len(sink.connections) == 2)
    assert worker.running("CP-1").config.version == "2.0.1"
    # The last write of the one that stopped does not stand in the way of the new one's.
    await until(lambda: hot_state(store, "CP-1")["ocpp"] == "2.0.1")
    await until(lambda: hot_state(store, "CP-1")["connected"])


async def test_stop_and_start_by_command_are_kept(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: sink.connections)
    assert await send_command("CP-1", "stop") == {"running": False}
    await until(lambda: not sink.live())
    await until(lambda: worker.running("CP-1") is None)
    assert not (await Station.objects.aget(identity="CP-1")).running
    await until(lambda: not hot_state(store, "CP-1")["connected"])
    await send_command("CP-1", "start")
    await until(lambda: len(sink.connections) == 2)
    assert (await Station.objects.aget(identity="CP-1")).running


async def test_a_deleted_station_stops_and_its_state_goes(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: hot_state(store, "CP-1"))
    await Station.objects.all().adelete()
    await notify_changed(["CP-1"])
    await until(lambda: worker.running("CP-1") is None)
    await until(lambda: not store.exists(keys.state_key("CP-1")))
    await asyncio.sleep(0.2)
    assert not store.exists(keys.state_key("CP-1"))


async def test_a_station_made_anew_under_the_same_name_starts_afresh(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await charging(worker, sink, "CP-1")
    await until(lambda: hot_state(store, "CP-1")["connectors"][0]["transaction"])
    await Station.objects.all().adelete()
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: len(sink.connections) == 2)
    await until(lambda: "BootNotification" in sink.connections[1].actions())
    assert worker.running("CP-1").snapshot()["connectors"][0]["transaction"] is None
    await until(lambda: (hot_state(store, "CP-1") or {}).get("registration") == "Accepted")


# --- commands ----------------------------------------------------------------------------------


async def test_commands_answer_or_say_why_not(worker, sink):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: worker.running("CP-1"))
    assert (await send_command("CP-1", "state"))["identity"] == "CP-1"
    with pytest.raises(CommandFailed) as failed:
        await send_command("CP-1", "no-such-thing")
    assert failed.value.code == "unknown_command"
    with pytest.raises(CommandFailed) as failed:
        await send_command("CP-404", "state")
    assert failed.value.code == "not_running"


async def test_commands_to_many_stations_answer_for_each(worker, sink):
    names = [f"CP-{n}" for n in range(20)]
    await configure(sink, *names)
    await notify_changed(names)
    await until(lambda: len(worker.worker.fleet.running) == 20)
    answers = await send_commands([*names, "CP-404"], "plug", {"connector": 1})
    assert all("result" in answers[name] for name in names)
    assert answers["CP-404"]["error"]["code"] == "not_running"


async def test_disconnect_and_connect_by_command(worker, sink):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: sink.connections)
    await send_command("CP-1", "disconnect")
    await until(lambda: not sink.live())
    assert (await Station.objects.aget(identity="CP-1")).running
    await send_command("CP-1", "connect")
    await until(lambda: len(sink.connections) == 2)


async def test_without_a_worker_a_command_fails_at_once(store, layers):
    with pytest.raises(CommandFailed) as failed:
        await send_command("CP-1", "state", timeout=5)
    assert failed.value.code == "no_worker"


# --- stopping, dying, taking over --------------------------------------------------------------


async def test_an_orderly_stop_leaves_everything_written(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await charging(worker, sink, "CP-1")
    await worker.stop()
    state = hot_state(store, "CP-1")
    assert state["connected"] is False and state["connectors"][0]["transaction"]
    assert not sink.live()
    assert store.keys(f"{keys.lease_prefix()}*") == []
    assert store.hlen(keys.workers_key()) == 0


async def test_takeover_after_a_kill_resumes_the_transaction(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await charging(worker, sink, "CP-1")
    await until(lambda: hot_state(store, "CP-1")["connectors"][0]["transaction"])
    epoch = worker.worker.leases.held[shard_of("CP-1")]
    await worker.kill()
    heir = RunningWorker()
    await until(lambda: heir.running("CP-1"), 10)
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
    await until(lambda: len(second.worker.leases.held) == 4, 10)
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
    await until(lambda: len(worker.worker.fleet.running) == 16, 10)


async def test_a_worker_that_was_frozen_gives_way(worker, sink, store):
    """Its leases lapsed and were taken while it did not run; it must not write any more."""
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: hot_state(store, "CP-1"))
    shard = shard_of("CP-1")
    store.set(f"{keys.lease_prefix()}{shard}", "other:9999999999999", px=60_000)
    store.hset(keys.epochs_key(), shard, 9999999999999)
    await until(lambda: worker.running("CP-1") is None)
    await until(lambda: not sink.live())
    assert shard not in worker.worker.leases.held
    assert worker.kept.forgotten == ["CP-1"]


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
    store.set(f"{keys.lease_prefix()}{shard}", "other:9999999999999", px=60_000)
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


async def test_emptied_redis_is_filled_again(worker, sink, store):
    names = [f"CP-{n}" for n in range(10)]
    await configure(sink, *names)
    await notify_changed(names)
    await until(lambda: all(hot_state(store, name) for name in names))
    store.flushdb()
    await until(lambda: all(hot_state(store, name) for name in names))
    assert store.scard(keys.dirty_key()) == 10
    assert len(sink.connections) == 10


async def test_restart_within_an_epoch_goes_on_counting_stamps(worker, sink, store):
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
    assert stamps == sorted(set(stamps)) and len({epoch for epoch, _ in stamps}) == 1
    assert worker.worker.host.snapshots.refused == 0


async def test_a_station_that_cannot_run_does_not_keep_others_from_running(worker, sink):
    await configure(sink, "CP-bad", ocpp_version="9.9")
    await configure(sink, "CP-1")
    await notify_changed(["CP-bad", "CP-1"])
    await until(lambda: sink.connections)
    assert worker.running("CP-bad") is None


async def test_vitals_are_told(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: store.hlen(keys.workers_key()))
    await until(lambda: b'"connected":1' in store.hvals(keys.workers_key())[0])


async def test_stations_keep_running_while_redis_is_away(
    transactional_db, layers, sink, own_redis, settings, monkeypatch
):
    monkeypatch.setattr(snapshots, "_client", None)
    settings.REDIS_URL = own_redis.url
    host = {"address": own_redis.url, "socket_timeout": 30}
    workers = dict(settings.CHANNEL_LAYERS["workers"])
    workers["CONFIG"] = workers["CONFIG"] | {"hosts": [host]}
    settings.CHANNEL_LAYERS = settings.CHANNEL_LAYERS | {"workers": workers}
    names = [f"CP-{n}" for n in range(20)]
    await configure(sink, *names)
    worker = RunningWorker()
    await until(lambda: sum("BootNotification" in c.actions() for c in sink.live()) == 20, 10)
    held = dict(worker.worker.leases.held)

    own_redis.stop()
    await asyncio.sleep(1.5)  # longer than a lease
    for connection in sink.live():
        connection.send('[2,"while-away","ClearCache",{}]')
    await until(lambda: all(c.received[-1][:2] == [3, "while-away"] for c in sink.live()))
    own_redis.start()

    client = snapshots.redis_client()
    await until(lambda: client.scard(keys.dirty_key()) == 20, 10)
    await until(lambda: client.hlen(keys.workers_key()) == 1, 10)
    assert worker.worker.leases.held == held
    assert len(sink.connections) == 20  # not one of them dialed again
    state = await send_command("CP-3", "state")
    assert state["connected"]
    await worker.stop()


async def test_last_states_go_to_mongo_if_redis_is_away_at_the_stop(
    transactional_db, layers, sink, own_redis, settings, monkeypatch
):
    monkeypatch.setattr(snapshots, "_client", None)
    monkeypatch.setattr("stations.worker.FINAL_WRITE_PATIENCE", 1.0)
    settings.REDIS_URL = own_redis.url
    await configure(sink, "CP-1")
    worker = RunningWorker()
    await until(lambda: worker.running("CP-1") and sink.connections)
    await until(lambda: worker.running("CP-1").registration == "Accepted")
    own_redis.stop()
    await worker.stop()
    assert (await stored_state("CP-1"))["connected"] is False
