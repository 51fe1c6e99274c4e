"""What befell each station in the past day, for the timeline on its page.

A list in Redis for each station, short and with an end, written in batches by the worker that runs
it. The log has the frames of all that, but to find them in a day of it is a scan; and of a link
that was lost no frame tells. What Redis loses is lost: a timeline is no record (decision 37).
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import Any

import orjson
from redis.asyncio import Redis

from runtime.stores import STORE_ERRORS
from stations.state import keys

log = logging.getLogger(__name__)

KEPT = 300  # of a station, the newest
SECONDS = 25 * 3600  # a day, and what the page is late
MOST_WAITING = 20_000  # in a worker, while Redis is away
EVERY = 1.0
CHUNK = 200  # stations a pipeline
MOST_SHARED = 4096

Glance = tuple[bool, bool, bool, tuple[tuple[int, str, str], ...]]


class Moments:
    """One of a worker; without a Redis it keeps nothing. `note` is cheap and never waits."""

    def __init__(self, redis: Redis | None = None) -> None:
        self._redis = redis
        self._waiting: dict[str, list[bytes]] = defaultdict(list)
        self._count = 0
        # Thousands of stations look alike: they share their glances.
        self._shared: dict[Glance, Glance] = {}

    def note(self, identity: str, time: float, kind: str, *what: Any) -> None:
        """kind: started; resumed (by another worker); stopped; link (made, why); boot;
        power (there); or status (connector, before, after, error). `time` in unix seconds.
        """
        if self._redis is None or self._count >= MOST_WAITING:
            return
        self._count += 1
        self._waiting[identity].append(orjson.dumps([round(time, 3), kind, *what]))

    def compare(
        self, identity: str, before: Glance | None, snapshot: dict[str, Any], time: float
    ) -> Glance:
        """Note what is another than `before` (None: not known); returns what it is now."""
        rows = tuple((c["id"], c["status"], c["error"]) for c in snapshot["connectors"])
        dark = (snapshot.get("faults") or {}).get("power") == "off"
        made = (snapshot["connected"], snapshot["saved"]["booted"], dark, rows)
        if made == before:
            return before
        if before is not None:
            self._tell(identity, before, made, snapshot, time)
        elif made[0]:
            self.note(identity, time, "link", True, "")
        if len(self._shared) > MOST_SHARED:
            self._shared.clear()
        return self._shared.setdefault(made, made)

    def _tell(
        self, identity: str, before: Glance, now: Glance, snapshot: dict[str, Any], time: float
    ) -> None:
        if now[2] != before[2]:
            self.note(identity, time, "power", not now[2])
        if now[0] != before[0]:
            why = "" if now[0] else (snapshot.get("link") or {}).get("error") or ""
            self.note(identity, time, "link", now[0], why[:200])
        if now[1] and not before[1]:
            self.note(identity, time, "boot")
        known = {number: (status, error) for number, status, error in before[3]}
        for number, status, error in now[3]:
            old = known.get(number)
            if old is not None and old != (status, error):
                self.note(identity, time, "status", number, old[0], status, error)

    # --- writing -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Write what waits, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.write()

    async def write(self) -> None:
        """Write what waits now. Redis away: it waits on."""
        if self._redis is None or not self._waiting:
            return
        taken, self._waiting = self._waiting, defaultdict(list)
        self._count = 0
        names = list(taken)
        for start in range(0, len(names), CHUNK):
            chunk = names[start : start + CHUNK]
            try:
                await self._write({name: taken[name] for name in chunk})
            except STORE_ERRORS as failure:
                log.warning("moments of %d stations not written: %s", len(names) - start, failure)
                self._put_back({name: taken[name] for name in names[start:]})
                return

    async def _write(self, told: dict[str, list[bytes]]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for identity, moments in told.items():
                key = keys.moments_key(identity)
                pipeline.rpush(key, *moments)
                pipeline.ltrim(key, -KEPT, -1)
                pipeline.expire(key, SECONDS)
            await pipeline.execute()

    def _put_back(self, told: dict[str, list[bytes]]) -> None:
        """Before those that came since. A write that failed half way may tell a thing twice."""
        for identity, moments in told.items():
            self._waiting[identity][:0] = moments
        self._count = sum(map(len, self._waiting.values()))


def read(values: list[bytes], since: float) -> list[list[Any]]:
    """Moments of a list in Redis that are not older, oldest first: [time, kind, what...]."""
    found = [moment for moment in map(orjson.loads, values) if moment[0] >= since]
    return sorted(found, key=lambda moment: moment[0])
