"""Children that take orders as JSON lines on stdin and answer each with one line on stdout."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, TextIO

import psutil

from benchmarks.processes import ROOT, _die_with_parent

if TYPE_CHECKING:
    from benchmarks.forks import Forks


class ChildFailed(AssertionError):
    """The child could not carry out an order, or ended."""


class Child:
    """`python -m MODULE` under our orders: `child.ask("stats", since=3)` returns its answer.

    `command` and `cwd` where it is another's: `module` is then only its name in what goes wrong.
    `forks`: what it is forked by, in the environment of those; it reads `orders()` then.
    """

    def __init__(
        self, module: str, log: Path | None = None, env: dict[str, str] | None = None,
        command: list[str] | None = None, cwd: Path = ROOT, forks: Forks | None = None,
    ):  # fmt: skip
        self.module = module
        self._stderr = log.open("ab") if log else None
        if forks is not None:
            errors = self._stderr.fileno() if self._stderr else 2
            self.popen = forks.under_orders(["-m", module], errors)
        else:
            self.popen = subprocess.Popen(
                command or [sys.executable, "-m", module], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=self._stderr, cwd=cwd,
                env={**os.environ, **(env or {})}, text=True,
                preexec_fn=_die_with_parent,
            )  # fmt: skip
        self._lines: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._asking = threading.Lock()

    def _read(self) -> None:
        for line in self.popen.stdout:
            self._lines.put(line)
        self._lines.put("")

    def ask(self, do: str, timeout: float = 120.0, **arguments: Any) -> Any:
        with self._asking:
            self.popen.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.popen.stdin.flush()
            try:
                line = self._lines.get(timeout=timeout)
            except Empty:
                raise ChildFailed(f"{self.module}: no answer to {do} in {timeout:g} s") from None
        if not line:
            raise ChildFailed(f"{self.module} ended with {self.popen.wait(5)}")
        answer = json.loads(line)
        if "error" in answer:
            raise ChildFailed(f"{self.module}: {do}: {answer['error']}")
        return answer["result"]

    def cpu_seconds(self) -> float:
        return sum(psutil.Process(self.popen.pid).cpu_times()[:2])

    def memory_bytes(self) -> int:
        return psutil.Process(self.popen.pid).memory_full_info().uss

    def close(self) -> None:
        if self.popen.poll() is None:
            self.popen.stdin.close()
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        if self._stderr:
            self._stderr.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def orders() -> TextIO:
    """What a process reads that does one order after another."""
    return open(sys.argv[1]) if len(sys.argv) > 1 else sys.stdin


def reply(result: Any = None, error: str = "") -> None:
    """Write one answer."""
    sys.stdout.write(json.dumps({"error": error} if error else {"result": result}) + "\n")
    sys.stdout.flush()


async def obey(orders: Callable[[str, dict[str, Any]], Awaitable[Any]]) -> None:
    """Carry out orders from stdin, one at a time, until it is closed."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order = json.loads(line)
        try:
            reply(await orders(order.pop("do"), order))
        except Exception as fault:  # noqa: BLE001 - told to the parent, which decides
            reply(error=f"{type(fault).__name__}: {fault}")
