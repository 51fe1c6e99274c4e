"""Runs of the platform whose CSMS acts by a driver: allowed hosts, the run's driver, refusals."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from benchmarks.processes import ROOT, free_port
from benchmarks.stack import Stack
from tests.scenarios.platform import Platform

pytestmark = pytest.mark.slow
CLEAR = [
    {"type": "csms", "params": {"call": "ClearCache",
                                "answer": {"response": {"status": "Accepted"}}}},
    {"type": "expect", "params": {"direction": "received", "action": "ClearCache", "kind": "Call"}},
    {"type": "expect", "params": {"direction": "sent", "kind": "CallResult", "answers": True}},
]  # fmt: skip
FACTS = {"type": "http", "params": {"url": "$facts", "headers": {"X": "${env:DRIVER_TOKEN}"},
                                    "capture": {"files": "files"}}}  # fmt: skip


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    parts = ("worker", "celery", "web", "scenarios")
    env = {"HTTP_ALLOW_HOSTS": "127.0.0.1", "DRIVER_TOKEN": "s3cret"}
    with Stack(tmp_path_factory.mktemp("driven"), start=parts, **env) as running:
        yield Platform(running)


@dataclass(frozen=True)
class Acting:
    csms: str
    base: str


@pytest.fixture(scope="module")
def acting() -> Iterator[Acting]:
    port, control = free_port(), free_port()
    argv = [sys.executable, "-u", "-m", "democsms", "--port", str(port), "--control-port",
            str(control), "--quiet"]  # fmt: skip
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert "demo CSMS on" in process.stdout.readline()
        try:
            yield Acting(f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{control}")
        finally:
            process.terminate()


def test_the_csms_acts_by_the_runs_driver(
    own: Platform, acting: Acting, fresh_name: Callable[[str], str]
) -> None:
    name, slug = fresh_name("DRIVEN"), fresh_name("driven")
    own.station(name, acting.csms)
    own.connected(name)
    own.scenario(slug, *CLEAR, FACTS, variables={"facts": f"{acting.base}/api/facts", "files": ""})
    driven = {"driver": "octt", "variables": {"base": acting.base}}
    ended = own.ended(own.run(slug, name, **driven))
    assert ended["state"] == "passed", ended
    assert [step["message"] for step in ended["runs"][0]["steps"]][0] == "OCTT convention: HTTP 200"

    # Its own document; one that needs what is not there fails with the reason.
    url = "${base}/api/octt/${version}/${station}/${action}"
    actions = {"ClearCache": {"url": url, "body": "$payload"}}
    document = {"variables": {"base": acting.base}, "actions": actions}
    assert own.ended(own.run(slug, name, driver=document))["state"] == "passed"
    wrong = {**document, "headers": {"Authorization": "${env:DRIVER_OTHER}"}}
    ended = own.ended(own.run(slug, name, driver=wrong))
    assert ended["state"] == "failed" and "DRIVER_OTHER" in ended["message"]
    away = {**document, "variables": {"base": "http://csms.invalid"}}
    ended = own.ended(own.run(slug, name, driver=away))
    assert ended["state"] == "failed" and "csms.invalid is not allowed" in ended["message"]

    def refused(**more: object) -> dict:
        body = {"stations": [name], **more}
        status, answer = own.ask("POST", f"scenarios/{slug}/run", body)
        assert status == 422, answer
        return answer["fields"]

    assert "no driver" in refused()["scenario"]
    assert "octt" in refused(driver="other")["driver"]
    assert "actions" in refused(driver={"actions": {}})["driver"]
    assert "cannot make" in refused(driver={"actions": {"Reset": {"url": "x"}}})["scenario"]
    assert "other" in refused(**{**driven, "variables": {"other": 1}})["variables"]


def test_what_needs_a_terminal_is_refused(
    own: Platform, acting: Acting, fresh_name: Callable[[str], str]
) -> None:
    name, slug = fresh_name("DRIVEN"), fresh_name("asked")
    own.station(name, acting.csms)
    own.scenario(slug, {"type": "prompt", "params": {"text": "Plug it in."}},
                 {"type": "link", "params": {}})  # fmt: skip
    status, answer = own.ask("POST", f"scenarios/{slug}/run", {"stations": [name]})
    assert status == 422 and "a person" in answer["fields"]["scenario"], answer
