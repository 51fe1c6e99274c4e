"""Runs of the platform whose CSMS acts by a driver: allowed hosts, the run's driver, refusals."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from benchmarks.processes import ROOT, free_port, wait_until
from benchmarks.stack import Stack
from tests.scenarios.platform import PATIENCE, Platform

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


def asked_of(own: Platform, run: str) -> dict:
    """The one question of a run, once it is asked."""

    def question() -> dict | None:
        items = own.good("GET", f"questions?run={run}")["items"]
        return items[0] if items else None

    return wait_until(question, PATIENCE, f"a question of {run}", 0.2)


def none_is_asked(own: Platform, run: str) -> bool:
    return not own.good("GET", f"questions?run={run}")["items"]


def test_a_person_is_asked_and_answers(
    own: Platform, acting: Acting, fresh_name: Callable[[str], str]
) -> None:
    name, slug = fresh_name("DRIVEN"), fresh_name("asked")
    own.station(name, acting.csms)
    own.connected(name)
    own.scenario(slug, {"type": "prompt", "params": {"text": "Plug <b>${station}</b> in."}})

    run = own.run(slug, name)
    question = asked_of(own, run)
    assert (question["kind"], question["station"]) == ("execution", name)
    assert question["text"] == f"Plug <b>{name}</b> in."
    path = f"questions/{question['id']}/answer"
    assert own.ask("POST", path, {"done": False})[0] == 422  # why not?
    assert own.ask("POST", path, {"sure": True})[0] == 422
    own.good("POST", path, {})
    assert own.ask("POST", path, {})[0] in (404, 409)
    assert own.ended(run)["state"] == "passed"
    assert none_is_asked(own, run)

    run = own.run(slug, name)
    own.good("POST", f"questions/{asked_of(own, run)['id']}/answer",
             {"done": False, "why": "the cable is too short"})  # fmt: skip
    ended = own.ended(run)
    assert ended["state"] == "failed"
    assert "The person says: the cable is too short" in ended["message"]


def test_nobody_answers(own: Platform, acting: Acting, fresh_name: Callable[[str], str]) -> None:
    name, slug = fresh_name("DRIVEN"), fresh_name("asked")
    own.station(name, acting.csms)
    own.connected(name)
    own.scenario(slug, {"type": "prompt", "params": {"text": "Wait."}, "timeout": 1500})
    run = own.run(slug, name)
    ended = own.ended(run)
    assert ended["state"] == "failed" and "Nobody said within 1.5 s" in ended["message"]
    assert none_is_asked(own, run)

    own.scenario(long := fresh_name("asked"), {"type": "prompt", "params": {"text": "Wait."}})
    run = own.run(long, name)
    question = asked_of(own, run)
    own.good("POST", f"executions/{run}/cancel", {})
    assert own.ended(run)["state"] == "cancelled"
    assert own.ask("POST", f"questions/{question['id']}/answer", {})[0] in (404, 409)


def test_what_needs_the_command_line_is_refused(
    own: Platform, acting: Acting, fresh_name: Callable[[str], str]
) -> None:
    name, slug = fresh_name("DRIVEN"), fresh_name("linked")
    own.station(name, acting.csms)
    own.scenario(slug, {"type": "link", "params": {}})
    status, answer = own.ask("POST", f"scenarios/{slug}/run", {"stations": [name]})
    assert status == 422 and "changes a station's link" in answer["fields"]["scenario"], answer
