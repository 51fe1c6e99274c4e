"""Which connection is wanted: connect and disconnect at any time, pings, few dials at once."""

import asyncio
import random

from stations.link.dialer import LinkState
from stations.link.dialing import DialQueue
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import back, booted, make_dialer, target
from tests.stations.fleet.sink import Sink

# --- wanted or not -----------------------------------------------------------------------------


async def test_disconnect_stays_disconnected(station, sink):
    station.connect()
    connection = await booted(sink)
    station.disconnect()
    await until(lambda: station.state is LinkState.OFF)
    assert connection.closed_with == 1000
    await asyncio.sleep(0.3)
    assert len(sink.connections) == 1 and not station.consumer.station.connected


async def test_disconnect_while_dialing_never_opens(station, sink):
    station.connect()
    station.disconnect()
    await until(lambda: station.state is LinkState.OFF)
    await asyncio.sleep(0.2)
    assert sink.live() == []


async def test_disconnect_while_waiting_dials_no_more(station, sink):
    await sink.shut()
    station.connect()
    await until(lambda: station.state is LinkState.WAITING)
    station.disconnect()
    assert station.state is LinkState.OFF
    await sink.open()
    await asyncio.sleep(0.3)
    assert sink.connections == []


async def test_connect_after_disconnect_before_the_close_was_answered(station, sink):
    station.connect()
    await booted(sink)
    station.disconnect()
    station.connect()
    await back(sink)
    # The CSMS has the new socket before the station has the CSMS's answer to the upgrade.
    await until(lambda: len(sink.live()) == 1 and station.state is LinkState.OPEN)


async def test_connect_while_closing_waits_for_no_back_off(station, sink, monkeypatch):
    monkeypatch.setattr(type(station.backoff), "next_delay", lambda self: 3600.0)
    station.connect()
    await booted(sink)
    station.disconnect()
    station.connect()
    await back(sink)
    await until(lambda: station.state is LinkState.OPEN)


async def test_a_new_address_is_dialed_at_once(station, sink):
    station.connect()
    first = await booted(sink)
    async with Sink() as other:
        station.redirect(target(other, "CP-1"))
        await until(lambda: other.connections)
        assert first.closed_with == 1000
        station.disconnect()


async def test_a_csms_that_does_not_answer_our_close(station, sink, monkeypatch):
    monkeypatch.setattr("stations.link.dialer.CLOSE_TIMEOUT", 0.2)
    station.connect()
    connection = await booted(sink)
    connection.on_ws_frame = lambda transport, frame: None
    station.disconnect()
    await until(lambda: station.state is LinkState.OFF)


async def test_any_order_of_wishes_ends_as_the_last_one(station, sink):
    choice = random.Random(5)
    for _ in range(40):
        choice.choice([station.connect, station.disconnect])()
        await asyncio.sleep(choice.choice([0, 0, 0.002, 0.02]))
    station.connect()
    await until(lambda: station.state is LinkState.OPEN)
    await until(lambda: len(sink.live()) == 1)
    station.disconnect()
    await until(lambda: station.state is LinkState.OFF)
    await until(lambda: sink.live() == [])


# --- pings -------------------------------------------------------------------------------------


async def test_pings_are_sent_and_answered(station, sink):
    station.connect()
    connection = await booted(sink)
    station.ping_every(0.1)
    await until(lambda: connection.pings >= 3)
    assert station.state is LinkState.OPEN
    station.ping_every(0)
    pings = connection.pings
    await asyncio.sleep(0.3)
    assert connection.pings <= pings + 1


async def test_a_missing_pong_ends_the_connection(station, sink, monkeypatch):
    monkeypatch.setattr("stations.link.dialer.PONG_TIMEOUT", 0.2)
    sink.answers_pings = False
    station.connect()
    await booted(sink)
    station.ping_every(0.1)
    await back(sink)
    assert len(sink.live()) == 1


# --- many --------------------------------------------------------------------------------------


async def test_few_dials_at_a_time(sink, kept):
    queue = DialQueue(limit=3)
    dialers = [make_dialer(f"CP-{n}", sink, queue, kept) for n in range(20)]
    for dialer in dialers:
        dialer.connect()
    assert queue._dialing == 3
    await until(lambda: len(sink.connections) == 20)
    for dialer in dialers:
        dialer.disconnect()
    await until(lambda: all(dialer.state is LinkState.OFF for dialer in dialers))
    await queue.close()
