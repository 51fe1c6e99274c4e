"""Is the emulator well? One answer for the health page, the admin's first page and the probes.

Each question has its own time limit, so the answer comes within a second whatever is away.
"""

from __future__ import annotations

import asyncio
import functools
import time
from typing import Any

import pymongo
import redis
from django.conf import settings

from emulator import signs

MONGODB_TIMEOUT_MS = 500
LIMIT = 0.9  # seconds for everything
# The sync has missed its turn when it is this many intervals old.
SYNC_LATE = 3


@functools.lru_cache(maxsize=1)
def _mongodb() -> pymongo.MongoClient:
    return pymongo.MongoClient(
        settings.MONGODB_URI,
        serverSelectionTimeoutMS=MONGODB_TIMEOUT_MS,
        connectTimeoutMS=MONGODB_TIMEOUT_MS,
        socketTimeoutMS=MONGODB_TIMEOUT_MS,
        maxPoolSize=4,
    )


@functools.lru_cache(maxsize=1)
def _redis() -> redis.Redis:
    return signs.connect(settings.REDIS_URL)


def ask_mongodb() -> dict[str, Any]:
    begin = time.perf_counter()
    try:
        _mongodb().admin.command("ping")
    except pymongo.errors.PyMongoError as error:
        return {"ok": False, "error": _short(error)}
    return {"ok": True, "ms": round((time.perf_counter() - begin) * 1000, 1)}


def ask_redis() -> tuple[dict[str, Any], signs.Signs]:
    begin = time.perf_counter()
    try:
        found = signs.read(_redis())
    except (redis.RedisError, OSError) as error:
        return {"ok": False, "error": _short(error)}, signs.Signs()
    took = round((time.perf_counter() - begin) * 1000, 1)
    return {"ok": True, "ms": took, "memory_bytes": found.memory}, found


def _short(error: Exception) -> str:
    # pymongo adds its whole view of the topology after a comma.
    return f"{type(error).__name__}: {str(error).split(',')[0]}"[:200]


def check() -> dict[str, Any]:
    """All of it, asked one after the other; at most about a second."""
    mongodb, (redis_answer, found) = ask_mongodb(), ask_redis()
    return report(mongodb, redis_answer, found, time.time())


async def check_async() -> dict[str, Any]:
    """The same from an event loop, both stores asked at the same time."""

    async def within(work, otherwise):
        try:
            return await asyncio.wait_for(asyncio.to_thread(work), LIMIT)
        except TimeoutError:
            return otherwise

    late = {"ok": False, "error": "no answer in time"}
    mongodb, (redis_answer, found) = await asyncio.gather(
        within(ask_mongodb, late), within(ask_redis, (late, signs.Signs()))
    )
    return report(mongodb, redis_answer, found, time.time())


def report(
    mongodb: dict[str, Any], redis_answer: dict[str, Any], found: signs.Signs, now: float
) -> dict[str, Any]:
    """The answer as JSON. status: ok; degraded (something to look at); down (a store is away)."""
    answer = {
        "status": "ok",
        "problems": [],
        "time": now,
        "mongodb": {**mongodb, "embedded": settings.MONGODB_EMBEDDED},
        "redis": {**redis_answer, "embedded": settings.REDIS_EMBEDDED},
        "charge_points": charge_points(found),
        "scenarios": scenarios(found),
        "celery": {
            "workers": [line["name"] for line in found.celery],
            "queues": found.queues,
            "unacknowledged": found.unacknowledged,
            "succeeded": found.tasks.get("success", 0),
            "failed": found.tasks.get("failure", 0),
            "retried": found.tasks.get("retry", 0) + found.tasks.get("rejected", 0),
            "last_failure": found.last_failure,
        },
        "beat": beat(found, now),
        "sync": sync(found, now),
    }
    answer["problems"] = list(problems(answer))
    if not mongodb["ok"] or not redis_answer["ok"]:
        answer["status"] = "down"
    elif answer["problems"]:
        answer["status"] = "degraded"
    return answer


def charge_points(found: signs.Signs) -> dict[str, Any]:
    lines = found.charge_points

    def total(name: str) -> float:
        return round(sum(line.get(name, 0) for line in lines), 3)

    recorders = [line.get("recorder", {}) for line in lines]
    return {
        "workers": len(lines),
        "stations": total("stations"),
        "connected": total("connected"),
        "sent_per_second": total("sent_per_second"),
        "received_per_second": total("received_per_second"),
        "shards": sorted(shard for line in lines for shard in line.get("shards", [])),
        "loop_lag": max((line.get("loop_lag", 0) for line in lines), default=0),
        "log_buffered": sum(r.get("buffered", 0) for r in recorders),
        "log_dropped": sum(r.get("dropped", 0) for r in recorders),
        "log_lag": max((r.get("lag", 0) for r in recorders), default=0),
    }


def scenarios(found: signs.Signs) -> dict[str, Any]:
    """stations: how many the runners execute scenarios on now."""
    lines = found.scenarios
    return {
        "runners": len(lines),
        "executions": sum(line["executions"] for line in lines),
        "stations": sum(line["stations"] for line in lines),
    }


def beat(found: signs.Signs, now: float) -> dict[str, Any]:
    sign = found.beat
    if sign is None:
        return {"alive": False, "last_run": None, "last_task": None}
    last_run = float(sign["run"]) if "run" in sign else None
    return {"alive": True, "last_run": last_run, "last_task": sign.get("task")}


def sync(found: signs.Signs, now: float) -> dict[str, Any]:
    """lag: seconds since the last run; waiting: stations whose state MongoDB does not have yet."""
    last = found.sync
    return {
        "last": last["time"] if last else None,
        "lag": round(now - last["time"], 1) if last else None,
        "seconds": last.get("seconds") if last else None,
        "written": last.get("written") if last else None,
        "waiting": found.dirty,
    }


def problems(answer: dict[str, Any]):
    """Sentences, the gravest first."""
    for name, title in (("mongodb", "MongoDB"), ("redis", "Redis")):
        if not answer[name]["ok"]:
            yield f"{title} is away: {answer[name]['error']}."
    if not answer["redis"]["ok"]:
        return  # nothing else is known without it
    if not answer["charge_points"]["workers"]:
        yield "No charge point worker runs: start `manage.py runchargepoints`."
    if not answer["scenarios"]["runners"]:
        yield "No scenario runner runs: start `manage.py runscenarios`."
    if not answer["celery"]["workers"]:
        yield "No Celery worker runs: messages wait in Redis."
    if not answer["beat"]["alive"]:
        yield "Celery beat does not run: nothing is synced."
    lag = answer["sync"]["lag"]
    if lag is not None and lag > SYNC_LATE * settings.SYNC_INTERVAL + 30:
        yield f"The last sync was {lag:.0f} s ago."
    if answer["charge_points"]["log_dropped"]:
        yield f"{answer['charge_points']['log_dropped']} messages were dropped from the log."
