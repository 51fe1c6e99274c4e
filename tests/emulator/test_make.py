"""The set-up of `make`: what it says where Python or its venv module is missing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Answers like the Python of a bare machine: `python -c` fails where the code names the word.
PRETENDER = """#!/bin/sh
case "$2" in *{word}*) exit 1;; esac
echo "called with $*"
"""


def make_venv(python: str, target: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [ROOT / ".ci" / "make-venv", python, target], capture_output=True, text=True, timeout=30
    )


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("version_info", "Python 3.11 or newer is missing"),
        ("ensurepip", "venv module is missing: install it (Debian: apt-get install python3-venv)"),
    ],
)
def test_what_is_missing_is_one_sentence(tmp_path, word, sentence):
    python = tmp_path / "python3"
    python.write_text(PRETENDER.format(word=word))
    python.chmod(0o755)
    done = make_venv(str(python), tmp_path / "venv")
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1 and sentence in done.stderr


def test_no_python_at_all(tmp_path):
    done = make_venv("", tmp_path / "venv")
    assert done.returncode != 0 and "Python 3.11 or newer is missing" in done.stderr


def test_the_environment_is_made_where_nothing_is_missing(tmp_path):
    python = tmp_path / "python3"
    python.write_text(PRETENDER.format(word="nothing-of-this-name"))
    python.chmod(0o755)
    done = make_venv(str(python), tmp_path / "venv")
    assert done.returncode == 0 and f"called with -m venv {tmp_path}/venv" in done.stdout
