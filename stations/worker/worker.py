"""One charge point worker: a process that runs the stations of the shards it holds.

Its tasks, each with one purpose: tending the leases, applying changes (the only one that starts and
stops stations), writing snapshots, listening on each shard's channel, and telling how it is doing.
"""

import asyncio
import logging
import os
import secrets
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from runtime import lifetime, redis_links
from runtime.stores import STORE_ERRORS
from stations.checks import egress_policy
from stations.files.transfers import Transfers
from stations.link.dialer import Dialer
from stations.link.dialing import DialQueue
from stations.link.pacing import NO_RATES, Rates, Turns
from stations.link.reaching import Reach
from stations.orders import sharding, switching
from stations.state import snapshots
from stations.state.moments import Moments
from stations.state.snapshot_writer import SnapshotWriter
from stations.worker.clock import Clock, Deadlines
from stations.worker.consumers import ChargePointConsumer, Host
from stations.worker.fleet import Fleet
from stations.worker.handling import HandlingFile
from stations.worker.leases import ShardLeases, Tending
from stations.worker.listening import ShardListener
from stations.worker.reconciling import Reconciler
from stations.worker.vitals import Vitals

log = logging.getLogger(__name__)

# Seconds for the steps of a leaving, all of them below lifetime.LIMIT.
FINAL_WRITE_PATIENCE = 4.0
RECORDER_PATIENCE = 6.0
STEP_PATIENCE = 1.5


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    dials: int = 200  # connections being made at a time
    rates: Rates = NO_RATES  # connections a second, of all workers
    spread: float = 0.0  # seconds within which many that start together dial first
    reconcile_every: float = 15.0  # seconds; finds what a lost change notice would have told
    lease_ms: int = 10_000
    tend_every: float = 1.0  # seconds: a tenth of a lease


