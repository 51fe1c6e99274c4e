"""The stations of one worker: starting, stopping, reconfiguring and commanding them.

Everything here happens on the worker's event loop and, but for waiting while links close,
synchronously. The worker calls the changing methods from one task, one at a time.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from chargepoint.effects import URGENT
from chargepoint.station import CommandRejected, make_station
from chargepoint.switching import carried_over
from stations.commands import shard_of
from stations.consumers import ChargePointConsumer, Host
from stations.dialer import Dialer, LinkState
from stations.dialing import DialQueue
from stations.loading import Plan, Row
from stations.sealing import shown, unseal
from stations.stamps import split_stamp

log = logging.getLogger(__name__)

CLOSING_PATIENCE = 3.0  # seconds; a little more than the dialer's own


@dataclass(slots=True)
class RunningStation:
    consumer: ChargePointConsumer
    dialer: Dialer
    row: Row
    shard: int


class Fleet:
    """Which stations run here, by identity."""

    def __init__(self, host: Host, queue: DialQueue) -> None:
        self.host = host
        self.queue = queue
        self.epochs: dict[int, int] = {}  # shard -> epoch, of the shards owned
        self.running: dict[str, RunningStation] = {}
        # Stopped, but their last snapshot may not be in Redis yet.
        self.parting: dict[str, ChargePointConsumer] = {}

    # --- shards ------------------------------------------------------------------------------

    def own(self, shard: int, epoch: int) -> None:
        """The shard is this worker's; its stations are started by plans to come."""
        self.epochs[shard] = epoch

    def abandon(self, shard: int) -> None:
        """Another worker has the shard: stop its stations without a word or a write."""
        self.epochs.pop(shard, None)
        for identity in [i for i, station in self.running.items() if station.shard == shard]:
            self.drop(identity)
        for identity in [i for i in self.parting if shard_of(i) == shard]:
            del self.parting[identity]

    def drop(self, identity: str) -> None:
        """Let go of a station that runs elsewhere now."""
        station = self.running.pop(identity, None)
        if station is None:
            return
        station.consumer.retire()
        station.dialer.drop()
        self.host.recorder.forget(identity)

    # --- changes -----------------------------------------------------------------------------

    def rows(self) -> dict[str, Row]:
        """Which rows of the database run here."""
        return {identity: station.row for identity, station in self.running.items()}

    def sources(self) -> Iterator[ChargePointConsumer]:
        """Everything whose state is this worker's to write."""
        yield from (station.consumer for station in self.running.values())
        yield from self.parting.values()

    def other_version(self, plans: Iterable[Plan]) -> list[str]:
        """Stations that run in another OCPP version than planned: they must stop first."""
        return [
            plan.identity
            for plan in plans
            if (station := self.running.get(plan.identity))
            and station.consumer.station.config.version != plan.config.version
        ]

    def carry_out(self, plan: Plan) -> None:
        """Start the station, or give the running one its new configuration."""
        shard = shard_of(plan.identity)
        epoch = self.epochs.get(shard)
        if epoch is None:
            return  # the shard went while the plan was being made
        station = self.running.get(plan.identity)
        if station is None:
            self._start(plan, shard, epoch)
            return
        station.row = plan.row
        if plan.config != station.consumer.station.config:
            station.consumer.reconfigure(plan.config)
        if plan.target != station.dialer.target:
            station.dialer.redirect(plan.target)

    def _start(self, plan: Plan, shard: int, epoch: int) -> None:
        saved, newest = plan.snapshot, split_stamp(plan.stamp) if plan.stamp else (0, 0)
        parted = self.parting.pop(plan.identity, None)
        if parted is not None:
            # Its last write, were it made now, would bear the stamp of the new one's first.
            parted.pending = 0
        if parted is not None and (parted.epoch, parted.taken) >= newest:
            saved, newest = parted.station.snapshot(), (parted.epoch, parted.taken)
        epoch, taken = following(newest, epoch)
        over: list[dict] = []
        if saved and not saved["saved"]:
            saved = None
        if saved and saved.get("ocpp") != plan.config.version:
            kept, over = carried_over(saved, plan.config.version)
            saved = {"saved": kept}
        for update in over:
            self.host.recorder.session(update)
        core = make_station(plan.config, saved and unseal(saved["saved"]), self.host.clock.now())
        consumer = ChargePointConsumer(core, self.host, epoch, taken)
        dialer = Dialer(consumer, plan.target, self.queue)
        self.running[plan.identity] = RunningStation(consumer, dialer, plan.row, shard)
        # What it was doing by the clock goes on, also while the CSMS cannot be reached.
        self.host.deadlines.arm(consumer, core.deadline)
        resumed = bool(saved and saved["saved"].get("booted"))
        if not core.dark:
            dialer.connect(0.0 if resumed else plan.config.boot_delay)

    async def stop(self, identities: Iterable[str]) -> None:
        """Stop stations in order: last words to the CSMS, links closed, state to be written."""
        stopping = []
        for identity in identities:
            station = self.running.get(identity)
            if station is None:
                continue
            stopping.append(station)
            try:
                station.consumer.power_off()
            except Exception:
                log.exception("%s: power-off failed", identity)
            station.dialer.disconnect()
        await self._closed([station.dialer for station in stopping])
        for station in stopping:
            consumer = station.consumer
            station.dialer.drop()
            consumer.retire()
            if self.running.pop(consumer.identity, None) is not None:
                self.parting[consumer.identity] = consumer
                self.host.snapshots.changed(consumer, URGENT)

    async def _closed(self, dialers: list[Dialer]) -> None:
        loop = asyncio.get_running_loop()
        patience = loop.time() + CLOSING_PATIENCE
        open_ones = dialers
        while loop.time() < patience:
            open_ones = [d for d in open_ones if d.state is not LinkState.OFF]
            if not open_ones:
                return
            await asyncio.sleep(0.02)

    async def forget(self, identities: Iterable[str]) -> None:
        """Stopped stations that were deleted: whatever of them waits to be written is not."""
        gone = [self.parting.pop(identity, None) for identity in identities]
        await self.host.snapshots.forget([consumer for consumer in gone if consumer])

    def forget_parted(self) -> None:
        """Let go of stopped stations whose last snapshot is written."""
        for identity, consumer in list(self.parting.items()):
            if not consumer.pending and not self.host.snapshots.owes:
                del self.parting[identity]

    # --- commands ----------------------------------------------------------------------------

    def command(self, identity: str, name: str, args: dict[str, Any]) -> dict[str, Any]:
        """{"result": ...} or {"error": {"code", "message"}}."""
        station = self.running.get(identity)
        if station is None:
            return failure("not_running", f"Station {identity} is not running. Start it first.")
        try:
            return {"result": self._command(station, name, args) or {}}
        except CommandRejected as rejection:
            return failure(rejection.code, rejection.message)
        except Exception as fault:
            log.exception("%s: command %s failed", identity, name)
            return failure("internal", f"{name} failed in the station: {fault}")

    def _command(self, station: RunningStation, name: str, args: dict[str, Any]) -> Any:
        match name:
            case "connect":
                if station.consumer.station.dark:
                    sentence = "The station has no power: restore it first."
                    raise CommandRejected("no_power", sentence)
                station.dialer.connect()
                return station.dialer.describe()
            case "disconnect":
                station.dialer.disconnect()
                return station.dialer.describe()
            case "state":
                snapshot = shown(station.consumer.station.snapshot())
                return snapshot | {"link": station.dialer.describe()}
            case _:
                return station.consumer.command(name, args)


def following(newest: tuple[int, int], epoch: int) -> tuple[int, int]:
    """(epoch, snapshots taken) for a station whose newest stamp is known, under a lease's epoch.

    Within an epoch the count goes on. A stamp from beyond the lease's epoch (a clock was wrong and
    Redis has forgotten since) is followed all the same, or no write would count until that day.
    """
    if newest[0] < epoch:
        return epoch, 0
    if newest[0] == epoch:
        return newest
    return newest[0] + 1, 0


def failure(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
