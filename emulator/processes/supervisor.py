"""Starts processes in order, each once the one before is healthy, restarts and stops them.

honcho's manager, which the design named, starts and stops everything at once; here the order is
what keeps the data: charge points leave before the task workers, and those before the stores.

A process that lives is waited for: a loaded machine is no reason to end it. Whatever goes wrong
while a process is looked after is said and tried again, so that no fault ends its supervision.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulator.processes.child_logs import ChildLogs
from emulator.processes.forking import ForkServer
from emulator.processes.preflight import CannotStart
from emulator.processes.spawning import CannotSpawn, ChildProcess, reap_strangers, spawn
from runtime import lifetime

POLL = 0.1  # seconds between two questions for health while it starts
SAY_EVERY = 10.0  # seconds between two lines about what is waited for
PATIENCE = 600.0  # seconds until a process that lives must be healthy
PREPARE_PATIENCE = 10.0  # seconds that a command has to end after SIGTERM
WORDS = 5  # lines of its log that are shown when it is given up
BACKOFF_FIRST, BACKOFF_MOST = 1.0, 30.0
STEADY_AFTER = 60.0  # seconds of life after which the back-off starts over
LOOK_EVERY = 10.0  # seconds between two looks at whether a healthy process still answers
SILENT_AFTER = 30.0  # seconds without an answer after which it is said
STUCK_AFTER = 300.0  # seconds without an answer after which it is restarted


@dataclass(frozen=True)
class Service:
    """One process. `ready` and `answers` get its pid, run in a thread and have their own limits.

    ready    whether it has started; an exception means "not yet"
    answers  whether it still works once it was ready; an exception means that this cannot be
             told (a store is away). Without it a process that lives is taken to work.
    """

    name: str
    command: list[str]
    ready: Callable[[int], bool]
    answers: Callable[[int], bool] | None = None
    cwd: Path | None = None
    patience: float = PATIENCE
    stop_patience: float = 30.0  # seconds from the stop signal to SIGKILL
    before_stop: Callable[[], None] | None = None  # runs in a thread, while it still works
    is_store: bool = False  # must not be torn: always given its time to stop
    # Of a command that is this Python with words: the module by whose settings it lives, if it may
    # be forked from the process that has imported what all such share.
    settings: str = ""

    @property
    def death_signal(self) -> int:
        """If this process is killed, stores end in order and everything else at once."""
        return signal.SIGTERM if self.is_store else signal.SIGKILL


@dataclass
class _Child:
    service: Service
    process: ChildProcess | None = None
    started: float = 0.0
    state: str = "starting"  # then healthy, silent or restarting
    since: float = 0.0
    failures: int = 0
    watch: asyncio.Task | None = None

    def turn(self, state: str) -> None:
        self.state, self.since = state, time.monotonic()


class Supervisor:
    """Its children live in process groups of their own, so Ctrl-C reaches only this process."""

    def __init__(self, log_directory: Path, environment: dict[str, str], say: Callable) -> None:
        self._tell = say
        self.logs = ChildLogs(log_directory, self._say)
        self._environment = environment
        self._children: dict[str, _Child] = {}
        self._pids: set[int] = set()  # of all that were ever started
        self._hurry = asyncio.Event()
        self.forks = ForkServer(environment, lambda: self.logs.opened("fork server"))

    def _say(self, line: str) -> None:
        # The terminal may be gone or know no such letters; that is no reason to stop supervising.
        with contextlib.suppress(Exception):
            self._tell(line)

    def states(self) -> dict[str, dict[str, object]]:
        """By name: pid, state (starting, healthy, silent, restarting), seconds in this state."""
        now = time.monotonic()
        return {
            name: {
                "pid": child.process.pid if child.process else None,
                "state": child.state,
                "seconds": round(now - child.since, 1),
                "failures": child.failures,
            }
            for name, child in self._children.items()
        }

    async def start(self, service: Service) -> None:
        """Start it and wait until it is healthy; raises CannotStart."""
        begin = time.monotonic()
        child = self._children[service.name] = _Child(service)
        child.turn("starting")
        await self._spawn_at_last(child)
        await self._wait_until_ready(child)
        self._say(f"  {service.name:<14} healthy after {time.monotonic() - begin:.1f} s")
        child.watch = asyncio.create_task(self._keep_alive(child))

    async def run_once(
        self, name: str, command: list[str], shown: bool = False, settings: str = ""
    ) -> None:
        """Run a command to its end; raises CannotStart if it fails. shown: stdout is ours.

        It has no time limit: a migration of a large database must not be cut.
        """
        child = _Child(Service(name, command, ready=lambda pid: True, settings=settings))
        await self._spawn_at_last(child, shown)
        process, begin = child.process, time.monotonic()
        ending = asyncio.create_task(process.wait())
        try:
            while not (await asyncio.wait({ending}, timeout=SAY_EVERY))[0]:
                self._say_waiting(name, "done", time.monotonic() - begin)
        except asyncio.CancelledError:
            process.terminate()
            await self._unless_hurried(process.wait(), PREPARE_PATIENCE)
            process.kill_group()
            await ending
            raise
        if ending.result() != 0:
            raise CannotStart(f"{name} failed: {self._quote(name)}")

    async def stop_all(self, order: list[str]) -> None:
        """Stop by name in this order; what is not named goes last, newest first."""
        rest = [name for name in reversed(self._children) if name not in order]
        for name in [*(name for name in order if name in self._children), *rest]:
            child = self._children.pop(name)
            try:
                await self._stop(child)
            except Exception as fault:  # noqa: BLE001 - the others must be stopped all the same
                self._say(f"  {name:<14} could not be stopped in order: {fault}")
                if child.process:
                    child.process.kill_group()

    def reap(self) -> None:
        """Take note of the end of orphans: whoever has others forked is where they go."""
        reap_strangers(self._pids | {self.forks.pid or 0})

    def hurry(self) -> None:
        """Somebody is impatient: no more draining, kill after a second."""
        self._hurry.set()

    # --- starting -------------------------------------------------------------------------------

    def _spawn(self, child: _Child, shown: bool = False) -> None:
        service = child.service
        child.started = time.monotonic()
        try:
            with self.logs.opened(service.name) as log:
                child.process = self._begin(service, shown, log)
                self._pids.add(child.process.pid)
        except OSError as error:  # not even /dev/null can be opened
            raise CannotSpawn(f"{error.strerror}.", for_good=False) from error

    def _begin(self, service: Service, shown: bool, log: int) -> ChildProcess:
        if service.settings:
            forked = self.forks.fork(
                service.command[1:], 1 if shown else log, log, service.death_signal,
                service.settings,
            )  # fmt: skip
            if forked is not None:
                return forked
        return spawn(
            service.command, None if shown else log, log, self._environment,
            service.death_signal, service.cwd,
        )  # fmt: skip

    async def _spawn_at_last(self, child: _Child, shown: bool = False) -> None:
        """Start the process, again and again where the machine has no room for it just now."""
        limit = time.monotonic() + child.service.patience
        while True:
            try:
                return self._spawn(child, shown)
            except CannotSpawn as problem:
                if problem.for_good or time.monotonic() > limit:
                    raise CannotStart(str(problem)) from problem
                pause = self._next_pause(child)
                self._say(f"  {child.service.name}: {problem} It is tried again in {pause:.0f} s.")
            await asyncio.sleep(pause)

    async def _wait_until_ready(self, child: _Child) -> None:
        """For as long as it lives, up to its patience; raises CannotStart."""
        service, process = child.service, child.process
        begin = said = time.monotonic()
        while (now := time.monotonic()) < begin + service.patience:
            if process.returncode is not None:
                process.kill_group()
                words = self._quote(service.name)
                raise CannotStart(f"{service.name} ended ({_how(process.returncode)}): {words}")
            if await self._is_ready(child):
                child.turn("healthy")
                return
            if now - said >= SAY_EVERY:
                said = now
                self._say_waiting(service.name, "healthy", now - begin)
            await asyncio.sleep(POLL)
        raise CannotStart(
            f"{service.name} lives and is not healthy after {service.patience:.0f} s. "
            f"Its last words (see {self.logs.path(service.name)}):\n"
            f"    {self.logs.last_words(service.name, WORDS)}"
        )

    def _say_waiting(self, name: str, goal: str, seconds: float) -> None:
        words = self.logs.last_words(name)
        self._say(f"  {name}: not {goal} yet after {seconds:.0f} s (last words: {words})")

    async def _is_ready(self, child: _Child) -> bool:
        try:
            return await asyncio.to_thread(child.service.ready, child.process.pid)
        except Exception:  # noqa: BLE001 - whatever it is, it is not ready
            return False

    # --- keeping alive --------------------------------------------------------------------------

    async def _keep_alive(self, child: _Child) -> None:
        """Restart the child whenever it ends or is stuck; only a cancellation ends this."""
        while True:
            try:
                await self._watch(child)
            except Exception as fault:  # noqa: BLE001 - supervision must outlive every fault
                pause = self._next_pause(child)
                self._say(f"  {child.service.name} was not restarted: {fault}\n"
                          f"  {child.service.name} is tried again in {pause:.0f} s.")  # fmt: skip
                await asyncio.sleep(pause)

    async def _watch(self, child: _Child) -> None:
        """Wait for the end of what runs, then start it anew; raises what goes wrong in that."""
        service = child.service
        if child.process.returncode is None:
            code = await self._end_of(child)
            child.process.kill_group()  # what the dead one may have left
            child.turn("restarting")
            if time.monotonic() - child.started > STEADY_AFTER:
                child.failures = 0
            pause = self._next_pause(child)
            self._say(
                f"  {service.name} ended ({_how(code)}); it is started again in {pause:.0f} s. "
                f"See {self.logs.path(service.name)}"
            )
            await asyncio.sleep(pause)
        child.turn("restarting")
        self._spawn(child)
        try:
            await self._wait_until_ready(child)
        except CannotStart:
            child.process.kill_group()
            await child.process.wait()
            raise
        self._say(f"  {service.name} is healthy again")

    async def _end_of(self, child: _Child) -> int:
        """The exit code of what runs; it is killed where it has not answered for too long."""
        service, process = child.service, child.process
        ending = asyncio.ensure_future(process.wait())
        silent_since: float | None = None
        try:
            while not (await asyncio.wait({ending}, timeout=LOOK_EVERY))[0]:
                if await self._answers(child):
                    if child.state != "healthy":
                        self._say(f"  {service.name} answers again")
                        child.turn("healthy")
                    silent_since = None
                    continue
                now = time.monotonic()
                silent_since = silent_since or now
                if now - silent_since >= SILENT_AFTER and child.state == "healthy":
                    child.turn("silent")
                    self._say(
                        f"  {service.name} lives and does not answer; it is restarted if that "
                        f"lasts {STUCK_AFTER:.0f} s. See {self.logs.path(service.name)}"
                    )
                if now - silent_since >= STUCK_AFTER:
                    self._say(f"  {service.name} has not answered for {STUCK_AFTER:.0f} s: killed")
                    process.kill_group()
            return ending.result()
        finally:
            ending.cancel()

    async def _answers(self, child: _Child) -> bool:
        service = child.service
        if service.answers is None:
            return True
        try:
            return await asyncio.to_thread(service.answers, child.process.pid)
        except Exception:  # noqa: BLE001 - it cannot be told, so it is not held against it
            return True

    def _next_pause(self, child: _Child) -> float:
        pause = min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** min(child.failures, 10))
        child.failures += 1
        return pause

    # --- stopping -------------------------------------------------------------------------------

    async def _stop(self, child: _Child) -> None:
        service, begin = child.service, time.monotonic()
        if service.before_stop and child.process and child.process.returncode is None:
            await self._unless_hurried(asyncio.to_thread(service.before_stop))
        if child.watch:
            await lifetime.end([child.watch])
        process = child.process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await self._unless_hurried(process.wait(), service.stop_patience)
            grace = 10.0 if service.is_store else 1.0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace):
                    await process.wait()
        process.kill_group()
        await process.wait()
        self._say(f"  {service.name:<14} stopped after {time.monotonic() - begin:.1f} s")

    async def _unless_hurried(self, work, timeout: float | None = None) -> None:
        doing, hurried = asyncio.ensure_future(work), asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({doing, hurried}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        await lifetime.end([doing, hurried])

    def _quote(self, name: str) -> str:
        return f"{self.logs.last_words(name)} (see {self.logs.path(name)})"


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
