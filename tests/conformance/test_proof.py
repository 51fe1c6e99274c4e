"""Each suite passes on the reference CSMS, and finds out a fixed sample of the broken ones.

All of them: make conformance.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmarks.processes import ROOT
from conformance import breakages, suites

SAMPLE = 60  # broken CSMSs a suite
PATIENCE = 600.0


@pytest.mark.slow
@pytest.mark.parametrize("word", [known.word for known in suites.found([])])
def test_the_suite_is_proven(word):
    (known,) = suites.found([word])
    number = sum(map(len, breakages.read(known.folder).values()))
    step = max(1, number // SAMPLE)
    # Not those of a tester's shell, whose settings know stores.
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "--suite", word, "--sample", str(step)],
        cwd=ROOT, env=env, text=True, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
