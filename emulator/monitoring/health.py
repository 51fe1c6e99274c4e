"""Is the emulator well? One answer for the health page, the admin's first page and the probes.

Each question has its own time limit, so the answer comes within a second whatever is away.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import math
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as futures_wait
from typing import Any

import pymongo
import redis
from django.conf import settings

from emulator.monitoring import problems, signs
from runtime.stores import STORE_ERRORS

MONGODB_TIMEOUT_MS = 500
LIMIT = 0.9  # seconds for everything


@functools.lru_cache(maxsize=1)
def _mongodb() -> pymongo.MongoClient:
    return pymongo.MongoClient(
        settings.MONGODB_URI,
        serverSelectionTimeoutMS=MONGODB_TIMEOUT_MS,
        connectTimeoutMS=MONGODB_TIMEOUT_MS,
        socketTimeoutMS=MONGODB_TIMEOUT_MS,
        maxPoolSize=4,
        **settings.MONGODB_MONITORING,
    )


@functools.lru_cache(maxsize=1)
def _redis() -> redis.Redis:
    return signs.connect(settings.REDIS_URL)


def ask_mongodb() -> dict[str, Any]:
    """{"ok", "ms"}: whether MongoDB answers and in how many milliseconds, else why not in
    "error"."""
    begin = time.perf_counter()
    try:
        _mongodb().admin.command("ping")
    except STORE_ERRORS as error:
        return {"ok": False, "error": _short(error)}
    return {"ok": True, "ms": round((time.perf_counter() - begin) * 1000, 1)}


def ask_redis() -> tuple[dict[str, Any], signs.Signs]:
    """The same of Redis, with its memory in bytes, and the signs of life that it keeps."""
    begin = time.perf_counter()
    try:
        found = signs.read(_redis(), settings.CHARGE_POINT_SHARDS)
    except (*STORE_ERRORS, ValueError) as error:  # ValueError: a sign is no JSON
        return {"ok": False, "error": _short(error)}, signs.Signs()
    took = round((time.perf_counter() - begin) * 1000, 1)
    return {"ok": True, "ms": took, "memory_bytes": found.memory}, found


def _short(error: Exception) -> str:
    # pymongo adds its whole view of the topology after a comma.
    return f"{type(error).__name__}: {str(error).split(',')[0]}"[:200]


def ask_disks() -> dict[str, int]:
    """Bytes that are free by folder, one a disk, where this process's machine keeps data."""
    free = {}
    for folder in (settings.JOURNAL_DIR, settings.DATA_DIR):
        with contextlib.suppress(OSError):  # the folder is not there
            free[folder.stat().st_dev] = str(folder), shutil.disk_usage(folder).free
    return dict(free.values())


LATE = {"ok": False, "error": "no answer in time"}
QUESTIONS = ((ask_mongodb, LATE), (ask_redis, (LATE, signs.Signs())), (ask_disks, {}))


def check() -> dict[str, Any]:
    """All of it, asked at the same time, within LIMIT."""
    futures = [_askers().submit(question) for question, _ in QUESTIONS]
    futures_wait(futures, LIMIT)
    return _report(futures)[0]


async def check_async() -> tuple[dict[str, Any], signs.Signs]:
    """The same from an event loop, and the signs that it was made from."""
    futures = [_askers().submit(question) for question, _ in QUESTIONS]
    await asyncio.wait([asyncio.wrap_future(future) for future in futures], timeout=LIMIT)
    return _report(futures)


@functools.lru_cache(maxsize=1)
def _askers() -> ThreadPoolExecutor:
    # Threads of their own: those that everything shares may all be waiting for a store.
    return ThreadPoolExecutor(12, thread_name_prefix="health")


def _report(futures: list[Future]) -> tuple[dict[str, Any], signs.Signs]:
    mongodb, (redis_answer, found), disks = (
        future.result() if future.done() else otherwise
        for future, (_, otherwise) in zip(futures, QUESTIONS, strict=True)
    )
    return report(mongodb, redis_answer, found, time.time(), disks), found


def report(
    mongodb: dict[str, Any],
    redis_answer: dict[str, Any],
    found: signs.Signs,
    now: float,
    disks: dict[str, int] | None = None,
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
        "services": {
            name: service
            for line in found.supervisors
            for name, service in line["services"].items()
        },
        "disks": disks or {},
        "celery": {
            "workers": [line["id"] for line in found.celery],
            "children": sum(len(line["children"]) for line in found.celery),
            "queues": found.queues,
            "unacknowledged": found.unacknowledged,
            "succeeded": found.tasks.get("success", 0),
            "failed": found.tasks.get("failure", 0),
            "retried": found.tasks.get("retry", 0) + found.tasks.get("rejected", 0),
            "last_failure": found.last_failure,
        },
        "beat": beat(found),
        "sync": sync(found),
    }
    answer["problems"] = list(problems.problems(answer, found))
    if not mongodb["ok"] or not redis_answer["ok"]:
        answer["status"] = "down"
    elif answer["problems"]:
        answer["status"] = "degraded"
    return answer


def charge_points(found: signs.Signs) -> dict[str, Any]:
    """Figures of all charge point workers together; lags in seconds, rates a second."""
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
        "shards_of": found.shards,
        "loop_lag": max((line.get("loop_lag", 0) for line in lines), default=0),
        "log_buffered": sum(r.get("buffered", 0) for r in recorders),
        "log_dropped": sum(r.get("dropped", 0) for r in recorders),
        "log_lag": log_lag(found),
    }


def log_lag(found: signs.Signs) -> float | None:
    """Seconds that the oldest record which is not stored has waited; None where a clock was set.

    It waits in a worker's journal, in a dead one's, or in the queue until it is in MongoDB.
    """
    if math.isinf(found.log_oldest):
        return None
    waits = [found.log_oldest]
    for line in found.charge_points:
        recorder = line.get("recorder", {})
        waits += [recorder.get("lag", 0.0), recorder.get("leftovers_wait", 0.0)]
    for line in found.silent:
        recorder = line.get("recorder", {})
        if line["kind"] == "charge_points" and recorder.get("buffered"):
            waits.append(recorder.get("lag", 0.0) + max(0.0, line["age"] or 0.0))
    return round(max(waits), 3)


def scenarios(found: signs.Signs) -> dict[str, Any]:
    """stations: how many the runners execute scenarios on now; waiting, suites_waiting: executions
    and runs of suites that no runner has taken, which each runner counts."""
    lines = found.scenarios
    return {
        "runners": len(lines),
        "executions": sum(line["executions"] for line in lines),
        "stations": sum(line["stations"] for line in lines),
        "waiting": max((line.get("waiting", 0) for line in lines), default=0),
        "suites": sum(line.get("suites", 0) for line in lines),
        "suites_waiting": max((line.get("suites_waiting", 0) for line in lines), default=0),
    }


def beat(found: signs.Signs) -> dict[str, Any]:
    """last_run: unix time at which it sent its last task."""
    last = found.beat_last
    return {
        "alive": bool(found.beat),
        "last_run": float(last["run"]) if "run" in last else None,
        "last_task": last.get("task"),
    }


def sync(found: signs.Signs) -> dict[str, Any]:
    """lag: seconds since the last run; waiting: stations whose state MongoDB does not have yet."""
    last = found.sync or {}
    return {
        "last": last.get("time"),
        "lag": None if found.sync_age is None else round(max(0.0, found.sync_age), 1),
        "seconds": last.get("seconds"),
        "written": last.get("written"),
        "waiting": found.dirty,
    }
