"""Trials: each case on the reference CSMS, and on one that is broken; in this process."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from conformance.breakages import Breakage
from conformance.pace import Pace
from conformance.reference import Reference
from conformance.suites import Known
from conformance.triggers import Trigger
from runtime import lifetime
from scenarios.drivers.document import read_driver
from scenarios.rules.validation import each_step
from scenarios.web import Hosts, Web
from stations.checks import egress_policy
from stations.link.reaching import Reach
from stations.models import Station
from terminal import rows
from terminal.suites.cases import Case, Equipment, Suite
from terminal.suites.equipping import SHIPPED
from terminal.suites.reading import json_of
from terminal.suites.results import FAIL, PASS, Result
from terminal.suites.running import SuiteRun, Wishes

DRIVER = 15_000  # ms that a driver may take in a broken run
SETTLE = 300  # ms after the last step of a broken run
MARK = "conformance"  # in a case's settings: the number of its trial


@dataclass
class Trial:
    """A case on a CSMS; breakage None: on the correct one."""

    known: Known
    case: Case
    breakage: Breakage | None = None
    result: Result | None = None

    @property
    def good(self) -> bool:
        """It came out as it should."""
        if self.breakage is None:
            return self.result.verdict == PASS
        return self.result.verdict == FAIL and self.breakage.is_told_by(self.result.message)

    @property
    def name(self) -> str:
        where = self.breakage or "the correct CSMS"
        return f"{self.case.id}, OCPP {self.case.version} [{where}]"

    @property
    def why_not(self) -> str:
        result = self.result
        if self.breakage is not None and result.verdict == FAIL:
            return f"the sentence does not name it: {result.message}"
        return f"{result.verdict} {result.message}".strip()


def trials_of(
    known: Known, suite: Suite, broken: dict[str, list[Breakage]],
    good: bool = True, bad: bool = True,
) -> Iterator[Trial]:  # fmt: skip
    """Case by case, the correct CSMS first."""
    for case in suite.cases:
        if good:
            yield Trial(known, case)
        for each in broken.get(case.id, []) if bad else []:
            if each.is_for(case.version):
                yield Trial(known, case, each)


async def carry_out(
    trials: list[Trial], jobs: int, told: Callable[[Trial], None] = lambda trial: None
) -> None:
    """Each trial has its `result` then."""
    async with _bench(trials, jobs, told) as run:
        results = await run.run()
    for trial, result in zip(trials, results, strict=True):
        trial.result = result


@contextlib.asynccontextmanager
async def _bench(
    trials: list[Trial], jobs: int, told: Callable[[Trial], None]
) -> AsyncIterator[SuiteRun]:
    async with Reference.running() as reference:
        document = json_of(SHIPPED / "demo.json")
        driver = read_driver(document, os.environ.get, {"base": reference.control_url})
        web = Web(Hosts([]), Reach(egress_policy("CSMS")), os.environ.get)
        cases = [_case(number, trial, reference) for number, trial in enumerate(trials)]
        most = max(case.count() for case in cases)
        lanes = min(jobs, len(trials))
        names = tuple(f"CONF-{n}" for n in range(1, lanes * most + 1))
        triggers = [_trigger(trial) for trial in trials]

        def make(identity: str, version: str, settings: dict[str, Any]) -> Station:
            trial, trigger = trials[settings[MARK]], triggers[settings[MARK]]
            design = {name: value for name, value in settings.items() if name != MARK}
            profile = min(trial.case.needs.profiles, default=0)
            reference.expect(identity, trial.breakage, profile, trigger)
            row = rows.row_of(_options(reference.url), identity, [version], design)
            reference.equip(row, trial.breakage, profile)
            return row

        def finished(result: Result) -> None:
            trial = trials[int(result.name)]
            trial.result = result
            result.name = trial.case.name
            told(trial)

        pace = Pace()
        watching = asyncio.create_task(pace.watch())
        wishes = Wishes(names, equipment=Equipment(driver), web=web, seconds=120.0, come=pace.come)
        try:
            yield SuiteRun(Suite("conformance", tuple(cases)), wishes, make, finished)
        finally:
            await lifetime.end([watching])


def _trigger(trial: Trial) -> Trigger:
    broken = trial.breakage
    return Trigger({}) if broken is None else Trigger(broken.after, broken.harms)


def _options(url: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    rows.add_options(parser)
    return parser.parse_args(["--csms", url])


def _case(number: int, trial: Trial, reference: Reference) -> Case:
    case = trial.case
    content = deepcopy(case.content)
    given = reference.variables(trial.breakage) | trial.known.variables
    given |= trial.breakage.variables if trial.breakage else {}
    known = content["variables"]
    known |= {name: value for name, value in given.items() if name in known}
    if trial.breakage is not None:
        _hasten(content, trial.known)
    # `name` carries the number to where the result is told.
    return replace(case, name=str(number), content=content, station={**case.station, MARK: number})


def _hasten(content: dict[str, Any], known: Known) -> None:
    """A CSMS that is silent is to be found out soon: no step waits for longer, nor the watch."""
    patience, hastened = known.patience, WAITING - ({"csms"} if known.slow_stations else set())
    for step in each_step([*content["steps"], *content["cleanup"]]):
        timeout = step.get("timeout", patience)
        if step["type"] in hastened and not isinstance(timeout, str):
            # A driver answers once the station has: that takes as long as the machine does.
            most = max(patience, DRIVER) if step["type"] == "csms" else patience
            step["timeout"] = min(most, step.get("timeout", most))
    watch = content.get("watch") or {}
    if isinstance(watch, dict):
        content["watch"] = {
            "late_ms": patience,
            "unanswered_ms": patience,
            "settle_ms": SETTLE,
            **watch,
        }


WAITING = frozenset({
    "expect", "wait_for_message", "wait_for_state", "wait_condition", "wait_for_held", "csms",
    "link",
})  # fmt: skip


def chosen(suite: Suite, patterns: Iterable[str]) -> Suite:
    wanted = list(patterns)
    return suite.only(wanted) if wanted else suite
