"""What a platform of tests is forked from, and what is forked is a process like any other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.child import Child, ChildFailed
from benchmarks.forks import Forks, words_of


@pytest.fixture(scope="module")
def forks(tmp_path_factory):
    made = Forks({**os.environ, "TOLD": "by us"}, tmp_path_factory.mktemp("forks") / "log")
    yield made
    made.stop()


def test_it_does_what_an_interpreter_would(forks, tmp_path: Path):
    script = "import os, sys; print(os.environ['TOLD']); sys.exit(7)"
    with (tmp_path / "out").open("wb") as output:
        process = forks.fork(["manage.py", "shell", "-v0", "-c", script], output.fileno(), 2)
        assert process.wait(120) == 7 == process.returncode
    assert (tmp_path / "out").read_text() == "by us\n"


def test_it_is_our_child_in_a_group_of_its_own(forks):
    process = forks.fork(["manage.py", "shell", "-c", "import time; time.sleep(600)"], 1, 2)
    assert os.getpgid(process.pid) == process.pid
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    process.terminate()  # as with a Popen, of one that has ended


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/x/celery", "-A", "emulator"], (["-m", "celery", "-A", "emulator"], "")),
        ([sys.executable, "manage.py", "migrate"], (["manage.py", "migrate"], "")),
        ([sys.executable, "-m", "tests.system.nursery"], None),
        (["/x/redis-server", "--port", "1"], None),
    ],
)
def test_of_commands_only_ours_are_forked(command, words):
    assert words_of(command) == words


def test_an_operator_is_forked_and_obeys_until_he_is_killed(forks):
    with Child("benchmarks.console", forks=forks) as operator:
        with pytest.raises(ChildFailed, match="unknown order dance"):
            operator.ask("dance")
        with pytest.raises(ChildFailed, match="unknown order sing"):  # and goes on
            operator.ask("sing")
        operator.popen.kill()
        with pytest.raises(ChildFailed, match="ended with -9"):
            operator.ask("dance")
    with Child("benchmarks.console", forks=forks) as operator:
        pass
    assert operator.popen.wait(60) == 0  # nobody orders any more
