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
from scenarios.drivers import SHIPPED
from tests import warm
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
    """csms, secure: the demo CSMS; base: its control port; noting: see noting.py."""

    csms: str
    base: str
    noting: str
    secure: str


@pytest.fixture(scope="module")
def acting() -> Iterator[Acting]:
    port, control, noting, tls = free_port(), free_port(), free_port(), free_port()
    demo = ["democsms", "--port", str(port), "--control-port", str(control), "--quiet",
            "--tls-port", str(tls)]  # fmt: skip
    with (
        started(*demo, says="demo CSMS on"),
        started("tests.terminal.noting", str(noting), says="ready"),
    ):
        yield Acting(
            f"ws://127.0.0.1:{port}",
            *(f"http://127.0.0.1:{n}" for n in (control, noting)),
            f"wss://127.0.0.1:{tls}",
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
    all: list[dict]

    @property
    def results(self) -> dict[str, dict]:
        return {each["id"]: each for each in self.all}

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
        done = warm.run(
            argv, cwd=tmp_path, env={**station.env, **environment}, timeout=PATIENCE
        )
        made = json.loads(report.read_text())["results"] if report.exists() else []
        return Done(done.returncode, done.stdout + done.stderr, made)

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


def test_a_matrix_of_makes_and_profiles_and_obligations_that_were_not_met(judged, acting):
    model = {"direction": "sent", "action": "BootNotification", "since": "start"}
    suite = {
        "versions": ["1.6"], "parallel": 4,
        "matrix": {"makes": {"ac": {"model": "AC"}, "dc": {"model": "DC"}},
                   "security_profiles": [0, 2, 3]},
        "variables": {"wanted": "AC"},
        "cases": [
            {"id": "TC_1", "steps": [*BOOTED, {
                "type": "expect", "obligation": "It takes the AC model.", "optional": True,
                "timeout": 500,
                "params": {**model, "payload": {"chargePointModel": "$wanted"}}}]},
            {"id": "TC_2", "needs": {"security_profile": [1, 2]}, "steps": BOOTED},
        ],
    }  # fmt: skip
    options = ("--password", "long-enough-a-password", "--secure-csms", acting.secure,
               "--insecure")  # fmt: skip
    done = judged({"suite.json": suite}, *options)
    verdicts = {(r["id"], r["variant"]): r["verdict"] for r in done.all}
    assert verdicts == {
        ("TC_1", "ac, profile 0"): "PASS", ("TC_1", "ac, profile 2"): "PASS",
        ("TC_1", "ac, profile 3"): "SKIPPED", ("TC_1", "dc, profile 0"): "PARTIAL",
        ("TC_1", "dc, profile 2"): "PARTIAL", ("TC_1", "dc, profile 3"): "SKIPPED",
        ("TC_2", "ac, profile 2"): "PASS", ("TC_2", "dc, profile 2"): "PASS",
    }, done.text  # fmt: skip
    assert done.code == 0
    partial = next(r for r in done.all if r["verdict"] == "PARTIAL")
    assert partial["message"] == "Not exercised: It takes the AC model."
    strict = judged({"suite.json": suite}, *options, "--strict")
    assert strict.code == 1, strict.text


@pytest.mark.parametrize("who", [1, 2])
def test_each_station_of_a_case_has_to_show_its_obligations(judged, who):
    shows = {
        "type": "assert", "obligation": "It is told apart.", "optional": True,
        "params": {"conditions": [{"value": "$nth", "is": who}]},
    }  # fmt: skip
    case = {"id": "TC_1", "stations": 2, "steps": [*BOOTED, shows]}
    done = judged({"suite.json": {"versions": ["1.6"], "parallel": 2, "cases": [case]}})
    assert done.verdict("TC_1") == "PARTIAL", done.text
    assert done.message("TC_1") == "Not exercised: It is told apart."


def step(kind: str, timeout: int = 20000, **params: object) -> dict:
    return {"type": kind, "timeout": timeout, "params": params}


ACCEPTED = BOOTED[0]
GONE = step("assert", conditions=[{"value": "$why", "is": {"@contains": "HTTP 400"}}])


# steps, the verdict, and what the message has.
BEYOND = [
    # The station's answer is laid down: the CSMS hears it, and no station resets.
    ([step("respond", action="Reset", payload={"status": "Rejected"}),
      step("csms", call="Reset", payload={"type": "Soft"},
           answer={"response": {"status": "Rejected"}}), *GOT_RESET[:1],
      step("expect_none", 1500, action="BootNotification")], "PASS", ""),
    ([step("respond", action="Reset", code="NotSupported"),
      step("csms", call="Reset", payload={"type": "Soft"}, answer={"error": "NotSupported"})],
     "PASS", ""),
    # Any request.
    ([step("http", url="${base}/api/facts", capture={"root": "root_certificate"}),
      step("assert", conditions=[{"value": "$root", "is": {"@contains": "CERTIFICATE"}}]),
      step("http", url="${base}/nowhere", status=[404])], "PASS", ""),
    ([step("http", url="${base}/nowhere")], "FAIL", "HTTP 404, not 2xx"),
    ([step("http", url="${base}/api/facts", answer={"files": "none"})], "FAIL", "files is"),
    ([step("http", url="${other}/status/302")], "FAIL", "HTTP 302"),
    ([step("http", url="http://192.0.2.1/")], "ERROR", "192.0.2.1 is not allowed"),
    ([step("http", url="${other}/note/x", headers={"Authorization": "${env:TOKEN}"},
           answer={"authorization": "s3cret"})], "PASS", ""),
    # What a variable brings along names nothing of the environment.
    ([step("http", url="${other}/note/x", headers={"Authorization": "$sly"},
           answer={"authorization": "${env:TOKEN}"})], "PASS", ""),
    ([step("http", url="${other}/note/x", headers={"A": "${env:NO_SUCH}"})], "ERROR", "NO_SUCH"),
    # The link, as it is, with other names, and refused.
    ([step("link"), ACCEPTED], "PASS", ""),
    ([step("link", username="other", password="0123456789abcdef"), ACCEPTED], "PASS", ""),
    ([step("link", subprotocols=["ocpp9.9"], expect="refused", capture={"why": "error"}),
      GONE, step("link", subprotocols=["ocpp1.6"]), ACCEPTED], "PASS", ""),
    ([step("link", subprotocols=["ocpp2.0.1"]), ACCEPTED,
      step("expect", action="TransactionEvent,BootNotification", direction="sent",
           since="start", payload={"chargingStation": {"@any": True}})], "PASS", ""),
    ([step("link", 1000, expect="refused")], "FAIL", "did not refuse the link"),
    ([step("link", 1000, url="ws://127.0.0.1:9/")], "FAIL", "not open within 1 s"),
    ([step("link", url="ws://192.0.2.1/")], "ERROR", "192.0.2.1 is not the CSMS's host"),
    ([step("link", tls_min_version="9")], "ERROR", "tls_min_version"),
    ([step("prompt", text="Plug it in.")], "SKIPPED", "nobody is at a terminal"),
]  # fmt: skip


def many(rows: list[list[dict]], **more: object) -> dict:
    """A case TC_0, TC_1, ... for each list of steps, after the boot."""
    cases = [{"id": f"TC_{n}", "steps": [*BOOTED, *steps]} for n, steps in enumerate(rows)]
    return {"versions": ["1.6"], "cases": cases, "parallel": 8, **more}


def check(done: Done, rows: list[tuple]) -> None:
    assert len(done.all) == len(rows), done.text
    for number, (*_, verdict, words) in enumerate(rows):
        assert done.verdict(f"TC_{number}") == verdict, (number, done.text)
        assert words in done.message(f"TC_{number}")


def test_steps_that_reach_beyond_the_station(judged, acting):
    variables = {"base": acting.base, "other": acting.noting, "sly": "${env:TOKEN}", "root": "",
                 "why": ""}  # fmt: skip
    suite = many([steps for steps, *_ in BEYOND], variables=variables)
    options = ("--driver", "demo", "--var", f"base={acting.base}")
    check(judged({"suite.json": suite}, *options, TOKEN="s3cret"), BEYOND)


def told(**params: object) -> dict:
    return {"type": "csms", "params": {"call": "$key", **params}}


# an entry of a driver, the steps that use it, the verdict, and what the message has.
ENTRIES = [
    # It says that it has sent it.
    ({"url": "${other}/lie/x"}, [{**RESET, "params": {**RESET["params"], "call": "$key"}},
                                 *GOT_RESET], "FAIL", "received Reset"),
    ({"url": "${base}/nowhere"}, [told()], "ERROR", "HTTP 404"),
    ({"url": "${base}/nowhere", "status": [404]}, [told()], "PASS", ""),
    ({"url": "${other}/lie/x"}, [told(answer={"response": {"status": "No"}})], "FAIL",
     'response.status is "Accepted", not "No"'),
    ({"url": "${other}/lie/x", "answer": {"response": "none"}}, [told()], "ERROR", "of its answer"),
    ({"url": "http://127.0.0.1:9/", "timeout": 3000}, [told()], "ERROR", "was not answered"),
    ({"url": "${other}/status/302"}, [told()], "ERROR", "HTTP 302"),  # it is not led away
    ({"url": "${other}/endless"}, [told()], "ERROR", "larger than"),
    ({"url": "${other}/note/${station}?a=${what}", "method": "PUT", "body": {
        "ids": ["$station"], "kind": "$payload.type", "none": "$payload.other"},
      "headers": {"Authorization": "Bearer ${env:TOKEN}"}, "capture": {"sent": "body"}},
     [told(payload={"type": "Hard"}, answer={
         "method": "PUT", "path": {"@regex": "^/note/CP-[0-9]+[?]a=/%26(%20|[+])x$"},
         "authorization": "Bearer s3cret",
         "body": {"@exact": {"ids": ["$station"], "kind": "Hard", "none": None}}}),
      step("assert", conditions=[{"value": "$sent", "is": {"kind": "Hard"}}])], "PASS", ""),
]  # fmt: skip


def test_what_a_driver_comes_to(judged, acting, tmp_path):
    actions = {f"case-{n}": entry for n, (entry, *_) in enumerate(ENTRIES)}
    made = {"variables": {"base": acting.base, "other": acting.noting}, "actions": actions}
    path = tmp_path / "driver.json"
    path.write_text(json.dumps(made))
    suite = many([steps for _, steps, *_ in ENTRIES])
    for number, case in enumerate(suite["cases"]):
        case["variables"] = {"what": "/& x", "sent": {}, "key": f"case-{number}"}
    done = judged({"suite.json": suite}, "--driver", str(path), TOKEN="s3cret")
    check(done, ENTRIES)
    assert done.code == 1 and "s3cret" not in done.text


# What SteVe's public API description requires of each body, beside chargeBoxIdList.
STEVE = {
    "CancelReservation": {"reservationId"}, "ChangeAvailability": {"availType"},
    "ChangeConfiguration": {"keyType"}, "ClearCache": set(), "DataTransfer": {"vendorId"},
    "ExtendedTriggerMessage": {"triggerMessage"},
    "GetCompositeSchedule": {"connectorId", "durationInSeconds"}, "GetConfiguration": set(),
    "GetDiagnostics": {"location"}, "GetInstalledCertificateIds": {"certificateType"},
    "GetLocalListVersion": set(), "GetLog": {"location", "logType"},
    "InstallCertificate": {"certificate", "certificateType"}, "RemoteStartTransaction": {"idTag"},
    "RemoteStopTransaction": {"transactionId"}, "ReserveNow": {"connectorId", "expiry", "idTag"},
    "Reset": {"resetType"},
    "SignedUpdateFirmware": {"location", "retrieveDateTime", "signature", "signingCertificate"},
    "TriggerMessage": {"triggerMessage"}, "UnlockConnector": {"connectorId"},
    "UpdateFirmware": {"location", "retrieveDateTime"},
}  # fmt: skip


def test_drivers_of_steve_and_citrineos_against_a_stand_in(judged, acting):
    """What they ask is from the CSMSs' public descriptions; the CSMSs themselves are not here."""
    made = json.loads((SHIPPED / "steve.json").read_text())
    assert {n: set(e["body"]) >= needed for n, needed in STEVE.items()
            if (e := made["actions"][n])} == dict.fromkeys(made["actions"], True)  # fmt: skip
    hard = step("csms", call="Reset", payload={"type": "Hard"})
    soft = step("csms", call="Reset", payload={"type": "Soft"})
    rows = [([hard, asked("/steve/api/v1/operations/Reset", {
        "chargeBoxIdList": ["$station"], "resetType": "Hard"}, authorization="Basic eDp5")],
        "PASS", ""), ([soft], "ERROR", "exceptions")]  # fmt: skip
    suite = many([steps for steps, *_ in rows], variables={"other": acting.noting})
    options = ("--driver", "steve", "--var", f"base={acting.noting}/steve")
    check(judged({"suite.json": suite}, *options, DRIVER_STEVE_BASIC="eDp5"), rows)

    path = "/ocpp/1.6/configuration/reset?identifier=CP-1&tenantId=1"
    rows = [([hard, asked(path, {"type": "Hard"})], "PASS", "")]
    suite = many([steps for steps, *_ in rows], variables={"other": acting.noting}, parallel=1)
    options = ("--driver", "citrineos", "--var", f"base={acting.noting}")
    check(judged({"suite.json": suite}, *options), rows)
    done = judged({"suite.json": suite}, *options, "--var", "tenant=2")
    assert done.verdict("TC_0") == "ERROR" and "success" in done.message("TC_0")


def asked(path: str, body: dict, **more: object) -> dict:
    """The stand-in was asked so."""
    wanted = {"path": path, "body": {"@exact": body}, **more}
    return step("http", url="${other}/asked", answer={"@contains": wanted})


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
    suite.write_text(json.dumps(many([[RESET]])))
    options = ("--csms", "ws://127.0.0.1:9", "--driver", str(path), *options)
    with pytest.raises(SystemExit) as ended:
        call_command("runsuite", str(suite), *options)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
