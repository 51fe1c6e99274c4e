"""The wall clock under the processes: a small library of our own, preloaded, that can jump.

Not libfaketime: it takes a lock among processes for each look at the clock (a killed one keeps it),
and makes absolute sleeps by the monotonic clock fail or last.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parent / "wallclock.c"


class WallClock:
    """`env` is for every process whose clock is to jump; empty, and `missing` the reason, where
    there is no compiler."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._file = directory / "wall-clock"
        self._library = directory / "wallclock.so"
        self._file.write_bytes(struct.pack("q", 0))
        self.missing = self._compile()

    def _compile(self) -> str:
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            return "there is no C compiler"
        command = [compiler, "-shared", "-fPIC", "-O2", "-o", self._library, SOURCE, "-ldl"]
        done = subprocess.run(command, capture_output=True, text=True)
        return f"{compiler} failed: {done.stderr[:300]}" if done.returncode else ""

    @property
    def env(self) -> dict[str, str]:
        if self.missing:
            return {}
        return {"LD_PRELOAD": str(self._library), "CHAOS_CLOCK": str(self._file)}

    def jump(self, seconds: int) -> None:
        """Every wall clock is this much off from now on."""
        with self._file.open("r+b") as file:
            file.write(struct.pack("q", seconds * 10**9))
