"""Faults on a real link: what the CSMS at the other end of the socket sees of them."""

import asyncio
import contextlib
import json

import pytest
import websockets

from chargepoint.core.commands import CommandRejected
from stations.link.dialer import LinkState
from stations.link.targets import DialTarget
from tests.chargepoint.inside import block
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import back, booted
from tests.stations.fleet.sink import Sink


async def settled(station, sink):
    """Past the boot and the statuses that follow it."""
    connection = await booted(sink)
    await until(lambda: connection.actions().count("StatusNotification") == 2)
    await until(lambda: station.consumer.station.calls.flight is None)
    return connection


def command(station, name, **args):
    return station.consumer.command(name, args)


def marked(kept, mark):
    return [frame for _, _, frame in kept.frames if mark in frame.mark and frame.kind != "Note"]


def data_transfer(station, text):
    command(station, "data-transfer", vendor_id="V", data=text)


def transfers(connection):
    return [m[3]["data"] for m in connection.received if m[:1] == [2] and m[2] == "DataTransfer"]


async def test_a_dropped_frame_is_not_on_the_wire_but_in_the_log(station, sink, kept):
    station.connect()
    connection = await settled(station, sink)
    command(station, "add-fault", fault="drop", direction="sent", action="DataTransfer", count=1)
    data_transfer(station, "lost")
    assert [frame.text for frame in marked(kept, "dropped")]
    connection.send('[2,"m-1","ClearCache",{}]')
    await until(lambda: any(m[1] == "m-1" for m in connection.received))
    assert transfers(connection) == []


async def test_a_duplicate_is_twice_on_the_wire(station, sink, kept):
    station.connect()
    connection = await settled(station, sink)
    command(station, "add-fault", fault="duplicate", action="DataTransfer", kind="Call")
    data_transfer(station, "twice")
    await until(lambda: transfers(connection) == ["twice", "twice"])
    assert len(marked(kept, "duplicate")) == 1


async def test_reordered_answers_are_seen_in_the_other_order(station, sink, kept):
    station.connect()
    connection = await settled(station, sink)
    command(station, "add-fault", fault="reorder", direction="sent", kind="CallResult", count=1)
    for number in (1, 2):
        connection.send(json.dumps([2, f"m-{number}", "ClearCache", {}]))
    await until(lambda: any(m[1] == "m-1" for m in connection.received))
    answers = [m[1] for m in connection.received if m[0] == 3]
    assert answers == ["m-2", "m-1"]
    # The log is in the order of the wire.
    logged = [f.unique_id for _, _, f in kept.frames if f.kind == "CallResult"]
    assert [uid for uid in logged if uid.startswith("m-")] == answers


async def test_latency_is_felt_on_the_wire(station, sink):
    station.connect()
    connection = await settled(station, sink)
    command(station, "add-fault", fault="latency", direction="sent", delay_ms=300)
    loop = asyncio.get_running_loop()
    began = loop.time()
    connection.send('[2,"m-1","ClearCache",{}]')
    await until(lambda: any(m[1] == "m-1" for m in connection.received))
    assert loop.time() - began >= 0.3


