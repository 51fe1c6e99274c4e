"""One execution while it runs: a task for each station, started one after the other."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async

from accounts.trail.acts import BEHAVIOUR, SCENARIO, Act, enter
from accounts.trail.keeping import keep_later
from runtime.stores import STORE_ERRORS
from scenarios.drivers.document import BadDriver, Driver, read_driver
from scenarios.engine.judging import failures, sentence_of, watched
from scenarios.engine.queueing import Turn
from scenarios.engine.recording import StationLog
from scenarios.engine.steps.table import TABLE
from scenarios.engine.strand import (
    NotApplicable,
    Services,
    StepErred,
    StepFailed,
    Strand,
    Subject,
)
from scenarios.models import CANCELLED, FAILED, PASSED, PENDING, RUNNING, SKIPPED, STATES
from scenarios.watch.rules import WARN, Policy, policy_of
from scenarios.watch.wire import WireWatch
from stations.models import Station
from stations.orders.commands import CommandFailed
from stations.state.snapshots import read_states_sync

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
    policy: Policy = field(default_factory=Policy)
    share: bool = False  # neither has its stations to itself nor waits until they are free
    scenario: str = ""
    started_by: str = ""
    behaviour: str = ""
    driver: Driver | None = None
    driver_document: Mapping[str, Any] = field(default_factory=dict)  # read when it begins

    @classmethod
    def of_document(cls, made: Mapping[str, Any]) -> Plan:
        """The plan of an execution's document in MongoDB, as scenarios/launching.py writes it;
        `stagger_ms` becomes seconds."""
        content = made["content"]
        return cls(
            str(made["_id"]), content["steps"], content["cleanup"], content["variables"],
            list(made["stations"]), made["stagger_ms"] / 1000, made["start_stations"],
            made["seed"], policy_of(content.get("watch"), content.get("run_watch")),
            bool(made.get("share") or made.get("behaviour")),
            scenario=made.get("scenario_slug", ""), started_by=made.get("started_by", ""),
            behaviour=made.get("behaviour", ""), driver_document=content.get("driver") or {},
        )  # fmt: skip

    def act(self) -> Act:
        """What the trail is told of whatever this execution does."""
        via = BEHAVIOUR if self.behaviour else SCENARIO
        page = f"scenario {self.scenario}"
        return Act(via, page, self.started_by, execution=self.id, keep=keep_later)


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
    _turns: Turn | None = None

    def __post_init__(self) -> None:
        clock = self.services.clock
        self.logs = [StationLog(self.plan.id, name, clock) for name in self.plan.stations]

    async def run(self) -> None:
        """Run every station's steps to their end, store what came of each, give the stations back.

        Returns when all strands have ended, however they did; cancelled ones count as ended.
        """
        enter(self.plan.act())  # this task's, and all that it starts
        await self.services.records.insert(self.plan.id, self.runner, self.logs)
        if self.plan.driver_document and not self._read_driver():
            return
        subjects = await self.services.subjects(self.plan.stations)
        if not self.plan.share:
            self._turns = Turn(self.services, self.plan.id, self.logs)
            await self._turns.begin()
        self._feeding = asyncio.create_task(self._feed(subjects))
        await asyncio.wait([self._feeding])
        while open_tasks := [task for task in self._tasks if not task.done()]:
            await asyncio.wait(open_tasks)
        for each in self.logs:
            if each.state in (PENDING, RUNNING):
                each.end(CANCELLED, self.why)
        if self._turns is not None:
            await self._turns.end()

    def _read_driver(self) -> bool:
        """False, and every station has failed, where it cannot be used."""
        web = self.services.web
        environment = web.environment if web is not None else lambda name: None
        try:
            self.plan.driver = read_driver(self.plan.driver_document, environment)
        except BadDriver as problem:
            for each in self.logs:
                each.erred = True
                each.end(FAILED, str(problem))
        return self.plan.driver is not None

    async def _feed(self, subjects: dict[str, Subject]) -> None:
        clock = self.services.clock
        began = clock.monotonic()
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
            await asyncio.sleep(max(0.0, due - clock.monotonic()))

    def cancel(self, why: str = "") -> None:
        """Have every station end; cleanup steps still run."""
        self.cancelled, self.why = True, why
        if self._feeding is not None:
            self._feeding.cancel()
        for task in self._tasks:
            task.cancel()

    def counts(self) -> dict[str, int]:
        """How many stations are in each state: {state: number}, with 0 for those in none."""
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
        if counts[SKIPPED]:
            sentence = next(each.message for each in self.logs if each.state == SKIPPED)
            if counts[PASSED]:
                of_all = f"{counts[SKIPPED]} of {len(self.logs)} stations have no verdict."
                sentence = f"{of_all} {sentence}"
            return (PASSED if counts[PASSED] else SKIPPED), sentence
        return PASSED, next((each.message for each in self.logs if each.message), "")

    def warnings(self) -> int:
        """Findings of the wire watch that fail nothing, kinds of each station."""
        found = (finding for each in self.logs for finding in each.findings)
        return sum(finding["level"] == WARN for finding in found)

    def forget_stored(self) -> None:
        """Have all of it written again."""
        for each in self.logs:
            each.dirty = True

    def look_at_watches(self) -> bool:
        """Note what was found meanwhile; whether there is anything to store."""
        for each in self.logs:
            each.look_at_watch()
        return any(each.dirty for each in self.logs)

    async def flush(self) -> bool:
        return await self.services.records.write(self.runner, self.logs)

    # --- one station -------------------------------------------------------------------------

    async def _station(self, number: int, subject: Subject, record: StationLog) -> None:
        watch = WireWatch(subject.version, self.plan.policy)
        try:
            await self._its_turn(record)
        except asyncio.CancelledError:
            asyncio.current_task().uncancel()
            record.end(CANCELLED, self.why)
            return
        inbox = self.services.stream.open(subject.identity, watch)
        record.begin()
        record.watch = watch
        strand = Strand(
            self.services, subject, record, inbox,
            random.Random(f"{self.plan.seed} {number} {subject.identity}"),
            {**self.plan.variables, "station": subject.identity, "version": subject.version,
             "connectors": subject.connectors, "csms": subject.csms, "index": 0,
             "nth": number + 1},
            driver=self.plan.driver, table=TABLE,
        )  # fmt: skip
        strand.stopped = lambda: self.cancelled
        try:
            await self._steps(strand)
            record.unmet = strand.tally.unmet(self.plan.steps, strand.subject.version)
            told = f"Not exercised: {'; '.join(record.unmet)}" if record.unmet else ""
            record.end(PASSED, told)
        except StepFailed as failure:
            record.erred = isinstance(failure, StepErred)
            record.end(FAILED, failure.message, failure.frame)
        except NotApplicable as why:
            record.end(SKIPPED, str(why))
        except asyncio.CancelledError:
            asyncio.current_task().uncancel()
            record.end(CANCELLED, self.why)
        except Exception as fault:
            log.exception("%s: a step of %s could not be carried out", record.id, record.step)
            record.erred = True
            record.end(FAILED, f"{type(fault).__name__}: {fault}")
        finally:
            try:
                await self._clean_up(strand, record)
                await self._judge(strand, record)
            finally:
                self.services.stream.close(subject.identity, inbox)
                if self._turns is not None:
                    self._turns.leave(subject.identity)

    async def _its_turn(self, record: StationLog) -> None:
        if self._turns is not None:
            await self._turns.come(record)

    async def _judge(self, strand: Strand, record: StationLog) -> None:
        """The watch's part of the verdict; of a run that was cancelled only what is known."""
        watch = strand.inbox.watch
        state, message, frame = record.state, record.message, record.frame
        if state in (PASSED, FAILED) and not self.cancelled:
            record.state, record.ended = RUNNING, None
            try:
                watch = await watched(strand)
            except asyncio.CancelledError:
                asyncio.current_task().uncancel()
                state, message = (CANCELLED, self.why) if state == PASSED else (state, message)
            except Exception as fault:
                log.exception("%s: the wire watch failed", record.id)
                state, message = FAILED, f"{message} {type(fault).__name__}: {fault}".strip()
            if state != CANCELLED and (failed := failures(watch)):
                first = failed[0].frames[0] if failed[0].frames else ""
                sentence = sentence_of(failed)
                message = f"{message} On the wire: {sentence}" if message else sentence
                state, frame = FAILED, frame or first
                record.erred = False  # whatever we failed at, the CSMS is wrong
        record.watch, record.findings = None, watch.findings.as_dicts()
        record.end(state, message, frame)

    async def _steps(self, strand: Strand) -> None:
        strand.begin = strand.inbox.position(self.services.clock.time())
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
        strand.tally.check(strand.subject.version)

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
        except (StepFailed, CommandFailed, *STORE_ERRORS) as failure:
            words = str(failure) or f"it took more than {self.cleanup_limit:g} s"
            sentence = f"The cleanup failed: {words}"
            message = f"{message} {sentence}".strip()
            state = FAILED if state == PASSED else state
        except asyncio.CancelledError:
            message = f"{message} The cleanup was cut short.".strip()
        except Exception as fault:
            log.exception("%s: the cleanup could not be carried out", record.id)
            told = f"The cleanup could not be carried out: {type(fault).__name__}: {fault}"
            message = f"{message} {told}".strip()
            record.erred = state == PASSED
            state = FAILED if state == PASSED else state
        record.end(state, message, frame)
        record.step = step if state != PASSED else ""


async def subjects_of(identities: list[str]) -> dict[str, Subject]:
    """The stations of a run by identity, as they are configured; without those that are gone."""
    return await sync_to_async(_subjects)(identities)


def _subjects(identities: list[str]) -> dict[str, Subject]:
    names = (
        "identity", "ocpp_version", "offered_versions", "connectors", "default_id_tag",
        "ev_max_power_w",
    )  # fmt: skip
    found: dict[str, Subject] = {}
    for start in range(0, len(identities), MANY):
        rows = Station.objects.filter(identity__in=identities[start : start + MANY])
        read = list(rows.order_by().values_list(*names))
        # What a CSMS has chosen of several stands in the state.
        choosing = [identity for identity, _, offered, *_ in read if offered]
        states = read_states_sync(choosing) if choosing else {}
        for identity, version, _, connectors, tag, power in read:
            version = (states.get(identity) or {}).get("ocpp") or version
            numbers = [row["id"] for row in connectors]
            found[identity] = Subject(identity, version, numbers, tag, power)
    return found
