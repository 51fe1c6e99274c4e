"""A strand of steps: one station's, or one branch of it. Runs them one after the other.

A strand has a place in the station's frames, its cursor. A step that waits for a message looks
beyond it; a frame that matched moves it there, an act that did something moves it to now. Before
any act it stands at the start of the run, or, if the station was connected then, just before its
last BootNotification: "wait for BootNotification" is true of a station that is up.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runtime.stores import STORE_ERRORS
from scenarios.drivers.document import Driver
from scenarios.engine.clock import Clock
from scenarios.engine.commander import Commander
from scenarios.engine.naming import in_words
from scenarios.engine.past import Past
from scenarios.engine.recording import Records, StationLog
from scenarios.engine.states import States
from scenarios.engine.stream import Inbox, Stream
from scenarios.engine.turns import FreeTurns
from scenarios.models import CANCELLED, FAILED, PASSED
from scenarios.rules.station_steps import COMMANDS
from scenarios.rules.step_rules import JUDGES
from scenarios.rules.validation import each_step, type_of
from scenarios.rules.values import Unresolved, resolve
from scenarios.web import Web

DEFAULT_TIMEOUT = 30_000  # ms


class StepFailed(Exception):
    """A step did not come to what it should. `frame`: id of the message that it was about.

    seen: what came instead, as rows of a StationRun's steps have it. expected: of a step that
    waits for a message, what it was to be.
    """

    def __init__(
        self, message: str, frame: str = "", seen: list[dict] | None = None,
        expected: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.message = message
        self.frame = frame
        self.seen = seen or []
        self.expected = expected


class StepErred(StepFailed):
    """It could not be carried out, by no fault of the CSMS: a driver, the scenario or we failed."""


class NotApplicable(Exception):
    """Nothing of the scenario is for this station: no verdict, and the sentence that says why."""


@dataclass
class Services:
    """What all runs of a runner share; handed in, so that a run needs no store of its own."""

    stream: Stream
    past: Past
    states: States
    commander: Commander
    clock: Clock = field(default_factory=Clock)
    records: Records = field(default_factory=Records)
    turns: FreeTurns = field(default_factory=FreeTurns)
    subjects: Callable[[list[str]], Awaitable[dict[str, Subject]]] | None = None
    web: Web | None = None  # None: no HTTP is asked
    # (run, station, text, seconds) -> "" where a person has done it, else why not.
    ask: Callable[[str, str, str, float], Awaitable[str]] | None = None
    # A frame reaches us, and whoever is asked for what was before, in the moment it is recorded.
    at_once: bool = False


@dataclass
class Subject:
    """The station of a run, as it was configured when the run began."""

    identity: str
    version: str
    connectors: list[int]
    default_id_tag: str = ""
    ev_max_power_w: int | None = None
    csms: str = ""  # the address, where the run may know it


@dataclass
class Tally:
    """What a run's strands have carried out: steps without inner ones, and those that judge."""

    done: int = 0
    judged: int = 0
    left_out: int = 0  # by `versions`
    unjudged: int = 0  # of these, those that would have judged
    versions: set[str] = field(default_factory=set)  # that what was left out is for
    met: set[str] = field(default_factory=set)  # obligations of steps that have passed

    def unmet(self, steps: list[Mapping[str, Any]], version: str) -> list[str]:
        """The obligations of these steps that no step has shown: it was not reached, or failed
        and was optional."""
        named = (each.get("obligation") for each in each_step(steps) if _is_for(each, version))
        return [each for each in dict.fromkeys(named) if each and each not in self.met]

    def leave_out(self, step: Mapping[str, Any]) -> None:
        """Count a step that is for other OCPP versions than this station's, and whether it would
        have judged."""
        self.left_out += 1
        self.versions |= set(map(str, step["versions"]))
        self.unjudged += any(type_of(each) in JUDGES for each in each_step([step]))

    def check(self, version: str) -> None:
        """Raises NotApplicable where a verdict would tell of nothing."""
        meant = " and ".join(sorted(self.versions))
        if self.left_out and not self.done:
            sentence = f"None of its steps is for OCPP {version}: they are for {meant}."
            raise NotApplicable(sentence)
        if self.unjudged and not self.judged:
            sentence = f"Nothing that it expects is for OCPP {version}: that is for {meant}."
            raise NotApplicable(sentence)


@dataclass(frozen=True)
class Table:
    """Which function carries out which type of step: one without inner steps, one with."""

    leaves: Mapping[str, Callable[[Strand, Order], Awaitable[tuple[str, str]]]]
    containers: Mapping[str, Callable[[Strand, Mapping, str], Awaitable[tuple[str, str]]]]


def _is_for(step: Mapping[str, Any], version: str) -> bool:
    versions = step.get("versions")
    return not versions or version in map(str, versions)


