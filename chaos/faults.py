"""How a fault is begun and undone. Everything that is begun here is undone here."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import psutil

from benchmarks.child import Child
from chaos.platform import Platform
from chaos.schedule import Planned

HOUR = 3600


class Fault:
    """One planned fault. `since`: monotonic seconds from which its recovery is counted."""

    def __init__(self, planned: Planned, platform: Platform, csms: Child) -> None:
        self.planned, self.platform, self.csms = planned, platform, csms
        self.since = 0.0

    def begin(self) -> None:
        raise NotImplementedError

    def end(self) -> None:
        raise NotImplementedError

    @property
    def target(self) -> str:
        """The process that is meant: one of the workers, if there are more."""
        name = self.planned.kind.split(":")[1]
        if name == "worker":
            return f"worker-{1 + self.planned.pick % self.platform.workers}"
        return name


class Killed(Fault):
    """SIGKILL, and started again after a while. Recovery counts from the kill."""

    def begin(self) -> None:
        self.since = time.monotonic()
        self.platform.kill(self.target)

    def end(self) -> None:
        self.platform.bring_up(self.target)


class Emptied(Killed):
    """Redis killed; its data is gone when it comes back."""

    def end(self) -> None:
        self.platform.empty_redis()
        super().end()


class Terminated(Fault):
    """SIGTERM, waited for, and started again."""

    def begin(self) -> None:
        self.since = time.monotonic()
        self.platform.terminate(self.target)

    def end(self) -> None:
        self.platform.await_end(self.target)
        self.platform.bring_up(self.target)


class Frozen(Fault):
    """SIGSTOP of the whole process group, and SIGCONT."""

    def begin(self) -> None:
        self.process = self.platform.stack.processes[self.target]
        self.process.pause()

    def end(self) -> None:
        self.process.resume()
        self.since = time.monotonic()


class ChildSignalled(Fault):
    """One of the Celery worker's children; the parent has to see to it."""

    SIGNALS = {"kill": signal.SIGKILL, "term": signal.SIGTERM, "freeze": signal.SIGSTOP}

    def begin(self) -> None:
        how = self.planned.kind.split(":")[0]
        children = self.platform.children("celery")
        self.child: psutil.Process | None = None
        self.since = time.monotonic()
        if children:
            self.child = children[self.planned.pick % len(children)]
            self._send(self.SIGNALS[how])

    def end(self) -> None:
        if self.planned.kind.startswith("freeze"):
            self._send(signal.SIGCONT)
            self.since = time.monotonic()

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self.child is not None:
                os.kill(self.child.pid, number)


class CsmsTurned(Fault):
    """The CSMS is silent, closes at once, refuses, or is gone for a while."""

    def begin(self) -> None:
        self.csms.ask("mode", mode=self.planned.kind.split(":")[1])

    def end(self) -> None:
        self.csms.ask("mode", mode="answering")
        self.since = time.monotonic()


class Cut(Fault):
    """The network between the stations and the CSMS, or between the processes and a store."""

    MODES = {"black-hole": "black-hole", "half-open": "held"}

    def begin(self) -> None:
        _, self.link, self.how = self.planned.kind.split(":")
        if self.how == "reset":
            self.since = time.monotonic()
            self._tell("reset")
        else:
            self._tell("network" if self.link == "csms" else "set", mode=self.MODES[self.how])

    def end(self) -> None:
        if self.how != "reset":
            self._tell("network" if self.link == "csms" else "set", mode="open")
            self.since = time.monotonic()

    def _tell(self, do: str, **given: str) -> None:
        if self.link == "csms":
            self.csms.ask(do, **given)
        else:
            self.platform.network.ask(do, name=self.link, **given)


class DiskFull(Fault):
    """Not a byte is free where the journals are."""

    def begin(self) -> None:
        self.platform.disk.fill()

    def end(self) -> None:
        self.platform.disk.free()
        self.since = time.monotonic()


class ClockJumped(Fault):
    """The wall clock of every process is an hour off, and then right again."""

    def begin(self) -> None:
        ahead = self.planned.kind.endswith("ahead")
        self.platform.clock.jump(HOUR if ahead else -HOUR)

    def end(self) -> None:
        self.platform.clock.jump(0)
        self.since = time.monotonic()


BY_WORD: dict[str, type[Fault]] = {
    "kill": Killed, "term": Terminated, "freeze": Frozen, "empty": Emptied, "csms": CsmsTurned,
    "cut": Cut, "disk": DiskFull, "clock": ClockJumped,
}  # fmt: skip


def make(planned: Planned, platform: Platform, csms: Child) -> Fault:
    word, name = planned.kind.split(":")[:2]
    made = ChildSignalled if name == "celery-child" else BY_WORD[word]
    return made(planned, platform, csms)


def impossible(kind: str, platform: Platform) -> str:
    """Why this machine cannot have the fault; "" where it can."""
    match kind.split(":")[0]:
        case "disk":
            return platform.disk.missing
        case "clock":
            return platform.clock.missing
        case _:
            return ""
