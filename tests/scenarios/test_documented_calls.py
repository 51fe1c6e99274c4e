"""What docs/reference/api.md tells to type does what it should, as it is typed.

The other pages: tests/documentation/test_typed.py.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.processes import ROOT, Process, answers, free_port, wait_until
from benchmarks.stack import ADMIN, Stack
from tests.scenarios.platform import PATIENCE, Platform

API = (ROOT / "docs" / "reference" / "api.md").read_text()
SPANS = re.compile(r"`([^`]+)`")
OF_2X = re.compile(r"\((?:2\.x|2\.1|OCPP 2\.1)[);]")
# What stands in for CP-1 where a row speaks of OCPP 2.x: {a word of the call: station}.
NEWEST = {"pay-terminal": "CP-PAY", "payment-url": "CP-WEB", "battery-swap": "CP-SWAP", "": "CP-21"}
CONFIGURED = {
    "CP-WEB": {
        "WebPaymentsCtrlr.URLTemplate": "https://pay.example/{evse}/{totp}",
        "WebPaymentsCtrlr.SharedSecret": "correct horse battery",
    },
    "CP-SWAP": {"BatterySwapCtrlr.Available": "true"},
}
PREDECESSOR = ROOT / "tests" / "stations" / "config" / "fixtures" / "predecessor.json"


def calls() -> list[tuple[str, str]]:
    """[(what it is for, command)] of the table of calls, in its order."""
    table = API.split("| to do | call |")[1].split("\n\n")[0]
    found = []
    for line in table.splitlines()[2:]:
        purpose, _, rest = line.removeprefix("|").partition(" | ")
        found += [(purpose, span) for span in SPANS.findall(rest) if span.startswith("ask ")]
    return found


class Shell:
    """A terminal in which the page's own words have been typed."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        begin = API.split("```sh\n")[1].split("```")[0]
        begin = begin.replace("http://127.0.0.1:8000", platform.stack.url)
        begin = begin.replace('"..."', json.dumps(ADMIN[1]))
        self._begin = begin.replace("ask() { curl -s", "ask() { curl -s -w '%{stderr}%{http_code}'")
        assert self._begin.count("%{http_code}") == 1
        self._folder = folder
        # The password costs a while to check: the page's log-in is typed once.
        before, _, rest = self._begin.partition("TOKEN=")
        login, _, after = rest.partition("\nask()")
        token = self._typed(f"{before}TOKEN={login}\necho $TOKEN").stdout.strip()
        assert len(token) > 20
        self._begin = f"{before}TOKEN={token}\nask(){after}"

    def file(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text)

    def type(self, command: str) -> tuple[int, str]:
        """(HTTP status, what was printed)."""
        done = self._typed(f"{self._begin}\n{command}")
        return int(done.stderr[-3:]), done.stdout

    def _typed(self, text: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["bash", "-ec", text], cwd=self._folder, timeout=PATIENCE,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, (text, done.stderr)
        return done


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Of its own, since the page starts and stops all stations that there are."""
    parts = ("worker", "celery", "web", "scenarios")
    with Stack(tmp_path_factory.mktemp("documented"), start=parts) as running:
        running.manage("seedscenarios")
        running.manage("seedstations", "--stopped")
        yield Platform(running)


@pytest.fixture(scope="module")
def shell(platform, tmp_path_factory) -> Shell:
    return Shell(platform, tmp_path_factory.mktemp("typed"))


@pytest.fixture(scope="module")
def csms_url(tmp_path_factory) -> Iterator[str]:
    port = free_port()
    log = tmp_path_factory.mktemp("csms") / "demo.log"
    command = [sys.executable, "-m", "democsms", "--port", str(port)]
    process = Process("demo CSMS", command, log, {}).start()
    try:
        wait_until(lambda: answers(port), PATIENCE, "the demo CSMS listens")
        yield f"ws://127.0.0.1:{port}"
    finally:
        process.stop()


class Typist:
    """Puts in what the page leaves to its reader: ids, file contents, the frame that is edited."""

    def __init__(self, platform: Platform, shell: Shell, csms_url: str) -> None:
        self._platform, self._shell, self._csms_url = platform, shell, csms_url
        self._last: dict[str, str] = {}
        self._runs: list[str] = []

    def type(self, purpose: str, command: str) -> tuple[str, int, str]:
        """(what was typed, HTTP status, what came)."""
        if OF_2X.search(purpose):
            stands_in = next(name for word, name in NEWEST.items() if word in command)
            command = command.replace("/CP-1/", f"/{stands_in}/")
        if "CP-PAY/" in command:
            self._platform.good("POST", "stations/CP-PAY/plug", {"connector": 1})
        command = command.replace("ws://127.0.0.1:9220", self._csms_url)
        for kind in ("tokens", "executions", "suite-runs"):
            command = command.replace(f"{kind}/ID", f"{kind}/{self._last.get(kind)}")
        command = command.replace("?run=ID", f"?run={self._last.get('executions')}")
        if "transactions/ID" in command:
            session = self._platform.good("GET", "transactions?station=CP-1")["items"][0]
            command = command.replace("transactions/ID", f"transactions/{session['id']}")
        if "questions/ID" in command:
            command = command.replace("questions/ID", f"questions/{self._asked()}")
        if "held/ID" in command:
            held = self._held()
            edited = json.dumps(json.dumps(json.loads(held["text"])))
            command = command.replace("held/ID", f"held/{held['id']}")
            command = command.replace('"[2, ...]"', edited)
        status, printed = self._shell.type(command)
        for run in self._runs:  # a station has one run at a time
            self._platform.ended(run)
        self._runs.clear()
        self._remember(command, status, printed)
        return command, status, printed

    def _held(self) -> dict:
        def first() -> dict | None:
            held = self._platform.good("GET", "stations/CP-1/interception")["held"]
            return held[0] if held else None

        self._platform.good("POST", "stations/CP-1/start-transaction", {"connector": 2})
        return wait_until(first, PATIENCE, "a frame is held")

    def _asked(self) -> str:
        """The id of a question that a run of its own asks."""
        run = self._platform.run("asks", "CP-ASKED")

        def first() -> str | None:
            items = self._platform.good("GET", f"questions?run={run}")["items"]
            return items[0]["id"] if items else None

        question = wait_until(first, PATIENCE, "a question")
        self._runs.append(run)
        return question

    def _charges(self) -> bool:
        state = self._platform.good("GET", "stations/CP-1/state")
        return bool(state["connectors"][1]["transaction"])

    def _remember(self, command: str, status: int, printed: str) -> None:
        if "start-transaction" in command:
            wait_until(self._charges, PATIENCE, "a transaction of CP-1")
        for word, back in (("power-cut", "power-on"), ("disconnect", "connect")):
            if word not in command:
                continue
            self._platform.good("POST", f"stations/CP-1/{back}")  # the rows after it need it
            wait_until(lambda: self._platform.is_accepted("CP-1"), PATIENCE, "CP-1 is up again")
        if status == 201 and "auth/tokens" in command:
            self._last["tokens"] = json.loads(printed)["id"]
        if status == 201 and "/run" in command:
            kind = "suite-runs" if "/suites/" in command else "executions"
            self._last[kind] = json.loads(printed)["id"]


def test_each_call_of_the_page(platform, csms_url, shell):
    platform.station("CP-1", csms_url, tags=["building-a"])
    for name in NEWEST.values():
        platform.station(name, csms_url, "2.1", configuration=CONFIGURED.get(name, {}))
    platform.station("CP-ASKED", csms_url)
    platform.connected("CP-1", "CP-ASKED", *NEWEST.values())
    platform.scenario("asks", {"type": "prompt", "params": {"text": "Plug in."}})
    shell.file("stations.json", PREDECESSOR.read_text())
    shell.file("scenarios.json", json.dumps(platform.good("GET", "scenarios/export")))
    typist = Typist(platform, shell, csms_url)
    typed = calls()
    assert len(typed) > 40
    wrong = []
    for purpose, written in typed:
        command, status, printed = typist.type(purpose, written)
        if status >= 300:
            wrong.append((command, status, printed[:300]))
    assert not wrong, "\n".join(map(str, wrong))