class Worker:
    """Build it on a running loop, then `run` until `stop` is called."""

    def __init__(self, recorder: Any, options: WorkerOptions = WorkerOptions()) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        self.options = options
        self.recorder = recorder
        # health_check_interval: a connection that died while idle is noticed before it is used.
        self.redis = redis_links.connect(settings.REDIS_URL, health_check_interval=10)
        clock = Clock()
        writer = SnapshotWriter(self.redis, lambda: self.fleet.sources())
        writer.on_refused = self._refused
        # MongoDB's copy of a state is a sync behind Redis', which may lose its data.
        recorder.hold_until(lambda: writer.settled - 2 * settings.SYNC_INTERVAL)
        transfers = Transfers(reach=Reach(egress_policy("TRANSFERS")))
        moments = Moments(self.redis)
        self.host = Host(
            clock, Deadlines(clock), recorder, writer, transfers=transfers, moments=moments
        )
        writer.silent = self.host.gate.shut
        turns: Turns[Dialer] = Turns(options.rates, self._share)
        self.queue = DialQueue(options.dials, reach=Reach(egress_policy("CSMS")), turns=turns)
        recorder.spare(lambda: self.reconciler.rushing or self.queue.crowded)
        self.fleet = Fleet(self.host, self.queue)
        # A round that has no answer for so long counts as Redis being away.
        self._lease_redis = patient_for(2 * options.tend_every)
        self.leases = ShardLeases(
            self._lease_redis, self.id, settings.CHARGE_POINT_SHARDS, options.lease_ms
        )
        self.vitals = Vitals(self)
        # One thread: Django keeps a database client for each thread that asks.
        self.database = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._listeners: dict[int, ShardListener] = {}
        self._stopping = asyncio.Event()
        self._changes = asyncio.Event()
        self._changed: set[str] = set()
        self._reconcile_all = False
        self._ordered = False
        self._surplus: list[int] = []
        self._handing_over: int | None = None
        self._shards_wanted = 0
        self._in_doubt = False  # a write was refused: is a shard of ours another's?
        self.reconciler = Reconciler(
            self.fleet, recorder, self._in_database, lambda: self._in_doubt, options.spread
        )
        self.reconciler.on_taken_up = self.vitals.tell_soon
        self._handling = HandlingFile(settings.JOURNAL_DIR, self.id)
        self.host.slot = self._handling.slot

    # --- life --------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until `stop`; then leave in order. Nothing is lost if it is killed instead."""
        await self.recorder.start()
        tasks = [
            asyncio.create_task(job, name=name)
            for name, job in (
                ("snapshots", self.host.snapshots.run()),
                ("leases", self._tend()),
                ("changes", self._apply_changes()),
                ("vitals", self.vitals.run()),
                ("moments", self.host.moments.run()),
            )
        ]
        log.info("charge point worker %s is up", self.id)
        try:
            await lifetime.until(self._stopping, tasks)
        finally:
            await self._leave(tasks)

    def _share(self) -> float:
        """Of the fleet, by its shards: identities fall evenly on them."""
        return len(self.leases.held) / self.leases.number

    def stop(self) -> None:
        """Ask `run` to end; safe to call from a signal handler of the loop."""
        self._stopping.set()

    async def _leave(self, tasks: list[asyncio.Task]) -> None:
        log.info("charge point worker %s leaves", self.id)
        await asyncio.gather(*(self._deafen(shard) for shard in list(self._listeners)))
        tending = [task for task in tasks if task.get_name() == "leases"]
        await lifetime.end([task for task in tasks if task not in tending])
        if self.host.gate.shut():
            await self._last_look()
        await self.fleet.stop(list(self.fleet.running))
        await self.queue.close()
        within = lifetime.within
        await within(STEP_PATIENCE, self.host.transfers.close(), "closing the transfers")
        await self._write_final()
        await within(STEP_PATIENCE, self.host.moments.write(), "the last moments")
        await lifetime.end(tending)
        self.host.deadlines.close()
        self._handling.close()
        await self.recorder.stop(RECORDER_PATIENCE)
        if await within(STEP_PATIENCE, self.leases.leave(), "the leases will lapse by themselves"):
            await within(STEP_PATIENCE, self.vitals.withdraw(), "withdrawing the vitals")
        for client in (self._lease_redis, self.redis):
            await within(STEP_PATIENCE, client.aclose(), "closing Redis")
        # It may hang in a store that is frozen.
        self.database.shutdown(wait=False, cancel_futures=True)

    async def _last_look(self) -> None:
        """To end, a thawed worker waits for no Redis: what may be another's it leaves alone."""
        await lifetime.within(STEP_PATIENCE, self.host.gate.opened(), "a round of the leases")
        if self.host.gate.shut():
            log.warning("whose the stations are is not known: they end here without a word")
            self.fleet.drop_all()

    async def _write_final(self) -> None:
        """Last snapshots: to Redis, or straight to MongoDB when Redis is away."""
        sources = list(self.fleet.sources())
        writing = self.host.snapshots.write(sources)
        if await lifetime.within(FINAL_WRITE_PATIENCE, writing, "last states to Redis"):
            return
        if self.host.gate.shut():
            log.warning("%d last states may be another's and are not written", len(sources))
        else:
            log.warning("Redis is away: %d last states go to MongoDB", len(sources))
            values = {source.identity: source.packed_state() for source in sources}
            writing = self._in_database(snapshots.write_chunk, values)
            await lifetime.within(FINAL_WRITE_PATIENCE, writing, "last states to MongoDB")

    async def _in_database(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.database, work, *arguments)

    # --- leases ------------------------------------------------------------------------------

    async def _tend(self) -> None:
        gate, known = self.host.gate, time.monotonic()
        while True:
            asking = gate.asking()
            in_doubt, self._in_doubt = self._in_doubt, False
            began, steady = time.monotonic(), not gate.shut()
            speaks_until = began + self.leases.speaking_time
            try:
                tending = await self.leases.tend(
                    self.host.clock.now(), not self._stopping.is_set(), steady
                )
            except STORE_ERRORS as failure:
                log.warning("leases not extended, Redis is away: %s", failure)
                self._in_doubt = self._in_doubt or in_doubt
                gate.unsure = began - known > self.leases.speaking_time
                if steady:
                    # The stations keep running: without Redis nobody can take them over.
                    gate.open_until(speaks_until)
            else:
                known, gate.unsure = began, False
                listeners = self._lose(tending.lost)
                self._heed_number(tending.divided)
                gate.open_until(speaks_until)
                _answer(asking)
                await asyncio.gather(*(listener.stop() for listener in listeners))
                self._follow(tending)
                await self._divide()
                if in_doubt:
                    self._reconcile_soon()
            _answer(asking)
            await asyncio.sleep(self.options.tend_every)

    def _lose(self, shards: list[int]) -> list[ShardListener]:
        """In one step, so that nothing of a lost station is said when the gate opens."""
        for shard in shards:
            log.warning("shard %d has another owner: its stations stop here", shard)
            self.fleet.abandon(shard)
        return [self._listeners.pop(shard) for shard in shards if shard in self._listeners]

    def _follow(self, tending: Tending) -> None:
        for shard, epoch in tending.taken.items():
            log.info("shard %d taken, epoch %d", shard, epoch)
            self.fleet.own(shard, epoch)
            self._listeners[shard] = ShardListener(shard, self)
        if tending.redis_lost_data:
            self.host.snapshots.rewrite_all()
        # Who has divided first has too many only until the others have.
        surplus = [] if self._shards_wanted > self.leases.number else tending.surplus
        if surplus or tending.taken:
            self._surplus = surplus
            self._reconcile_soon()

    def _heed_number(self, made: dict[int, int]) -> None:
        """There may be more shards than before; `made`: those that are ours thereby."""
        if self.fleet.shards == self.leases.number and not made:
            return
        log.info("there are %d shards now; ours of the new ones: %s", self.leases.number,
                 sorted(made))  # fmt: skip
        self.fleet.divide(self.leases.number, made)
        for shard in made if not self._stopping.is_set() else ():
            self._listeners[shard] = ShardListener(shard, self)
        self._reconcile_soon()

    async def _divide(self) -> None:
        if self._shards_wanted <= self.leases.number:
            return
        try:
            made = await self.leases.divide(
                self._shards_wanted, [*self._surplus, self._handing_over]
            )
        except STORE_ERRORS as failure:
            log.warning("shards not divided, the next round tells more: %s", failure)
        else:
            self._heed_number(made)

    async def _deafen(self, shard: int) -> None:
        listener = self._listeners.pop(shard, None)
        if listener is not None:
            await listener.stop()

    def _refused(self, consumer: ChargePointConsumer) -> None:
        # Another worker has taken the shard, and we do not know it yet. Nothing is started until
        # the next round of the leases has told; if the shard is ours after all, it starts again.
        if self.fleet.drop(consumer):
            log.warning("%s: a newer owner's state is in Redis; it stops here", consumer.identity)
            self._in_doubt = True

    # --- changes -----------------------------------------------------------------------------

    def notice(self, identities: list[str]) -> None:
        """The configuration or `running` of these stations changed."""
        self._changed.update(identities)
        self.reconciler.moved(identities)
        self._changes.set()

    def notice_order(self) -> None:
        """An order for many stations is kept."""
        self._ordered = True
        self._changes.set()

    def notice_shards(self) -> None:
        """Another number of shards may be wanted."""
        self._reconcile_soon()

    def _reconcile_soon(self) -> None:
        self._reconcile_all = True
        self._changes.set()

    async def set_running(self, identities: list[str], running: bool) -> None:
        """Keep the desired state and act on it."""
        await self._in_database(switching.set_running, identities, running)
        self.notice(identities)

    async def _apply_changes(self) -> None:
        loop, reconciler = asyncio.get_running_loop(), self.reconciler
        next_round = loop.time()
        while True:
            try:
                async with asyncio.timeout_at(next_round):
                    await self._changes.wait()
            except TimeoutError:
                pass
            self._changes.clear()
            everything = self._reconcile_all or loop.time() >= next_round
            if everything:
                next_round = loop.time() + self.options.reconcile_every
                self._reconcile_all = False
            try:
                if everything:
                    await self._ask_for_shards()
                await self._hand_over_surplus()
                if everything or self._ordered:
                    self._ordered = False
                    await reconciler.hear_orders(not everything, self._take_changed)
                changed = self._take_changed()
                await reconciler.reconcile(None if everything else changed)
                await reconciler.orders.write(self._changes, lambda: self.queue.busy)
            except Exception:
                # MongoDB or Redis away, most likely: all of it is looked at again.
                log.exception("changes not applied; next try in %s s", 2)
                self._reconcile_all = True
                await asyncio.sleep(2)
                self._changes.set()

    async def _ask_for_shards(self) -> None:
        """The first time it is this worker's own setting that asks."""
        if self._shards_wanted:
            self._shards_wanted = await self._in_database(sharding.wanted)
        else:
            own = settings.CHARGE_POINT_SHARDS
            self._shards_wanted = await self._in_database(sharding.want, own)

    def _take_changed(self) -> set[str]:
        changed, self._changed = self._changed, set()
        return changed

    async def _hand_over_surplus(self) -> None:
        surplus, self._surplus = self._surplus, []
        for shard in surplus:
            log.info("shard %d is handed over to another worker", shard)
            self._handing_over = shard
            await self._deafen(shard)
            await self.host.gate.opened()
            members = [i for i, s in self.fleet.running.items() if s.shard == shard]
            await self.fleet.stop(members)
            parted = [c for c in self.fleet.sources() if c.identity in set(members)]
            await self.host.snapshots.write(parted)
            self.fleet.abandon(shard)
            await self.leases.release(shard)
            self._handing_over = None


def patient_for(seconds: float) -> Redis:
    """A client that gives an attempt up after so long; a broken connection is made anew at once."""
    return redis_links.connect(
        settings.REDIS_URL, socket_timeout=seconds, socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )  # fmt: skip


def _answer(asking: list[asyncio.Future[None]]) -> None:
    while asking:
        asking.pop().set_result(None)
