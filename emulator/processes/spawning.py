"""One child process: started in a process group of its own and waited for, without a thread.

asyncio's own subprocesses start a thread for each child, and where no thread can be started they
leave behind a child that nobody watches.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import subprocess
from collections.abc import Collection
from pathlib import Path

from runtime.lifeline import die_with_parent

POLL = 0.2  # seconds between two looks where the kernel cannot tell by itself
UNKNOWN = 255  # the exit code of who was waited for by somebody else


class CannotSpawn(Exception):
    """Why no process was started. for_good: trying again would not help."""

    def __init__(self, sentence: str, for_good: bool) -> None:
        super().__init__(sentence)
        self.for_good = for_good


class Adopted:
    """A process that became a child of this one without its doing: what is needed of a Popen."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, None while the process runs; UNKNOWN where somebody else has waited for
        it."""
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self.returncode = UNKNOWN
            else:
                self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


class ChildProcess:
    """What is started or adopted, and leads a process group."""

    def __init__(self, process: subprocess.Popen | Adopted) -> None:
        self._process = process
        self.pid = process.pid
        self._swept = False

    @property
    def returncode(self) -> int | None:
        """None while it lives."""
        return self._process.poll()

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        while (code := self._process.poll()) is None:
            if not await self._told_by_kernel():
                await asyncio.sleep(POLL)
        return code

    async def _told_by_kernel(self) -> bool:
        """Wait for its end by a pidfd; False where there is none."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except (OSError, AttributeError):
            return False
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        try:
            loop.add_reader(descriptor, ended.set)
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        return True

    def terminate(self) -> None:
        self._process.terminate()

    def kill_group(self) -> None:
        """End it and what it may have left in its process group."""
        if self._swept:
            return  # the number may be another's by now
        self._swept = self._process.poll() is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def spawn(
    command: list[str],
    stdout: int | None,
    stderr: int,
    environment: dict[str, str],
    death_signal: int = signal.SIGKILL,
    cwd: Path | None = None,
    keep: Collection[int] = (),
) -> ChildProcess:
    """Start a command; raises CannotSpawn.

    stdout, stderr: descriptors. death_signal: what it gets when this process dies. keep: more
    descriptors that it has, by the same numbers.
    """
    try:
        return ChildProcess(subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=environment,
            cwd=cwd, start_new_session=True, pass_fds=keep,
            preexec_fn=functools.partial(die_with_parent, death_signal, os.getpid()),
        ))  # fmt: skip
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        why = getattr(error, "strerror", None) or str(error)
        for_good = isinstance(error, FileNotFoundError | PermissionError | NotADirectoryError)
        raise CannotSpawn(f"Cannot run {command[0]}: {why}.", for_good) from error


def reap_strangers(known: Collection[int]) -> None:
    """Wait for what has ended among orphans that came to this process and that nobody knows."""
    with contextlib.suppress(ChildProcessError):  # it has no child at all
        while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if found.si_pid in known:
                return  # its own watcher waits for it, and then this one comes by again
            os.waitpid(found.si_pid, 0)
