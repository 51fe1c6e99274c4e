"""Child processes: started, watched, frozen, killed and measured by pid; none outlives us."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import psutil

if TYPE_CHECKING:
    from benchmarks.forks import Forked

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
PR_SET_PDEATHSIG = 1


_ports = random.SystemRandom()  # a test that seeds `random` must not choose another's ports


def free_port() -> int:
    """A loopback port that nobody listens on.

    From below those that the kernel gives to outgoing connections: between here and its server's
    start none of them can take it.
    """
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", _ports.randrange(12_000, 32_000)))
                return probe.getsockname()[1]


def raise_file_limit() -> int:
    """Lift the soft limit of open files to the hard one; children inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


_SPIN = """
import os, sys
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
os.sched_setaffinity(0, {int(sys.argv[1])})
while os.getppid() == int(sys.argv[2]):
    sum(range(100_000))
"""


@contextlib.contextmanager
def awake() -> Iterator[None]:
    """Keep every processor of ours from halting, by a process each that runs when no other wants.

    A virtual processor that halts between two frames pays for each waking in the time that counts
    as the client's: the same worker took a third more for a pair when the machine had nothing
    else to do. With it a figure does not depend on how busy the rest of the machine is.
    """
    pid = str(os.getpid())
    spinning = [
        subprocess.Popen([sys.executable, "-c", _SPIN, str(cpu), pid])
        for cpu in sorted(os.sched_getaffinity(0))
    ]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


class NotInTime(AssertionError):
    """A condition did not come true before its deadline."""


def wait_until(check: Callable[[], T], seconds: float, what: str, step: float = 0.05) -> T:
    """Return the first true value of `check`; an OSError in it counts as "not yet"."""
    limit = time.monotonic() + seconds
    failure: OSError | None = None
    while True:
        try:
            if value := check():
                return value
        except OSError as error:
            failure = error
        if time.monotonic() > limit:
            raise NotInTime(f"not within {seconds:g} s: {what} ({failure or 'no error'})")
        time.sleep(step)


def answers(port: int) -> bool:
    """True if something accepts connections on this loopback port."""
    socket.create_connection(("127.0.0.1", port), 0.5).close()
    return True


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class Process:
    """One command in a process group of its own, with its output in a file."""

    name: str
    command: list[str]
    log: Path
    env: dict[str, str] = field(default_factory=dict)
    popen: subprocess.Popen | Forked | None = None
    fork: Callable[[int], Forked] | None = None  # starts it with its output there

    def start(self) -> Process:
        with self.log.open("ab") as output:
            if self.fork is not None:
                self.popen = self.fork(output.fileno())
                return self
            self.popen = subprocess.Popen(
                self.command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=ROOT,
                env={**os.environ, **self.env}, preexec_fn=_die_with_parent,
                start_new_session=True,
            )  # fmt: skip
        return self

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def alive(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def tail(self, size: int = 3000) -> str:
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    def check(self) -> None:
        if not self.alive:
            raise AssertionError(f"{self.name} ended ({self.popen.returncode}):\n{self.tail()}")

    def signal(self, number: int) -> None:
        """Send a signal to the whole group: a Celery worker is more than one process."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.popen.wait(10)

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def stop(self, timeout: float = 15.0) -> int | None:
        """End it in order; kill it if that takes too long. Returns its exit code."""
        if self.popen is None:
            return None
        if self.alive:
            self.signal(signal.SIGCONT)
            self.popen.terminate()
            try:
                self.popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        self.signal(signal.SIGKILL)  # what a dead leader may have left behind
        return self.popen.returncode

    def family(self) -> list[psutil.Process]:
        try:
            leader = psutil.Process(self.pid)
            return [leader, *leader.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def cpu_seconds(self) -> float:
        """User and system time of the process and its children so far."""
        return sum(_quietly(lambda p: sum(p.cpu_times()[:2]), p) for p in self.family())

    def memory_bytes(self) -> int:
        """Unique set size: what would be free if it ended, without shared pages."""
        return int(sum(_quietly(lambda p: p.memory_full_info().uss, p) for p in self.family()))

    def open_files(self) -> int:
        return int(sum(_quietly(lambda p: p.num_fds(), p) for p in self.family()))

    def connections(self) -> int:
        return int(sum(_quietly(_inet_connections, p) for p in self.family()))

    def threads(self) -> int:
        return int(sum(_quietly(lambda p: p.num_threads(), p) for p in self.family()))


def _quietly(measure: Callable[[psutil.Process], float], process: psutil.Process) -> float:
    try:
        return measure(process)
    except psutil.Error:
        return 0


def _inet_connections(process: psutil.Process) -> int:
    return len(process.net_connections("inet"))
