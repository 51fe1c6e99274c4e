"""What is due at one tick of a worker: one turn of the loop, and the gate before each station."""

import asyncio
import json
from time import monotonic

import pytest

from chargepoint.config import StationConfig
from chargepoint.timing.times import iso
from chargepoint.versions import make_station
from stations.worker.clock import TICKS, Deadlines
from stations.worker.consumers import ChargePointConsumer, Host
from tests.stations.fleet.conftest import PATIENCE

START = 1_790_000_000.0
STATIONS = 30


class Time:
    def __init__(self) -> None:
        self.moment = START

    def now(self) -> float:
        return self.moment


class Snapshots:
    def changed(self, source, urgency): ...


def answer_to(action: str) -> dict:
    if action != "BootNotification":
        return {}
    return {"status": "Accepted", "currentTime": iso(START), "interval": 60}


class Csms:
    """The other side of every link: answers all but Heartbeats, in the loop's next turn."""

    def __init__(self) -> None:
        self.beats: list[str] = []
        self.after = lambda: None  # what happens when a Heartbeat has been sent

    def link(self, consumer):
        csms = self

        class Link:
            def carry(self, event):
                if event["type"] == "websocket.send":
                    csms.heard(consumer, *json.loads(event["text"]))

            def ping_every(self, seconds): ...

            def pause(self, on): ...

            def describe(self):
                return {}

        return Link()

    def heard(self, consumer, kind, unique_id, action=None, payload=None):
        if action == "Heartbeat":
            self.beats.append(consumer.identity)
            self.after()
        elif kind == 2:
            text = json.dumps([3, unique_id, answer_to(action)])
            asyncio.get_running_loop().call_soon(
                consumer.handle, {"type": "websocket.receive", "text": text}
            )


@pytest.fixture
def csms():
    return Csms()


@pytest.fixture
async def host(kept, csms):
    """A worker's, with stations that booted one after the other within a tick."""
    time = Time()
    host = Host(time, Deadlines(time), kept, Snapshots())
    for number in range(STATIONS):
        time.moment = START + 0.04 + number / 1000
        config = StationConfig(f"CP-{number}", "1.6", ticks=TICKS)
        consumer = ChargePointConsumer(make_station(config, None, time.now()), host, 1)
        consumer.link = csms.link(consumer)
        consumer.handle({"type": "websocket.connect"}, {"subprotocols": ["ocpp1.6"]})
        station = consumer.station
        while station.registration != "Accepted" or station.calls.flight:  # noqa: ASYNC110 - next turns
            await asyncio.sleep(0)
    return host


def turn(host):
    """The next turn of the loop in which something is due."""
    host.clock.moment = host.deadlines._wakes_at
    host.deadlines._handle.cancel()
    host.deadlines._fire()


async def test_heartbeats_that_are_due_at_one_tick_go_in_one_turn(host, csms):
    while not csms.beats:
        turn(host)
    assert csms.beats == [f"CP-{number}" for number in range(STATIONS)]
    assert host.clock.moment == pytest.approx(START + 60.1)


async def test_a_lease_that_ends_within_a_tick_silences_the_stations_that_are_left(host, csms):
    def lease_ends():
        if len(csms.beats) == 5:
            host.gate.until = monotonic() - 1

    csms.after = lease_ends
    while not csms.beats:
        turn(host)
    assert len(csms.beats) == 5
    turn(host)  # they ask again
    assert len(csms.beats) == 5
    csms.after = lambda: None
    host.gate.open_until(monotonic() + PATIENCE)
    async with asyncio.timeout(PATIENCE):
        while host.gate.closed:  # noqa: ASYNC110 - the gate opens in turns of the loop
            await asyncio.sleep(0)
    while len(csms.beats) < STATIONS:
        turn(host)
    assert len(csms.beats) == len(set(csms.beats)) == STATIONS
