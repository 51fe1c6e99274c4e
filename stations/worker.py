"""One charge point worker: a process that runs the stations of the shards it holds.

Its tasks, each with one purpose: tending the leases, applying changes (the only one that starts and
stops stations), writing snapshots, listening on each shard's channel, and telling how it is doing.
"""

import asyncio
import logging
import os
import secrets
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from stations import lifetime, loading, snapshots
from stations.clock import Clock, Deadlines
from stations.consumers import Host
from stations.dialing import DialQueue
from stations.fleet import Fleet
from stations.leases import LEASE_MS, TEND_EVERY, ShardLeases
from stations.listening import ShardListener
from stations.snapshot_writer import SnapshotWriter
from stations.vitals import Vitals

log = logging.getLogger(__name__)

FINAL_WRITE_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    dials: int = 200  # connections being made at a time
    reconcile_every: float = 15.0  # seconds; finds what a lost change notice would have told
    lease_ms: int = LEASE_MS
    tend_every: float = TEND_EVERY


class Worker:
    """Build it on a running loop, then `run` until `stop` is called."""

    def __init__(self, recorder: Any, options: WorkerOptions = WorkerOptions()) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        self.options = options
        self.recorder = recorder
        # health_check_interval: a connection that died while idle is noticed before it is used.
        self.redis = Redis.from_url(settings.REDIS_URL, health_check_interval=10)
        clock = Clock()
        writer = SnapshotWriter(self.redis, lambda: self.fleet.sources())
        writer.on_refused = lambda consumer: self._refused(consumer.identity)
        self.host = Host(clock, Deadlines(clock), recorder, writer)
        self.queue = DialQueue(options.dials)
        self.fleet = Fleet(self.host, self.queue)
        self.leases = ShardLeases(
            self.redis, self.id, settings.CHARGE_POINT_SHARDS, options.lease_ms
        )
        self.vitals = Vitals(self)
        # One thread: Django keeps a database client for each thread that asks.
        self.database = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._listeners: dict[int, ShardListener] = {}
        self._stopping = asyncio.Event()
        self._changes = asyncio.Event()
        self._changed: set[str] = set()
        self._reconcile_all = False
        self._surplus: list[int] = []
        self._in_doubt = False  # a write was refused: is a shard of ours another's?

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
        await lifetime.end(tasks)
        await self.fleet.stop(list(self.fleet.running))
        await self.queue.close()
        await self.host.transfers.close()
        await self._write_final()
        self.host.deadlines.close()
        await self.recorder.stop()
        try:
            await self.leases.leave()
            await self.vitals.withdraw()
        except (RedisError, OSError):
            log.warning("Redis is away; the leases will lapse by themselves")
        await self.redis.aclose()
        self.database.shutdown(wait=True)

    async def _write_final(self) -> None:
        """Last snapshots: to Redis, or straight to MongoDB when Redis is away."""
        sources = list(self.fleet.sources())
        try:
            async with asyncio.timeout(FINAL_WRITE_PATIENCE):
                await self.host.snapshots.write(sources)
        except (RedisError, OSError):
            log.warning("Redis is away: %d last states go to MongoDB", len(sources))
            values = {source.identity: source.packed_state() for source in sources}
            await self._in_database(snapshots.write_chunk, values)

    async def _in_database(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.database, work, *arguments)

    # --- leases ------------------------------------------------------------------------------

    async def _tend(self) -> None:
        while True:
            in_doubt, self._in_doubt = self._in_doubt, False
            try:
                tending = await self.leases.tend(self.host.clock.now())
            except (RedisError, OSError) as failure:
                # The stations keep running; whether the shards are still ours shows later.
                log.warning("leases not extended, Redis is away: %s", failure)
                self._in_doubt = self._in_doubt or in_doubt
            else:
                await self._follow(tending)
                if in_doubt:
                    self._reconcile_soon()
            await asyncio.sleep(self.options.tend_every)

    async def _follow(self, tending: Any) -> None:
        for shard in tending.lost:
            log.warning("shard %d has another owner: its stations stop here", shard)
            await self._deafen(shard)
            self.fleet.abandon(shard)
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

    def _refused(self, identity: str) -> None:
        # Another worker has taken the shard, and we do not know it yet. Nothing is started until
        # the next round of the leases has told; if the shard is ours after all, it starts again.
        log.warning("%s: a newer owner's state is in Redis; it stops here", identity)
        self.fleet.drop(identity)
        self._in_doubt = True

    # --- changes -----------------------------------------------------------------------------

    def notice(self, identities: list[str]) -> None:
        """The configuration or `running` of these stations changed."""
        self._changed.update(identities)
        self._changes.set()

    def _reconcile_soon(self) -> None:
        self._reconcile_all = True
        self._changes.set()

    async def set_running(self, identities: list[str], running: bool) -> None:
        """Keep the desired state and act on it."""
        from stations.models import Station

        rows = Station.objects.filter(identity__in=identities)
        await self._in_database(rows.set_running, running)
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
            changed, self._changed = self._changed, set()
            try:
                await self._hand_over_surplus()
                await self._reconcile(None if everything else changed)
            except Exception:
                # MongoDB or Redis away, most likely: all of it is looked at again.
                log.exception("changes not applied; next try in %s s", 2)
                self._reconcile_all = True
                await asyncio.sleep(2)
                self._changes.set()

    async def _hand_over_surplus(self) -> None:
        surplus, self._surplus = self._surplus, []
        for shard in surplus:
            log.info("shard %d is handed over to another worker", shard)
            await self._deafen(shard)
            members = [i for i, s in self.fleet.running.items() if s.shard == shard]
            await self.fleet.stop(members)
            parted = [c for c in self.fleet.sources() if c.identity in set(members)]
            await self.host.snapshots.write(parted)
            self.fleet.abandon(shard)
            await self.leases.release(shard)

    async def _reconcile(self, only: set[str] | None) -> None:
        if self._in_doubt:
            return  # the leases' next round asks for it again
        fleet = self.fleet
        difference = await self._in_database(loading.compare, set(fleet.epochs), fleet.rows(), only)
        if difference.stop or difference.replaced:
            await fleet.stop([*difference.stop, *difference.replaced])
            gone = await self._in_database(loading.vanished, difference.stop)
            gone += difference.replaced
            await fleet.forget(gone)
            await self._in_database(snapshots.forget_states, gone)
        plans = loading.load(difference.load, set(fleet.running))
        while (batch := await self._in_database(next, plans, None)) is not None:
            for problem in (plan for plan in batch if not isinstance(plan, loading.Plan)):
                log.error("station %s cannot run: %s", *problem)
            batch = [plan for plan in batch if isinstance(plan, loading.Plan)]
            await fleet.stop(fleet.other_version(batch))
            for plan in batch:
                self._carry_out(plan)
        fleet.forget_parted()

    def _carry_out(self, plan: loading.Plan) -> None:
        try:
            self.fleet.carry_out(plan)
        except Exception:
            log.exception("station %s not started", plan.identity)
