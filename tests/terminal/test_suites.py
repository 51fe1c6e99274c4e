"""`runscenario` and `runsuite` as their users run them: verdicts, exit codes and reports."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from benchmarks.processes import ROOT
from scenarios.suites import NAMES
from terminal.rows import Unusable
from terminal.suites import documents
from tests import warm
from tests.terminal.conftest import PATIENCE
from tests.terminal.fragile import Fragile

READY = {"type": "wait_for_state", "timeout": 30000,
         "params": {"target": "station", "state": "accepted"}}  # fmt: skip
NEVER = {"type": "expect", "timeout": 300,
         "params": {"direction": "received", "action": "Reset"}}  # fmt: skip
SECRET = {"type": "message", "params": {
    "action": "DataTransfer",
    "payload": {"vendorId": "V", "messageId": "password", "data": "open-sesame"},
}}  # fmt: skip
BOOT = {"scenarioId": "boot", "name": "It boots <b>bold</b>", "steps": [READY]}
RESET = {"scenarioId": "reset", "name": "It is reset", "steps": [READY, SECRET, NEVER]}
PARTLY = {"scenarioId": "partly", "name": "It is reset, if at all", "steps": [
    READY, {**NEVER, "optional": True, "obligation": "It resets."},
]}  # fmt: skip
OLD = {
    "scenarioId": "old", "name": "For 1.6",
    "steps": [{"type": "expect", "versions": ["1.6"],
               "params": {"direction": "sent", "action": "BootNotification"}}],
}  # fmt: skip


@pytest.fixture
def run(station, tmp_path):
    """Run a command on a file with this content; its options stand after it."""

    def run(command: str, content: object, *options: str) -> subprocess.CompletedProcess:
        path = tmp_path / "suite.json"
        path.write_text(json.dumps(content))
        argv = [sys.executable, str(ROOT / "manage.py"), command, str(path), "--fast", *options]
        return warm.run(argv, cwd=tmp_path, env=station.env, timeout=PATIENCE)

    return run


def suite(*documents: dict, **more: object) -> dict:
    cases = [
        {"id": f"TC_{n}", "scenario": each, "requirements": ["B01.FR.01"]}
        for n, each in enumerate(documents, start=1)
    ]
    return {"suite": "Proof", "cases": cases, **more}


def test_a_suite_in_two_versions_with_every_report(run, csms, tmp_path, station):
    files = {name: tmp_path / f"out.{name}" for name in ("junit", "html", "json", "badge")}
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    done = run(
        "runsuite", suite(BOOT, RESET, OLD), "--csms", csms, "--parallel", "3", "--seed", "7",
        "--version", "1.6", "--version", "2.0.1", "--password", "hunter2-hunter2", *options,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    made = json.loads(files["json"].read_text())
    verdicts = {(r["id"], r["version"]): r["verdict"] for r in made["results"]}
    assert verdicts == {
        ("TC_1", "1.6"): "PASS", ("TC_1", "2.0.1"): "PASS",
        ("TC_2", "1.6"): "FAIL", ("TC_2", "2.0.1"): "FAIL",
        ("TC_3", "1.6"): "PASS", ("TC_3", "2.0.1"): "NOT APPLICABLE",
    }  # fmt: skip
    assert made["counts"] == {
        "PASS": 3, "FAIL": 2, "ERROR": 0, "PARTIAL": 0, "SKIPPED": 0, "NOT APPLICABLE": 1,
    }  # fmt: skip
    assert {r["station"] for r in made["results"]} <= {"CP-1", "CP-2", "CP-3"}
    failed = next(r for r in made["results"] if r["verdict"] == "FAIL")
    assert "Reset" in failed["message"] and failed["steps"][-1]["state"] == "failed"
    assert any(f["action"] == "BootNotification" for f in failed["frames"])
    assert made["command"].endswith("--seed 7") or "--seed 7" in made["command"]
    check_junit(files["junit"].read_bytes())
    page = files["html"].read_text()
    assert "It boots &lt;b&gt;bold&lt;/b&gt;" in page and "<b>bold" not in page
    assert "3/5 passed" in files["badge"].read_text()
    for path in files.values():  # reports travel
        assert "open-sesame" not in path.read_text() and "hunter2" not in path.read_text()
    assert not station.folder.exists()


def check_junit(data: bytes) -> None:
    top = ET.fromstring(data)
    (inner,) = top
    for each in (top, inner):
        assert [each.get(n) for n in ("tests", "failures", "errors", "skipped")] == list("6201")
    cases = inner.findall("testcase")
    assert [case.get("classname") for case in cases][:2] == ["Proof.OCPP 1.6", "Proof.OCPP 2.0.1"]
    kinds = [child.tag for case in cases for child in case if child.tag != "system-out"]
    assert sorted(kinds) == ["failure", "failure", "skipped"]
    assert inner.find("properties/property[@name='seed']").get("value") == "7"


@pytest.mark.parametrize(
    ("documents", "more", "code"),
    [
        ([BOOT], {}, 0),
        ([BOOT, RESET], {"declared": {"TC_2": "ticket 17"}}, 0),
        ([BOOT], {"declared": {"TC_1": "ticket 17"}}, 1),  # it passes, though declared to fail
        ([OLD], {"versions": ["2.0.1"]}, 1),  # nothing was judged
        ([BOOT], {"station": {"connectors": []}}, 2),
    ],
)
def test_exit_codes(run, csms, documents, more, code):
    done = run("runsuite", suite(*documents, **more), "--csms", csms)
    assert done.returncode == code, done.stdout + done.stderr


@pytest.mark.parametrize(("strict", "code"), [((), 0), (("--strict",), 1)])
def test_what_any_station_is_warned_of_counts(run, tmp_path, strict, code):
    """A CSMS that does not serve what the second of three stations alone sends it, twice."""
    told = {"type": "message",
            "params": {"action": "LogStatusNotification", "payload": {"status": "Idle"}},
            "optional": True}  # fmt: skip
    second = {"conditions": [{"value": "$nth", "is": 2}], "steps": [told, told]}
    case = {"id": "TC_1", "stations": 3,
            "scenario": {**BOOT, "steps": [READY, {"type": "if", "params": second}]}}  # fmt: skip
    report = tmp_path / "out.json"
    with Fragile(mortal=False) as csms:
        done = run(
            "runsuite", {"suite": "Proof", "cases": [case]}, "--csms", csms.address,
            "--id", "CP-{n}", "--version", "1.6", "--json", str(report), *strict,
        )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    (result,) = json.loads(report.read_text())["results"]
    (warning,) = result["warnings"]
    assert result["verdict"] == "PASS"
    assert "LogStatusNotification" in warning and warning.endswith("(2 times)")


def results(report) -> dict[str, dict]:
    return {each["id"]: each for each in json.loads(report.read_text())["results"]}


def test_what_is_shown_in_part_and_the_station_that_failed(run, csms, tmp_path):
    second = {"conditions": [{"value": "$nth", "is": 2}], "steps": [NEVER]}
    cases = [
        {"id": "TC_1", "scenario": PARTLY},
        {"id": "TC_2", "scenario": PARTLY, "limits": {"Authorize": {"p50_ms": 1}}},
        {"id": "TC_3", "stations": 3,
         "scenario": {**BOOT, "steps": [READY, {"type": "if", "params": second}]}},
        {"id": "TC_4", "scenario": {**BOOT, "steps": [
            {"type": "http", "params": {"url": "http://192.0.2.1/"}}]}},
    ]  # fmt: skip
    report = tmp_path / "out.json"
    done = run("runsuite", {"suite": "Proof", "cases": cases}, "--csms", csms, "--version", "1.6",
               "--json", str(report))  # fmt: skip
    found = results(report)
    verdicts = {identity: each["verdict"] for identity, each in found.items()}
    assert verdicts == {
        "TC_1": "PARTIAL", "TC_2": "FAIL", "TC_3": "FAIL", "TC_4": "ERROR",
    }, done.stdout  # fmt: skip
    assert found["TC_1"]["message"] == "Not exercised: It resets."
    assert found["TC_2"]["message"].endswith("No Authorize was answered: nothing was measured.")
    assert found["TC_3"]["station"] == "CP-2"
    assert "failed" in {each["state"] for each in found["TC_3"]["steps"]}


def test_a_case_is_not_judged_by_the_stations_of_another(run, csms, tmp_path):
    cases = [
        {"id": "TC_1", "limits": {"DataTransfer": {"max_ms": 60_000}},
         "scenario": {**BOOT, "steps": [READY, {**NEVER, "optional": True, "timeout": 5000}]}},
        {"id": "TC_2", "scenario": {**BOOT, "steps": [READY, SECRET]}},
    ]  # fmt: skip
    report = tmp_path / "out.json"
    run("runsuite", {"suite": "Proof", "cases": cases}, "--csms", csms, "--version", "1.6",
        "--parallel", "2", "--json", str(report))  # fmt: skip
    found = results(report)
    assert found["TC_1"]["message"] == "No DataTransfer was answered: nothing was measured."
    assert (found["TC_1"]["verdict"], found["TC_2"]["verdict"]) == ("FAIL", "PASS")


def test_a_case_that_does_not_end_in_its_time_fails(run, csms, tmp_path):
    endless = {**BOOT, "steps": [{"type": "delay", "params": {"duration": 600_000}}]}
    report = tmp_path / "out.json"
    done = run("runsuite", suite(endless), "--csms", csms, "--version", "1.6",
               "--case-timeout", "0.5", "--json", str(report))  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert results(report)["TC_1"]["verdict"] == "FAIL"
    assert "not done within 0.5 s" in results(report)["TC_1"]["message"]


def test_one_scenario_with_another_value(run, csms):
    made = {**BOOT, "variables": {"limit": 1}, "steps": [
        READY, {"type": "assert", "params": {"conditions": [{"value": "$limit", "is": 5}]}},
    ]}  # fmt: skip
    options = ("--csms", csms, "--id", "CP-9")
    assert run("runscenario", made, *options).returncode == 1
    done = run("runscenario", made, *options, "--var", "limit=5")
    assert done.returncode == 0, done.stdout + done.stderr
    done = run("runscenario", made, *options, "--var", "limits=5")
    assert done.returncode == 2 and "limits" in done.stderr


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (suite({**BOOT, "steps": [{"type": "expcet"}]}), [], "expcet"),
        (suite(BOOT, colour="blue"), [], "colour"),
        (suite(BOOT, declared={"TC_9": "x"}), [], "TC_9"),
        (suite(BOOT), ["--only", "X*"], "No case"),
        (suite(BOOT), ["--id", "CP-1", "--parallel", "2"], "{n}"),
        (suite(BOOT), ["--junit", "/nowhere/x.xml"], "--junit"),
        (suite(BOOT), ["--password", "x" * 500], "--password"),
    ],
)
def test_what_cannot_be_run_says_why_and_ends_with_2(content, options, words, tmp_path, capsys):
    from django.core.management import call_command

    path = tmp_path / "suite.json"
    path.write_text(json.dumps(content))
    with pytest.raises(SystemExit) as ended:
        call_command("runsuite", str(path), "--csms", "ws://127.0.0.1:9", *options)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_a_signal_ends_it_with_what_is_known(station, csms, tmp_path):
    path = tmp_path / "suite.json"
    long = {
        **BOOT,
        "scenarioId": "long",
        "steps": [READY, {"type": "delay", "params": {"duration": 600_000}}],
    }
    path.write_text(json.dumps(suite(BOOT, long, BOOT)))
    report = tmp_path / "out.json"
    argv = [sys.executable, str(ROOT / "manage.py"), "runsuite", str(path), "--csms", csms,
            "--json", str(report)]  # fmt: skip
    with subprocess.Popen(
        argv, cwd=tmp_path, env=station.env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert "PASS TC_1" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(PATIENCE) == 130
    assert "2 not run" in rest
    assert [r["id"] for r in json.loads(report.read_text())["results"]] == ["TC_1"]


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_that_ships_is_read_by_its_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    suite = documents.read(name, [])
    assert suite.cases and suite.name
    (tmp_path / name).mkdir()  # a folder of one's own comes first
    with pytest.raises(Unusable, match="no .json file"):
        documents.read(name, [])
