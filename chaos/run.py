"""One run, from the first process to the audit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.child import Child
from benchmarks.processes import NotInTime
from benchmarks.stack import ADMIN
from chaos import faults, fleet
from chaos.audit.books import Books, gather
from chaos.audit.evidence import Violation
from chaos.draining import await_drained
from chaos.platform import Platform
from chaos.poller import Poller
from chaos.recovery import Recovery
from chaos.schedule import Round, laps
from messaging.keeping import frames

SESSIONS_END = 300.0  # seconds in which all that is charging must have come to an end
STEP = 0.5


@dataclass(frozen=True)
class Plan:
    """What is to be done. `kinds`: () for all; `longest`: seconds that a fault may last."""

    minutes: float
    seed: int
    workers: tuple[int, ...]
    stations: int
    kinds: tuple[str, ...] = ()
    longest: float = 60.0
    on_hosts: bool = False  # each worker on a host of its own


@dataclass
class Outcome:
    """`skipped`: kind -> why; `broken`: what is wrong beside the books."""

    plan: Plan
    rounds: list[tuple[Round, float]] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    fell: list[str] = field(default_factory=list)
    books: Books = field(default_factory=Books)
    csms: dict[str, Any] = field(default_factory=dict)
    operator: dict[str, int] = field(default_factory=dict)
    web: dict[str, int] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)
    web_faults: list[str] = field(default_factory=list)
    executions: dict[str, int] = field(default_factory=dict)
    acts: list[Any] = field(default_factory=list)  # see chaos.scale.Figures
    minutes: float = 0.0
    relieved: int = 0

    @property
    def violations(self) -> int:
        return sum(self.books.found.values()) + len(self.broken)


class Run:
    def __init__(self, plan: Plan, directory: Path, say: Callable[[str], None]) -> None:
        self.plan, self.directory, self.say = plan, directory, say
        self.outcome = Outcome(plan)
        self.fleet = fleet.make(plan.stations)
        self.loaded = False

    def carry_out(self) -> Outcome:
        platform = Platform(self.directory, self.plan.workers[0], self.plan.on_hosts)
        try:
            platform.start()
            with self._others(platform):
                self._load(True)
                self._rounds()
                self._load(False)
                self._come_to_an_end()
                self._audit()
        finally:
            platform.close()
        return self.outcome

    @contextmanager
    def _others(self, platform: Platform) -> Iterator[None]:
        """The CSMS, the operator and the web client; and the stations, all in service."""
        stack, names = platform.stack, self.fleet
        self.platform = platform
        with (
            Child("chaos.csms", self.directory / "csms.log") as self.csms,
            Child("chaos.operator", self.directory / "operator.log", stack.env) as self.operator,
        ):
            options = {"seed": self.plan.seed, "remote": names.remote}
            record = str(self.directory / "record")
            port = self.csms.ask("listen", directory=record, options=options)
            url = platform.csms_url(port)
            self.recovery = Recovery(platform, self.csms, names.all, self._relieve)
            began = time.monotonic()
            stack.console.create([fleet.fields(name, url) for name in names.all])
            self.say(f"{len(names.all)} stations are in service after "
                     f"{self._recovered('start', began):.1f} s")  # fmt: skip
            self.operator.ask(
                "begin", local=names.local, others=[*names.remote, *names.scripted],
                seed=self.plan.seed,
            )  # fmt: skip
            self.poller = Poller(stack.web_port, ADMIN, names.all, names.scripted, self.plan.seed)
            self.poller.start()
            yield

    def _recovered(self, name: str, since: float) -> float:
        took = self.recovery.wait(name, since)
        if self.recovery.failed:
            self.say(f"    NOT WELL: {self.recovery.failed[-1]}")
            self.outcome.broken += self.recovery.failed
            self.recovery.failed = []
        return took

    def _relieve(self, on: bool) -> None:
        """Let what is charging end, and begin nothing, while this is on."""
        if not self.loaded:
            return
        self.operator.ask("end" if on else "go on")
        self.csms.ask("talk", on=not on)
        (self.poller.working.clear if on else self.poller.working.set)()

    def _load(self, on: bool) -> None:
        self.loaded = on
        self.csms.ask("talk", on=on)
        if on:
            self.operator.ask("work")
            self.poller.working.set()
        else:
            self.csms.ask("quiet")
            self.poller.working.clear()

    # --- faults ------------------------------------------------------------------------------

    def _rounds(self) -> None:
        plan, platform = self.plan, self.platform
        began = time.monotonic()
        for lap in laps(plan.seed, plan.workers, plan.kinds, plan.longest):
            for one in lap:
                if time.monotonic() - began > plan.minutes * 60:
                    self.outcome.minutes = (time.monotonic() - began) / 60
                    return
                if one.workers != platform.workers:
                    self._change_workers(one.workers)
                self._round(one)

    def _change_workers(self, number: int) -> None:
        since = time.monotonic()
        self.platform.set_workers(number)
        took = self._recovered("workers changed", since)
        self.say(f"{number} worker{'s' * (number > 1)}: well after {took:.1f} s")

    def _round(self, one: Round) -> None:
        platform = self.platform
        possible = []
        for planned in one.faults:
            why = faults.impossible(planned.kind, platform)
            if why:
                self._skip(planned.kind, why)
            else:
                possible.append(faults.make(planned, platform, self.csms))
        if not possible:
            return
        steps = [(fault.planned.at, fault.begin) for fault in possible]
        steps += [(fault.planned.at + fault.planned.seconds, fault.end) for fault in possible]
        began = time.monotonic()
        for at, step in sorted(steps, key=lambda each: each[0]):
            platform.pause(began + at - time.monotonic())
            step()
        took = self._recovered(one.name, max(fault.since for fault in possible))
        self.outcome.rounds.append((one, took))
        last = f" (last: {self.recovery.last})" if self.recovery.last else ""
        self.say(f"{time.strftime('%H:%M:%S')} {one}: well after {took:.1f} s{last}")

    def _skip(self, kind: str, why: str) -> None:
        if kind not in self.outcome.skipped:
            self.say(f"{kind} is left out: {why}")
        self.outcome.skipped[kind] = why

    # --- the end -----------------------------------------------------------------------------

    def _come_to_an_end(self) -> None:
        """Every session is stopped, what was accepted is asked for, the log has everything."""
        self.say("all is healed: sessions are stopped, the log drains")
        self._recovered("end", time.monotonic())
        self.operator.ask("end")
        try:
            self._await_idle()
        except NotInTime as late:
            self.outcome.broken.append(str(late))
        self.lost = self.csms.ask("verify", timeout=600)
        self.operator.ask("rest")
        self.poller.ending = True
        self.operator.ask("stop stations")
        self.outcome.broken += await_drained(self.platform, self.csms)
        self.csms.ask("flush")

    def _await_idle(self) -> None:
        """No station has a session, a car or a message left, twice in a row."""
        limit = time.monotonic() + SESSIONS_END
        idle, looked = 0, -1
        while idle < 2:
            if time.monotonic() > limit:
                raise NotInTime(f"{self.operator.ask('idle')['busy']} stations do not come to rest")
            self.platform.pause(STEP)
            answer = self.operator.ask("idle")
            if answer["looked"] != looked:
                looked = answer["looked"]
                idle = 0 if answer["busy"] else idle + 1

    def _audit(self) -> None:
        outcome, platform = self.outcome, self.platform
        states = platform.stack.console.ask("states", identities=list(self.fleet.all))
        for name in self.fleet.all:
            evidence = gather(
                self.directory / "record", platform.mongo, name, states[name],
                self.lost.get(name, []),
            )  # fmt: skip
            outcome.books.examine(evidence)
        known, strangers = {*self.fleet.all, ""}, set()
        for row in frames.documents(platform.mongo):
            if row["station"] not in known:
                strangers.add(row["station"])
            if row["kind"] == "Dropped":
                outcome.broken.append(f"dropped from the log: {row['text'][:200]}")
        outcome.broken += [f"the log has an unknown station {name!r}" for name in strangers]
        outcome.broken += platform.late
        outcome.fell = platform.fell
        outcome.took, outcome.relieved = dict(self.recovery.took), self.recovery.relieved
        outcome.csms = self.csms.ask("counts")
        outcome.operator = self.operator.ask("counts")
        outcome.web = dict(self.poller.answers)
        outcome.slowest, outcome.web_faults = self.poller.slowest, self.poller.faults
        rows = platform.mongo["scenarios_execution"].aggregate(
            [{"$group": {"_id": ["$state", "$message"], "count": {"$sum": 1}}}]
        )
        outcome.executions = {": ".join(filter(None, row["_id"])): row["count"] for row in rows}


def violations_of(outcome: Outcome) -> list[Violation | str]:
    return [*outcome.broken, *outcome.books.violations]
