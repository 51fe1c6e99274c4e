"""Suites by a real runner against a real CSMS: verdicts, reports, webhook, cancelling, leaving."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from benchmarks.processes import Process, wait_until
from benchmarks.stack import Stack
from scenarios.verdicts.claims import INTERRUPTED
from scenarios.verdicts.running import STOPPED
from tests.scenarios.platform import PATIENCE, Platform
from tests.system.csms import PythonCsms

pytestmark = pytest.mark.slow
Fresh = Callable[[str], str]
ACCEPTED = {"type": "wait_for_state", "timeout": 60_000,
            "params": {"target": "station", "state": "accepted"}}  # fmt: skip
LONG = {"type": "delay", "params": {"duration": 600_000}}


def document(status: str = "Accepted") -> dict:
    """status: that the second case wants of an Authorize; the CSMS answers "Accepted"."""
    answer = {"answers": True, "action": "Authorize", "kind": "CallResult",
              "payload": {"idTagInfo": {"status": status}}}  # fmt: skip
    steps = [
        ACCEPTED,
        {"type": "authorize", "params": {"connector": 1, "id_tag": "TAG-1"}},
        {"type": "expect", "timeout": 20_000, "params": {
            "direction": "sent", "action": "Authorize", "kind": "Call"}},
        {"type": "expect", "timeout": 20_000, "params": answer},
    ]  # fmt: skip
    return {"suite": "Two", "versions": ["1.6"], "cases": [
        {"id": "C_1", "name": "It accepts a station", "steps": [ACCEPTED]},
        {"id": "C_2", "name": "It knows a tag", "steps": steps}]}  # fmt: skip


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    directory: Path = tmp_path_factory.mktemp("suites")
    env = {"HTTP_ALLOW_HOSTS": "127.0.0.1"}
    with Stack(directory, start=("web", "scenarios"), **env) as running:
        yield Platform(running)


@pytest.fixture(autouse=True)
def runner(own: Platform) -> Process:
    """The only one; a test may end it."""
    found = own.stack.processes["scenarios"]
    return found if found.alive else own.stack.start_scenarios()


class Hook:
    """An HTTP server that keeps what is posted."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(500 if self.path.endswith("broken") else 204)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


def plan(own: Platform, csms: PythonCsms, name: str, **more: Any) -> str:
    body = {"name": name, "suite": document(), "csms_url": csms.url, "fast": True, **more}
    own.good("POST", "suites", body)
    return name


def run(own: Platform, name: str) -> str:
    return own.good("POST", f"suites/{name}/run")["id"]


def ended(own: Platform, run_id: str) -> dict:
    def over() -> dict | None:
        found = own.good("GET", f"suite-runs/{run_id}")
        return found if found["state"] not in ("pending", "running") else None

    return wait_until(over, PATIENCE, f"the end of suite run {run_id}", 0.3)


def report(own: Platform, run_id: str, kind: str) -> bytes:
    url = f"{own.stack.url}/api/suite-runs/{run_id}/report?format={kind}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {own.token}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=PATIENCE) as answer:
        return answer.read()


def test_a_case_fails_then_heals_and_the_webhook_tells(
    own: Platform, csms: PythonCsms, fresh_name: Fresh, hook: Hook
) -> None:
    name = plan(own, csms, fresh_name("plan"), suite=document("Blocked"), webhook_url=hook.url)
    first = ended(own, run(own, name))
    assert first["state"] == "failed", first
    assert first["message"] == "1 of 2 cases failed." and first["suite"] == "Two"
    verdicts = {case["id"]: case["verdict"] for case in first["cases"]}
    assert verdicts == {"C_1": "PASS", "C_2": "FAIL"}
    assert "Blocked" in first["cases"][1]["message"], first["cases"]
    assert first["reports"] == ["badge", "html", "json", "junit"]
    whole = json.loads(report(own, first["id"], "json"))
    assert whole["seed"] == first["seed"] and "options" not in whole["command"]
    assert report(own, first["id"], "html").startswith(b"<!")
    assert b"<testsuites" in report(own, first["id"], "junit")
    assert b"1/2 passed" in report(own, first["id"], "badge")

    body = own.good("GET", f"suites/{name}") | {"suite": document()}
    own.good("PUT", f"suites/{name}", body)
    second = ended(own, run(own, name))
    assert second["state"] == "passed", second
    found = own.good("GET", f"suite-runs/{second['id']}/compare")
    assert found["against"] == first["id"]
    assert ([c["id"] for c in found["healed"]], found["broke"]) == (["C_2"], [])
    wait_until(lambda: len(hook.got) == 2, PATIENCE, "both webhooks have come")
    told = hook.got[1]
    assert (told["state"], told["run"], told["against"]) == ("passed", second["id"], first["id"])
    assert [case["id"] for case in told["healed"]] == ["C_2"] and hook.got[0]["against"] is None


