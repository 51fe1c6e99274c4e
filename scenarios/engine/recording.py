"""What a station did in an execution, step by step, and how it comes into MongoDB.

Steps are noted in memory; a task writes what changed about once a second, so a step costs no
write of its own. Each write is conditional on the runner: one that lost the execution changes
nothing.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Any

from pymongo import UpdateOne

from messaging.keeping.store import async_database
from messaging.records import when
from runtime.stores import STORE_ERRORS
from scenarios.engine.clock import Clock
from scenarios.models import FAILED, PASSED, PENDING, RUNNING, StationRun
from scenarios.watch.wire import WireWatch

log = logging.getLogger(__name__)

MOST_STEPS = 200  # of one station that are kept
CHUNK = 200
RUNS = StationRun._meta.db_table


class StationLog:
    """The record of one station's run; `dirty` once it differs from what is stored."""

    __slots__ = (
        "clock", "dirty", "done", "dropped", "ended", "erred", "findings", "frame", "id", "message",
        "started", "state", "station", "step", "steps", "unmet", "watch", "_noted",
    )  # fmt: skip

    def __init__(self, execution: str, station: str, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.id = f"{execution}:{station}"
        self.station = station
        self.state = PENDING
        self.started: float | None = None
        self.ended: float | None = None
        self.step = self.message = self.frame = ""
        self.steps: deque[dict[str, Any]] = deque(maxlen=MOST_STEPS)
        self.findings: list[dict[str, Any]] = []  # of the wire watch
        self.watch: WireWatch | None = None  # while it runs
        self._noted = 0
        self.done = self.dropped = 0
        self.dirty = False
        self.erred = False  # what failed was not the CSMS
        self.unmet: list[str] = []  # obligations that were not exercised, though it passed

    def look_at_watch(self) -> None:
        """Note what the watch has found meanwhile."""
        if self.watch is not None and self.watch.findings.changes != self._noted:
            self._noted = self.watch.findings.changes
            self.findings, self.dirty = self.watch.findings.as_dicts(), True

    def begin(self) -> None:
        self.state, self.started, self.dirty = RUNNING, self.clock.time(), True

    def waits(self, why: str) -> None:
        if self.step != why:
            self.step, self.dirty = why, True

    def end(self, state: str, message: str = "", frame: str = "") -> None:
        """Note how a station's run ended: its state, a sentence for people, the id of the frame
        it is about."""
        self.state, self.ended = state, self.clock.time()
        self.message, self.frame = message, frame
        if state == PASSED:
            self.step = ""
        self.dirty = True

    def step_begins(self, path: str, kind: str, description: str) -> dict[str, Any]:
        """The step's entry, to be given to step_ends."""
        if len(self.steps) == MOST_STEPS:
            self.dropped += 1
        entry = {
            "path": path, "type": kind, "description": description[:300], "state": RUNNING,
            "started": round(self.clock.time(), 3), "ended": None, "message": "", "frame": "",
            "seen": [],
        }  # fmt: skip
        self.steps.append(entry)
        self.step = f"{path} {kind}" + (f": {description[:150]}" if description else "")
        self.dirty = True
        return entry

    def step_ends(
        self, entry: dict, state: str, message: str = "", frame: str = "",
        seen: list[dict] | None = None, expected: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """`seen`: what came instead of what was expected."""
        ended = round(self.clock.time(), 3)
        entry.update(state=state, ended=ended, message=message[:1000], frame=frame, seen=seen or [])
        if expected is not None:
            entry["expected"] = expected
        self.done += 1
        if state == FAILED:
            self.step = f"{entry['path']} {entry['type']}" + (
                f": {entry['description'][:150]}" if entry["description"] else ""
            )
        self.dirty = True

    def document(self) -> dict[str, Any]:
        """The fields as they are stored; `_id` apart."""
        return {
            "state": self.state,
            "started": None if self.started is None else when(self.started),
            "ended": None if self.ended is None else when(self.ended),
            "step": self.step[:200],
            "message": self.message[:2000],
            "frame": self.frame,
            "steps": [dict(entry) for entry in self.steps],
            "done": self.done,
            "dropped": self.dropped,
            "findings": self.findings,
        }


class Records:
    """Where the runs' records go: MongoDB. A run without a store is given one that keeps none."""

    async def insert(self, execution: str, runner: str, logs: list[StationLog]) -> None:
        await insert_runs(execution, runner, logs)

    async def write(self, runner: str, logs: list[StationLog]) -> bool:
        return await write_runs(runner, logs)


async def insert_runs(execution: str, runner: str, logs: list[StationLog]) -> None:
    """Make the rows of an execution; those that are there already are replaced."""
    runs = async_database()[RUNS]
    await runs.delete_many({"execution": execution})
    for start in range(0, len(logs), CHUNK):
        await runs.insert_many(
            [
                {"_id": each.id, "execution": execution, "station": each.station,
                 "runner": runner, **each.document()}
                for each in logs[start : start + CHUNK]
            ]
        )  # fmt: skip


async def write_runs(runner: str, logs: list[StationLog]) -> bool:
    """Store what changed; False if the store did not take it, which leaves it to be written."""
    changed = [each for each in logs if each.dirty]
    for start in range(0, len(changed), CHUNK):
        part = changed[start : start + CHUNK]
        for each in part:
            each.dirty = False
        writes = [
            UpdateOne({"_id": each.id, "runner": runner}, {"$set": each.document()})
            for each in part
        ]
        try:
            await async_database()[RUNS].bulk_write(writes, ordered=False)
        except STORE_ERRORS as failure:
            for each in part:
                each.dirty = True
            log.warning("the runs of %d stations are not stored yet: %s", len(changed), failure)
            return False
    return True
