"""Processes of ours forked from one that has imported what they share, as those of `manage.py up`.

Each is a process of its own and a child of this one, which can watch, freeze and kill it; it works
a moment after its start, where an interpreter of its own takes two or three seconds of CPU.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import weakref
from pathlib import Path
from typing import TextIO

from emulator.processes.fork_server import LARGEST, READY
from emulator.processes.services import OF_THE_WEB
from runtime.lifeline import adopt_orphans, die_with_parent

ROOT = Path(__file__).resolve().parent.parent
STARTS = ANSWERS = 120.0  # seconds


class Forked:
    """A process that was forked for us: what is used of a Popen."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin: TextIO | None = None
        self.stdout: TextIO | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; raises subprocess.TimeoutExpired."""
        limit = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if limit is None else limit - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            with _pidfd(self.pid) as ended:
                select.select([ended], [], [], left)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Forks:
    """Forks what lives by one environment. Use `stop` at the end; what was forked goes on."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.environment = environment
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, log.open("ab") as output:
            number = theirs.fileno()
            self._server = subprocess.Popen(
                [sys.executable, "-m", "emulator.processes.fork_server", str(number)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT, env=environment,
                pass_fds=[number], preexec_fn=die_with_parent,
            )  # fmt: skip
        self._ready = False

    def fork(self, words: list[str], output: int, errors: int, settings: str = "") -> Forked:
        """What does as `python WORDS` in the project's folder, with no input.

        settings  the module by whose settings it lives; "": the usual ones
        """
        if not self._ready:
            self._link.settimeout(STARTS)
            if self._link.recv(LARGEST) != READY:
                raise AssertionError("The process to fork from did not start: see its log.")
            self._ready = True
        work = {"words": words, "cwd": str(ROOT), "parent": os.getpid(),
                "death_signal": signal.SIGKILL, "settings": settings}  # fmt: skip
        self._link.settimeout(ANSWERS)
        # Only for now: the orphans of what is killed later are none of ours.
        adopt_orphans()
        try:
            socket.send_fds(self._link, [json.dumps(work).encode()], [output, errors])
            answer = json.loads(self._link.recv(LARGEST))
        finally:
            adopt_orphans(False)
        if "pid" not in answer:
            raise AssertionError(f"No process was forked: {answer}")
        return Forked(answer["pid"])

    def under_orders(self, words: list[str], errors: int) -> Forked:
        """What does as `python WORDS PATH` and reads PATH, with pipes to and from it."""
        theirs, orders = os.pipe()
        answers, output = os.pipe()
        try:
            # A path and no descriptor: the process to fork from hands on two of them. Ours stays
            # open, as nobody tells when it has been opened there.
            made = self.fork([*words, f"/proc/{os.getpid()}/fd/{theirs}"], output, errors)
        finally:
            os.close(output)
        weakref.finalize(made, os.close, theirs)
        made.stdin, made.stdout = os.fdopen(orders, "w"), os.fdopen(answers)
        return made

    def stop(self) -> None:
        self._link.close()
        self._server.wait(30)


def words_of(command: list[str]) -> tuple[list[str], str] | None:
    """(words behind `python`, settings) of a command of ours; None of what is another's."""
    program, *words = command
    match Path(program).name:
        case "celery":
            return ["-m", "celery", *words], ""
        case "daphne":
            return ["-m", "daphne", *words], OF_THE_WEB
        case _ if program == sys.executable and words[:1] == ["manage.py"]:
            return words, ""
    return None


@contextlib.contextmanager
def _pidfd(pid: int):
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
