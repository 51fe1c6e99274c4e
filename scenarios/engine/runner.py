"""The runner: a process that executes scenarios. Any number may run; they share the executions.

Its tasks: looking for work (at a nudge in Redis, else every 2 s), keeping its lease, and writing
down how far each execution is. See docs/decisions/0010-who-runs-scenarios.md.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import socket
import time

from asgiref.sync import sync_to_async
from django.conf import settings
from pymongo.errors import PyMongoError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from messaging.records import when
from messaging.store import close_async
from scenarios import behaviours, keys
from scenarios.engine import claims
from scenarios.engine.commander import Commander
from scenarios.engine.execution import Plan, Run
from scenarios.engine.past import Past
from scenarios.engine.states import States
from scenarios.engine.strand import Services
from scenarios.engine.stream import Stream
from stations import lifetime

log = logging.getLogger(__name__)

LOOK_EVERY = 2  # seconds, without a nudge
TELL_EVERY = 2.0
WRITE_EVERY = 1.0
MOST_STATIONS = 5_000  # at a time; further executions wait, or go to another runner
BEHAVIOURS_EVERY = 5.0
LEAVING_PATIENCE = 8.0  # seconds that cleanup steps have when the process is told to end
FORGOTTEN_AFTER = 60.0
STOPPED = "The runner was stopped before it was done. Run it again."


class Runner:
    """Build it on a running loop, then `run` until `stop`."""

    def __init__(self) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        # A blocking read waits LOOK_EVERY, so the socket must wait longer.
        self.redis = Redis.from_url(
            settings.REDIS_URL, health_check_interval=10, socket_timeout=LOOK_EVERY + 8
        )
        self.services = Services(Stream(), Past(), States(self.redis), Commander())
        self.runs: dict[str, Run] = {}
        self._ends: set[asyncio.Task] = set()
        self._stopping, self._leased = asyncio.Event(), asyncio.Event()
        self._next_behaviours = 0.0

    # --- life --------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until `stop`, then end what runs, with its cleanup steps."""
        log.info("scenario runner %s is up", self.id)
        self.services.stream.join()
        jobs = (self._keep_lease(), self._look(), self._write())
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            await lifetime.until(self._stopping, tasks)
        finally:
            await self._leave(tasks)

    def stop(self) -> None:
        """Ask `run` to end; safe to call from a signal handler of the loop."""
        self._stopping.set()

    async def _leave(self, tasks: list[asyncio.Task]) -> None:
        log.info("scenario runner %s leaves", self.id)
        keeping, looking, writing = tasks
        await lifetime.end([looking])
        for run in self.runs.values():
            run.cleanup_limit = LEAVING_PATIENCE
            run.cancel(STOPPED)
        if self._ends:
            await asyncio.wait(self._ends, timeout=LEAVING_PATIENCE + 4)
        await lifetime.end([keeping, writing])
        self.services.stream.leave()
        await self.services.states.close()
        try:
            await self.redis.delete(keys.lease_key(self.id))
            await self.redis.hdel(keys.runners_key(), self.id)
        except (RedisError, OSError):
            log.warning("Redis is away; the lease will lapse by itself")
        await self.redis.aclose()
        await close_async()

    # --- lease and signs of life -------------------------------------------------------------

    async def _keep_lease(self) -> None:
        while True:
            try:
                await self._tell()
            except (RedisError, OSError) as failure:
                log.warning("the lease is not kept, Redis is away: %s", failure)
            await asyncio.sleep(TELL_EVERY)

    async def _tell(self) -> None:
        now = time.time()
        line = {
            "id": self.id, "pid": os.getpid(), "time": now, "executions": len(self.runs),
            "stations": sum(len(run.logs) for run in self.runs.values()),
        }  # fmt: skip
        await self.redis.set(keys.lease_key(self.id), "1", px=claims.LEASE_MS)
        await self.redis.hset(keys.runners_key(), self.id, json.dumps(line))
        self._leased.set()
        for name, text in (await self.redis.hgetall(keys.runners_key())).items():
            if now - json.loads(text)["time"] > FORGOTTEN_AFTER:
                await self.redis.hdel(keys.runners_key(), name)

    # --- work --------------------------------------------------------------------------------

    async def _look(self) -> None:
        # No work before the first lease: it would look like a dead runner's.
        await self._leased.wait()
        while True:
            try:
                await self._look_once()
                await self.redis.blpop([keys.nudge_key(self.id), keys.nudge_key()], LOOK_EVERY)
            except (PyMongoError, RedisError, OSError) as failure:
                log.warning("no work is looked for, a store is away: %s", failure)
                await asyncio.sleep(LOOK_EVERY)

    async def _look_once(self) -> None:
        await sync_to_async(claims.reap)()
        if self.runs:
            for identity, why in (await claims.cancel_asked(self.id)).items():
                if identity in self.runs and not self.runs[identity].cancelled:
                    log.info("execution %s is cancelled", identity)
                    self.runs[identity].cancel(why)
        await self._attend_behaviours()
        for execution in await claims.waiting():
            if self.runs and sum(len(run.logs) for run in self.runs.values()) >= MOST_STATIONS:
                break
            made = await claims.claim(self.id, execution)
            if made is not None:
                self._begin(made)

    async def _attend_behaviours(self) -> None:
        if time.monotonic() < self._next_behaviours:
            return
        self._next_behaviours = time.monotonic() + BEHAVIOURS_EVERY
        # One runner at a time, or two would start the same; the turn lapses by itself.
        turn = f"{keys.runners_key()}:behaviours"
        if await self.redis.set(turn, self.id, nx=True, px=30_000):
            try:
                await sync_to_async(behaviours.reconcile)()
            finally:
                await self.redis.delete(turn)

    def _begin(self, made: dict) -> None:
        run = Run(Plan.of_document(made), self.id, self.services)
        self.runs[run.plan.id] = run
        log.info("execution %s of %s: %d stations", run.plan.id, made["scenario_slug"],
                 len(run.logs))  # fmt: skip
        task = asyncio.create_task(self._carry_out(run), name=f"execution-{run.plan.id}")
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    async def _carry_out(self, run: Run) -> None:
        try:
            await run.run()
            state, message = run.verdict()
        except Exception as fault:
            log.exception("execution %s could not be carried out", run.plan.id)
            state, message = "failed", f"It could not be carried out: {fault}"
        values = {
            "state": state, "message": message, "counts": run.counts(),
            "ended": when(time.time()), "interrupted": run.why == STOPPED,
        }  # fmt: skip
        if values["interrupted"]:
            values["state"], values["message"] = "failed", STOPPED
        await self._write_end(run, values)
        self.runs.pop(run.plan.id, None)

    async def _write_end(self, run: Run, values: dict) -> None:
        """Until the store has taken it. Without it the execution would seem to run for ever."""
        while True:
            try:
                if await run.flush():
                    await claims.report(self.id, run.plan.id, values)
                    return
            except PyMongoError as failure:
                log.warning("execution %s is not stored: %s", run.plan.id, failure)
            await asyncio.sleep(1)

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY)
            for run in list(self.runs.values()):
                if not any(each.dirty for each in run.logs):
                    continue
                try:
                    await run.flush()
                    counts = {"counts": run.counts()}
                    mine = await claims.report(self.id, run.plan.id, counts)
                except PyMongoError as failure:
                    log.warning("the progress is not stored, MongoDB is away: %s", failure)
                    continue
                if not mine and run.plan.id in self.runs and not run.cancelled:
                    log.error("execution %s was taken from this runner: it ends", run.plan.id)
                    run.cancel("The runner lost this execution.")
