"""The pytest plugin as the developer of a CSMS uses it, and the examples for pipelines."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, load_command_class

from benchmarks.processes import ROOT
from tests.terminal.conftest import PATIENCE

EXAMPLES = ROOT / "examples"
BROKEN = """
import pytest

def test_nobody_is_there(ocpp_stations):
    ocpp_stations(accepted=True)

def test_it_is_refused(ocpp_stations):
    ocpp_stations(accepted=False).unplug(connector=1)

def test_the_suite(ocpp_suite):
    ocpp_suite("smoke.json", only=["SMOKE_1"], options=["--case-timeout", "2"]).assert_passed()

def test_no_suite(ocpp_suite):
    ocpp_suite("nowhere.json")
"""


@pytest.fixture
def inner(tmp_path: Path):
    """A project of somebody's own, and pytest run in it."""
    folder = tmp_path / "theirs"
    shutil.copytree(EXAMPLES / "pytest", folder)
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)

    def run(*options: str) -> subprocess.CompletedProcess:
        # Not installed here, so it is named; of the wheel's entry point see test_wheel.py.
        words = [sys.executable, "-m", "pytest", "-p", "pytest_ocpp_emulator", "-p", "no:django",
                 "-p", "no:cacheprovider", "-p", "no:randomly", "-q", *options]  # fmt: skip
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        env = {**keep, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "theirs.settings"}
        return subprocess.run(
            words, cwd=folder, env=env, text=True, capture_output=True, timeout=PATIENCE * 3
        )

    return run


@pytest.mark.slow
def test_the_examples_pass_on_the_demo_csms(inner, csms) -> None:
    done = inner("--ocpp-csms", csms, "--ocpp-options=--fast")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout


@pytest.mark.slow
def test_what_goes_wrong_is_said_in_words(inner, tmp_path) -> None:
    (tmp_path / "theirs" / "test_csms.py").write_text(BROKEN)
    done = inner("--ocpp-csms", "ws://127.0.0.1:9/ocpp")
    assert done.returncode == 1, done.stdout + done.stderr
    for words in ("was not accepted", "not_possible_now", "FAIL SMOKE_1", "The suite was not run"):
        assert words in done.stdout, done.stdout


def test_without_a_csms_tests_are_skipped(inner) -> None:
    done = inner("-k", "smoke", "-rs")
    assert done.returncode == 0 and "1 skipped" in done.stdout, done.stdout + done.stderr


# --- the examples for pipelines ------------------------------------------------------------------


def commands_of(value: object) -> list[list[str]]:
    """Every call of ours in a pipeline's file."""
    match value:
        case dict():
            return [found for part in value.values() for found in commands_of(part)]
        case list():
            return [found for part in value for found in commands_of(part)]
        case str():
            lines = (shlex.split(line) for line in value.splitlines() if "ocpp-emulator " in line)
            return [words[1:] for words in lines if words[0] == "ocpp-emulator"]
    return []


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
def test_a_pipeline_is_yaml_whose_commands_are_ours(name: str) -> None:
    made = yaml.safe_load((EXAMPLES / name).read_text())
    commands = commands_of(made)
    assert len(commands) >= 2
    for command, *words in commands:
        parser = load_command_class("terminal", command).create_parser("ocpp-emulator", command)
        parser.parse_args(words)
    if name.startswith("github"):
        (job,) = made["jobs"].values()
        assert job["runs-on"] and all("run" in step or "uses" in step for step in job["steps"])
    else:
        (job,) = made.values()
        assert job["script"] and job["artifacts"]["reports"]["junit"]


def test_an_option_that_there_is_not_is_found_out() -> None:
    (words,) = commands_of({"script": ["ocpp-emulator runsuite x.json --csms ws://x --colour"]})
    parser = load_command_class("terminal", "runsuite").create_parser("ocpp-emulator", "runsuite")
    with pytest.raises(CommandError, match="--colour"):
        parser.parse_args(words[1:])
