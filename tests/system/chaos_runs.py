"""`python -m chaos` as a test runs it: to its end, and shown whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.processes import ROOT

PATIENCE = 1800.0  # seconds: a loaded machine may take its time; what hangs is told by the run


def run_chaos(capsys: pytest.CaptureFixture, keep: Path, *options: str) -> str:
    """What it has said; it must have found no violation. keep: where its files stay."""
    command = [sys.executable, "-m", "chaos", *options, "--keep", str(keep)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, env=environment
    )
    with capsys.disabled():
        print("\n" + "\n".join("  " + line for line in done.stdout.splitlines()))
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout
