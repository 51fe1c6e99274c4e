"""The charge point as a Channels consumer, without any network."""

import json

import pytest
from channels.testing import WebsocketCommunicator

from chargepoint.config import StationConfig
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import SOON, URGENT
from chargepoint.versions import make_station
from stations.state.stamps import split_stamp, unpack_state
from stations.worker.clock import Clock, Deadlines
from stations.worker.consumers import ChargePointConsumer, Host
from tests.stations.fleet.conftest import PATIENCE
from tests.stations.fleet.sink import Sink


class Noted:
    """Keeps the urgencies that were asked for."""

    def __init__(self) -> None:
        self.urgencies: list[str] = []

    def changed(self, source: object, urgency: str) -> None:
        self.urgencies.append(urgency)


@pytest.fixture
async def consumer(kept):
    clock = Clock()
    host = Host(clock, Deadlines(clock), kept, Noted())
    station = make_station(StationConfig("CP-1", "1.6"), None, clock.now())
    return ChargePointConsumer(station, host, epoch=9)


@pytest.fixture
async def csms(consumer):
    """A Channels communicator in the CSMS's place, connected and past the boot."""
    communicator = WebsocketCommunicator(consumer, "/ocpp/CP-1", subprotocols=["ocpp1.6"])
    assert await communicator.connect() == (True, "ocpp1.6")
    _, unique_id, action, _ = json.loads(await communicator.receive_from())
    assert action == "BootNotification"
    answer = Sink().answer("BootNotification")
    await communicator.send_to(json.dumps([3, unique_id, answer]))
    yield communicator
    await communicator.disconnect()


async def until_answer(csms, unique_id: str) -> list:
    """Answer the station's own Calls until it answers ours."""
    while True:
        message = json.loads(await csms.receive_from())
        if message[0] == 2:
            await csms.send_to(json.dumps([3, message[1], Sink().answer(message[2])]))
        elif message[1] == unique_id:
            return message


async def test_a_call_is_answered(csms):
    await csms.send_to(json.dumps([2, "m-1", "ClearCache", {}]))
    assert (await until_answer(csms, "m-1"))[0] == 3


async def test_every_frame_is_recorded_with_the_run(csms, kept):
    await csms.send_to(json.dumps([2, "m-1", "ClearCache", {}]))
    await until_answer(csms, "m-1")
    assert {(station, run) for station, run, _ in kept.frames} == {("CP-1", 9)}
    directions = [frame.direction for _, _, frame in kept.frames[:2]]
    assert directions == ["sent", "received"]


async def test_the_record_comes_before_the_frame(consumer, kept):
    order = []
    kept.record = lambda *record: order.append("record")

    class OrderedLink:
        def carry(self, event):
            order.append(event["type"])

        def ping_every(self, seconds): ...

        def describe(self):
            return {}

    consumer.link = OrderedLink()
    consumer.handle({"type": "websocket.connect"}, {"subprotocols": ["ocpp1.6"]})
    assert order[:3] == ["websocket.accept", "record", "websocket.send"]


async def test_no_common_subprotocol_is_refused(consumer, kept):
    communicator = WebsocketCommunicator(consumer, "/ocpp/CP-1", subprotocols=["ocpp2.0.1"])
    assert await communicator.connect() == (False, 1002)
    await communicator.disconnect()
    assert kept.frames == []


async def test_a_binary_message_is_recorded_and_ignored(csms, kept):
    await csms.send_to(bytes_data=b"\x01\x02")
    await csms.send_to(json.dumps([2, "m-1", "ClearCache", {}]))
    await until_answer(csms, "m-1")
    assert [frame.kind for _, _, frame in kept.frames].count("Invalid") == 1


async def test_unknown_events_are_an_error(consumer):
    with pytest.raises(ValueError, match="websocket.strange"):
        consumer.handle({"type": "websocket.strange"})


async def test_disconnect_reaches_the_station(consumer):
    communicator = WebsocketCommunicator(consumer, "/", subprotocols=["ocpp1.6"])
    await communicator.connect()
    assert consumer.station.connected
    await communicator.disconnect()
    assert not consumer.station.connected and consumer.link is None


async def test_changes_are_announced_with_their_urgency(csms, consumer):
    assert SOON in consumer.host.snapshots.urgencies
    consumer.power_off()
    assert consumer.host.snapshots.urgencies[-1] == URGENT


async def test_each_snapshot_has_a_stamp_of_its_own(consumer):
    first, state = unpack_state(consumer.packed_state())
    second, _ = unpack_state(consumer.packed_state())
    assert (split_stamp(first), split_stamp(second)) == ((9, 1), (9, 2))
    again = make_station(consumer.station.config, state["saved"], consumer.host.clock.now())
    assert again.snapshot()["saved"] == state["saved"]


async def test_a_command_is_carried_out_or_refused(consumer):
    assert isinstance(consumer.command("plug", {"connector": 1}), dict)
    with pytest.raises(CommandRejected):
        consumer.command("no-such-command", {})


async def test_heartbeats_come_by_the_stations_deadline(consumer, kept):
    communicator = WebsocketCommunicator(consumer, "/", subprotocols=["ocpp1.6"])
    await communicator.connect()
    _, unique_id, _, _ = json.loads(await communicator.receive_from())
    answer = Sink().answer("BootNotification") | {"interval": 1}
    await communicator.send_to(json.dumps([3, unique_id, answer]))
    seen = []
    while "Heartbeat" not in seen:
        _, unique_id, action, _ = json.loads(await communicator.receive_from(timeout=PATIENCE))
        seen.append(action)
        await communicator.send_to(json.dumps([3, unique_id, Sink().answer(action)]))
    await communicator.disconnect()
    assert consumer.armed is None
