"""A client of the web process that goes round the endpoints, and starts a scenario now and then."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from urllib.parse import urlencode

PAUSE = 0.5  # seconds between two requests
PATIENCE = 30.0
MOST_FAULTS = 20
SCENARIO_EVERY = 45.0
SCENARIO = {
    "scenarioId": "chaos-session",
    "name": "A session in the chaos",
    "steps": [
        {"type": "wait_for_state", "params": {"target": "station", "state": "accepted"}},
        {"type": "start-transaction", "params": {"connector": 1}},
        {"type": "delay", "params": {"duration": {"min": 5000, "max": 10000}}},
        {"type": "stop-transaction", "params": {"connector": 1}},
    ],
    "cleanup": [{"type": "unplug", "params": {"connector": 1}, "optional": True}],
}


class Poller(threading.Thread):
    """Counts answers by status, and what is none by its kind."""

    def __init__(self, port: int, credentials: tuple[str, str], stations: tuple[str, ...],
                 scripted: tuple[str, ...], seed: int) -> None:  # fmt: skip
        super().__init__(daemon=True)
        self.port, self.credentials = port, credentials
        self.stations, self.scripted = stations, scripted
        self.chance = random.Random(seed)
        self.answers: Counter[str] = Counter()  # "GET health 200"
        self.slowest: dict[str, float] = {}
        self.faults: list[str] = []  # the first answers that should not be: 500, 502, 504
        self.working = threading.Event()
        self.ending = False
        self._token = ""
        self._scenario_at = 0.0
        self.executions: list[str] = []

    def run(self) -> None:
        while not self.ending:
            self.working.wait()
            for name, path in self.round():
                if self.ending or not self.working.is_set():
                    break
                self.ask(name, "GET", path)
                time.sleep(PAUSE)
            if self.working.is_set() and time.monotonic() >= self._scenario_at:
                self._scenario_at = time.monotonic() + SCENARIO_EVERY
                self.run_scenario()

    def round(self) -> list[tuple[str, str]]:
        one = self.chance.choice(self.stations)
        return [
            ("health", "/api/health"),
            ("stations", "/api/stations?limit=100"),
            ("stations/{id}", f"/api/stations/{one}"),
            ("stations/{id}/state", f"/api/stations/{one}/state"),
            ("connections", "/api/connections"),
            ("messages", "/api/messages?limit=100"),
            ("messages?stationId", "/api/messages?" + urlencode({"stationId": one})),
            ("transactions", "/api/transactions"),
            ("analytics/dashboard", "/api/analytics/dashboard"),
            ("executions", "/api/executions"),
        ]

    def ask(self, name: str, method: str, path: str, body: dict | None = None) -> dict | None:
        if not self._token and name != "auth/login":
            self.log_in()
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        began = time.monotonic()
        try:
            link.request(method, path, None if body is None else json.dumps(body), headers)
            answer = link.getresponse()
            text = answer.read()
            self.answers[f"{method} {name} {answer.status}"] += 1
            if answer.status >= 500 and answer.status != 503 and len(self.faults) < MOST_FAULTS:
                clock = time.strftime("%H:%M:%S")
                self.faults.append(f"{clock} {method} {path} {answer.status} {text[:150]!r}")
            if answer.status == 401:
                self._token = ""
            return json.loads(text) if answer.status < 300 else None
        except TimeoutError:
            self.answers[f"{method} {name} no answer in {PATIENCE:g} s"] += 1
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.answers[f"{method} {name} {type(error).__name__}"] += 1
        finally:
            link.close()
            took = time.monotonic() - began
            self.slowest[name] = max(self.slowest.get(name, 0.0), took)
        return None

    def log_in(self) -> None:
        body = dict(zip(("username", "password"), self.credentials, strict=True))
        answer = self.ask("auth/login", "POST", "/api/auth/login", body)
        if answer:
            self._token = answer["token"]

    def run_scenario(self) -> None:
        self.ask("scenarios", "POST", "/api/scenarios", SCENARIO)
        body = {"scenario": SCENARIO["scenarioId"], "stations": list(self.scripted)}
        answer = self.ask("executions", "POST", "/api/executions", body)
        if answer:
            self.executions.append(answer["id"])
