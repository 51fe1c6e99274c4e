"""Faults and the worker: by command from afar, and on over a takeover."""

import pytest

from stations.commands import CommandFailed, notify_changed, send_command
from tests.stations.fleet.conftest import until
from tests.stations.fleet.running import RunningWorker, charging, configure, hot_state

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_fault_added_from_afar_goes_on_when_another_worker_takes_over(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await charging(worker, sink, "CP-1")
    rule = await send_command(
        "CP-1", "add-fault", {"fault": "drop", "direction": "sent", "action": "Heartbeat"}
    )
    await until(lambda: (hot_state(store, "CP-1").get("faults") or {}).get("frames") == [rule])
    await worker.kill()
    second = RunningWorker()
    try:
        await until(lambda: second.running("CP-1"))
        assert (await send_command("CP-1", "faults"))["frames"] == [rule]
    finally:
        await second.stop()


async def test_a_station_without_power_does_not_dial_at_its_next_worker(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await charging(worker, sink, "CP-1")
    await send_command("CP-1", "power-cut", {})
    await until(lambda: (hot_state(store, "CP-1").get("faults") or {}).get("power") == "off")
    await worker.kill()
    second = RunningWorker()
    try:
        await until(lambda: second.running("CP-1"))
        assert second.running("CP-1").dark
        with pytest.raises(CommandFailed, match="no power"):
            await send_command("CP-1", "connect")
        assert len(sink.connections) == 1
        state = await send_command("CP-1", "state")
        assert state["link"]["error"] == "the station has no power"
        await send_command("CP-1", "power-on")
        await until(lambda: len(sink.connections) == 2)
        await until(lambda: "StopTransaction" in sink.connections[1].actions())
        assert sink.connections[1].actions()[0] == "BootNotification"
    finally:
        await second.stop()