def test_a_webhook_that_fails_is_noted_and_fails_nothing(
    own: Platform, csms: PythonCsms, fresh_name: Fresh, hook: Hook
) -> None:
    url = f"{hook.url}/s3cret/broken"
    name = plan(own, csms, fresh_name("plan"), only=["C_1"], webhook_url=url)
    found = ended(own, run(own, name))

    def notice() -> str:
        return own.good("GET", f"suite-runs/{found['id']}")["notice"]

    assert "HTTP 500" in wait_until(notice, PATIENCE, "the notice") and "s3cret" not in notice()
    assert found["state"] == "passed"


def test_what_cannot_be_run_says_why(own: Platform, csms: PythonCsms, fresh_name: Fresh) -> None:
    wrong = document() | {"cases": [{"id": "C_1", "steps": [{"type": "nothing"}]}]}
    found = ended(own, run(own, plan(own, csms, fresh_name("plan"), suite=wrong)))
    assert found["state"] == "failed" and 'There is no type "nothing"' in found["message"]


def children(own: Platform) -> list[str]:
    """Command lines of processes of suites that the platform's runner has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode().split("\0")
            environ = (path.parent / "cwd").readlink()
        except OSError:
            continue
        if "runsuite" in words and environ.name.startswith("suite-"):
            found.append(" ".join(words))
    return found


def under_way(own: Platform, csms: PythonCsms, name: str) -> str:
    suite = document() | {"cases": [{"id": "C_1", "steps": [ACCEPTED, LONG]}]}
    run_id = run(own, plan(own, csms, name, suite=suite))
    wait_until(lambda: csms.wire.frames(), PATIENCE, "its station is at the CSMS")
    return run_id


def test_a_run_is_cancelled_with_its_process(
    own: Platform, csms: PythonCsms, fresh_name: Fresh
) -> None:
    run_id = under_way(own, csms, fresh_name("plan"))
    [line] = children(own)
    assert csms.url not in line and "@options" in line
    own.good("POST", f"suite-runs/{run_id}/cancel")
    found = ended(own, run_id)
    assert (found["state"], found["message"]) == ("cancelled", "Cancelled by admin.")
    wait_until(lambda: not children(own), PATIENCE, "its process has ended")


def test_a_runner_that_leaves_ends_its_suite(
    own: Platform, csms: PythonCsms, fresh_name: Fresh, runner: Process
) -> None:
    run_id = under_way(own, csms, fresh_name("plan"))
    runner.stop()
    found = ended(own, run_id)
    assert (found["state"], found["message"]) == ("failed", STOPPED) and found["interrupted"]
    assert not children(own)


def test_a_killed_runner_takes_its_suite_along_and_the_run_says_so(
    own: Platform, csms: PythonCsms, fresh_name: Fresh, runner: Process
) -> None:
    run_id = under_way(own, csms, fresh_name("plan"))
    runner.kill()
    wait_until(lambda: not children(own), PATIENCE, "its process has ended with it")
    found = ended(own, run_id)
    assert (found["state"], found["message"]) == ("failed", INTERRUPTED) and found["interrupted"]
    # Its plan is free, and waits for the next runner.
    again = own.good("POST", f"suites/{found['plan']}/run")["id"]
    own.good("POST", f"suite-runs/{again}/cancel")
    assert ended(own, again)["state"] == "cancelled"


def test_a_person_is_asked_by_a_suite(own: Platform, csms: PythonCsms, fresh_name: Fresh) -> None:
    steps = [ACCEPTED, {"type": "prompt", "params": {"text": "Look at the page."}}]
    made = {"suite": "Asks", "versions": ["1.6"], "cases": [
        {"id": f"P_{n}", "name": "A person looks", "steps": steps} for n in (1, 2)]}  # fmt: skip
    run_id = run(own, plan(own, csms, fresh_name("plan"), suite=made, parallel=2))
    answered: set[str] = set()

    def both() -> bool:
        for item in own.good("GET", f"questions?run={run_id}")["items"]:
            assert item["kind"] == "suite-run" and item["text"] == "Look at the page."
            if item["id"] not in answered:
                answered.add(item["id"])
                said = {} if len(answered) == 1 else {"done": False, "why": "it is empty"}
                own.good("POST", f"questions/{item['id']}/answer", said)
        return len(answered) == 2

    wait_until(both, PATIENCE, "two questions", 0.3)
    found = ended(own, run_id)
    assert sorted(case["verdict"] for case in found["cases"]) == ["FAIL", "PASS"], found
    assert [c["message"] for c in found["cases"] if c["bad"]] == ["The person says: it is empty"]
    assert not own.good("GET", f"questions?run={run_id}")["items"]


def test_stations_of_a_suite_are_led_elsewhere(
    own: Platform, csms: PythonCsms, fresh_name: Fresh
) -> None:
    steps = [ACCEPTED,
             {"type": "link", "timeout": 20_000, "params": {"password": "another-password"}},
             {"type": "link", "timeout": 20_000,
              "params": {"url": "ws://127.0.0.1:9/nowhere", "expect": "refused"}},
             {"type": "link", "params": {"url": "ws://other.example"}}]  # fmt: skip
    made = {"suite": "Links", "versions": ["1.6"], "cases": [
        {"id": "L_1", "name": "It is led", "steps": steps}]}  # fmt: skip
    (case,) = ended(own, run(own, plan(own, csms, fresh_name("plan"), suite=made)))["cases"]
    assert case["verdict"] == "ERROR" and "other.example is not the CSMS's host" in case["message"]


def test_stations_of_a_plan_have_its_password(
    own: Platform, csms: PythonCsms, fresh_name: Fresh
) -> None:
    """Without one the case for security profile 1 is skipped."""
    made = {"suite": "Secure", "versions": ["1.6"], "cases": [
        {"id": "S_1", "name": "By password", "needs": {"security_profile": 1},
         "steps": [ACCEPTED]}]}  # fmt: skip
    name = plan(own, csms, fresh_name("plan"), suite=made)
    assert ended(own, run(own, name))["counts"]["SKIPPED"] == 1
    kept = own.good("GET", f"suites/{name}")
    assert kept["has_password"] is False
    own.good("PUT", f"suites/{name}", kept | {"password": "a-secret-of-ours"})
    kept = own.good("GET", f"suites/{name}")
    assert kept["has_password"] is True and "a-secret-of-ours" not in json.dumps(kept)
    found = ended(own, run(own, name))
    assert found["counts"]["PASS"] == 1, found
    assert b"a-secret-of-ours" not in report(own, found["id"], "json")
    assert "a-secret-of-ours" not in json.dumps(own.good("GET", "trail?limit=100"))

    # It goes to no other CSMS, unless whoever leads it there knows it.
    away = kept | {"csms_url": "ws://elsewhere.example/ocpp"}
    status, answer = own.ask("PUT", f"suites/{name}", away)
    assert status == 422 and "give the password again" in answer["fields"]["password"], answer
    own.good("PUT", f"suites/{name}", away | {"password": ""})
    assert own.good("GET", f"suites/{name}")["has_password"] is False
