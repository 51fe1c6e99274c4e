"""Workers come, leave and are drained and shards are divided under load, and the audit of chaos."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.processes import ROOT

PATIENCE = 1800.0  # seconds: a loaded machine may take its time; what hangs is told by the run


def test_nothing_is_lost_while_the_number_of_workers_and_of_shards_changes(
    tmp_path: Path, capsys
) -> None:
    command = [
        sys.executable, "-m", "chaos", "--plan", "scale", "--minutes", "0.5", "--seed", "22",
        "--stations", "24", "--keep", str(tmp_path / "scale"),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, env=environment
    )
    with capsys.disabled():
        print("\n" + "\n".join("  " + line for line in done.stdout.splitlines()))
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    acts = [line for line in done.stdout.splitlines() if "become" in line and "well after" in line]
    assert len(acts) == 5, done.stdout[-6000:]
