"""A CSMS, and the command as a process that has neither stores nor a data folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.processes import ROOT, free_port
from tests import warm

PATIENCE = 120.0


@contextmanager
def demo_csms(interval: int) -> Iterator[str]:
    """Address of a demo CSMS that wants a Heartbeat each `interval` seconds."""
    port = free_port()
    command = [sys.executable, "-u", "-m", "democsms", "--port", str(port),
               "--interval", str(interval), "--quiet"]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert "demo CSMS on" in process.stdout.readline()
        try:
            yield f"ws://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def csms() -> Iterator[str]:
    with demo_csms(2) as url:
        yield url


class Command:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Not that of a tester's shell, whose settings know stores.
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.env = {**keep, "DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"}

    def argv(self, *options: str) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py"), "station", *options]

    def __call__(self, *options: str, lines: str = "") -> subprocess.CompletedProcess:
        return warm.run(
            self.argv(*options), cwd=self.folder.parent, env=self.env, input=lines,
            timeout=PATIENCE,
        )  # fmt: skip


@pytest.fixture
def station(tmp_path) -> Command:
    return Command(tmp_path / "data")


def events(done: subprocess.CompletedProcess) -> list[dict]:
    """Every line of `--json`."""
    return [json.loads(line) for line in done.stdout.splitlines()]
