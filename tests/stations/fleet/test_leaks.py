"""Starting and stopping stations leaves no task, descriptor or object behind."""

import asyncio
import gc
import os
import time

import pytest

from chargepoint.config import StationConfig
from stations.clock import Clock, Deadlines
from stations.commands import shard_of
from stations.consumers import ChargePointConsumer, Host
from stations.dialer import Dialer
from stations.dialing import DialQueue
from stations.fleet import Fleet
from stations.loading import Plan
from stations.targets import DialTarget
from tests.stations.fleet.conftest import until
from tests.stations.fleet.sink import Sink

STATIONS = 200


class Settled:
    """Every snapshot counts as written at once."""

    owes = False

    def changed(self, source: object, urgency: str) -> None: ...


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def alive(kind: type) -> int:
    gc.collect()
    return sum(type(thing) is kind for thing in gc.get_objects())


@pytest.mark.slow
async def test_two_hundred_stations_come_and_go_without_a_trace(kept):
    clock = Clock()
    host = Host(clock, Deadlines(clock), kept, Settled())
    queue = DialQueue()
    fleet = Fleet(host, queue)
    names = [f"CP-{n}" for n in range(STATIONS)]
    for name in names:
        fleet.own(shard_of(name), int(time.time() * 1000))
    async with Sink() as sink:

        async def come_and_go() -> None:
            for name in names:
                target = DialTarget(f"{sink.url}/{name}", "", "", None, "ocpp1.6")
                fleet.carry_out(Plan(name, ("pk", 1), StationConfig(name, "1.6"), target))
            accepted = "Accepted"
            await until(
                lambda: all(
                    s.consumer.station.registration == accepted for s in fleet.running.values()
                ),
                20,
            )
            # While they run, a station is a socket and no task.
            assert len(sink.live()) == STATIONS
            assert len(asyncio.all_tasks()) < 10
            await fleet.stop(names)
            fleet.forget_parted()
            await until(lambda: not sink.live())
            sink.connections.clear()
            sink.requests.clear()
            kept.frames.clear()

        await come_and_go()
        before = descriptors(), len(asyncio.all_tasks()), alive(Dialer), alive(ChargePointConsumer)
        await come_and_go()
        await asyncio.sleep(0.1)
        after = descriptors(), len(asyncio.all_tasks()), alive(Dialer), alive(ChargePointConsumer)
        # A file that something else had open at the first look may be closed at the second.
        assert after[0] <= before[0]
        assert after[1:] == before[1:]
        assert before[2:] == (0, 0) and fleet.running == fleet.parting == {}
        assert len(host.deadlines) == 0
    await queue.close()
