"""Running a suite: some cases at a time, each on a station of its own that lives as long as it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from chargepoint.effects import Frame
from runtime import lifetime
from scenarios.engine.execution import Plan, Run
from scenarios.engine.recording import StationLog
from scenarios.engine.strand import Services
from scenarios.models import CANCELLED, FAILED, PASSED
from scenarios.watch.rules import WARN, policy_of
from scenarios.web import Web
from stations.models import Station
from terminal.ground import Ground
from terminal.hearing import Heard, Hearing
from terminal.rows import Unusable
from terminal.services import services_of
from terminal.suites.asking import Ask
from terminal.suites.cases import Case, Equipment, Suite
from terminal.suites.excerpts import excerpt
from terminal.suites.latencies import Latencies
from terminal.suites.results import (
    ERROR,
    FAIL,
    NOT_APPLICABLE,
    PARTIAL,
    PASS,
    SKIPPED,
    Result,
    Step,
)

log = logging.getLogger(__name__)

LONGEST = 600.0  # seconds that a case may take
# identity, version, the case's settings -> a station that is not stored; where the case is for one
# security profile, that as well. Raises Unusable.
Make = Callable[..., Station]


class NotEquipped(Unusable):
    """The run has not what a station of this kind needs: its case is skipped."""


class Silent:
    """hearing.Listener of who looks at the reports only."""

    def frame(self, station: str, frame: Frame) -> None: ...

    def link(self, station: str, state: str, why: str) -> None: ...


@dataclass(frozen=True)
class Wishes:
    """identities: as many cases run at a time; seconds: for each. web: closed by the run. come:
    waited for before each case."""

    identities: tuple[str, ...]
    seed: int = 0
    seconds: float = LONGEST
    equipment: Equipment = Equipment()
    web: Web | None = None
    ask: Ask | None = None
    speed: float = 1.0  # see terminal.haste; the loop's too
    come: Callable[[], Awaitable[None]] | None = None


class SuiteRun:
    """`told` is called with each result as it comes."""

    def __init__(
        self, suite: Suite, wishes: Wishes, make: Make, told: Callable[[Result], None]
    ) -> None:
        self._suite, self._wishes, self._make, self._told = suite, wishes, make, told

    async def run(self) -> list[Result]:
        """In the order of the suite. Cancelled: stations are stopped in order all the same."""
        speed = self._wishes.speed
        hearing = Hearing(Silent(), speed)
        ground = Ground(hearing, speed)
        web = self._wishes.web
        services = services_of(ground, hearing, web and web.hosts)
        services.web, services.ask = web, self._wishes.ask
        results: dict[int, Result] = {}
        waiting = iter(enumerate(self._suite.cases))

        async def lane(identities: tuple[str, ...]) -> None:
            for number, case in waiting:
                if self._wishes.come is not None:
                    await self._wishes.come()
                mine = identities[: case.count()]
                bench = _Bench(case, mine, number, ground, hearing, services, speed=speed)
                results[number] = await bench.carry_out(self._wishes, self._make)
                self._told(results[number])

        lanes = [asyncio.create_task(lane(some)) for some in self._lanes()]
        try:
            await asyncio.gather(*lanes)
        finally:
            await lifetime.end(lanes)
            await ground.leave()
            if web is not None:
                await web.close()
        return [results[number] for number in sorted(results)]

    def _lanes(self) -> list[tuple[str, ...]]:
        """Names for as many cases at a time as there are names for."""
        each = max((case.count() for case in self._suite.cases), default=1)
        names = self._wishes.identities
        return [names[place : place + each] for place in range(0, len(names) - each + 1, each)]


@dataclass
class _Bench:
    """One case, its stations, and what is kept of it."""

    case: Case
    identities: tuple[str, ...]
    number: int
    ground: Ground
    hearing: Hearing
    services: Services
    latencies: Latencies = field(default_factory=Latencies)
    speed: float = 1.0
    record: StationLog | None = None  # of the station that the verdict is about

    def __post_init__(self) -> None:
        self._mine = frozenset(self.identities)

    async def carry_out(self, wishes: Wishes, make: Make) -> Result:
        case = self.case
        result = Result(
            case.id, case.name, case.version, list(case.requirements), self.identities[0],
            declared=case.declared, began=time.time(), variant=case.variant,
        )  # fmt: skip
        began = time.monotonic()
        try:
            linked = () if case.profile is None else (case.profile,)
            rows = [make(each, case.version, case.station, *linked) for each in self.identities]
            if why := wishes.equipment.lacks(case, rows[0]):
                result.verdict, result.message = SKIPPED, why
            else:
                for row in rows:
                    self.ground.add(row)
                self.hearing.taps.append(self._measured)
                await self._judge(result, wishes)
        except NotEquipped as why:
            result.verdict, result.message = SKIPPED, str(why)
        except Unusable as problem:
            result.message = f"The station cannot be made: {problem}"
        except Exception as fault:
            log.exception("%s could not be carried out", case.id)
            result.message = f"It could not be carried out: {type(fault).__name__}: {fault}"
        finally:
            if self._measured in self.hearing.taps:
                self.hearing.taps.remove(self._measured)
            heard = self.hearing.since(result.station, 0)
            result.frames = excerpt(result.station, heard, self.record)
            for each in self.identities:
                await self.ground.remove(each)
                self.hearing.forget(each)
        result.seconds = time.monotonic() - began
        return result

    async def _judge(self, result: Result, wishes: Wishes) -> None:
        content = self.case.content
        plan = Plan(
            f"{self.number}", content["steps"], content["cleanup"], content["variables"],
            list(self.identities), 0.0, True, wishes.seed,
            policy_of(content.get("watch")).at_speed(wishes.speed), driver=wishes.equipment.driver,
        )  # fmt: skip
        run = Run(plan, "terminal", self.services)
        task = asyncio.create_task(run.run())
        try:
            await asyncio.wait([task], timeout=wishes.seconds * wishes.speed)
            if not task.done():
                run.cancel(f"The case was not done within {wishes.seconds:g} s.")
            await task
        except asyncio.CancelledError:
            run.cancel("The run was ended.")
            await asyncio.wait([task], timeout=lifetime.PATIENCE * wishes.speed)
            await lifetime.end([task])
            raise
        state, message = run.verdict()
        record = next((each for each in run.logs if each.state == FAILED), None)
        record = record or next((each for each in run.logs if each.unmet), run.logs[0])
        self.record, result.station = record, record.station
        result.message = message
        result.verdict = {PASSED: PASS, FAILED: FAIL, CANCELLED: FAIL}.get(state, NOT_APPLICABLE)
        if record.erred and state == FAILED:
            result.verdict = ERROR
        elif record.unmet and state == PASSED:
            result.verdict = PARTIAL
            if record.message not in message:
                result.message = f"{message} {record.message}".strip()
        if self.case.limits:
            self._hold_limits(result)
        result.warnings = _warnings(run.logs)
        result.steps = [_step(record, each) for each in record.steps]

    def _measured(self, station: str, heard: Heard) -> None:
        frame = heard.frame
        if frame.latency is not None and frame.direction == "received" and station in self._mine:
            self.latencies.put(frame.action, frame.latency / self.speed)

    def _hold_limits(self, result: Result) -> None:
        """A limit that does not hold fails what has passed."""
        result.latencies = self.latencies.table()
        broken = self.latencies.verdict(self.case.bounds())
        if broken and result.verdict in (PASS, PARTIAL, FAIL):
            result.verdict = FAIL
            result.message = " ".join(filter(None, [result.message, *broken]))


def _warnings(logs: list[StationLog]) -> list[str]:
    """Of all stations of a case, each sentence once with how often it was true."""
    counts: Counter[str] = Counter()
    for each in (found for log in logs for found in log.findings):
        if each["level"] == WARN:
            counts[each["sentence"]] += each["count"]
    return [f"{text} ({count} times)" if count > 1 else text for text, count in counts.items()]


def _step(record: StationLog, entry: dict[str, Any]) -> Step:
    began = record.started or entry["started"]
    ended = entry["ended"]
    return Step(
        entry["path"], entry["type"], entry["description"], entry["state"], entry["message"],
        round(entry["started"] - began, 3), None if ended is None else round(ended - began, 3),
    )  # fmt: skip
