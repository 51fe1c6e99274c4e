"""How a worker is doing, told every 2 s for health, metrics and the admin."""

import asyncio
import contextlib
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings

from messaging import pulse
from runtime.stores import STORE_ERRORS
from stations.link.dialer import LinkState
from stations.state import keys

if TYPE_CHECKING:
    from stations.worker.worker import Worker

log = logging.getLogger(__name__)

EVERY = pulse.EVERY
MOST_NAMED = 20  # stations that are held back
DEAD_TOLD = 2 * pulse.FORGOTTEN_AFTER_MS / 1000  # seconds


class Vitals:
    """Counts and rates of one worker; written to `fleet:workers` under the worker's id."""

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker
        self._last = (time.monotonic(), 0, 0)
        self._lag = 0.0
        self._began = time.monotonic()
        self._missing_since: float | None = None
        self._soon = asyncio.Event()

    def tell_soon(self) -> None:
        """Something changed that is not to wait for the next time."""
        self._soon.set()

    async def run(self) -> None:
        """Publish what the worker is doing each EVERY seconds, and soon after `soon` is set, for
        ever. A store that is away is tried again."""
        # Its first word takes the place of a dead one's, so it says who is dead.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EVERY):
                await self._worker.reconciler.looked.wait()
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            try:
                async with asyncio.timeout_at(before + EVERY):
                    await self._soon.wait()
            except TimeoutError:
                self._lag = max(0.0, loop.time() - before - EVERY)
            self._soon.clear()
            self._worker.host.clock.follow_wall_clock()
            await self._worker.host.gate.opened()
            try:
                await self._tell()
            except STORE_ERRORS as failure:
                log.debug("vitals not written: %s", failure)

    async def withdraw(self) -> None:
        await pulse.withdraw(*self._place())

    async def _tell(self) -> None:
        await pulse.tell(*self._place(), orjson.dumps(self.measure(time.time())))

    def _place(self) -> tuple:
        worker = self._worker
        prefix = settings.REDIS_PREFIX
        return worker.redis, prefix, "charge_points", worker.id, keys.workers_key()

    def measure(self, now: float) -> dict[str, Any]:
        """rss in bytes, rates in messages a second since the last time, lags in seconds.

        wanted       stations that should run here, as the last whole look at the database said
        missing_for  since when fewer do
        held_back    the first of those that do not run because they ended workers, and why
        serves       those of its shards whose stations were started since it took them
        dead         workers of its machine that ended without a word, for as long as their last
                     words are known
        """
        worker, host = self._worker, self._worker.host
        moment, sent, received = time.monotonic(), host.sent, host.received
        before, sent_before, received_before = self._last
        self._last = (moment, sent, received)
        seconds = max(moment - before, 1e-3)
        running = worker.fleet.running.values()
        dials_waiting, dials_wait = worker.queue.backlog()
        transfers_waiting, transfers_wait = host.transfers.backlog()
        return {
            "id": worker.id,
            "time": now,
            "pid": os.getpid(),
            "shards": sorted(worker.leases.held),
            "serves": worker.reconciler.serves(),
            "dead": self._dead(moment),
            "up": round(moment - self._began, 1),
            "stations": len(worker.fleet.running),
            "wanted": worker.reconciler.wanted,
            "missing_for": self._missing_for(moment),
            "held_back": dict(sorted(worker.reconciler.held.items())[:MOST_NAMED]),
            "connected": sum(s.dialer.state is LinkState.OPEN for s in running),
            "sent": sent,
            "received": received,
            "sent_per_second": round((sent - sent_before) / seconds, 1),
            "received_per_second": round((received - received_before) / seconds, 1),
            "rss": resident_bytes(),
            "loop_lag": round(self._lag, 4),
            "dials_waiting": dials_waiting,
            "dials_wait": round(dials_wait, 1),
            "transfers_waiting": transfers_waiting,
            "transfers_wait": round(transfers_wait, 1),
            "snapshots_wait": round(host.snapshots.waits(), 1),
            "snapshots_written": host.snapshots.written,
            "snapshots_refused": host.snapshots.refused,
            "recorder": worker.recorder.stats(),
        }

    def _dead(self, moment: float) -> list[str]:
        known = self._worker.reconciler.dead
        for worker in [w for w, found in known.items() if moment - found > DEAD_TOLD]:
            del known[worker]
        return sorted(known)

    def _missing_for(self, moment: float) -> float:
        if len(self._worker.fleet.running) >= self._worker.reconciler.wanted:
            self._missing_since = None
            return 0.0
        if self._missing_since is None:
            self._missing_since = moment
        return round(moment - self._missing_since, 1)


def resident_bytes() -> int:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
