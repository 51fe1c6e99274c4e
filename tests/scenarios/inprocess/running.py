"""Running a scenario in memory, against the reference CSMS or one that is broken in one way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import ocpp.messages
import pytest

from scenarios.engine.execution import Plan, Run
from scenarios.engine.recording import StationLog
from scenarios.engine.strand import Services
from scenarios.watch.rules import policy_of
from tests.scenarios.inprocess.shell import Breaking, Desk, Link, NoRecords, Shell
from tests.scenarios.inprocess.timeless import LoopClock, run
from tests.system import csms, csms_2x

Csms = Callable[[Shell], Coroutine[Any, Any, None]]  # what the CSMS does of itself


def good(frame: list, link: Link) -> list[tuple[float, str]]:
    return [(0.0, json.dumps(frame))]


@dataclass
class Case:
    """A scenario, its station and its CSMS."""

    steps: list[dict]
    version: str = "1.6"
    breaking: Breaking = good
    choice: str | None = None  # the sub-protocol that the CSMS chooses
    acts: Csms | None = None
    cleanup: list[dict] = field(default_factory=list)
    variables: dict = field(default_factory=dict)
    watch: Any = None
    up: bool = True  # the station is up before the run
    lenient: bool = True
    interval: int = 10
    cancel_after: float | None = None
    deleted: tuple[str, ...] = ()  # stations of the run, after the first, that there are no more
    more: dict = field(default_factory=dict)  # of the station's configuration


@dataclass
class Outcome:
    state: str
    message: str
    log: StationLog
    shell: Shell
    seconds: float  # of the run's own time

    @property
    def rules(self) -> set[str]:
        return {each["rule"] for each in self.log.findings if each["level"] == "fail"}

    def of_level(self, level: str) -> list[dict]:
        return [each for each in self.log.findings if each["level"] == level]


def play(case: Case) -> Outcome:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ocpp.messages, "ASYNC_VALIDATION", False)  # threads know another time
        return run(_play(case, patch))


async def _play(case: Case, patch: pytest.MonkeyPatch) -> Outcome:
    clock = LoopClock(asyncio.get_running_loop())

    def now() -> str:
        moment = datetime.fromtimestamp(clock.time(), UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    for module in (csms, csms_2x):
        patch.setattr(module, "now", now)
    for side in csms.SIDES.values():
        patch.setattr(side, "interval", case.interval)
    shell = Shell(case.version, case.breaking, clock, case.choice, lenient=case.lenient,
                  **case.more)  # fmt: skip
    services = Services(shell.stream, shell, shell, Desk(shell), clock, NoRecords(),
                        subjects=shell.subjects)  # fmt: skip
    if case.up:
        shell.switch(True)
        await asyncio.sleep(2)
    plan = Plan("e1", case.steps, case.cleanup, case.variables, ["CP-1", *case.deleted], 0.0,
                False, 7, policy_of(case.watch))  # fmt: skip
    made = Run(plan, "here", services)
    tasks = [asyncio.create_task(case.acts(shell))] if case.acts else []
    began = clock.monotonic()
    if case.cancel_after is not None:
        asyncio.get_running_loop().call_later(case.cancel_after, made.cancel, "enough")
    await made.run()
    seconds = clock.monotonic() - began
    shell.end()
    for task in tasks:
        if task.done() and not task.cancelled() and task.exception():
            raise task.exception()
        task.cancel()
    state, message = made.verdict()
    return Outcome(state, message, made.logs[0], shell, seconds)
