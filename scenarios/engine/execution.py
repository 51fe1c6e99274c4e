"""One execution while it runs: a task for each station, started one after the other."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async

from scenarios.engine.recording import StationLog, insert_runs, write_runs
from scenarios.engine.strand import Services, StepFailed, Strand, Subject
from scenarios.models import CANCELLED, FAILED, PASSED, PENDING, RUNNING, STATES
from stations.commands import CommandFailed
from stations.models import Station

log = logging.getLogger(__name__)

CLEANUP_LIMIT = 120.0  # seconds
MANY = 50  # identities in one question to the store


@dataclass
class Plan:
    """What an Execution row says."""

    id: str
    steps: list[dict]
    cleanup: list[dict]
    variables: dict[str, Any]
    stations: list[str]
    stagger: float  # seconds
    start_stations: bool
    seed: int

    @classmethod
    def of_document(cls, made: Mapping[str, Any]) -> Plan:
        content = made["content"]
        return cls(
            str(made["_id"]), content["steps"], content["cleanup"], content["variables"],
            list(made["stations"]), made["stagger_ms"] / 1000, made["start_stations"],
            made["seed"],
        )  # fmt: skip


@dataclass
class Run:
    """`run` until all stations have ended; `cancel` ends them early, `drop` without a word."""

    plan: Plan
    runner: str
    services: Services
    logs: list[StationLog] = field(default_factory=list)
    cancelled: bool = False
    why: str = ""
    cleanup_limit: float = CLEANUP_LIMIT
    _tasks: list[asyncio.Task] = field(default_factory=list)
    _feeding: asyncio.Task | None = None

    def __post_init__(self) -> None:
        self.logs = [StationLog(self.plan.id, name) for name in self.plan.stations]

    async def run(self) -> None:
        await insert_runs(self.plan.id, self.runner, self.logs)
        subjects = await sync_to_async(_subjects)(self.plan.stations)
        self._feeding = asyncio.create_task(self._feed(subjects))
        await asyncio.wait([self._feeding])
        while open_tasks := [task for task in self._tasks if not task.done()]:
            await asyncio.wait(open_tasks)
        for each in self.logs:
            if each.state in (PENDING, RUNNING):
                each.end(CANCELLED, self.why)

    async def _feed(self, subjects: dict[str, Subject]) -> None:
        began = time.monotonic()
        for number, each in enumerate(self.logs):
            if self.cancelled:
                return
            subject = subjects.get(each.station)
            if subject is None:
                each.end(FAILED, "There is no such station any more.")
                continue
            self._tasks.append(asyncio.create_task(self._station(number, subject, each)))
            # Not a sleep for each: a thousand short ones would add up their lateness.
            due = began + (number + 1) * self.plan.stagger
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def cancel(self, why: str = "") -> None:
        """Have every station end; cleanup steps still run."""
        self.cancelled, self.why = True, why
        if self._feeding is not None:
            self._feeding.cancel()
        for task in self._tasks:
            task.cancel()

    def counts(self) -> dict[str, int]:
        found = Counter(each.state for each in self.logs)
        return {state: found.get(state, 0) for state in STATES}

    def verdict(self) -> tuple[str, str]:
        """(state, message) of the whole."""
        counts = self.counts()
        if counts[FAILED]:
            whys = Counter(each.message for each in self.logs if each.state == FAILED)
            sentence, count = whys.most_common(1)[0]
            if len(self.logs) > 1:
                sentence = f"{counts[FAILED]} of {len(self.logs)} stations failed. {sentence}" + (
                    f" ({count} like this)" if count > 1 else ""
                )
            return FAILED, sentence
        if counts[CANCELLED]:
            return CANCELLED, self.why
        return PASSED, ""

    async def flush(self) -> bool:
        return await write_runs(self.runner, self.logs)

    # --- one station -------------------------------------------------------------------------

    async def _station(self, number: int, subject: Subject, record: StationLog) -> None:
        inbox = self.services.stream.open(subject.identity)
        record.begin()
        strand = Strand(
            self.services, subject, record, inbox,
            random.Random(f"{self.plan.seed} {number} {subject.identity}"),
            {**self.plan.variables, "station": subject.identity, "version": subject.version,
             "connectors": subject.connectors, "index": 0},
        )  # fmt: skip
        strand.stopped = lambda: self.cancelled
        try:
            await self._steps(strand)
            record.end(PASSED)
        except StepFailed as failure:
            record.end(FAILED, failure.message, failure.frame)
        except asyncio.CancelledError:
            asyncio.current_task().uncancel()
            record.end(CANCELLED, self.why)
        except Exception as fault:
            log.exception("%s: a step of %s could not be carried out", record.id, record.step)
            record.end(FAILED, f"{type(fault).__name__}: {fault}")
        finally:
            await self._clean_up(strand, record)
            self.services.stream.close(subject.identity, inbox)

    async def _steps(self, strand: Strand) -> None:
        strand.begin = strand.inbox.position(time.time())
        state = (await self.services.states.read([strand.identity]))[strand.identity]
        if not (state and state.get("connected")):
            # Not up: what counts comes. Of one that is up, what came since its boot counts too.
            strand.origin = strand.begin
        if self.plan.start_stations:
            try:
                await self.services.commander.switch(strand.identity, True)
            except CommandFailed as failure:
                raise StepFailed(f"The station was not started: {failure.message}") from None
        await strand.run(self.plan.steps)

    async def _clean_up(self, strand: Strand, record: StationLog) -> None:
        """However the steps ended. A cleanup that fails fails what had passed."""
        if not self.plan.cleanup:
            return
        state, message, frame = record.state, record.message, record.frame
        step = record.step
        record.state, record.ended = RUNNING, None
        last = strand.branch("cleanup.")
        last.stopped = lambda: False
        try:
            async with asyncio.timeout(self.cleanup_limit):
                await last.run(self.plan.cleanup, "cleanup.")
        except (StepFailed, TimeoutError, CommandFailed) as failure:
            words = str(failure) or f"it took more than {self.cleanup_limit:g} s"
            sentence = f"The cleanup failed: {words}"
            message = f"{message} {sentence}".strip()
            state = FAILED if state == PASSED else state
        except asyncio.CancelledError:
            message = f"{message} The cleanup was cut short.".strip()
        record.end(state, message, frame)
        record.step = step if state != PASSED else ""


def _subjects(identities: list[str]) -> dict[str, Subject]:
    names = ("identity", "ocpp_version", "connectors", "default_id_tag", "ev_max_power_w")
    found: dict[str, Subject] = {}
    for start in range(0, len(identities), MANY):
        rows = Station.objects.filter(identity__in=identities[start : start + MANY])
        for identity, version, connectors, tag, power in rows.order_by().values_list(*names):
            numbers = [row["id"] for row in connectors]
            found[identity] = Subject(identity, version, numbers, tag, power)
    return found
