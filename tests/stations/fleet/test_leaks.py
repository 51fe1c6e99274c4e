"""Starting and stopping stations leaves no task, descriptor or object behind."""

import asyncio
import gc
import time

import psutil
import pytest

from chargepoint.config import StationConfig
from stations.link.dialer import Dialer
from stations.link.dialing import DialQueue
from stations.link.targets import DialTarget
from stations.orders.commands import shard_of
from stations.worker.clock import Clock, Deadlines
from stations.worker.consumers import ChargePointConsumer, Host
from stations.worker.fleet import Fleet
from stations.worker.plans import Plan
from tests.stations.fleet.conftest import until
from tests.stations.fleet.sink import Sink

STATIONS = 200


class Settled:
    """Every snapshot counts as written at once."""

    owes = False

    def changed(self, source: object, urgency: str) -> None: ...


def sockets(port: int) -> int:
    """This process's open sockets to or of `port`."""
    return sum(
        port in {end.port for end in (one.laddr, one.raddr) if end}
        for one in psutil.Process().net_connections("tcp")
    )


@pytest.mark.slow
async def test_two_hundred_stations_come_and_go_without_a_trace(kept):
    clock = Clock()
    host = Host(clock, Deadlines(clock), kept, Settled())
    queue = DialQueue()
    fleet = Fleet(host, queue)
    names = [f"CP-{n}" for n in range(STATIONS)]
    for name in names:
        fleet.own(shard_of(name), int(time.time() * 1000))
    fleet.learned(dict(fleet.epochs), {})

    def alive() -> tuple[int, int]:
        """This fleet's dialers and consumers; other tests of the process may have left theirs."""
        gc.collect()
        things = gc.get_objects()
        return (
            sum(type(thing) is Dialer and getattr(thing, "queue", 0) is queue for thing in things),
            sum(
                type(thing) is ChargePointConsumer and getattr(thing, "host", 0) is host
                for thing in things
            ),
        )

    async with Sink() as sink:

        async def come_and_go() -> None:
            for name in names:
                target = DialTarget(f"{sink.url}/{name}", "", "", None, "ocpp1.6")
                plan = Plan(name, ("pk", 1), StationConfig(name, "1.6"), target)
                fleet.carry_out(plan, dict(fleet.epochs))
            accepted = "Accepted"
            await until(
                lambda: all(
                    s.consumer.station.registration == accepted for s in fleet.running.values()
                ),
                20,
            )
            # While they run, a station is a socket and no task.
            assert len(sink.live()) == STATIONS
            assert alive() == (STATIONS, STATIONS)
            assert len(asyncio.all_tasks()) < 10
            await fleet.stop(names)
            fleet.forget_parted()
            await until(lambda: not sink.live())
            sink.connections.clear()
            sink.requests.clear()
            kept.frames.clear()

        await come_and_go()
        await until(lambda: sockets(sink.port) == 1)  # the one that listens
        tasks = len(asyncio.all_tasks())
        await come_and_go()
        await until(lambda: sockets(sink.port) == 1)
        await until(lambda: len(asyncio.all_tasks()) <= tasks)
        await until(lambda: alive() == (0, 0))
        assert fleet.running == fleet.parting == {}
        assert len(host.deadlines) == 0
    await queue.close()
