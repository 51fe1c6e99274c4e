"""Who runs which suite: as engine/claims.py has it for executions, with the same leases."""

from __future__ import annotations

import logging
import time
from typing import Any

from bson import ObjectId
from django.db import connection

from accounts.trail import acts
from messaging.keeping.store import async_database
from messaging.records import when
from runtime.stores import STORE_ERRORS
from scenarios.engine.claims import QUESTIONS, dead_runners
from scenarios.verdicts.tables import FAILED, PENDING, RUNNING, SuiteRun

log = logging.getLogger(__name__)

RUNS = SuiteRun._meta.db_table
INTERRUPTED = "The runner of this suite died, so it was interrupted. Run it again."


async def claim_next(runner: str) -> dict[str, Any] | None:
    """The document of the oldest run that waits, if this runner got one. Only for one that runs
    none: what is its own by the store all the same, as the answer to a claim was lost, waits again.
    """
    table = async_database()[RUNS]
    lost = {"state": RUNNING, "runner": runner}
    await table.update_many(lost, {"$set": {"state": PENDING, "runner": ""}})
    found = table.find({"state": PENDING}, {"created": 1})
    for _, identity in sorted([(row["created"], row["_id"]) async for row in found]):
        values = {"state": RUNNING, "runner": runner, "started": when(time.time())}
        won = await table.update_one({"_id": identity, "state": PENDING}, {"$set": values})
        if won.modified_count:
            return await table.find_one({"_id": identity})
    return None


async def waiting() -> list[ObjectId]:
    """Runs that nobody carries out yet."""
    found = async_database()[RUNS].find({"state": PENDING}, {"_id": 1})
    return [row["_id"] async for row in found]


async def report(runner: str, run: ObjectId, values: dict[str, Any]) -> bool:
    """Write how a run is doing; False if it is not this runner's any more."""
    # Not by its state: what was written may be written again, where the answer was lost.
    mine = {"_id": run, "runner": runner}
    done = await async_database()[RUNS].update_one(mine, {"$set": values})
    return bool(done.matched_count)


async def cancel_asked(run: ObjectId) -> str:
    """Why somebody wants it to end; "" if nobody does."""
    row = await async_database()[RUNS].find_one({"_id": run}, {"cancel_asked": 1, "message": 1})
    if row is None:
        return "It was deleted."
    return row["message"] if row.get("cancel_asked") else ""


def reap() -> int:
    """Mark the runs of dead runners; returns how many. Raises RedisError if Redis is away."""
    table = connection.get_collection(RUNS)
    rows = list(table.find({"state": RUNNING}, {"runner": 1}))
    dead = dead_runners(row["runner"] for row in rows)
    return sum(_interrupt(row["_id"], row["runner"]) for row in rows if row["runner"] in dead)


def reap_quietly() -> int:
    """As `reap`, where an answer must come all the same."""
    try:
        return reap()
    except STORE_ERRORS as failure:
        log.warning("suites of dead runners are not looked for: %s", failure)
        return 0


def _interrupt(run: ObjectId, runner: str) -> int:
    values = {
        "state": FAILED, "interrupted": True, "message": INTERRUPTED, "ended": when(time.time()),
        "runner": "", "turn": str(run),
    }  # fmt: skip
    mine = {"_id": run, "runner": runner, "state": RUNNING}
    if not connection.get_collection(RUNS).update_one(mine, {"$set": values}).modified_count:
        return 0
    connection.get_collection(QUESTIONS).delete_many({"run": str(run)})
    log.warning("suite run %s: its runner %s is dead; marked failed", run, runner)
    with acts.by_itself():
        acts.note("interrupted", SuiteRun._meta.label_lower, [str(run)], message=INTERRUPTED)
    return 1
