"""The runner: a process that executes scenarios. Any number may run; they share the executions.

Its tasks: looking for work (at a nudge in Redis, else every 2 s, or 5 s at rest), keeping its
lease, and writing down how far each execution is. See docs/decisions/0010-who-runs-scenarios.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import socket
import time
from collections import OrderedDict

from asgiref.sync import sync_to_async
from django.conf import settings

from accounts.trail.keeping import flush as keep_trail
from accounts.trail.keeping import waits as trail_waits
from messaging import pulse
from messaging.keeping.store import close_async
from messaging.records import when
from runtime import lifetime, redis_links
from runtime.stores import STORE_ERRORS
from scenarios import behaviours, keys, outreach
from scenarios.asking import Asker
from scenarios.engine import claims
from scenarios.engine.commander import Commander
from scenarios.engine.execution import Plan, Run, subjects_of
from scenarios.engine.past import Past
from scenarios.engine.states import States
from scenarios.engine.strand import Services
from scenarios.engine.stream import Stream
from scenarios.engine.turns import StoredTurns
from scenarios.verdicts.running import Suites

log = logging.getLogger(__name__)

LOOK_EVERY = 2  # seconds, without a nudge
# The same while nothing runs: with the lease it is less than the 15 s in which a dead runner's
# executions are marked.
REST = 5
TELL_EVERY = pulse.EVERY
WRITE_EVERY = 1.0
MOST_STATIONS = 5_000  # at a time; further executions wait, or go to another runner
BEHAVIOURS_EVERY, AT_REST = 5.0, 10.0  # without a nudge
ACCOUNTS_EVERY = 10.0
MOST_ENDED = 50  # ends that are written again should the store forget them
LEAVING_PATIENCE = 8.0  # seconds that cleanup steps have when the process is told to end
STORE_PATIENCE = 2.0  # seconds for each last word to a store
STOPPED = "The runner was stopped before it was done. Run it again."


class Runner:
    """Build it on a running loop, then `run` until `stop`."""

    def __init__(self) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        # A blocking read waits REST, so the socket must wait longer.
        self.redis = redis_links.connect(
            settings.REDIS_URL, health_check_interval=10, socket_timeout=REST + 8
        )
        self.asker = Asker()
        self.services = Services(
            Stream(),
            Past(),
            States(self.redis),
            Commander(),
            turns=StoredTurns(),
            subjects=subjects_of,
            web=outreach.web(),
            ask=self.asker.ask,
        )
        self.runs: dict[str, Run] = {}
        self.suites = Suites(self.id, self.services.web)
        self._ends: set[asyncio.Task] = set()
        self._stopping, self._leased = asyncio.Event(), asyncio.Event()
        self._next_behaviours, self._attended = 0.0, float("-inf")
        self._next_accounts = 0.0
        self._backlog = claims.Backlog()
        self._ended: OrderedDict[str, tuple[Run, dict]] = OrderedDict()  # and what was written

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
        suites = asyncio.create_task(self.suites.leave(LEAVING_PATIENCE))
        if self._ends:
            await asyncio.wait(self._ends, timeout=LEAVING_PATIENCE + 4)
        await suites
        # What is left of them: their lease lapses, and another marks them as interrupted.
        await lifetime.end([keeping, writing, *self._ends], 2.0)
        self.services.stream.leave()
        await lifetime.within(STORE_PATIENCE, sync_to_async(keep_trail)(), "the trail's last")
        await self.asker.close()
        await self.services.states.close()
        await self.services.web.close()
        await lifetime.within(STORE_PATIENCE, self._release(), "the lease will lapse by itself")
        await lifetime.within(STORE_PATIENCE, self.redis.aclose(), "closing Redis")
        await lifetime.within(STORE_PATIENCE, close_async(), "closing MongoDB")

    async def _release(self) -> None:
        await self.redis.delete(keys.lease_key(self.id))
        await pulse.withdraw(*self._place())

    # --- lease and signs of life -------------------------------------------------------------

    async def _keep_lease(self) -> None:
        while True:
            try:
                await self._tell()
            except STORE_ERRORS as failure:
                log.warning("the lease is not kept, Redis is away: %s", failure)
            await asyncio.sleep(TELL_EVERY)

    async def _tell(self) -> None:
        now = time.time()
        line = {
            "id": self.id, "pid": os.getpid(), "time": now, "executions": len(self.runs),
            "stations": sum(len(run.logs) for run in self.runs.values()),
            "waiting": len(self._backlog), "waits": round(self._backlog.age(time.monotonic()), 1),
            "suites": int(self.suites.busy), "suites_waiting": len(self.suites.backlog),
            "suites_wait": round(self.suites.backlog.age(time.monotonic()), 1),
        }  # fmt: skip
        await self.redis.set(keys.lease_key(self.id), "1", px=claims.LEASE_MS)
        await pulse.tell(*self._place(), json.dumps(line))
        self._leased.set()

    def _place(self) -> tuple:
        return self.redis, settings.REDIS_PREFIX, "scenarios", self.id, keys.runners_key()

    # --- work --------------------------------------------------------------------------------

    async def _look(self) -> None:
        # No work before the first lease: it would look like a dead runner's.
        await self._leased.wait()
        while True:
            try:
                await self._look_once()
                pause = LOOK_EVERY if self.runs or self.suites.busy else REST
                asked = [keys.nudge_key(self.id), keys.nudge_key()]
                if await self.redis.blpop(asked, pause):
                    self._next_behaviours = min(self._next_behaviours, self._attended + LOOK_EVERY)
                    self.suites.soon()
            except STORE_ERRORS as failure:
                log.warning("no work is looked for, a store is away: %s", failure)
                self._next_accounts = 0.0
                await asyncio.sleep(LOOK_EVERY)

    async def _look_once(self) -> None:
        await sync_to_async(claims.reap)()
        if self.runs:
            for identity, why in (await claims.cancel_asked(self.id)).items():
                if identity in self.runs and not self.runs[identity].cancelled:
                    log.info("execution %s is cancelled", identity)
                    self.runs[identity].cancel(why)
        await self._attend_behaviours()
        await self.suites.look()
        if time.monotonic() >= self._next_accounts:
            await self._settle_accounts()
        waiting = await claims.waiting()
        self._backlog.look(waiting, time.monotonic())
        for execution in waiting:
            if self.runs and sum(len(run.logs) for run in self.runs.values()) >= MOST_STATIONS:
                break
            made = await claims.claim(self.id, execution)
            self._backlog.taken(execution)
            if made is not None:
                self._begin(made)

    async def _settle_accounts(self) -> None:
        """Take up what is this runner's by the store, and not by itself.

        The answer to a claim may not have come, and a MongoDB that is killed forgets what it had
        acknowledged last: then an execution that has ended seems to run again.
        """
        for made in await claims.claimed(self.id):
            identity = str(made["_id"])
            if identity in self._ended:
                run, values = self._ended[identity]
                run.forget_stored()
                if await run.flush():
                    await claims.report(self.id, identity, values)
            elif identity not in self.runs:
                self._begin(made)
        self._next_accounts = time.monotonic() + ACCOUNTS_EVERY

    async def _attend_behaviours(self) -> None:
        if time.monotonic() < self._next_behaviours:
            return
        self._attended = time.monotonic()
        self._next_behaviours = self._attended + (BEHAVIOURS_EVERY if self.runs else AT_REST)
        # One runner at a time, or two would start the same; the turn lapses by itself.
        turn = f"{keys.runners_key()}:behaviours"
        if await self.redis.set(turn, self.id, nx=True, px=30_000):
            try:
                await sync_to_async(behaviours.reconcile)()
            finally:
                with contextlib.suppress(*STORE_ERRORS):
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
            "warnings": run.warnings(),
        }  # fmt: skip
        if values["interrupted"]:
            values["state"], values["message"] = "failed", STOPPED
        await self._write_end(run, values)
        self._ended[run.plan.id] = run, values
        if len(self._ended) > MOST_ENDED:
            self._ended.popitem(last=False)
        self.runs.pop(run.plan.id, None)

    async def _write_end(self, run: Run, values: dict) -> None:
        """Until the store has taken it. Without it the execution would seem to run for ever."""
        while True:
            try:
                if await run.flush():
                    await claims.report(self.id, run.plan.id, values)
                    return
            except STORE_ERRORS as failure:
                log.warning("execution %s is not stored: %s", run.plan.id, failure)
            await asyncio.sleep(1)

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY)
            if trail_waits():  # each asking is another thread's waking
                await sync_to_async(keep_trail)()
            for run in list(self.runs.values()):
                if not run.look_at_watches():
                    continue
                try:
                    await run.flush()
                    counts = {"counts": run.counts()}
                    mine = await claims.report(self.id, run.plan.id, counts)
                except STORE_ERRORS as failure:
                    log.warning("the progress is not stored, MongoDB is away: %s", failure)
                    continue
                if not mine and run.plan.id in self.runs and not run.cancelled:
                    log.error("execution %s was taken from this runner: it ends", run.plan.id)
                    run.cancel("The runner lost this execution.")