async def test_a_malformed_frame_goes_out_as_it_was_spoilt(station, kept, queue):
    texts = []

    async def csms(socket):
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in socket:
                texts.append(text)
                with contextlib.suppress(json.JSONDecodeError):
                    message = json.loads(text)
                    await socket.send(json.dumps([3, message[1], Sink().answer(message[2])]))

    async with websockets.serve(csms, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:
        port = server.sockets[0].getsockname()[1]
        station.target = DialTarget(f"ws://127.0.0.1:{port}/CP-1", "", "", None, "ocpp1.6")
        command(station, "add-fault", fault="malformed", form="cut-off", direction="sent",
                action="DataTransfer", count=1)  # fmt: skip
        station.connect()
        await until(lambda: sum("StatusNotification" in text for text in texts) == 2)
        await until(lambda: station.consumer.station.calls.flight is None)
        data_transfer(station, "spoilt")
        await until(lambda: "DataTransfer" in texts[-1])
        with pytest.raises(json.JSONDecodeError):
            json.loads(texts[-1])
        assert [frame.text for frame in marked(kept, "malformed: cut-off")] == [texts[-1]]
        station.disconnect()
        await until(lambda: station.state is LinkState.OFF)


async def test_the_server_gives_a_half_open_link_up_by_its_ping_timeout(station, queue):
    closes = []

    async def csms(socket):
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in socket:
                message = json.loads(text)
                if message[0] == 2:
                    await socket.send(json.dumps([3, message[1], Sink().answer(message[2])]))
        closes.append(socket)

    options = {"ping_interval": 0.2, "ping_timeout": 0.4, "close_timeout": 0.1}
    async with websockets.serve(
        csms, "127.0.0.1", 0, subprotocols=["ocpp1.6"], **options
    ) as server:
        port = server.sockets[0].getsockname()[1]
        station.target = DialTarget(f"ws://127.0.0.1:{port}/CP-1", "", "", None, "ocpp1.6")
        station.connect()
        await until(lambda: station.consumer.station.registration == "Accepted")
        await asyncio.sleep(0.8)
        assert closes == []  # while it is whole its pongs come
        command(station, "half-open")
        await until(lambda: closes)
        # It has said why, and its close was never answered.
        said = closes[0].protocol.close_sent
        assert (said.code, closes[0].close_code) == (1011, 1006)
        assert "ping timeout" in said.reason
        assert station.state is LinkState.OPEN  # the station has noticed nothing
        station.disconnect()
        await until(lambda: station.state is LinkState.OFF)


async def test_a_healed_link_goes_on(station, sink):
    station.connect()
    connection = await settled(station, sink)
    command(station, "half-open")
    connection.send('[2,"m-1","ClearCache",{}]')
    data_transfer(station, "into the void")
    await asyncio.sleep(0.2)
    assert not any(m[1] == "m-1" for m in connection.received)
    command(station, "heal")
    await until(lambda: any(m[1] == "m-1" for m in connection.received))
    assert transfers(connection) == []
    assert len(sink.connections) == 1


async def test_a_station_gives_a_half_open_link_up_by_its_own_pings(station, sink, monkeypatch):
    monkeypatch.setattr("stations.link.dialer.PONG_TIMEOUT", 0.2)
    station.connect()
    connection = await settled(station, sink)
    station.ping_every(0.1)
    command(station, "half-open")
    pings = connection.pings
    second = await back(sink)
    assert connection.pings == pings
    assert connection.closed_with is None  # a close frame could not have been written
    await until(lambda: station.state is LinkState.OPEN)
    second.send('[2,"m-2","ClearCache",{}]')
    await until(lambda: any(m[1] == "m-2" for m in second.received))


async def test_a_power_cut_shows_as_1006_and_the_station_boots_when_it_is_back(station, sink):
    station.connect()
    connection = await settled(station, sink)
    command(station, "start-transaction", connector=1, id_tag="T")
    await until(lambda: "StartTransaction" in connection.actions())
    await until(lambda: block(station.consumer.station, "sessions").open[1].transaction_id == 7)
    command(station, "power-cut", seconds=0.5)
    await until(lambda: connection.transport.is_disconnected)
    assert connection.closed_with is None
    assert station.describe()["error"] == "the station has no power"
    await until(lambda: station.state is LinkState.OFF)
    with pytest.raises(CommandRejected, match="no power"):
        command(station, "plug", connector=1)
    second = await back(sink)
    await until(lambda: "StopTransaction" in second.actions())
    assert second.actions()[0] == "BootNotification"
    [stop] = [m[3] for m in second.received if m[0] == 2 and m[2] == "StopTransaction"]
    assert (stop["reason"], stop["transactionId"]) == ("PowerLoss", 7)


async def test_a_station_without_power_does_not_dial_until_told(station, sink):
    station.connect()
    connection = await settled(station, sink)
    command(station, "power-cut")
    await until(lambda: connection.transport.is_disconnected)
    await asyncio.sleep(0.4)
    assert len(sink.connections) == 1
    command(station, "power-on")
    second = await back(sink)
    await until(lambda: second.actions()[:1] == ["BootNotification"])
