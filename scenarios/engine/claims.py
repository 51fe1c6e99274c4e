"""Who runs which execution: conditional writes in MongoDB, and a lease in Redis for each runner.

An execution is claimed by the write "pending -> running, mine", which one runner wins. A runner
keeps its lease alive; when that has lapsed its executions are marked failed, by whoever looks
first: another runner, the periodic task, or the API when it is asked for executions. From then on
the dead runner's writes, should it come back, find nothing that is its own.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from bson import ObjectId
from django.db import connection

from accounts.trail import acts
from messaging.keeping.store import async_database
from messaging.records import when
from runtime.stores import STORE_ERRORS
from scenarios import keys
from scenarios.models import (
    FAILED,
    OPEN_STATES,
    PENDING,
    RUNNING,
    Execution,
    Question,
    StationRun,
    StationTurn,
)
from stations.state.snapshots import redis_client

log = logging.getLogger(__name__)

LEASE_MS = 8_000
EXECUTION = Execution._meta.label_lower
EXECUTIONS = Execution._meta.db_table
RUNS = StationRun._meta.db_table
TURNS = StationTurn._meta.db_table
QUESTIONS = Question._meta.db_table
# Just after Redis started its leases may be gone with its memory: wait until runners renewed them.
REDIS_SETTLED = 12  # seconds
INTERRUPTED = "The runner of this execution died, so it was interrupted. Run it again."


async def claim(runner: str, execution: ObjectId) -> dict[str, Any] | None:
    """The execution's document if this runner got it."""
    table = async_database()[EXECUTIONS]
    values = {"state": RUNNING, "runner": runner, "started": when(time.time())}
    won = await table.update_one({"_id": execution, "state": PENDING}, {"$set": values})
    return await table.find_one({"_id": execution}) if won.modified_count else None


async def claimed(runner: str) -> list[dict[str, Any]]:
    """The executions that are this runner's by the store: a claim's answer may not have come."""
    table = async_database()[EXECUTIONS]
    return [made async for made in table.find({"state": RUNNING, "runner": runner})]


async def waiting() -> list[ObjectId]:
    """Executions that nobody runs yet, the oldest first."""
    table = async_database()[EXECUTIONS]
    found = table.find({"state": PENDING}, {"created": 1})
    rows = [(made["created"], made["_id"]) async for made in found]
    return [identity for _, identity in sorted(rows)]


class Backlog:
    """Executions that nobody has taken, and since when this runner has seen them wait."""

    def __init__(self) -> None:
        self._since: dict[ObjectId, float] = {}

    def __len__(self) -> int:
        return len(self._since)

    def look(self, waiting: list[ObjectId], now: float) -> None:
        """These wait; `now`: monotonic seconds."""
        self._since = {identity: self._since.get(identity, now) for identity in waiting}

    def taken(self, identity: ObjectId) -> None:
        self._since.pop(identity, None)

    def age(self, now: float) -> float:
        """Seconds that the one has waited that has waited longest."""
        return now - min(self._since.values(), default=now)


async def report(runner: str, execution: str, values: dict[str, Any]) -> bool:
    """Write how an execution is doing; False if it is not this runner's any more."""
    mine = {"_id": ObjectId(execution), "runner": runner, "state": RUNNING}
    done = await async_database()[EXECUTIONS].update_one(mine, {"$set": values})
    return bool(done.matched_count)


async def cancel_asked(runner: str) -> dict[str, str]:
    """{id: why} of this runner's executions that somebody wants to end."""
    table = async_database()[EXECUTIONS]
    found = table.find({"state": RUNNING}, {"runner": 1, "cancel_asked": 1, "message": 1})
    return {
        str(made["_id"]): made["message"]
        async for made in found
        if made["runner"] == runner and made.get("cancel_asked")
    }


def reap() -> int:
    """Mark the executions of dead runners; returns how many. Raises RedisError if Redis is away.

    Any number of processes may do this at the same time.
    """
    table = connection.get_collection(EXECUTIONS)
    rows = list(table.find({"state": RUNNING}, {"runner": 1}))
    dead = dead_runners(row["runner"] for row in rows)
    return sum(_interrupt(row["_id"], row["runner"]) for row in rows if row["runner"] in dead)


def dead_runners(names: Iterable[str]) -> set[str]:
    """Those of them whose lease has lapsed. Raises RedisError if Redis is away."""
    runners = sorted(set(names))
    if not runners:
        return set()
    client = redis_client()
    leases = client.mget([keys.lease_key(runner) for runner in runners])
    dead = {name for name, lease in zip(runners, leases, strict=True) if lease is None}
    if dead and client.info("server")["uptime_in_seconds"] < REDIS_SETTLED:
        return set()
    return dead


def reap_quietly() -> int:
    """As `reap`, where an answer must come all the same."""
    try:
        return reap()
    except STORE_ERRORS as failure:
        log.warning("executions of dead runners are not looked for: %s", failure)
        return 0


def _interrupt(execution: ObjectId, runner: str) -> int:
    now = when(time.time())
    runs = connection.get_collection(RUNS)
    # First the execution: its row is what says who may write.
    values = {
        "state": FAILED, "interrupted": True, "message": INTERRUPTED, "ended": now, "runner": "",
    }  # fmt: skip
    mine = {"_id": execution, "runner": runner, "state": RUNNING}
    if not connection.get_collection(EXECUTIONS).update_one(mine, {"$set": values}).modified_count:
        return 0
    connection.get_collection(TURNS).delete_many({"execution": str(execution)})
    connection.get_collection(QUESTIONS).delete_many({"run": str(execution)})
    states = {"state": FAILED, "message": INTERRUPTED, "ended": now, "runner": ""}
    open_runs = {"execution": str(execution), "state": {"$in": list(OPEN_STATES)}}
    runs.update_many(open_runs, {"$set": states})
    counts: dict[str, int] = {}
    for row in runs.find({"execution": str(execution)}, {"state": 1}):
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    table = connection.get_collection(EXECUTIONS)
    table.update_one({"_id": execution}, {"$set": {"counts": counts}})
    log.warning("execution %s: its runner %s is dead; marked failed", execution, runner)
    with acts.by_itself():
        acts.note("interrupted", EXECUTION, [str(execution)], message=INTERRUPTED)
    return 1


def nudge(runner: str = "") -> None:
    """Have runners look for work (or one for cancellations) now; without it they look in 2 s."""
    try:
        client = redis_client()
        key = keys.nudge_key(runner)
        client.lpush(key, "1")
        client.ltrim(key, 0, 9)
        client.expire(key, 60)
    except STORE_ERRORS as failure:
        log.warning("runners were not nudged: %s", failure)
