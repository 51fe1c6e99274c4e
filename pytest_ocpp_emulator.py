"""pytest plugin of the emulator: fixtures for a station and for suites against your CSMS.

    def test_a_tag_is_refused(ocpp_station):
        ocpp_station.authorize("UNKNOWN")
        answer = ocpp_station.wait_for("Authorize", kind="CallResult")
        assert answer.payload["idTagInfo"]["status"] == "Invalid"

    def test_conformance(ocpp_suite):
        ocpp_suite("suites/smoke.json", only=["SMOKE_*"]).assert_passed()

Where the CSMS is: `--ocpp-csms URL`, the ini option `ocpp_csms`, or your own fixture
`ocpp_csms_url`. Stations run in processes of their own, so your settings, event loop and packages
are left alone. See docs/how-to/pytest.md.
"""

from __future__ import annotations

import itertools
import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 30.0  # seconds for an answer
LONGEST_SUITE = 3600.0
MANAGE = Path(__file__).with_name("manage.py")
# Of the caller's own Django and path, which are not ours.
_NOT_OURS = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "MONGODB_URI", "REDIS_URL")
_numbers = itertools.count(1)


class StationError(Exception):
    """The station did not do what it was told, or what was waited for did not come."""


class Refused(StationError):
    """A command that the station refuses; `code` as in docs/reference/api.md."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{why} ({code})")
        self.code = code


@dataclass(frozen=True)
class Frame:
    """direction: sent or received by the station; kind: Call, CallResult, CallError, ...

    payload: of a Call or a CallResult; of a CallError {"code", "description", "details"}.
    """

    direction: str
    kind: str
    action: str
    id: str
    payload: Any
    time: str
    latency_ms: float | None = None
    error: str = ""
    mark: str = ""


def _frame(event: Mapping[str, Any]) -> Frame:
    payload: Any = None
    match event["frame"]:
        case [2 | 6, _, _, payload, *_]:
            pass
        case [3, _, payload]:
            pass
        case [4 | 5, _, code, description, details]:
            payload = {"code": code, "description": description, "details": details}
    names = ("direction", "kind", "action", "id", "time")
    return Frame(
        **{name: event[name] for name in names}, payload=payload,
        latency_ms=event.get("latency_ms"), error=event.get("error", ""),
        mark=event.get("mark", ""),
    )  # fmt: skip


class Station:
    """One charge point of the emulator in a process of its own.

    Methods raise Refused where the station refuses, StationError where it has ended.
    """

    def __init__(self, csms: str, identity: str, version: str, options: Iterable[str]) -> None:
        self.identity, self.version = identity, version
        self.frames: list[Frame] = []
        self._answers: list[Mapping[str, Any]] = []
        self._link = ("", "")
        self._place = 0  # of the frame that was waited for last
        self._news = threading.Condition()
        self._ended = False
        words = [
            sys.executable, str(MANAGE), "station", "--csms", csms, "--id", identity, "--version",
            version, "--json", "--script", "-", "--go-on", *options,
        ]  # fmt: skip
        self._errors = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 - see close
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
            env=_environment(), bufsize=1,
        )  # fmt: skip
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self._process.stdout:
            event = json.loads(line)
            with self._news:
                match event["event"]:
                    case "frame":
                        self.frames.append(_frame(event))
                    case "link":
                        self._link = (event["state"], event["why"])
                    case "note":
                        pass
                    case _:
                        self._answers.append(event)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    # --- what it does ------------------------------------------------------------------------

    def command(self, name: str, **arguments: Any) -> Any:
        """Any command of the API, e.g. command("charging-limit", limit=7000, unit="W")."""
        with self._news:
            self._place = len(self.frames)
        words = [name, *(f"{key}={_worded(value)}" for key, value in arguments.items())]
        return self._line(shlex.join(words))

    def plug(self, connector: int = 1, **car: Any) -> None:
        self.command("plug", connector=connector, **car)

    def unplug(self, connector: int = 1) -> None:
        self.command("unplug", connector=connector)

    def authorize(self, id_tag: str, connector: int | None = None) -> Any:
        more = {} if connector is None else {"connector": connector}
        return self.command("authorize", id_tag=id_tag, **more)

    def start(self, connector: int = 1, id_tag: str | None = None) -> Any:
        """A driver plugs in, if no car is there, and presents a tag."""
        more = {} if id_tag is None else {"id_tag": id_tag}
        return self.command("start", connector=connector, **more)

    def stop(self, connector: int = 1, reason: str | None = None) -> Any:
        more = {} if reason is None else {"reason": reason}
        return self.command("stop", connector=connector, **more)

    def call(self, action: str, payload: Any = None, timeout: float = PATIENCE) -> Frame:
        """Send a Call with this payload, valid or not; the CSMS's answer to it."""
        with self._news:
            self._place = len(self.frames)
        text = json.dumps({} if payload is None else payload)
        made = self._line(f"call {action} {text}")
        identity = made["unique_id"]
        return self._wait(
            lambda frame: frame.id == identity and frame.direction == "received",
            f"an answer to {action}", timeout,
        )  # fmt: skip

    def raw(self, text: str) -> None:
        """Send this text, whatever it is."""
        self._line(f"raw {text}")

    def state(self) -> dict[str, Any]:
        """As GET /api/stations/{identity} has it under `state`: connectors, transactions, link."""
        return self._line("show state")

    def _line(self, text: str) -> Any:
        """What a line came to."""
        if "\n" in text:
            raise ValueError("a command is one line")
        with self._news:
            done = len(self._answers)
        try:
            self._process.stdin.write(text + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            raise StationError(self._last_words()) from None
        with self._news:
            came = self._news.wait_for(lambda: len(self._answers) > done or self._ended, PATIENCE)
            if len(self._answers) <= done:
                raise StationError(self._last_words() if came else f"No result of: {text}")
            answer = self._answers[done]
        if answer["event"] == "refused":
            raise Refused(answer["code"], answer["why"])
        return answer.get("result", answer.get("value"))

    # --- what it hears -----------------------------------------------------------------------

    def wait_for(
        self, action: str, kind: str = "Call", direction: str = "", timeout: float = PATIENCE,
        where: Callable[[Frame], bool] | None = None,
    ) -> Frame:  # fmt: skip
        """The next frame of this action and kind, since the command or the frame before.

        An answer has the action of its Call. where: what must hold of it besides.
        """
        return self._wait(
            lambda frame: (
                frame.action == action and frame.kind == kind
                and (not direction or frame.direction == direction)
                and (where is None or where(frame))
            ),
            f"{direction} {action} ({kind})".strip(), timeout,
        )  # fmt: skip

    def _wait(self, fits: Callable[[Frame], bool], words: str, timeout: float) -> Frame:
        deadline = time.monotonic() + timeout
        place = self._place
        with self._news:
            while True:
                while place < len(self.frames):
                    place += 1
                    if fits(self.frames[place - 1]):
                        self._place = place
                        return self.frames[place - 1]
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    break
                self._news.wait(left)
        if self._ended:
            raise StationError(self._last_words())
        came = ", ".join(f"{f.direction} {f.action} ({f.kind})" for f in self.frames[-5:])
        raise StationError(f"No {words} within {timeout:g} s; the last frames: {came or 'none'}.")

    def wait_accepted(self, timeout: float = PATIENCE) -> Frame:
        """Until the CSMS has accepted its BootNotification."""
        try:
            return self.wait_for(
                "BootNotification", "CallResult", timeout=timeout,
                where=lambda frame: (frame.payload or {}).get("status") == "Accepted",
            )  # fmt: skip
        except StationError as problem:
            state, why = self._link
            words = f"Its link is {state or 'not open'}{': ' if why else ''}{why}."
            raise StationError(f"{self.identity} was not accepted. {problem} {words}") from None

    def close(self) -> None:
        """Stop it in order: its last words are said, the link is closed."""
        if self._process.poll() is None:
            try:
                self._process.stdin.write("quit\n")
                self._process.stdin.close()
            except (OSError, ValueError):
                pass
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._errors.close()

    def _last_words(self) -> str:
        self._errors.seek(0)
        said = self._errors.read().strip()
        return f"The station {self.identity} has ended. {said[-2000:]}".strip()


def _worded(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _NOT_OURS}


@dataclass
class Verdicts:
    """Of a suite's run. results: as in the JSON report (docs/reference/suites.md)."""

    passed: bool
    results: list[dict[str, Any]] = field(default_factory=list)
    command: str = ""

    @property
    def bad(self) -> list[dict[str, Any]]:
        return [each for each in self.results if each["bad"]]

    def assert_passed(self) -> None:
        """Raises AssertionError with a sentence for each case that is not as it should be."""
        if self.passed:
            return
        lines = [
            f"{each['verdict']} {each['id']} (OCPP {each['version']}): "
            + (each["message"] or each["name"])
            for each in self.bad
        ] or ["Nothing was judged."]
        raise AssertionError("\n".join([*lines, f"Again: {self.command}"]))


# --- options and fixtures ------------------------------------------------------------------------

_OPTIONS = {
    "csms": "ws:// or wss:// address of the CSMS; {identity} is the station's, else it is appended",
    "version": "OCPP version of stations and suites: 1.6 (default of stations), 2.0.1 or 2.1",
    "id": "identity of stations; {n} is 1, 2, ... (default PYTEST-{n})",
    "driver": "how the CSMS is made to act, see docs/reference/suites.md",
    "options": "further options of `ocpp-emulator station` and `runsuite`, as in a shell",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ocpp", "OCPP charge points")
    for name, words in _OPTIONS.items():
        group.addoption(f"--ocpp-{name}", metavar=name.upper(), default=None, help=words)
        parser.addini(f"ocpp_{name}", words, default="")


def _chosen(config: pytest.Config, name: str) -> str:
    given = config.getoption(f"--ocpp-{name}")
    return given if given is not None else config.getini(f"ocpp_{name}")


@pytest.fixture(scope="session")
def ocpp_csms_url(pytestconfig: pytest.Config) -> str:
    """Where the CSMS is. Write a fixture of this name that starts yours."""
    url = _chosen(pytestconfig, "csms")
    if not url:
        pytest.skip("name a CSMS: --ocpp-csms URL, or ocpp_csms in the ini file")
    return url


@pytest.fixture
def ocpp_stations(
    ocpp_csms_url: str, pytestconfig: pytest.Config
) -> Iterator[Callable[..., Station]]:
    """ocpp_stations(id="CP-9", version="2.0.1", options=["--password", "..."]): a station that the
    CSMS has accepted (accepted=False: that may still dial). All are stopped after the test."""
    made: list[Station] = []
    usual = shlex.split(_chosen(pytestconfig, "options"))
    pattern = _chosen(pytestconfig, "id") or "PYTEST-{n}"

    def make(
        id: str = "", version: str = "", options: Iterable[str] = (), accepted: bool = True
    ) -> Station:
        identity = id or pattern.replace("{n}", str(next(_numbers)))
        wanted = version or _chosen(pytestconfig, "version") or "1.6"
        station = Station(ocpp_csms_url, identity, wanted, [*usual, *options])
        made.append(station)
        if accepted:
            station.wait_accepted()
        return station

    yield make
    for station in made:
        station.close()


@pytest.fixture
def ocpp_station(ocpp_stations: Callable[..., Station]) -> Station:
    """A station that the CSMS has accepted."""
    return ocpp_stations()


@pytest.fixture
def ocpp_suite(
    ocpp_csms_url: str, pytestconfig: pytest.Config, tmp_path: Path
) -> Callable[..., Verdicts]:
    """ocpp_suite("suite.json", only=["TC_0*"], var={"id_tag": "A"}, options=["--parallel", "4"]):
    runs a suite, a scenario or a folder of them, and gives its verdicts."""
    usual = shlex.split(_chosen(pytestconfig, "options"))

    def run(
        file: str | Path, only: Iterable[str] = (), var: Mapping[str, Any] | None = None,
        version: str = "", options: Iterable[str] = (), timeout: float = LONGEST_SUITE,
    ) -> Verdicts:  # fmt: skip
        report = tmp_path / f"ocpp-suite-{next(_numbers)}.json"
        pattern = _chosen(pytestconfig, "id") or "PYTEST-{n}"
        words = ["runsuite", str(file), "--csms", ocpp_csms_url, "--id", pattern,
                 "--json", str(report), *usual]  # fmt: skip
        wanted = version or _chosen(pytestconfig, "version")
        words += ["--version", wanted] if wanted else []
        driver = _chosen(pytestconfig, "driver")
        words += ["--driver", driver] if driver else []
        words += [word for pattern in only for word in ("--only", pattern)]
        words += [
            word for name, value in (var or {}).items()
            for word in ("--var", f"{name}={json.dumps(value)}")
        ]  # fmt: skip
        done = subprocess.run(
            [sys.executable, str(MANAGE), *words, *options], text=True, capture_output=True,
            env=_environment(), timeout=timeout,
        )  # fmt: skip
        if not report.exists():
            raise AssertionError(f"The suite was not run. {done.stderr.strip()[-2000:]}")
        made = json.loads(report.read_text())
        return Verdicts(made["passed"], made["results"], made["command"])

    return run
