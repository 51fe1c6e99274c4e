"""Numbers for ws/stats and the dashboard: this process's hub, the workers, the log's queue."""

from __future__ import annotations

import asyncio
import json
import time
import weakref

import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

from messaging.hub import hub
from messaging.recorder import LOG_QUEUE

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
    client = redis.asyncio.Redis.from_url(
        settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2
    )
    try:
        async with client.pipeline(transaction=False) as pipe:
            pipe.hgetall(f"{settings.REDIS_PREFIX}fleet:workers")
            pipe.llen(_queue_key())
            workers, queue = await pipe.execute()
    except (RedisError, OSError, TimeoutError):
        return {"workers": {}, "queue": None, "redis": "away"}
    finally:
        await client.aclose()
    return {"workers": _living(workers), "queue": queue, "redis": "ok"}


def _queue_key() -> str:
    from celery import current_app

    options = current_app.conf.broker_transport_options or {}
    return options.get("global_keyprefix", "") + LOG_QUEUE


def _living(workers: dict[bytes, bytes]) -> dict[str, dict]:
    living = {}
    for name, text in workers.items():
        try:
            stats = json.loads(text)
            age = time.time() - float(stats.get("time", 0))
        except (ValueError, TypeError, AttributeError):
            continue
        if age < FRESH:
            living[name.decode("utf-8", "replace")] = stats
    return living
