"""Dialers as the fleet makes them, without its worker: what the tests of dialing begin with."""

from __future__ import annotations

from typing import Any

from chargepoint.config import StationConfig
from chargepoint.versions import make_station
from stations.link.dialer import Dialer
from stations.link.dialing import DialQueue
from stations.link.targets import DialTarget
from stations.models import Station
from stations.worker.clock import Clock, Deadlines
from stations.worker.consumers import ChargePointConsumer, Host
from tests.stations.fleet.conftest import KeptFrames, until
from tests.stations.fleet.sink import Sink


class NoSnapshots:
    """Where a test does not look at snapshots."""

    def changed(self, source: object, urgency: str) -> None: ...


def make_dialer(identity: str, sink: Sink, queue: DialQueue, kept: KeptFrames) -> Dialer:
    return dialer_of(StationConfig(identity, "1.6"), target(sink, identity), queue, kept)


def dialer_of_row(row: Station, queue: DialQueue, kept: KeptFrames) -> Dialer:
    return dialer_of(row.to_core_config(), row.dial_target(), queue, kept)


def dialer_of(
    config: StationConfig, target: DialTarget, queue: DialQueue, kept: KeptFrames
) -> Dialer:
    clock = Clock()
    host = Host(clock, Deadlines(clock), kept, NoSnapshots())
    core = make_station(config, None, clock.now())
    dialer = Dialer(ChargePointConsumer(core, host, epoch=1), target, queue)
    dialer.backoff = QuickBackoff()
    return dialer


def target(sink: Sink, identity: str, **changes: Any) -> DialTarget:
    values = {"username": "", "password": "", "tls": None, "subprotocol": "ocpp1.6"}
    return DialTarget(url=f"{sink.url}/{identity}", **(values | changes))


class QuickBackoff:
    """A tenth of a second each time, so that tests need not wait."""

    attempt = 0

    def next_delay(self) -> float:
        self.attempt += 1
        return 0.1

    def reset(self) -> None:
        self.attempt = 0


async def booted(sink: Sink):
    await until(lambda: sink.connections)
    connection = sink.connections[0]
    await until(lambda: "BootNotification" in connection.actions())
    return connection


async def back(sink: Sink):
    """The second connection; a station whose link broke does not boot again."""
    await until(lambda: len(sink.connections) == 2)
    return sink.connections[1]
