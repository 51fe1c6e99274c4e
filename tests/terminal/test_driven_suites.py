"""Suites whose CSMS acts by a driver: real stations, a real CSMS, its API; as users run them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from benchmarks.processes import ROOT, free_port
from tests.terminal.conftest import PATIENCE

BOOTED = [
    {"type": "wait_for_state", "timeout": 30000,
     "params": {"target": "station", "state": "accepted"}},
]  # fmt: skip
RESET = {"type": "csms", "params": {"call": "Reset", "payload": {"type": "Soft"},
                                    "capture": {"said": "response.status"},
                                    "answer": {"response": {"status": "Accepted"}}}}  # fmt: skip
GOT_RESET = [
    {"type": "expect", "timeout": 5000,
     "params": {"direction": "received", "action": "Reset", "kind": "Call",
                "payload": {"type": "Soft"}}},
    {"type": "expect", "params": {"direction": "sent", "kind": "CallResult", "answers": True,
                                  "payload": {"status": "$said"}}},
]  # fmt: skip


@dataclass(frozen=True)
class Acting:
    """csms: the demo CSMS; base: its control port; noting: see noting.py."""

    csms: str
    base: str
    noting: str


@pytest.fixture(scope="module")
def acting() -> Iterator[Acting]:
    port, control, noting = free_port(), free_port(), free_port()
    demo = ["democsms", "--port", str(port), "--control-port", str(control), "--quiet"]
    with (
        started(*demo, says="demo CSMS on"),
        started("tests.terminal.noting", str(noting), says="ready"),
    ):
        yield Acting(
            f"ws://127.0.0.1:{port}", *(f"http://127.0.0.1:{n}" for n in (control, noting))
        )


@contextmanager
def started(module: str, *options: str, says: str) -> Iterator[None]:
    argv = [sys.executable, "-u", "-m", module, *options]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert says in process.stdout.readline()
        try:
            yield
        finally:
            process.terminate()


@dataclass
class Done:
    code: int
    text: str
    results: dict[str, dict]

    def verdict(self, case: str) -> str:
        return self.results[case]["verdict"]

    def message(self, case: str) -> str:
        return self.results[case]["message"]


@pytest.fixture
def judged(acting, station, tmp_path):
    """Run a suite (files by name, suite.json the first) and read what came of it."""

    def judged(files: dict[str, object], *options: str, **environment: str) -> Done:
        folder = tmp_path / "suite"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(json.dumps(content))
        report = tmp_path / "report.json"
        argv = [
            sys.executable, str(ROOT / "manage.py"), "runsuite", str(folder / "suite.json"),
            "--csms", acting.csms, "--fast", "--json", str(report), *options,
        ]  # fmt: skip
        done = subprocess.run(
            argv, cwd=tmp_path, env={**station.env, **environment}, text=True,
            capture_output=True, timeout=PATIENCE,
        )  # fmt: skip
        made = json.loads(report.read_text())["results"] if report.exists() else []
        return Done(done.returncode, done.stdout + done.stderr, {r["id"]: r for r in made})

    return judged


def test_cases_share_what_a_suite_says_once(judged, acting):
    suite = {
        "suite": "Driven", "versions": ["1.6"], "variables": {"tag": "TAG-1"},
        "station": {"vendor": "Volt & Co", "model": "Wall 11"},
        "watch": {"late_ms": 9000},
        "starts": {
            "booted": BOOTED,
            "authorized": {"use": "booted", "steps": [
                {"type": "authorize", "params": {"id_tag": "$tag"}},
                {"type": "expect", "params": {"direction": "sent", "action": "Authorize",
                                              "payload": {"idTag": "TAG-2"}}}]},
        },
        "include": ["more.json"],
        "cases": [
            {"id": "TC_1", "name": "It resets", "use": "booted", "requirements": ["B11.FR.01"],
             "needs": {"driver": ["Reset"]}, "steps": [RESET, *GOT_RESET]},
            {"id": "TC_2", "use": "booted", "needs": {"security_profile": [2, 3]},
             "steps": [RESET]},
            {"id": "TC_3", "use": "authorized", "station": {"model": "Other"}, "steps": [
                {"type": "expect", "params": {
                    "since": "start", "direction": "sent", "action": "BootNotification",
                    "payload": {"chargePointVendor": "Volt & Co", "chargePointModel": "Other"}}},
            ]},
        ],
    }  # fmt: skip
    more = {"cases": [{"id": "TC_4", "use": "booted", "steps": [
        {"type": "csms", "params": {"call": "set-id-token", "payload": {}}}]}]}  # fmt: skip
    files = {"suite.json": suite, "more.json": more}
    options = ("--var", "tag=TAG-2", "--var", f"base={acting.base}", "--parallel", "3")
    done = judged(files, "--driver", "octt", *options)
    assert done.code == 0, done.text
    verdicts = {identity: each["verdict"] for identity, each in done.results.items()}
    assert verdicts == {"TC_1": "PASS", "TC_2": "SKIPPED", "TC_3": "PASS", "TC_4": "SKIPPED"}
    assert "security profile 2 or 3" in done.message("TC_2")
    assert "set-id-token" in done.message("TC_4") and "OCTT" in done.message("TC_4")


def test_without_a_driver_a_case_that_needs_one_is_skipped(judged):
    case = {"id": "TC_1", "use": "booted", "steps": [RESET]}
    suite = {"versions": ["1.6"], "starts": {"booted": BOOTED}, "cases": [case]}
    done = judged({"suite.json": suite})
    assert done.code == 1, done.text  # nothing was judged
    assert done.verdict("TC_1") == "SKIPPED" and "--driver" in done.message("TC_1")


def driver(acting: Acting, **entry: object) -> dict:
    usual = {"url": "${base}/api/octt/${version}/${station}/${action}", "body": "$payload"}
    return {"driver": "Ours", "variables": {"base": acting.base, "other": acting.noting},
            "actions": {"Reset": {**usual, **entry}}}  # fmt: skip


def one(*steps: dict, **more: object) -> dict:
    case = {"id": "TC_1", "steps": [*BOOTED, *steps], **more}
    return {"versions": ["1.6"], "cases": [case]}


@pytest.mark.parametrize(
    ("entry", "steps", "verdict", "words"),
    [
        # It says that it has sent it.
        ({"url": "${other}/lie/${action}"}, [RESET, *GOT_RESET], "FAIL", "received Reset"),
        ({"url": "${base}/nowhere"}, [RESET], "ERROR", "HTTP 404"),
        ({"url": "${base}/nowhere", "status": [404]},
         [{**RESET, "params": {"call": "Reset"}}], "PASS", ""),
        ({}, [{**RESET, "params": {**RESET["params"], "answer": {"response": {"status": "No"}}}}],
         "FAIL", 'response.status is "Accepted", not "No"'),
        ({"url": "http://127.0.0.1:9/", "timeout": 3000}, [RESET], "ERROR", "was not answered"),
        ({"url": "${other}/status/302"}, [RESET], "ERROR", "HTTP 302"),  # it is not led away
        ({"url": "${other}/endless"}, [RESET], "ERROR", "larger than"),
        ({"url": "${other}/note/${station}?a=${what}", "method": "PUT", "body": {
            "ids": ["$station"], "kind": "$payload.type", "none": "$payload.other"},
          "headers": {"Authorization": "Bearer ${env:TOKEN}"}, "capture": {"sent": "body"}},
         [{"type": "csms", "params": {
             "call": "Reset", "payload": {"type": "Hard"}, "answer": {
                 "method": "PUT", "path": "/note/CP-1?a=%2F%26%20x",
                 "authorization": "Bearer s3cret",
                 "body": {"@exact": {"ids": ["CP-1"], "kind": "Hard", "none": None}}}}},
          {"type": "assert", "params": {"conditions": [
              {"value": "$sent", "is": {"kind": "Hard"}}]}}], "PASS", ""),
    ],
)  # fmt: skip
def test_what_a_driver_comes_to(judged, acting, tmp_path, entry, steps, verdict, words):
    path = tmp_path / "driver.json"
    made = driver(acting, **entry)
    path.write_text(json.dumps(made))
    suite = one(*steps, variables={"what": "/& x", "sent": {}})
    done = judged({"suite.json": suite}, "--driver", str(path), TOKEN="s3cret")
    assert done.verdict("TC_1") == verdict, done.text
    assert words in done.message("TC_1")
    assert done.code == (0 if verdict == "PASS" else 1)
    assert "s3cret" not in done.text


@pytest.mark.parametrize(
    ("document", "options", "words"),
    [
        ({"actions": {"Reset": {"url": "http://csms.example/"}}}, [], "csms.example is not"),
        ({"actions": {"Reset": {"url": "file:///etc/passwd"}}}, [], "none of http"),
        ({"actions": {"Reset": {"url": "http://a:b@127.0.0.1/"}}}, [], "credentials"),
        ({"actions": {"Reset": {"url": "http://127.0.0.1/${env:NO_SUCH}"}}}, [], "NO_SUCH"),
        ({"actions": {"Reset": {"url": "http://127.0.0.1/", "verb": "GET"}}}, [], "verb"),
        ({"actions": {}}, [], "actions"),
        ({"actions": {"Reset": {"url": "http://127.0.0.1/"}}}, ["--var", "other=1"], "other"),
    ],
)
def test_a_driver_that_cannot_be_used_says_why_and_ends_with_2(
    document, options, words, tmp_path, capsys
):
    from django.core.management import call_command

    path, suite = tmp_path / "driver.json", tmp_path / "suite.json"
    path.write_text(json.dumps(document))
    suite.write_text(json.dumps(one(RESET)))
    options = ("--csms", "ws://127.0.0.1:9", "--driver", str(path), *options)
    with pytest.raises(SystemExit) as ended:
        call_command("runsuite", str(suite), *options)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
