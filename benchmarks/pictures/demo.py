"""The platform that is photographed: its demo stations and its demo CSMS, at work."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from benchmarks.fleets.ours import Platform
from benchmarks.processes import free_port, wait_until
from benchmarks.stack import ADMIN, LOGIN, post_json

TEMPLATE = "AC dual 22 kW, OCPP 2.0.1"
MORE = 40  # stations, made by a job
READY = 9  # of the ten demo stations
SHOWN, BROKEN, FAULT = "DEMO-HYC-09", "DEMO-ALFEN-02", "GroundFailure"
SICK = {
    "identity": "SITE-7-ROW-2", "csms_url": "ws://127.0.0.1:9/ocpp", "autostart": True,
    "connectors": [{"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 22000}],
}  # fmt: skip


BUSY = {"name": "Home chargers", "scenario": "load", "stations": ["DEMO-MENNEKES-08"]}
# What the CSMS does not say: the run fails, and its page shows what came instead.
WRONG = {
    "scenarioId": "unknown-token", "name": "An unknown token is refused",
    "steps": [
        {"type": "authorize", "params": {"connector": 1, "id_tag": "TAG-9"}},
        {"type": "expect", "params": {"direction": "sent", "action": "Authorize", "kind": "Call"}},
        {"type": "expect", "description": "The CSMS does not know the token", "timeout": 5000,
         "params": {"answers": True, "payload": {"idTagInfo": {"status": "Invalid"}}}},
        {"type": "plug", "params": {"connector": 1}},
    ],
}  # fmt: skip


class Demo:
    """The platform with its demo stations at work, and its API by a token."""

    def __init__(self) -> None:
        self.platform = Platform()
        self.platform.options = []
        self.platform.env["DEMO_CSMS_PORT"] = str(free_port())

    def start(self, say: Callable[[str], None], charging: float) -> None:
        self.platform.up()
        answer = post_json(
            f"{self.platform.url}/api/auth/login", dict(zip(LOGIN, ADMIN, strict=True))
        )
        self.token = answer["token"]
        wait_until(lambda: len(self._connected()) >= READY, 120, "the demo stations", 0.5)
        for at, row in enumerate(self._connected()):
            if "home" in row["tags"]:
                continue  # the scenario drives it
            for connector in row["connectors"][: 2 if at % 3 else 1]:
                if at % 4 == 3:
                    continue  # it waits for a driver
                self._drive(row["identity"], connector["id"], 20 + 7 * at)
        self.ask("POST", f"stations/{BROKEN}/fault", {"connector": 1, "error_code": FAULT})
        self.ask("POST", "stations", SICK)
        self.ask("POST", "scenarios/happy-path-charging/run", {"tag": "home"})
        self.wrong = self.ask("POST", "scenarios", WRONG)["id"]
        run = {"stations": ["DEMO-EASEE-03"]}
        self.failed = self.ask("POST", f"scenarios/{WRONG['scenarioId']}/run", run)["id"]
        order = {"template": TEMPLATE, "pattern": "SITE-{n:02}", "count": MORE, "region": "Germany",
                 "start": True, "per_second": 5}  # fmt: skip
        self.job = self.ask("POST", "jobs/create", order)["id"]
        plan = {"name": "Nightly", "suite": "ocpp16", "only": ["TC_00*"], "stations": "SUITE-{n}",
                "csms_url": self._connected()[0]["csms_url"], "every_minutes": 1440}  # fmt: skip
        self.ask("POST", "suites", plan)
        self.suite = self.ask("POST", "suites/Nightly/run")["id"]
        self.ask("POST", "behaviours", BUSY)
        say(f"charging for {charging:.0f} s")
        time.sleep(charging)

    def _drive(self, identity: str, connector: int, soc: int) -> None:
        car = {"battery_kwh": 77, "soc": soc, "max_power_kw": 150}
        order = {"connector": connector, "id_tag": "TAG-1", "ev": car}
        try:
            self.ask("POST", f"stations/{identity}/start-transaction", order)
        except urllib.error.HTTPError as refused:
            print(f"{identity}: {refused.read().decode()}", file=sys.stderr)

    def _connected(self) -> list[dict[str, Any]]:
        return self.ask("GET", "stations?state=online&limit=50&search=DEMO")["items"]

    def address(self, of: str) -> str:
        match of:
            case "JOB":
                return f"/admin/fleet/jobs/{self.job}/"
            case "SCENARIO":
                return f"/admin/scenarios/scenario/{self.wrong}/change/"
            case "FAILED":
                return f"/admin/scenarios/execution/{self.failed}/change/"
            case "RUN":
                return f"/admin/scenarios/scenario/{self.wrong}/run/"
            case "SUITE":
                return f"/admin/scenarios/suiterun/{self.suite}/change/"
            case "SETTINGS":
                [row] = self.platform.console.ask("keys", identities=[SHOWN])
                return f"/admin/stations/station/{row['pk']}/change/"
            case "SESSION":
                found = self.ask("GET", f"transactions?station={SHOWN}")["items"]
                return f"/admin/sessions/of/{found[0]['id']}/"
            case _:
                return of

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.platform.url}/api/{path}", None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            method=method,
        )  # fmt: skip
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.load(answer) if answer.status != 204 else None
