"""A whole worker: real Redis, real SecantusDB, real sockets to a small CSMS."""

import asyncio
import time

import pytest

from stations.models import Station
from stations.orders.commands import (
    CommandFailed,
    notify_changed,
    send_command,
    send_commands,
    shard_of,
)
from stations.state import keys, snapshots
from stations.worker.worker import WorkerOptions
from tests.stations.fleet.conftest import until
from tests.stations.fleet.running import (
    RunningWorker,
    charging,
    configure,
    hot_state,
    in_database,
)
from tests.stations.fleet.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)


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
        # To the other CSMS it is a stranger (1.6, 4.2).
        await until(lambda: len(other.connections[0].received) > 1)
        actions = [frame[2] for frame in other.connections[0].received]
        assert actions[:2] == ["BootNotification", "StatusNotification"]
        boots = [f for c in sink.connections for f in c.received if f[2] == "BootNotification"]
        assert len(boots) == 1  # none on the link that closed


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


async def test_a_new_version_goes_on_with_the_meter_and_ends_what_was_open(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await charging(worker, sink, "CP-1")
    first = worker.running("CP-1")
    await until(lambda: first.snapshot() and first.connectors[1].sample(time.time()).energy_wh > 0)

    def edit():
        station = Station.objects.get(identity="CP-1")
        station.ocpp_version = "2.0.1"
        station.save()

    sink.subprotocol = "ocpp2.0.1"
    await in_database(edit)()
    await notify_changed(["CP-1"])
    await until(lambda: worker.running("CP-1") not in (None, first))
    assert worker.running("CP-1").connectors[1].meter_wh == first.connectors[1].meter_wh > 0
    last = worker.kept.sessions[-1]
    assert (last["ocpp"], last["state"], last["reason"]) == ("1.6", "ended", "Other")


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


async def test_the_transaction_of_a_deleted_station_ends_in_the_record(worker, sink):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await charging(worker, sink, "CP-1")
    await Station.objects.all().adelete()
    await notify_changed(["CP-1"])
    await until(lambda: worker.kept.sessions[-1]["state"] == "ended")
    last = worker.kept.sessions[-1]
    assert last["reason"] == "Station deleted"
    assert last["ended"] >= last["started"]
    assert last["rev"] > max(update["rev"] for update in worker.kept.sessions[:-1])


async def test_a_station_made_anew_under_the_same_name_starts_afresh(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await charging(worker, sink, "CP-1")
    await until(lambda: (s := hot_state(store, "CP-1")) and s["connectors"][0]["transaction"])
    await Station.objects.all().adelete()
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: len(sink.connections) == 2)
    await until(lambda: "BootNotification" in sink.connections[1].actions())
    assert worker.running("CP-1").snapshot()["connectors"][0]["transaction"] is None
    await until(lambda: (hot_state(store, "CP-1") or {}).get("registration") == "Accepted")


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


async def test_a_station_that_cannot_run_does_not_keep_others_from_running(
    worker, sink, monkeypatch
):
    await configure(sink, "CP-bad", ocpp_version="9.9")
    await configure(sink, "CP-1")
    await notify_changed(["CP-bad", "CP-1"])
    await until(lambda: sink.connections)
    assert worker.running("CP-bad") is None
    worker.worker._reconcile_soon()  # health is told how many should run, and since when fewer do
    await until(lambda: worker.worker.reconciler.wanted == 2)
    vitals = worker.worker.vitals
    assert vitals.measure(time.time())["missing_for"] == 0
    monkeypatch.setattr(vitals, "_missing_since", time.monotonic() - 70)
    assert vitals.measure(time.time())["missing_for"] >= 70


async def test_vitals_are_told(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: store.hlen(keys.workers_key()))
    await until(lambda: b'"connected":1' in store.hvals(keys.workers_key())[0])
