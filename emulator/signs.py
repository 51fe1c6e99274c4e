"""Signs of life that the processes leave in Redis, and how they are read in one round trip.

Used by the health page, the metrics, the probes of docker/ and `manage.py up`. Imports no Django:
a probe must be quick to start.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import Any

import redis

QUEUES = ("messages", "sync", "maintenance")
# A sign that is older counts as none. Workers and runners speak every 2 s, beat <= 5.
FRESH = {"charge_points": 10.0, "scenarios": 10.0, "celery": 15.0, "beat": 20.0}
TIMEOUT = 0.5  # seconds


def prefix() -> str:
    return os.environ.get("REDIS_PREFIX", "ocpp:")


def celery_prefix() -> str:
    """Of the broker's own keys: queues are lists under <prefix><queue name>."""
    return f"{prefix()}celery:"


def celery_key() -> str:
    """Hash: Celery worker's host name -> JSON {time, pid}."""
    return f"{prefix()}health:celery"


def beat_key() -> str:
    """Hash: seen (unix time), pid, and the last task sent: task, run."""
    return f"{prefix()}health:beat"


def tasks_key() -> str:
    """Hash: how tasks ended, e.g. SUCCESS, FAILURE, RETRY, REJECTED -> count."""
    return f"{prefix()}health:tasks"


def failure_key() -> str:
    """JSON of the last failed task: time, task, error."""
    return f"{prefix()}health:last-failure"


@dataclass
class Signs:
    """What Redis knows. Ages are seconds; None where there is no sign."""

    charge_points: list[dict[str, Any]] = field(default_factory=list)
    scenarios: list[dict[str, Any]] = field(default_factory=list)
    celery: list[dict[str, Any]] = field(default_factory=list)
    beat: dict[str, Any] | None = None
    tasks: dict[str, int] = field(default_factory=dict)
    last_failure: dict[str, Any] | None = None
    queues: dict[str, int] = field(default_factory=dict)
    unacknowledged: int = 0
    sync: dict[str, Any] | None = None
    dirty: int = 0
    memory: int = 0


def connect(url: str, timeout: float = TIMEOUT) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)


def read(client: redis.Redis, now: float | None = None) -> Signs:
    """One pipeline; raises redis.RedisError."""
    now = time.time() if now is None else now
    pipe = client.pipeline(transaction=False)
    pipe.hvals(f"{prefix()}fleet:workers")
    pipe.hvals(f"{prefix()}scenarios:runners")
    pipe.hgetall(celery_key())
    pipe.hgetall(beat_key())
    pipe.hgetall(tasks_key())
    pipe.get(failure_key())
    for queue in QUEUES:
        pipe.llen(celery_prefix() + queue)
    pipe.hlen(f"{celery_prefix()}unacked")
    pipe.get(f"{prefix()}sync:last")
    pipe.scard(f"{prefix()}sync:dirty")
    pipe.info("memory")
    workers, runners, celery, beat, tasks, failure, *rest = pipe.execute()
    depths, (unacked, sync, dirty, memory) = rest[: len(QUEUES)], rest[len(QUEUES) :]
    beat = {key.decode(): value.decode() for key, value in beat.items()}
    return Signs(
        charge_points=_fresh((json.loads(line) for line in workers), "charge_points", now),
        scenarios=_fresh((json.loads(line) for line in runners), "scenarios", now),
        celery=_fresh(
            ({"name": name.decode(), **json.loads(line)} for name, line in celery.items()),
            "celery",
            now,
        ),
        beat=beat if now - float(beat.get("seen", 0)) <= FRESH["beat"] else None,
        tasks={key.decode().lower(): int(count) for key, count in tasks.items()},
        last_failure=json.loads(failure) if failure else None,
        queues=dict(zip(QUEUES, depths, strict=True)),
        unacknowledged=unacked,
        sync=json.loads(sync) if sync else None,
        dirty=dirty,
        memory=int(memory["used_memory"]),
    )


def _fresh(lines, kind: str, now: float) -> list[dict[str, Any]]:
    return [line for line in lines if now - line["time"] <= FRESH[kind]]
