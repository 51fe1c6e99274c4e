"""How a worker is doing, told every 2 s for health, metrics and the admin."""

import asyncio
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from redis.exceptions import RedisError

from stations import keys
from stations.dialer import LinkState

if TYPE_CHECKING:
    from stations.worker import Worker

log = logging.getLogger(__name__)

EVERY = 2.0
FORGOTTEN_AFTER = 60.0  # seconds after which a dead worker's line is removed


class Vitals:
    """Counts and rates of one worker; written to `fleet:workers` under the worker's id."""

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker
        self._last = (time.monotonic(), 0, 0)
        self._lag = 0.0

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(EVERY)
            self._lag = max(0.0, loop.time() - before - EVERY)
            self._worker.host.clock.follow_wall_clock()
            try:
                await self._tell()
            except (RedisError, OSError) as failure:
                log.debug("vitals not written: %s", failure)

    async def withdraw(self) -> None:
        await self._worker.redis.hdel(keys.workers_key(), self._worker.id)

    async def _tell(self) -> None:
        redis, now = self._worker.redis, time.time()
        await redis.hset(keys.workers_key(), self._worker.id, orjson.dumps(self.measure(now)))
        for name, line in (await redis.hgetall(keys.workers_key())).items():
            if now - orjson.loads(line)["time"] > FORGOTTEN_AFTER:
                await redis.hdel(keys.workers_key(), name)

    def measure(self, now: float) -> dict[str, Any]:
        """rss in bytes, rates in messages a second since the last time, lag in seconds."""
        worker, host = self._worker, self._worker.host
        moment, sent, received = time.monotonic(), host.sent, host.received
        before, sent_before, received_before = self._last
        self._last = (moment, sent, received)
        seconds = max(moment - before, 1e-3)
        running = worker.fleet.running.values()
        return {
            "id": worker.id,
            "time": now,
            "pid": os.getpid(),
            "shards": sorted(worker.leases.held),
            "stations": len(worker.fleet.running),
            "connected": sum(s.dialer.state is LinkState.OPEN for s in running),
            "sent": sent,
            "received": received,
            "sent_per_second": round((sent - sent_before) / seconds, 1),
            "received_per_second": round((received - received_before) / seconds, 1),
            "rss": resident_bytes(),
            "loop_lag": round(self._lag, 4),
            "snapshots_written": host.snapshots.written,
            "snapshots_refused": host.snapshots.refused,
            "recorder": worker.recorder.stats(),
        }


def resident_bytes() -> int:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
