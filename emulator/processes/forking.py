"""The other end of fork_server.py: has processes forked, where this system can."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from emulator.processes.fork_server import LARGEST, READY
from emulator.processes.spawning import Adopted, CannotSpawn, ChildProcess, spawn
from runtime.lifeline import adopt_orphans

BASE_DIR = Path(__file__).resolve().parents[2]
ANSWER = 5.0  # seconds
STARTS = 60.0  # seconds that a start waits for it; then processes are started without it


class ForkServer:
    """Started by `start`; one that has died or hangs is replaced, for the requests to come."""

    def __init__(self, environment: dict[str, str], log: Callable) -> None:
        """log: a context manager that gives a descriptor for what it says."""
        self._environment, self._log = environment, log
        self._process: ChildProcess | None = None
        self._link: socket.socket | None = None
        self._ready = False
        self._able = True

    def start(self) -> None:
        """Begin to start it; where that cannot be, nothing is forked."""
        self._able = self._able and adopt_orphans()
        if not self._able:
            return
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.setblocking(False)
        command = [sys.executable, "-m", "emulator.processes.fork_server", str(theirs.fileno())]
        with theirs, contextlib.suppress(CannotSpawn), self._log() as log:
            self._process = spawn(
                command, log, log, self._environment, cwd=BASE_DIR, keep=[theirs.fileno()]
            )

    async def await_ready(self) -> None:
        """Until it can fork, has ended, or nobody knows when."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, TimeoutError):
            if self._link is not None:
                async with asyncio.timeout(STARTS):
                    self._ready = await loop.sock_recv(self._link, LARGEST) == READY

    def fork(
        self, words: list[str], stdout: int, stderr: int, death_signal: int, settings: str
    ) -> ChildProcess | None:
        """What does as `python WORDS` in the project's folder; None where it cannot be forked now.

        settings  the module by whose settings it lives; "": the usual ones
        """
        if not self._is_ready():
            return None
        work = {"words": words, "cwd": str(BASE_DIR), "parent": os.getpid(),
                "death_signal": death_signal, "settings": settings}  # fmt: skip
        try:
            self._link.settimeout(ANSWER)
            socket.send_fds(self._link, [json.dumps(work).encode()], [stdout, stderr])
            answer = json.loads(self._link.recv(LARGEST) or b"{}")
        except (OSError, ValueError):
            answer = {}
        if "pid" in answer:
            return ChildProcess(Adopted(answer["pid"]))
        if "error" not in answer:  # it is dead or hangs
            self.stop()
            self.start()
        return None

    def _is_ready(self) -> bool:
        if self._link is not None and not self._ready:
            self._link.setblocking(False)
            with contextlib.suppress(OSError):
                self._ready = self._link.recv(LARGEST) == READY
        return self._ready

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def stop(self) -> None:
        """Those that were forked go on."""
        self._ready = False
        if self._link is not None:
            self._link.close()
            self._link = None
        if self._process is not None:
            self._process.kill_group()
