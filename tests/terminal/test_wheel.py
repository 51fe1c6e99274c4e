"""The wheel in a bare environment: its command runs a station, a scenario, and knows the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.processes import ROOT

PATIENCE = 900.0  # seconds: every package is installed


def run(*command: object, **more: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        list(map(str, command)), text=True, capture_output=True, timeout=PATIENCE, **more
    )


@pytest.fixture(scope="module")
def command(tmp_path_factory) -> Path:
    """`ocpp-emulator` of an environment that has nothing but the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("bare")
    # From a copy: setuptools leaves its build beside the sources.
    copy = folder / "source"
    files = run("git", "ls-files", "-z", cwd=ROOT).stdout.split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    for words in (
        (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, copy),
        (sys.executable, "-m", "venv", "--without-pip", folder / "env"),
    ):
        done = run(*words, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    # Of the thousands of modules that are installed a command imports some hundred: each compiles
    # what it needs.
    done = run(
        sys.executable, "-m", "pip", "--python", folder / "env" / "bin" / "python", "install",
        "-q", "--no-compile", "-c", ROOT / "constraints.txt", wheel, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "env" / "bin" / "ocpp-emulator"


@pytest.mark.slow
def test_the_command_of_the_wheel(command, csms, tmp_path):
    home = tmp_path / "home"
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}
    done = run(
        command, "station", "--csms", csms, "--id", "CP-1", "--script", "-",
        env=env, cwd=tmp_path, input="wait ready\ncall Heartbeat\nwait answer Heartbeat\n",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert not home.exists()
    where = "import scenarios; print(scenarios.__file__)"
    inside = Path(run(command.parent / "python", "-c", where, cwd=tmp_path).stdout.strip()).parent
    assert command.parent.parent in inside.parents
    points = "import importlib.metadata as m; print(m.entry_points(group='pytest11'))"
    assert "pytest_ocpp_emulator" in run(command.parent / "python", "-c", points).stdout
    report = tmp_path / "verdict.json"
    done = run(
        command, "runscenario", inside / "builtin" / "connector_availability.json", "--csms", csms,
        "--id", "CP-1", "--json", report, "--html", tmp_path / "verdict.html",
        env=env, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(report.read_text())["passed"] is True
    done = run(command, "up", "--help", env=env, cwd=tmp_path)
    assert done.returncode == 0 and "--no-demo-csms" in done.stdout
