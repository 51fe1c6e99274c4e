"""Faults and the worker: by command from afar, and on over a takeover."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from accounts.trail.acts import API, Act, enter, leave
from accounts.trail.keeping import flush, keep_later
from stations.orders.commands import CommandFailed, notify_changed, send_command
from tests.stations.fleet.conftest import PATIENCE, until
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


async def test_a_held_frame_is_edited_from_afar_and_the_csms_gets_that(worker, sink, store):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: sink.connections and worker.running("CP-1").registration == "Accepted")
    await send_command("CP-1", "add-breakpoint", {"action": "DataTransfer", "direction": "sent"})
    await send_command("CP-1", "data-transfer", {"vendor_id": "V", "data": "before"})
    [held] = await until_held("CP-1")
    assert "DataTransfer" not in sink.connections[0].actions()
    text = held["text"].replace("before", "after")
    act = Act(API, "POST", "ada", keep=keep_later)
    entered = enter(act)
    await send_command("CP-1", "release", {"id": held["id"], "text": text})
    leave(entered)
    await sync_to_async(flush)()
    await until(lambda: "DataTransfer" in sink.connections[0].actions())
    [call] = [m for m in sink.connections[0].received if m[0] == 2 and m[2] == "DataTransfer"]
    assert call[3]["data"] == "after"
    logged = [f for _, _, f in worker.kept.frames if f.action == "DataTransfer" and f.mark]
    assert ["before" in f.text for f in logged] == [True, False]
    assert [f.cause for f in logged] == ["", f"ada, API [{act.id}]"]


async def until_held(identity: str) -> list[dict]:
    async with asyncio.timeout(PATIENCE):
        while not (held := (await send_command(identity, "interception"))["held"]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return held


async def test_a_held_frame_of_a_broken_link_is_dropped_and_the_station_goes_on(
    worker, sink, store
):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: sink.connections and worker.running("CP-1").registration == "Accepted")
    await send_command("CP-1", "add-breakpoint", {"action": "DataTransfer"})
    await send_command("CP-1", "data-transfer", {"vendor_id": "V", "data": "lost"})
    await until_held("CP-1")
    sink.connections[0].kill()
    await until(lambda: len(sink.connections) == 2)
    await until(lambda: worker.running("CP-1").connected)
    assert await send_command("CP-1", "interception") == {"breakpoints": [], "held": []}
    marks = [f.mark for _, _, f in worker.kept.frames if f.action == "DataTransfer"]
    assert marks[0] == "held"
    assert marks[1].endswith("dropped: the link was lost")
