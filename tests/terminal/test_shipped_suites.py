"""The suites for robustness and load: they pass on the demo CSMS, and fail on one that does not
survive, or answers too late."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.processes import ROOT, free_port
from terminal.suites import documents
from tests import warm
from tests.terminal.conftest import PATIENCE
from tests.terminal.fragile import Fragile

SUITES = ROOT / "scenarios" / "suites"


@pytest.fixture
def runsuite(station, tmp_path: Path) -> Callable:
    def run(suite: str, *options: str) -> tuple[int, dict]:
        report = tmp_path / "report.json"
        argv = [sys.executable, str(ROOT / "manage.py"), "runsuite", str(SUITES / suite),
                "--json", str(report), "--id", "CP-{n}", *options]  # fmt: skip
        done = warm.run(argv, cwd=tmp_path, env=station.env, timeout=PATIENCE * 3)
        assert report.exists(), done.stdout + done.stderr
        return done.returncode, json.loads(report.read_text())

    return run


@pytest.fixture(scope="module")
def driven() -> Iterator[tuple[str, str]]:
    """A demo CSMS with a control port: their addresses."""
    port, control = free_port(), free_port()
    command = [sys.executable, "-u", "-m", "democsms", "--port", str(port), "--control-port",
               str(control), "--quiet"]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert "demo CSMS on" in process.stdout.readline()
        try:
            yield f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{control}"
        finally:
            process.terminate()


# Which of ours take long by what they wait for.
SLOW = ("ROB_17", "ROB_18")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_the_demo_csms_survives(runsuite, driven, version: str) -> None:
    csms, control = driven
    wanted = [c.id for c in documents.read(str(SUITES / "robustness"), [version]).cases]
    assert len(wanted) == 18
    only = [word for each in wanted if each not in SLOW for word in ("--only", each)]
    code, made = runsuite(
        "robustness", "--csms", csms, "--driver", "demo", "--var", f"base={control}",
        "--version", version, "--parallel", "16", "--var", "answer_ms=30000", *only,
    )  # fmt: skip
    told = [f"{r['id']} {r['verdict']} {r['message']}" for r in made["results"] if r["bad"]]
    assert code == 0, told
    assert made["counts"]["PASS"] == 16


@pytest.mark.slow
@pytest.mark.parametrize("mortal", [False, True])
def test_each_case_fails_on_a_csms_that_dies_of_it(runsuite, mortal: bool) -> None:
    """And passes on the same one where it is immortal. A case has two stations in a row."""
    with Fragile(mortal) as csms:
        only = [word for n in range(1, 20) if f"ROB_{n:02}" not in SLOW
                for word in ("--only", f"ROB_{n:02}")]  # fmt: skip
        code, made = runsuite(
            "robustness", "--csms", csms.address, "--version", "1.6", "--parallel", "16",
            "--var", "answer_ms=8000", "--var", "seconds=6", "--case-timeout", "60", *only,
        )  # fmt: skip
    told = {r["id"]: (r["verdict"], r["message"]) for r in made["results"]}
    assert len(told) == 16
    assert {verdict for verdict, _ in told.values()} == {"FAIL" if mortal else "PASS"}, (
        told, csms.dead
    )  # fmt: skip
    assert code == (1 if mortal else 0)
    assert len(csms.dead) == (16 if mortal else 0)


def test_limits_are_a_verdict(runsuite, csms) -> None:
    options = ("--csms", csms, "--only", "LOAD_01", "--version", "1.6", "--var", "stations=8",
               "--var", "settle_ms=100", "--var", "p99_ms=60000", "--var",
               "p95_ms=60000")  # fmt: skip
    code, made = runsuite("load", *options, "--var", "p50_ms=60000")
    (result,) = made["results"]
    assert code == 0, result["message"]
    assert result["latencies"]["BootNotification"]["count"] == 16
    code, made = runsuite("load", *options, "--var", "p50_ms=0")
    (result,) = made["results"]
    assert code == 1 and result["verdict"] == "FAIL"
    assert "BootNotification: answered after" in result["message"]
    assert "at p50 of 16, more than 0 ms" in result["message"]


def test_several_stations_need_several_names(tmp_path, capsys) -> None:
    from django.core.management import call_command

    with pytest.raises(SystemExit) as ended:
        call_command("runsuite", str(SUITES / "load"), "--csms", "ws://127.0.0.1:9", "--id", "CP-1")
    assert ended.value.code == 2 and "{n}" in capsys.readouterr().err
