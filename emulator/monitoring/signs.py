"""Signs of life that the processes leave in Redis, and how they are read in one round trip.

Used by the health page, the metrics, the probes of docker/ and `manage.py up`. Imports no Django:
a probe must be quick to start. Ages are by Redis' clock, see messaging/pulse.py.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from messaging import pulse
from runtime import redis_clients

QUEUES = ("messages", "sync", "maintenance")
# Seconds after which a sign counts as none. Beat speaks every 5 s, the others every 2 s.
FRESH = {
    "charge_points": 10.0, "scenarios": 10.0, "celery": 10.0, "celery_children": 10.0,
    "beat": 12.0, "supervisors": 10.0,
}  # fmt: skip
CHILD_STARTS = 10.0  # seconds until a new child of a Celery pool must have given a sign
STUCK_FRESH = 5.0  # seconds; the watchdog of a stuck loop speaks each half second
TIMEOUT = 0.5  # seconds


def prefix() -> str:
    return os.environ.get("REDIS_PREFIX", "ocpp:")


def celery_prefix() -> str:
    """Of the broker's own keys: queues are lists under <prefix><queue name>."""
    return f"{prefix()}celery:"


def lines_key(kind: str) -> str:
    """Hash: name -> JSON of how the process is doing; each kind has its own."""
    match kind:
        case "charge_points":
            return f"{prefix()}fleet:workers"
        case "scenarios":
            return f"{prefix()}scenarios:runners"
        case _:
            return f"{prefix()}health:{kind}"


def beat_key() -> str:
    """Hash of the last task that beat sent: task, run (unix time)."""
    return f"{prefix()}health:beat-last"


def tasks_key() -> str:
    """Hash: how tasks ended, e.g. SUCCESS, FAILURE, RETRY, REJECTED -> count."""
    return f"{prefix()}health:tasks"


def failures_key() -> str:
    """Hash: task -> JSON of its last failure: time, task, error. Gone once the task succeeds."""
    return f"{prefix()}health:failures"


def failure_key() -> str:
    """JSON of the last failed task: time, task, error."""
    return f"{prefix()}health:last-failure"


def shards_key() -> str:
    """How many shards there are."""
    return f"{prefix()}fleet:shards"


def channel_key(shard: int) -> str:
    """Sorted set of the messages that wait for a shard's worker, as channels_redis names it."""
    return f"{prefix()}workerscharge-points.{shard}"


def log_key() -> str:
    """Sorted set of the batches that are not stored, see messaging/journals/log_queue.py."""
    return f"{prefix()}log:outstanding"


@dataclass
class Signs:
    """What Redis knows. Each line of a process has its `age` in seconds beside what it told."""

    charge_points: list[dict[str, Any]] = field(default_factory=list)
    scenarios: list[dict[str, Any]] = field(default_factory=list)
    celery: list[dict[str, Any]] = field(default_factory=list)
    celery_children: list[dict[str, Any]] = field(default_factory=list)
    beat: list[dict[str, Any]] = field(default_factory=list)
    supervisors: list[dict[str, Any]] = field(default_factory=list)
    # Lines that are too old, with their `kind`: dead, stuck, or not forgotten yet. `ended`: another
    # process has seen that it is dead.
    silent: list[dict[str, Any]] = field(default_factory=list)
    beat_last: dict[str, Any] = field(default_factory=dict)
    tasks: dict[str, int] = field(default_factory=dict)
    last_failure: dict[str, Any] | None = None
    failures: list[dict[str, Any]] = field(default_factory=list)  # each with its age
    queues: dict[str, int] = field(default_factory=dict)
    unacknowledged: int = 0
    log_oldest: float = 0.0  # seconds that the oldest record in the log's queue has waited
    log_batches: int = 0  # that are not stored
    sync: dict[str, Any] | None = None
    sync_age: float | None = None
    stuck: list[dict[str, Any]] = field(default_factory=list)  # loops that do not go on
    dirty: int = 0
    memory: int = 0
    memory_most: int = 0  # 0: no limit
    refuses: str = ""  # why Redis takes no writes
    shards: int = 0  # that there are
    shards_owned: int = 0  # by a worker that lives
    shards_waiting: dict[str, int] = field(default_factory=dict)  # by worker: not taken up yet
    channels: dict[int, int] = field(default_factory=dict)  # shard -> messages that wait


def connect(url: str, timeout: float = TIMEOUT) -> redis.Redis:
    """A client whose every question has an end: no pauses, no second wait for an answer."""
    # Once more only where the connection was found dead, as one that has idled may be.
    retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    return redis_clients.connect(
        url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=retry
    )


