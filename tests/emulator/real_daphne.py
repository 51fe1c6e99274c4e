"""A real Daphne that serves an application of a test's own, in a process of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import free_port, wait_until


@contextlib.contextmanager
def serving(directory: Path, source: str) -> Iterator[int]:
    """`source`: a module with an ASGI `application`; its port while the block runs."""
    (directory / "served.py").write_text(source)
    port = free_port()
    place = ("-b", "127.0.0.1", "-p", str(port))
    process = subprocess.Popen(
        [sys.executable, "-m", "daphne", *place, "served:application"],
        env={**os.environ, "PYTHONPATH": f"{directory}:{os.getcwd()}"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def listens() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    try:
        wait_until(listens, 60, "Daphne listens")
        yield port
    finally:
        process.kill()
        process.wait()
