"""One charge point worker: a process that runs the stations of the shards it holds.

Its tasks, each with one purpose: tending the leases, applying changes (the only one that starts and
stops stations), writing snapshots, listening on each shard's channel, and telling how it is doing.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from chargepoint.effects import Frame
from runtime import lifetime, redis_links
from runtime.stores import STORE_ERRORS
from stations import holding, loading, named, orders, recalling, snapshots, switching
from stations.checks import egress_policy
from stations.clock import Clock, Deadlines
from stations.consumers import ChargePointConsumer, Host
from stations.dialing import DialQueue
from stations.fleet import Fleet
from stations.handling import HandlingFile
from stations.leases import ShardLeases, Tending
from stations.listening import ShardListener
from stations.moments import Moments
from stations.reaching import Reach
from stations.snapshot_writer import SnapshotWriter
from stations.transfers import Transfers
from stations.vitals import Vitals

log = logging.getLogger(__name__)

# Seconds for the steps of a leaving, all of them below lifetime.LIMIT.
FINAL_WRITE_PATIENCE = 4.0
RECORDER_PATIENCE = 6.0
STEP_PATIENCE = 1.5
WRITING = 1.0  # seconds of writing rows of orders between two looks at what else is due


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    dials: int = 200  # connections being made at a time
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
        self.queue = DialQueue(options.dials, reach=Reach(egress_policy("CSMS")))
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
        # Of orders: those that are not done, what they say, and the parts of them to be written.
        self._orders: list[orders.Order] = []
        self._standing: dict[str, tuple[int, bool]] = {}
        self._unwritten: deque[tuple[orders.Order, list[str]]] = deque()
        self._surplus: list[int] = []
        self.wanted = 0  # stations that should run here, at the last whole look
        self._in_doubt = False  # a write was refused: is a shard of ours another's?
        self.held: dict[str, str] = {}  # stations that do not run though they should, and why
        # Workers of this machine that were seen to have died, and when (monotonic seconds).
        self.dead: dict[str, float] = {}
        self.looked = asyncio.Event()  # whether it was asked for once who has died
        self._taken_up: dict[int, int] = {}  # shard -> epoch, of those whose stations were started
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
        gate = self.host.gate
        while True:
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
                if steady:
                    # The stations keep running: without Redis nobody can take them over.
                    gate.open_until(speaks_until)
            else:
                listeners = self._lose(tending.lost)
                gate.open_until(speaks_until)
                await asyncio.gather(*(listener.stop() for listener in listeners))
                self._follow(tending)
                if in_doubt:
                    self._reconcile_soon()
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
        if tending.surplus or tending.taken:
            self._surplus = tending.surplus
            self._reconcile_soon()

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
        self._changes.set()

    def notice_order(self) -> None:
        """An order for many stations is kept."""
        self._ordered = True
        self._changes.set()

    def _reconcile_soon(self) -> None:
        self._reconcile_all = True
        self._changes.set()

    async def set_running(self, identities: list[str], running: bool) -> None:
        """Keep the desired state and act on it."""
        await self._in_database(switching.set_running, identities, running)
        self.notice(identities)

    async def _apply_changes(self) -> None:
        loop = asyncio.get_running_loop()
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
                await self._hand_over_surplus()
                if everything or self._ordered:
                    await self._hear_orders(act=not everything)
                changed = self._take_changed()
                await self._reconcile(None if everything else changed)
                await self._write_orders()
            except Exception:
                # MongoDB or Redis away, most likely: all of it is looked at again.
                log.exception("changes not applied; next try in %s s", 2)
                self._reconcile_all = True
                await asyncio.sleep(2)
                self._changes.set()

    def _take_changed(self) -> set[str]:
        changed, self._changed = self._changed, set()
        return changed

    async def _hear_orders(self, act: bool) -> None:
        """Learn of the orders for many stations, and `act` on the new ones, a part at a time.

        Whatever else changes meanwhile is seen to between two parts. Their rows are written after.
        """
        self._ordered = False
        waiting = await self._in_database(orders.waiting, set(self.fleet.epochs))
        known = {order.id for order in self._orders}
        fresh = [order for order in waiting if order.id not in known]
        self._orders += fresh
        self._standing = orders.standing(self._orders)
        for order in fresh:
            for part in named.parts(order.identities, switching.PART):
                self._unwritten.append((order, part))
        for part in named.parts(orders.standing(fresh) if act else (), switching.PART):
            await self._reconcile({*part, *self._take_changed()})

    async def _write_orders(self) -> None:
        """Write rows of orders until something else is to be done, and go on after that."""
        began = asyncio.get_running_loop().time()
        while self._unwritten and not self._changes.is_set():
            order, part = self._unwritten[0]
            await self._in_database(switching.set_running, part, order.running, order.number)
            self._unwritten.popleft()
            if not self._unwritten or self._unwritten[0][0] is not order:
                await self._in_database(orders.done, order)
                self._orders.remove(order)
                self._standing = orders.standing(self._orders)
            if asyncio.get_running_loop().time() - began > WRITING:
                self._changes.set()

    async def _hand_over_surplus(self) -> None:
        surplus, self._surplus = self._surplus, []
        for shard in surplus:
            log.info("shard %d is handed over to another worker", shard)
            await self._deafen(shard)
            await self.host.gate.opened()
            members = [i for i, s in self.fleet.running.items() if s.shard == shard]
            await self.fleet.stop(members)
            parted = [c for c in self.fleet.sources() if c.identity in set(members)]
            await self.host.snapshots.write(parted)
            self.fleet.abandon(shard)
            await self.leases.release(shard)

    async def _reconcile(self, only: set[str] | None) -> None:
        if self._in_doubt:
            return  # the leases' next round asks for it again
        fleet, epochs = self.fleet, dict(self.fleet.epochs)
        accused = await self._accuse_the_dead()
        difference = await self._in_database(
            loading.compare, set(fleet.epochs), fleet.rows(), only, self._standing
        )
        if only is None:
            self.wanted = difference.wanted
            self.held = difference.held
        else:
            self.held = {i: why for i, why in self.held.items() if i not in only} | difference.held
        await self.host.gate.opened()
        if difference.stop or difference.replaced:
            await fleet.stop([*difference.stop, *difference.replaced])
            gone = await self._in_database(loading.vanished, difference.stop)
            gone += difference.replaced
            await fleet.forget(gone)
            await self._in_database(snapshots.forget_states, gone)
        self._say_accused(accused)
        await self._read_journals()
        plans = loading.load(difference.load, set(fleet.running), difference.rows)
        batches = lifetime.ahead(lambda: self._in_database(next, plans, None))
        async with contextlib.aclosing(batches):
            async for batch in batches:
                await self._start(batch, epochs)
        fleet.forget_parted()
        if only is None and epochs != self._taken_up:
            self._taken_up = epochs
            self.vitals.tell_soon()

    async def _accuse_the_dead(self) -> list[tuple[str, str]]:
        try:
            dead, accused = await self._in_database(
                holding.accuse_the_dead, settings.JOURNAL_DIR
            )
        finally:
            self.looked.set()
        self.dead |= dict.fromkeys(dead, time.monotonic())
        return accused

    def serves(self) -> list[int]:
        """Shards whose stations have been started, and not only taken."""
        epochs = self.fleet.epochs
        return sorted(s for s, epoch in epochs.items() if self._taken_up.get(s) == epoch)

    async def _start(self, batch: list[Any], epochs: dict[int, int]) -> None:
        for problem in (plan for plan in batch if not isinstance(plan, loading.Plan)):
            log.error("station %s cannot run: %s", *problem)
        batch = [plan for plan in batch if isinstance(plan, loading.Plan)]
        await self.host.gate.opened()
        await self.fleet.stop(self.fleet.other_version(batch))
        for plan in batch:
            self._carry_out(plan, epochs)

    async def _read_journals(self) -> None:
        """Once for each shard taken: what its stations told before they came here."""
        epochs = {shard: self.fleet.epochs[shard] for shard in self.fleet.unread}
        if epochs:
            said = await self._in_database(recalling.recall, self.recorder.root, set(epochs))
            self.fleet.learned(epochs, said)

    def _say_accused(self, accused: list[tuple[str, str]]) -> None:
        for identity, why in accused:
            if not why:
                log.error("a worker ended in the midst of a step of %s; once more and it is held"
                          " back", identity)  # fmt: skip
                continue
            log.error("%s is held back until it is released: %s", identity, why)
            if identity in self.fleet.running:
                continue
            now = self.host.clock.now()
            note = Frame("", "Note", "", "", "", now, mark=f"held back: {why}")
            # A run of its own: another worker may have numbered records of the station since.
            self.recorder.record(identity, int(now * 1000), note)

    def _carry_out(self, plan: loading.Plan, epochs: dict[int, int]) -> None:
        try:
            self.fleet.carry_out(plan, epochs)
        except Exception:
            log.exception("station %s not started", plan.identity)


def patient_for(seconds: float) -> Redis:
    """A client that gives an attempt up after so long; a broken connection is made anew at once."""
    return redis_links.connect(
        settings.REDIS_URL, socket_timeout=seconds, socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )  # fmt: skip
