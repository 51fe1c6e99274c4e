"""Step `prompt` with somebody at a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time

import pytest

from benchmarks.processes import ROOT
from tests.terminal.conftest import PATIENCE

STEPS = [
    {"type": "wait_for_state", "timeout": 60000,
     "params": {"target": "station", "state": "accepted"}},
    {"type": "prompt", "params": {"text": "Look at [the] page."}},
]  # fmt: skip


def read_until(master: int, words: str, seconds: float = PATIENCE) -> str:
    """What the terminal has shown until these words came, or until it was closed."""
    shown, end = "", time.monotonic() + seconds
    while words not in shown and time.monotonic() < end:
        if select.select([master], [], [], 1.0)[0]:
            try:
                shown += os.read(master, 65536).decode(errors="replace")
            except OSError:  # the other end was closed
                break
    return shown


@pytest.mark.parametrize(("typed", "code", "words"), [("", 0, "PASS"), ("no page", 1, "no page")])
def test_a_person_says_that_it_is_done_or_what_went_wrong(
    csms, station, tmp_path, typed, code, words
):
    path = tmp_path / "asked.json"
    path.write_text(json.dumps({"scenarioId": "asked", "name": "Asked", "steps": STEPS}))
    argv = [sys.executable, str(ROOT / "manage.py"), "runscenario", str(path), "--csms", csms,
            "--id", "CP-P", "--fast"]  # fmt: skip
    master, slave = pty.openpty()
    with subprocess.Popen(
        argv, cwd=tmp_path, env={**station.env, "TERM": "dumb"}, stdin=slave, stdout=slave,
        stderr=slave, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(slave)
        assert "Look at [the] page." in (shown := read_until(master, "what went wrong")), shown
        os.write(master, f"{typed}\r".encode())
        shown = read_until(master, "in all the output there is no such text")
        assert process.wait(PATIENCE) == code, shown
        assert words in shown
    os.close(master)
