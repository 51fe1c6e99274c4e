"""A child whose parent has gone ends, and what it leaves gets the parent that asked for it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import os
from runtime.lifeline import die_with_parent
die_with_parent(parent=os.getppid() + {more})
print("goes on", flush=True)
"""
ORPHAN = """
import os
from runtime.lifeline import adopt_orphans
top = os.getpid()
assert adopt_orphans({wanted})
waits, tells = os.pipe()
child = os.fork()
if not child:
    if not os.fork():
        os.read(waits, 1)  # until its parent is gone
        print(os.getppid() == top, flush=True)
    os._exit(0)
os.waitpid(child, 0)
os.write(tells, b"x")
"""


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(
    ("more", "code", "said"), [(0, 0, "goes on\n"), (1, -signal.SIGKILL, "")],
    ids=["its parent lives", "another is its parent by now"],
)  # fmt: skip
def test_who_lost_its_parent_before_it_could_ask_ends_at_once(more, code, said):
    done = run(CHILD.format(more=more))
    assert (done.returncode, done.stdout) == (code, said), done.stderr


@pytest.mark.parametrize("wanted", [True, False])
def test_orphans_go_to_who_adopts_them(wanted):
    done = run(ORPHAN.format(wanted=wanted))
    assert done.stdout == f"{wanted}\n", done.stderr
