"""Starts processes in order, each once the one before is healthy, restarts and stops them.

honcho's manager, which the design named, starts and stops everything at once; here the order is
what keeps the data: charge points leave before the task workers, and those before the stores.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulator.lifeline import die_with_parent
from emulator.preflight import CannotStart

POLL = 0.1  # seconds between two questions for health
BACKOFF_FIRST, BACKOFF_MOST = 1.0, 30.0
STEADY_AFTER = 60.0  # seconds of life after which the back-off starts over
LOG_LIMIT = 20 * 2**20  # bytes; then the file is moved to <name>.log.1


@dataclass(frozen=True)
class Service:
    """One process. `ready(pid)` runs in a thread; False or an exception means "not yet"."""

    name: str
    command: list[str]
    ready: Callable[[int], bool]
    cwd: Path | None = None
    patience: float = 60.0  # seconds until it must be healthy
    stop_patience: float = 30.0  # seconds from the stop signal to SIGKILL
    before_stop: Callable[[], None] | None = None  # runs in a thread, while it still works
    is_store: bool = False  # must not be torn: always given its time to stop

    @property
    def death_signal(self) -> int:
        """If this process is killed, stores end in order and everything else at once."""
        return signal.SIGTERM if self.is_store else signal.SIGKILL


@dataclass
class _Child:
    service: Service
    process: asyncio.subprocess.Process
    started: float
    failures: int = 0
    watch: asyncio.Task | None = None


class Supervisor:
    """Its children live in process groups of their own, so Ctrl-C reaches only this process."""

    def __init__(self, log_directory: Path, environment: dict[str, str], say: Callable) -> None:
        self._logs = log_directory
        self._environment = environment
        self._say = say
        self._children: dict[str, _Child] = {}
        self._hurry = asyncio.Event()
        log_directory.mkdir(parents=True, exist_ok=True)

    def log_path(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    async def start(self, service: Service) -> None:
        """Start it and wait until it is healthy; raises CannotStart."""
        begin = time.monotonic()
        child = _Child(service, await self._spawn(service), begin)
        self._children[service.name] = child
        await self._wait_until_ready(child)
        self._say(f"  {service.name:<14} healthy after {time.monotonic() - begin:.1f} s")
        child.watch = asyncio.create_task(self._keep_alive(child))

    async def run_once(self, name: str, command: list[str], shown: bool = False) -> None:
        """Run a command to its end; raises CannotStart if it fails. shown: stdout is ours."""
        self.trim_logs()
        with self.log_path(name).open("ab") as log:
            process = await self._execute(command, None if shown else log, log, signal.SIGKILL)
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if code != 0:
            raise CannotStart(f"{name} failed: {self._last_words(name)}")

    async def stop_all(self, order: list[str]) -> None:
        """Stop by name in this order; what is not named goes last, newest first."""
        rest = [name for name in reversed(self._children) if name not in order]
        for name in [*(name for name in order if name in self._children), *rest]:
            await self._stop(self._children.pop(name))

    def hurry(self) -> None:
        """Somebody is impatient: no more draining, kill after a second."""
        self._hurry.set()

    # --- one child ------------------------------------------------------------------------------

    async def _spawn(self, service: Service) -> asyncio.subprocess.Process:
        self.trim_logs()
        with self.log_path(service.name).open("ab") as log:
            return await self._execute(service.command, log, log, service.death_signal, service.cwd)

    async def _execute(
        self, command: list[str], stdout, stderr, death_signal: int, cwd: Path | None = None
    ) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env=self._environment,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=functools.partial(die_with_parent, death_signal, os.getpid()),
            )
        except OSError as error:
            raise CannotStart(f"Cannot run {command[0]}: {error.strerror}.") from error

    async def _wait_until_ready(self, child: _Child) -> None:
        service, process = child.service, child.process
        limit = time.monotonic() + service.patience
        while time.monotonic() < limit:
            if process.returncode is not None:
                words = self._last_words(service.name)
                raise CannotStart(f"{service.name} ended ({_how(process.returncode)}): {words}")
            with contextlib.suppress(Exception):
                if await asyncio.to_thread(service.ready, process.pid):
                    return
            await asyncio.sleep(POLL)
        raise CannotStart(
            f"{service.name} is not healthy after {service.patience:.0f} s: "
            f"{self._last_words(service.name)}"
        )

    async def _keep_alive(self, child: _Child) -> None:
        """Restart the child whenever it ends, less and less eagerly."""
        service = child.service
        while True:
            code = await child.process.wait()
            if time.monotonic() - child.started > STEADY_AFTER:
                child.failures = 0
            pause = min(BACKOFF_MOST, BACKOFF_FIRST * 2**child.failures)
            child.failures += 1
            self._say(
                f"  {service.name} ended ({_how(code)}); it is started again in {pause:.0f} s. "
                f"See {self.log_path(service.name)}"
            )
            await asyncio.sleep(pause)
            child.started = time.monotonic()
            child.process = await self._spawn(service)
            try:
                await self._wait_until_ready(child)
                self._say(f"  {service.name} is healthy again")
            except CannotStart as problem:
                self._say(f"  {problem}")
                if child.process.returncode is None:
                    child.process.kill()

    async def _stop(self, child: _Child) -> None:
        service, begin = child.service, time.monotonic()
        if service.before_stop and child.process.returncode is None:
            await self._unless_hurried(asyncio.to_thread(service.before_stop))
        if child.watch:
            child.watch.cancel()
            await asyncio.gather(child.watch, return_exceptions=True)
        process = child.process
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await self._unless_hurried(process.wait(), service.stop_patience)
            grace = 10.0 if service.is_store else 1.0
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), grace)
        _kill_group(process.pid)
        await process.wait()
        self._say(f"  {service.name:<14} stopped after {time.monotonic() - begin:.1f} s")

    async def _unless_hurried(self, work, timeout: float | None = None) -> None:
        doing, hurried = asyncio.ensure_future(work), asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({doing, hurried}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        doing.cancel()
        await asyncio.gather(doing, hurried, return_exceptions=True)

    # --- logs -----------------------------------------------------------------------------------

    def trim_logs(self) -> None:
        """Copy and cut: the children append (O_APPEND), so they go on at the new end."""
        for path in self._logs.glob("*.log"):
            with contextlib.suppress(OSError):
                if path.stat().st_size > LOG_LIMIT:
                    shutil.copyfile(path, path.with_suffix(".log.1"))
                    os.truncate(path, 0)

    def _last_words(self, name: str) -> str:
        path = self.log_path(name)
        lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
        return f"{lines[-1].strip() if lines else 'it said nothing'} (see {path})"


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def _kill_group(pid: int) -> None:
    """End what a child may have left in its process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
