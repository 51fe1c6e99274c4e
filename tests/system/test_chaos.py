"""Three minutes of `make chaos`: a selection of its faults, with three workers, and the audit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.processes import ROOT

MINUTES, SEED = 3, 25
# Each kind of thing that was once got wrong, the quick ones first.
FAULTS = (
    "kill:worker", "freeze:worker", "empty:redis", "kill:redis", "cut:csms:half-open",
    "all-at-once", "term:worker", "freeze:mongo", "kill:celery",
)  # fmt: skip
PATIENCE = 1800.0  # seconds: a loaded machine may take its time; what hangs is told by the run


def test_three_minutes_of_chaos(tmp_path: Path, capsys) -> None:
    command = [
        sys.executable, "-m", "chaos", "--minutes", str(MINUTES), "--seed", str(SEED),
        "--workers", "3", "--stations", "24", "--longest", "18", "--faults", ",".join(FAULTS),
        "--keep", str(tmp_path / "chaos"),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, env=environment
    )
    with capsys.disabled():
        print("\n" + "\n".join("  " + line for line in done.stdout.splitlines()))
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
