"""The platform with a runner, asked by its API over HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from benchmarks.processes import wait_until
from benchmarks.stack import Stack

CONNECTORS = [
    {"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 22000},
    {"id": 2, "evse": 2, "kind": "Type2", "phases": 3, "max_power_w": 22000},
]


PATIENCE = 120.0  # seconds; a shared machine may be slow


class Platform:
    """`ask` returns (status, JSON)."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.token = stack.log_in()

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        url = f"{self.stack.url}/api/{path}"
        request = urllib.request.Request(url, data, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def good(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.ask(method, path, body)
        assert status < 300, (status, answer)
        return answer

    def station(self, identity: str, url: str, version: str = "1.6", **more: Any) -> None:
        fields = {
            "identity": identity, "csms_url": url, "ocpp_version": version,
            "connectors": CONNECTORS, "default_id_tag": "TAG-1", "meter_sample_interval": 1,
        }  # fmt: skip
        self.good("POST", "stations", fields | more)

    def connected(self, *identities: str) -> None:
        """Start stations and wait until the CSMS has accepted them."""
        for identity in identities:
            self.good("PATCH", f"stations/{identity}/start")
        for identity in identities:
            wait_until(lambda name=identity: self.is_accepted(name), PATIENCE, f"{identity} is up")

    def is_accepted(self, identity: str) -> bool:
        state = self.good("GET", f"stations/{identity}/state")
        return state["connected"] and state["registration"] == "Accepted"

    def scenario(self, slug: str, *steps: dict, **more: Any) -> None:
        body = {"scenarioId": slug, "name": slug, "steps": list(steps), **more}
        self.good("POST", "scenarios", body)

    def run(self, scenario: str, *stations: str, **more: Any) -> str:
        """The id of the execution."""
        body = {"stations": list(stations), **more}
        return self.good("POST", f"scenarios/{scenario}/run", body)["id"]

    def execution(self, identity: str) -> dict:
        return self.good("GET", f"executions/{identity}")

    def ended(self, identity: str, seconds: float = PATIENCE) -> dict:
        """The execution once it has ended."""

        def over() -> dict | None:
            found = self.execution(identity)
            return found if found["state"] not in ("pending", "running") else None

        return wait_until(over, seconds, f"the end of the execution; {self._how(identity)}", 0.2)

    def _how(self, identity: str) -> Any:
        return [(run["station"], run["step"]) for run in self.execution(identity)["runs"]]

    def passed(self, identity: str, seconds: float = PATIENCE) -> dict:
        found = self.ended(identity, seconds)
        assert found["state"] == "passed", (found["message"], [r["steps"] for r in found["runs"]])
        return found
