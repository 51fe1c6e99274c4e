"""Celery's processes tell Redis that they live and how their tasks ended.

Telling never fails the work: where Redis is away, the sign is left out.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import time

import redis
from celery import signals

from emulator import signs
from emulator.lifeline import die_with_parent


@functools.lru_cache(maxsize=1)
def _client_of(pid: int) -> redis.Redis:
    from django.conf import settings

    return signs.connect(settings.REDIS_URL)


def client() -> redis.Redis:
    """One client a process; a forked child must not use its parent's."""
    return _client_of(os.getpid())


@signals.worker_process_init.connect(weak=False)
def on_pool_process_started(**_) -> None:
    # A killed worker must not leave its pool behind.
    die_with_parent()


@signals.worker_ready.connect(weak=False)
@signals.heartbeat_sent.connect(weak=False)
def on_worker_alive(sender=None, **_) -> None:
    # The sender is the consumer (ready) or its heart.
    name = getattr(sender, "hostname", None) or sender.eventer.hostname
    with contextlib.suppress(redis.RedisError):
        line = json.dumps({"time": time.time(), "pid": os.getpid()})
        client().hset(signs.celery_key(), name, line)


@signals.worker_shutdown.connect(weak=False)
def on_worker_shutdown(sender=None, **_) -> None:
    with contextlib.suppress(redis.RedisError):
        client().hdel(signs.celery_key(), sender.hostname)


@signals.task_postrun.connect(weak=False)
def on_task_ended(sender=None, state=None, **_) -> None:
    with contextlib.suppress(redis.RedisError):
        client().hincrby(signs.tasks_key(), state or "UNKNOWN", 1)


@signals.task_failure.connect(weak=False)
def on_task_failed(sender=None, exception=None, **_) -> None:
    with contextlib.suppress(redis.RedisError):
        failure = {
            "time": time.time(),
            "task": getattr(sender, "name", ""),
            "error": f"{type(exception).__name__}: {exception}"[:500],
        }
        client().set(signs.failure_key(), json.dumps(failure))