@dataclass
class Strand:
    services: Services
    subject: Subject
    log: StationLog
    inbox: Inbox
    rng: random.Random
    variables: dict[str, Any]
    origin: str = ""  # id: where the run began; "" until the log was asked for the last boot
    begin: str = ""  # id: when the run began
    cursor: str = ""
    call: str = ""  # unique id of the Call that matched last
    called: str = ""  # the id of its frame
    calling: tuple[str, Any] = ("", None)  # its action and payload
    path: str = ""
    stopped: Callable[[], bool] = field(default=lambda: False)
    others: list[int] = field(default_factory=lambda: [0])  # how many branches run; shared
    tally: Tally = field(default_factory=Tally)  # shared
    act: str = ""  # id: when the last act began
    taken: set[str] = field(default_factory=set)  # ids of frames that have matched; shared
    driver: Driver | None = None  # that makes the CSMS act
    table: Table = Table({}, {})  # handed in: the functions in it run strands in turn
    commanded: bool = False  # the step before was a command
    follows: bool = False  # what this step does belongs to an act that has begun

    @property
    def identity(self) -> str:
        return self.subject.identity

    def here(self) -> str:
        """The id that no frame to come is below; what has reached us by now is not beyond it."""
        return max(self.inbox.position(self.services.clock.time()), self.inbox.last)

    def acted(self, began: str) -> None:
        """An act changed something: from where it began (see `here`) on messages count. Commands
        that follow one another are one act: nothing was looked for between them."""
        if self.follows:
            return
        self.follows = True
        self.cursor = max(self.cursor, began)
        self.act = max(self.act, self.cursor)

    async def place(self, since: str = "") -> str:
        """The id beyond which a message counts."""
        if not self.origin:
            boot = ""
            with contextlib.suppress(*STORE_ERRORS):
                boot = await self.services.past.last_boot(self.identity)
            # Not stored yet, or not known: what came since the run began counts. Not since now:
            # steps may have acted already.
            self.origin = boot or self.begin
        match since:
            case "start":
                return self.origin
            case "act":
                return max(self.act, self.origin)
        return max(self.cursor, self.origin)

    def branch(self, path: str, **variables: Any) -> Strand:
        """A strand beside this one, with variables of its own."""
        return replace(
            self, rng=random.Random(self.rng.getrandbits(64)), path=path,
            variables={**self.variables, **variables}, commanded=False, follows=False,
        )  # fmt: skip

    def resolved(self, value: Any) -> Any:
        """Raises StepFailed where a variable has no value."""
        try:
            return resolve(value, self.variables, self.rng)
        except Unresolved as problem:
            raise StepFailed(str(problem)) from None

    # --- running -----------------------------------------------------------------------------

    async def run(self, steps: list[Mapping[str, Any]], path: str = "") -> None:
        """Run steps in their order. Raises StepFailed at the first that fails."""
        for number, step in enumerate(steps, start=1):
            if self.stopped():
                raise asyncio.CancelledError
            await self._step(step, f"{path}{number}")

    async def _step(self, step: Mapping[str, Any], path: str) -> None:
        if not _is_for(step, self.subject.version):
            self.tally.leave_out(step)
            return
        kind = type_of(step)
        self.tally.judged += kind in JUDGES
        entry = self.log.step_begins(path, kind, step.get("description") or in_words(step))
        self.follows = self.commanded and kind in COMMANDS
        try:
            message, frame = await self._carried_out(kind, step, path)
        except StepFailed as failure:
            self.log.step_ends(
                entry, FAILED, failure.message, failure.frame, failure.seen, failure.expected
            )
            if not step.get("optional"):
                raise
        except asyncio.CancelledError:
            self.log.step_ends(entry, CANCELLED)
            raise
        except Exception as fault:
            self.log.step_ends(entry, FAILED, f"{type(fault).__name__}: {fault}")
            raise
        else:
            self.log.step_ends(entry, PASSED, message, frame)
            if obligation := step.get("obligation"):
                self.tally.met.add(obligation)
        finally:
            self.commanded = kind in COMMANDS

    async def _carried_out(self, kind: str, step: Mapping, path: str) -> tuple[str, str]:
        """(what to say of it, the id of the frame that matched)."""
        params = step.get("params") or {}
        if kind in self.table.containers:
            work = self.table.containers[kind](self, params, path)
            return await self._within(work, step.get("timeout"))
        self.tally.done += 1
        speed = self.services.clock.speed
        order = Order(kind, self.resolved(params), step, self._timeout(step), speed)
        return await self.table.leaves[kind](self, order)

    def _timeout(self, step: Mapping[str, Any]) -> float:
        timeout = self.resolved(step.get("timeout", DEFAULT_TIMEOUT))
        if not isinstance(timeout, int | float) or timeout <= 0:
            raise StepFailed(f"The timeout is {timeout!r}: give it in milliseconds, above 0.")
        return timeout / 1000 * self.services.clock.speed

    async def _within(self, work: Awaitable[tuple[str, str]], timeout: Any) -> tuple[str, str]:
        """A container's own limit: there is none unless the step names one."""
        limit = None if timeout is None else self._timeout({"timeout": timeout})
        try:
            async with asyncio.timeout(limit) as clock:
                return await work
        except TimeoutError:
            if not clock.expired():
                raise
            told = f"It was not done within {limit / self.services.clock.speed:g} s."
            raise StepFailed(told) from None


@dataclass
class Order:
    """A step about to be carried out: params resolved, timeout in seconds."""

    kind: str
    params: dict[str, Any]
    step: Mapping[str, Any]
    timeout: float
    speed: float = 1.0  # of the clock that the timeout is by

    @property
    def patience(self) -> str:
        """The timeout in words, as the scenario's author gave it."""
        return f"{self.timeout / self.speed:g} s"

    @property
    def has_timeout(self) -> bool:
        return "timeout" in self.step
