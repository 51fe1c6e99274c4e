"""The stations of one worker: starting, stopping, reconfiguring and commanding them.

Everything here happens on the worker's event loop and, but for waiting while links close,
synchronously. The worker calls the changing methods from one task, one at a time.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from chargepoint.common.switching import carried_over, ended
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import URGENT
from chargepoint.versions import make_station
from chargepoint.wire.said import Said
from stations.link.dialer import Dialer, LinkState
from stations.link.dialing import DialQueue
from stations.orders import sharding
from stations.state.closing import DELETED
from stations.state.stamps import split_stamp
from stations.worker.consumers import ChargePointConsumer, Host
from stations.worker.plans import Plan, Row
from stations.worker.recalling import number_of, run_of
from stations.worker.sealing import shown, unseal

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
        self.shards = sharding.in_force()  # how many there are
        self.epochs: dict[int, int] = {}  # shard -> epoch, of the shards owned
        self.running: dict[str, RunningStation] = {}
        # Stopped, but their last snapshot may not be in Redis yet.
        self.parting: dict[str, ChargePointConsumer] = {}
        # Of stations that do not run yet: what their frames in the journals tell.
        self.said: dict[str, Said] = {}
        self.unread: set[int] = set()  # shards for which the journals are to be read first

    # --- shards ------------------------------------------------------------------------------

    def shard_of(self, identity: str) -> int:
        """The shard that a station belongs to, of as many as this worker was told of."""
        return sharding.shard_of(identity, self.shards)

    def share(self, shards: Iterable[int] | None = None) -> sharding.Share:
        """The stations of these shards, of all that are owned where None."""
        return sharding.Share(self.epochs if shards is None else shards, self.shards)

    def divide(self, number: int, made: dict[int, int]) -> None:
        """There are so many shards now. made: shard -> epoch, of those that came out of one that
        is owned here: their stations run on.

        A station whose shard somebody else has made is let go of: so it is where Redis had lost
        the number and one who did not know of this worker has given it anew.
        """
        self.shards = number
        for shard, epoch in made.items():
            self.epochs[shard] = epoch
            if sharding.parent_of(shard) in self.unread:
                self.unread.add(shard)
        for identity, station in list(self.running.items()):
            station.shard = self.shard_of(identity)
            if station.shard not in self.epochs:
                self.drop(station.consumer)
        for identity, consumer in list(self.parting.items()):
            if self.shard_of(identity) not in self.epochs:
                self.drop(consumer)
        mine = self.share()
        self.said = {i: told for i, told in self.said.items() if i in mine}

    def own(self, shard: int, epoch: int) -> None:
        """The shard is this worker's; its stations are started by plans to come."""
        self.epochs[shard] = epoch
        self.unread.add(shard)

    def learned(self, epochs: dict[int, int], said: dict[str, Said]) -> None:
        """The journals were read for these shards, held under these epochs; what is there of
        states is in Redis. One that went meanwhile and came back is to be read again."""
        self.unread -= {s for s, epoch in epochs.items() if self.epochs.get(s) == epoch}
        self.said |= {i: told for i, told in said.items() if i not in self.running}

    def abandon(self, shard: int) -> None:
        """Another worker has the shard: stop its stations without a word or a write."""
        self.epochs.pop(shard, None)
        self.unread.discard(shard)
        for identity in [i for i in self.said if self.shard_of(i) == shard]:
            del self.said[identity]
        for station in [s for s in self.running.values() if s.shard == shard]:
            self.drop(station.consumer)
        for consumer in [c for i, c in self.parting.items() if self.shard_of(i) == shard]:
            self.drop(consumer)

    def drop(self, consumer: ChargePointConsumer) -> bool:
        """Let go of a station that runs elsewhere now; False if it was let go of before.

        Another station may run under its identity by now: that one is left alone.
        """
        identity = consumer.identity
        consumer.disown()
        station = self.running.get(identity)
        if station is not None and station.consumer is consumer:
            del self.running[identity]
            station.dialer.drop()
            if station.shard in self.epochs:
                # Should it start here again, what it has told is in this process's own journal.
                self.unread.add(station.shard)
            return True
        if self.parting.get(identity) is consumer:
            del self.parting[identity]
            return True
        return False

    def drop_all(self) -> None:
        """Let go of everything, where it is not known whose it is."""
        for shard in list(self.epochs):
            self.abandon(shard)

    # --- changes -----------------------------------------------------------------------------

    def rows(self) -> dict[str, Row]:
        """Which rows of the database run here."""
        return {identity: station.row for identity, station in self.running.items()}

    def sources(self) -> Iterator[ChargePointConsumer]:
        """Everything whose state is this worker's to write."""
        yield from (station.consumer for station in self.running.values())
        yield from self.parting.values()

    def other_version(self, plans: Iterable[Plan]) -> list[str]:
        """Stations that run in a version that they are not to speak: they must stop first."""
        return [
            plan.identity
            for plan in plans
            if (station := self.running.get(plan.identity))
            and (version := station.consumer.station.config.version)
            and version != plan.config_of(version).version
        ]

    def carry_out(self, plan: Plan, epochs: dict[int, int], pause: float = 0.0) -> None:
        """Start the station, or give the running one its new configuration.

        `pause`: seconds that a station which starts waits before its first dial, beside its own.
        `epochs`: of the shards when the plan was begun. A shard that went since, and may have come
        back, has had another owner, who knows more of the station than the plan does.
        """
        shard = self.shard_of(plan.identity)
        epoch = self.epochs.get(shard)
        if epoch is None or epoch != epochs.get(shard) or shard in self.unread:
            return
        station = self.running.get(plan.identity)
        if station is None:
            with self.host.handling(plan.identity):
                self._start(plan, shard, epoch, pause)
            return
        station.row = plan.row
        known = station.consumer.station.config
        config = plan.config_of(known.version)
        if config != known:
            station.consumer.reconfigure(config)
        if plan.target != station.dialer.target:
            station.dialer.redirect(plan.target)
        else:
            station.dialer.target = plan.target  # its configurations may be others

    def _start(self, plan: Plan, shard: int, epoch: int, pause: float) -> None:
        saved, newest = plan.snapshot, split_stamp(plan.stamp) if plan.stamp else (0, 0)
        said = self.said.pop(plan.identity, None)
        parted = self.parting.pop(plan.identity, None)
        if parted is not None:
            # Its last write, were it made now, would bear the stamp of the new one's first.
            parted.disown()
        if parted is not None and (parted.epoch, parted.taken) >= newest:
            saved, newest = parted.snapshot(), (parted.epoch, parted.taken)
        run = following(max(newest[0], self._last_run(plan.identity, said)), epoch)
        over: list[dict] = []
        logged = number_of(saved.get("logged")) if saved else None
        # What it saves before it has a record of its own is as new as these.
        self.host.recorder.go_on(plan.identity, max(logged or 0, said.number if said else 0))
        if saved and (not saved["saved"] or saved.get("row", plan.row[0]) != plan.row[0]):
            saved = None  # of another station that had the name
        config = plan.config_of(saved and saved.get("ocpp"))
        if saved and saved.get("ocpp") != config.version:
            kept, over = carried_over(saved, config.version)
            saved = {"saved": kept}
            said = None  # by the other version's names
        for update in over:
            self.host.recorder.session(run, update)
        core = make_station(config, saved and unseal(saved["saved"]), self.host.clock.now())
        consumer = ChargePointConsumer(core, self.host, run, plan.row[0])
        dialer = Dialer(consumer, plan.target, self.queue)
        self.running[plan.identity] = RunningStation(consumer, dialer, plan.row, shard)
        # What it was doing by the clock goes on, also while the CSMS cannot be reached.
        self.host.deadlines.arm(consumer, core.deadline)
        if saved:
            try:
                consumer.perform(core.recall(said, logged, self.host.clock.now()))
            except Exception:  # the state alone is better than no station
                log.exception("%s: resumed without what its frames tell", plan.identity)
        resumed = bool(saved and saved["saved"].get("booted"))
        kind = "resumed" if resumed else "started"
        self.host.moments.note(plan.identity, self.host.clock.now(), kind)
        if not core.dark:
            dialer.connect(pause if resumed else pause + plan.config.boot_delay)

    def _last_run(self, identity: str, said: Said | None) -> int:
        return run_of(max(self.host.recorder.number(identity), said.number if said else 0))

    async def stop(self, identities: Iterable[str]) -> None:
        """Stop stations in order: last words to the CSMS, links closed, state to be written."""
        stopping = []
        for identity in identities:
            station = self.running.get(identity)
            if station is None:
                continue
            stopping.append(station)
            self.host.moments.note(identity, self.host.clock.now(), "stopped")
            try:
                station.consumer.power_off()
            except Exception:
                log.exception("%s: power-off failed", identity)
            station.dialer.disconnect()
        await self._closed([station.dialer for station in stopping])
        for station in stopping:
            consumer = station.consumer
            if consumer.gone:
                continue  # lost while its link closed
            station.dialer.drop()
            consumer.retire()
            if self.running.get(consumer.identity) is station:
                del self.running[consumer.identity]
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
        parted = [self.parting.pop(identity, None) for identity in identities]
        gone = [consumer for consumer in parted if consumer]
        for consumer in gone:
            # After all that it has told, and also if the log is not there yet.
            for update in ended(consumer.snapshot(), DELETED):
                self.host.recorder.session(consumer.epoch, update)
        await self.host.snapshots.forget(gone)

    def forget_parted(self) -> None:
        """Let go of stopped stations whose last snapshot is written."""
        for identity, consumer in list(self.parting.items()):
            if not consumer.pending and not self.host.snapshots.owes:
                del self.parting[identity]

    # --- commands ----------------------------------------------------------------------------

    def command(
        self, identity: str, name: str, args: dict[str, Any], cause: str = ""
    ) -> dict[str, Any]:
        """{"result": ...} or {"error": {"code", "message"}}. cause: who gives it."""
        station = self.running.get(identity)
        if station is None:
            return failure("not_running", f"Station {identity} is not running. Start it first.")
        try:
            return {"result": self._command(station, name, args, cause) or {}}
        except CommandRejected as rejection:
            return failure(rejection.code, rejection.message)
        except Exception:
            log.exception("%s: command %s failed", identity, name)
            sentence = f"{name} failed in the station: the log of its worker has the reason."
            return failure("internal", sentence)

    def _command(self, station: RunningStation, name: str, args: dict[str, Any], cause: str) -> Any:
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
                return station.consumer.command(name, args, cause)


def following(last: int, epoch: int) -> int:
    """The epoch of a station's next start, under a lease's epoch; `last`: of the newest start.

    Each start has one of its own, so that no stamp, record number or session revision is given
    twice. One from beyond the lease's epoch (a clock was wrong and Redis has forgotten since) is
    followed all the same, or no write would count until that day.
    """
    return max(epoch, last + 1)


def failure(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
