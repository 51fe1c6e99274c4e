"""Numbers for ws/stats and the dashboard: this process's hub, the workers, the log's queue."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import weakref

from django.conf import settings

from messaging import pulse
from messaging.journals.log_queue import queue_key
from messaging.live.hub import hub
from runtime import redis_links
from runtime.stores import STORE_ERRORS

FRESH = 15.0  # seconds after which a worker's numbers are of a dead worker
CACHE = 0.8  # seconds; many viewers share one look at Redis


class LiveStats:
    """Reads the numbers; all in one event loop share a reading for CACHE seconds."""

    _shared: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict] = (
        weakref.WeakKeyDictionary()
    )

    async def read(self) -> dict:
        """{"time", "stream": hub's numbers, "workers": {id: stats}, "queue": depth | None}."""
        shared = self._shared.setdefault(asyncio.get_running_loop(), {})
        if time.monotonic() - shared.get("at", -CACHE) >= CACHE:
            shared["at"] = time.monotonic()
            shared["redis"] = await _from_redis()
        return {"time": time.time(), "stream": hub().stats(), **shared.get("redis", {})}


async def _from_redis() -> dict:
    client = redis_links.connect(settings.REDIS_URL, **settings.REDIS_CLIENT)
    try:
        async with client.pipeline(transaction=False) as pipe:
            pipe.hgetall(f"{settings.REDIS_PREFIX}fleet:workers")
            pipe.time()
            pipe.hgetall(pulse.seen_key(settings.REDIS_PREFIX))
            pipe.llen(queue_key())
            workers, clock, seen, queue = await pipe.execute()
    except STORE_ERRORS:
        return {"workers": {}, "queue": None, "redis": "away"}
    finally:
        await client.aclose()
    return {"workers": _living(workers, pulse.ages(clock, seen)), "queue": queue, "redis": "ok"}


def _living(workers: dict[bytes, bytes], ages: dict[str, float]) -> dict[str, dict]:
    living = {}
    for raw, text in workers.items():
        name = raw.decode("utf-8", "replace")
        if pulse.is_fresh(ages.get(f"charge_points:{name}"), FRESH):
            with contextlib.suppress(ValueError):
                living[name] = json.loads(text)
    return living
