"""Runs `manage.py up` as a user does: a process of its own, on free ports, in its own directory."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil

from benchmarks.processes import free_port
from benchmarks.stack import METRICS, METRICS_TOKEN

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90.0  # seconds; a shared machine may be slow


def environment(directory: Path, **changes: str) -> dict[str, str]:
    """Of a user who has set nothing: without the stores of the tests."""
    hidden = ("MONGODB_", "REDIS_", "DJANGO_", "DATA_DIR", "PYTEST_")
    env = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    return {
        **env,
        "DATA_DIR": str(directory),
        "PORT": str(free_port()),
        "DEMO_CSMS_PORT": str(free_port()),
        "FLOWER_PORT": str(free_port()),
        "PYTHONUNBUFFERED": "1",
        "METRICS_TOKEN": METRICS_TOKEN,
        "OCPP_TEST_MARK": str(directory),
        # Celery names its processes where setproctitle is installed, which writes over the mark.
        "SPT_NOENV": "1",
        **changes,
    }


class Up:
    """`with Up(env) as up:`; whatever happens, nothing of it is left afterwards."""

    def __init__(self, env: dict[str, str], *arguments: str) -> None:
        self.env, self.arguments, self.lines = env, arguments, []
        self.output = Path(env["DATA_DIR"]).parent / f"up-{time.monotonic_ns()}.out"

    def __enter__(self) -> Up:
        with self.output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up", "--no-docs", *self.arguments],
                env=self.env, cwd=ROOT, stdout=file, stderr=file, start_new_session=True,
            )  # fmt: skip
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for orphan in self.family():
            orphan.kill()

    def text(self) -> str:
        return self.output.read_text()

    def wait_for(self, pattern: str) -> re.Match:
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            if found := re.search(pattern, self.text()):
                return found
            assert self.process.poll() is None, f"`up` ended: {self.text()}"
            time.sleep(0.1)
        raise AssertionError(f"{pattern!r} did not come: {self.text()}")

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def family(self) -> list[psutil.Process]:
        """Every living process that was started with our mark, whoever its parent is now."""
        found = []
        for process in psutil.process_iter():
            try:
                marked = process.environ().get("OCPP_TEST_MARK") == self.env["OCPP_TEST_MARK"]
                if marked and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def get(self, path: str) -> tuple[int, dict]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        address = f"http://127.0.0.1:{self.env['PORT']}{path}"
        with opener.open(urllib.request.Request(address, headers=METRICS), timeout=10) as answer:
            return answer.status, json.loads(answer.read())