def read(client: redis.Redis, shards: int = 0) -> Signs:
    """One pipeline; raises redis.RedisError. shards: at how many channels and leases to look where
    Redis knows of no other number; 0: at none, whatever it knows."""
    if shards:
        shards = int(client.get(shards_key()) or shards)
    pipe = client.pipeline(transaction=False)
    asked: list[str] = []

    def ask(name: str, command: str, *arguments: Any) -> None:
        asked.append(name)
        getattr(pipe, command)(*arguments)

    ask("time", "time")
    ask("seen", "hgetall", pulse.seen_key(prefix()))
    for kind in FRESH:
        ask(kind, "hgetall", lines_key(kind))
    ask("beat_last", "hgetall", beat_key())
    ask("stuck", "hgetall", f"{prefix()}health:stuck")
    ask("tasks", "hgetall", tasks_key())
    ask("last_failure", "get", failure_key())
    ask("failures", "hgetall", failures_key())
    for queue in QUEUES:
        ask(f"queue {queue}", "llen", celery_prefix() + queue)
    ask("unacknowledged", "hlen", f"{celery_prefix()}unacked")
    ask("log_first", "zrange", log_key(), 0, 0, False, True)
    ask("log_last", "zrange", log_key(), -1, -1, False, True)
    ask("log_batches", "zcard", log_key())
    ask("sync", "get", f"{prefix()}sync:last")
    ask("dirty", "scard", f"{prefix()}sync:dirty")
    ask("memory", "info", "memory")
    ask("written", "set", f"{prefix()}health:written", "1", 60)
    if shards:
        ask("leases", "mget", [f"{prefix()}fleet:lease:{number}" for number in range(shards)])
    for number in range(shards):
        ask(f"channel {number}", "zcard", channel_key(number))
    found = dict(zip(asked, pipe.execute(raise_on_error=False), strict=True))
    refusal = found.pop("written")
    for answer in found.values():
        if isinstance(answer, Exception):
            raise answer
    made = _signs(found, str(refusal) if isinstance(refusal, Exception) else "")
    made.shards = shards
    return made


def _signs(found: dict[str, Any], refusal: str) -> Signs:
    ages = pulse.ages(found["time"], found["seen"])
    made = Signs(
        beat_last=_text(found["beat_last"]),
        tasks={name.lower(): int(count) for name, count in _text(found["tasks"]).items()},
        last_failure=json.loads(found["last_failure"]) if found["last_failure"] else None,
        failures=[
            {**json.loads(line), "age": ages.get(f"failure:{task}")}
            for task, line in _text(found["failures"]).items()
        ],
        queues={queue: found[f"queue {queue}"] for queue in QUEUES},
        unacknowledged=found["unacknowledged"],
        log_oldest=_log_oldest(found),
        log_batches=found["log_batches"],
        sync=json.loads(found["sync"]) if found["sync"] else None,
        sync_age=ages.get("sync:"),
        stuck=[
            {"id": name, **json.loads(line)}
            for name, line in _text(found["stuck"]).items()
            if pulse.is_fresh(ages.get(f"stuck:{name}"), STUCK_FRESH)
        ],
        dirty=found["dirty"],
        memory=int(found["memory"]["used_memory"]),
        memory_most=int(found["memory"].get("maxmemory", 0)),
        refuses=refusal,
        channels={
            int(name.removeprefix("channel ")): depth
            for name, depth in found.items()
            if name.startswith("channel ")
        },
    )
    for kind, limit in FRESH.items():
        for name, line in _text(found[kind]).items():
            told = {"id": name, **json.loads(line), "age": ages.get(f"{kind}:{name}")}
            if pulse.is_fresh(told["age"], limit):
                getattr(made, kind).append(told)
            else:
                made.silent.append({**told, "kind": kind})
    _part_the_dead(made)
    _look_at_leases(made, found.get("leases", []))
    return made


def _part_the_dead(made: Signs) -> None:
    """A worker that was killed has spoken a moment ago; who came after it knows better."""
    dead = {name for line in made.charge_points for name in line.get("dead", ())}
    lines = made.charge_points
    made.charge_points = [line for line in lines if line["id"] not in dead]
    made.silent += [
        {**line, "kind": "charge_points", "ended": True} for line in lines if line["id"] in dead
    ]


def _look_at_leases(made: Signs, leases: list[bytes | None]) -> None:
    workers = {line["id"]: line for line in made.charge_points}
    for shard, lease in enumerate(leases):
        owner = (lease or b"").decode().rpartition(":")[0]
        if owner in workers:
            made.shards_owned += 1
            # What its line says is older than the lease.
            if shard not in workers[owner].get("serves", (shard,)):
                made.shards_waiting[owner] = made.shards_waiting.get(owner, 0) + 1


def child_name(host: str, parent: int, pid: int) -> str:
    """Under which a child of a Celery pool gives its signs."""
    return f"{host}-{parent}/{pid}"


def child_line(worker: dict[str, Any], pid: str | int, found: Signs) -> dict[str, Any] | None:
    """The fresh line of a child that the line of its Celery worker names."""
    name = child_name(worker["host"], worker["pid"], int(pid))
    return next((line for line in found.celery_children if line["id"] == name), None)


def silent_children(worker: dict[str, Any], found: Signs) -> list[int]:
    """Process ids of a Celery worker's children that are dead or stuck."""
    return [
        int(pid)
        for pid, seconds in worker["children"].items()
        if seconds > CHILD_STARTS and child_line(worker, pid, found) is None
    ]


def _log_oldest(found: dict[str, Any]) -> float:
    """Infinite where a batch has waited since before the clock was set back."""
    if not found["log_first"]:
        return 0.0
    now = pulse.seconds(found["time"])
    oldest, newest = (now - found[name][0][1] / 1000 for name in ("log_first", "log_last"))
    return max(0.0, oldest) if newest >= -pulse.FUTURE else float("inf")


def _text(answer: dict[bytes, bytes]) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in answer.items()}
