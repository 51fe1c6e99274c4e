"""The handle of strict_csms.js: npm `ocpp-rpc` in strict mode, in a node process."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

from benchmarks.processes import _die_with_parent, wait_until

from .wire import Wire

HERE = Path(__file__).resolve().parent


def install_packages() -> None:
    """Install what package-lock.json pins, unless it is there already."""
    lock, installed = HERE / "package-lock.json", HERE / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    npm = shutil.which("npm")
    assert npm, "npm is missing: apt-get install nodejs npm"
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=HERE, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    installed.touch()


class StrictCsms:
    """`violations` lists what the library's schemas refused, of either side."""

    def __init__(self) -> None:
        install_packages()
        self.wire = Wire()
        self.violations: list[str] = []
        self.port = 0
        self._results: dict[int, dict[str, Any]] = {}
        self._ids = itertools.count(1)
        self.popen = subprocess.Popen(
            ["node", "strict_csms.js"], cwd=HERE, text=True, preexec_fn=_die_with_parent,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.popen.stdout:
            event = json.loads(line)
            match event["event"]:
                case "frame":
                    self.wire.note(event["station"], event["received"], event["text"])
                case "violation":
                    self.violations.append(f"{event['station']}: {event['text']}")
                case "result":
                    self._results[event["id"]] = event
                case "listening":
                    self.port = event["port"]

    def __enter__(self) -> StrictCsms:
        wait_until(lambda: self.port, 60, "the node CSMS listens")
        return self

    def __exit__(self, *_: object) -> None:
        self.popen.stdin.close()
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ocpp"

    def call(self, station: str, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Make a Call; its result, or AssertionError with the error that came."""
        number = next(self._ids)
        order = {"id": number, "station": station, "action": action, "payload": payload}
        self.popen.stdin.write(json.dumps(order) + "\n")
        self.popen.stdin.flush()
        answer = wait_until(lambda: self._results.get(number), 60, f"an answer to {action}")
        assert "error" not in answer, answer["error"]
        return answer["result"]
