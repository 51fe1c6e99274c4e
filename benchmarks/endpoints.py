"""Every GET operation of the API, asked as one who has a token asks: the time to its first byte.

The operations are those of the platform's own OpenAPI document. What stands for an object in a path
is the first that the list before it has; where there is none, the operation is left out.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

DOCUMENT = "/api/openapi.json"
GIVEN = {"version": "1.6", "action": "Heartbeat"}
IDS = ("id", "identity", "scenarioId", "name")  # of the objects of a list
STATES = (
    "disabled", "stopped", "held back", "disconnected", "pending", "connected", "charging",
    "faulted", "online", "running",
)  # fmt: skip
# Once more by what makes them dear.
FILTERED = (
    *(f"/api/stations?state={quote(state)}" for state in STATES),
    "/api/stations?search=0017", "/api/stations?search=nowhere", "/api/stations?version=1.6",
    "/api/connections?state=connected", "/api/messages?errors=true",
    "/api/messages?action=BootNotification&order=oldest", "/api/messages?text=nowhere",
    "/api/messages?uid=nowhere", "/api/messages/search?q=BootNotification",
    "/api/messages/stats?hours=720", "/api/analytics/messages?hours=720",
    "/api/transactions?limit=500",
)  # fmt: skip


class Endpoints:
    """One client with a token."""

    def __init__(self, url: str, token: str) -> None:
        self._at = urlsplit(url)
        self._headers = {"Authorization": f"Bearer {token}"}

    def first(self, address: str) -> tuple[int, float]:
        """(status, ms to the first byte). Of a download no more is read."""
        link = http.client.HTTPConnection(self._at.hostname, self._at.port, timeout=120)
        try:
            link.connect()
            began = time.perf_counter()
            link.request("GET", address, headers=self._headers)
            answer = link.getresponse()
            took = 1000 * (time.perf_counter() - began)
            if "/export" not in address:
                answer.read()
        finally:
            link.close()
        return answer.status, took

    def addresses(self, identity: str) -> Iterator[str]:
        """One of each operation, then the dear ones. identity: of the station that is asked for."""
        for path, operations in self._read(DOCUMENT)["paths"].items():
            if "get" in operations and (address := self._filled(path, identity)):
                yield address
        yield f"/api/messages?stationId={quote(identity)}"
        yield f"/api/transactions?station={quote(identity)}"
        yield from FILTERED

    def _filled(self, path: str, identity: str) -> str:
        values = GIVEN | {"identity": identity}
        address = ""
        for part in path.strip("/").split("/"):
            if part.startswith("{"):
                name = part[1:-1]
                value = values.get(name) or self._first_of(address)
                if not value:
                    return ""
                part = quote(value, safe="")
            address += f"/{part}"
        return address

    def _first_of(self, address: str) -> str:
        listed = self._read(f"{address}?limit=1")
        rows = listed.get("items", []) if isinstance(listed, dict) else listed
        found = (str(rows[0][name]) for name in IDS if rows and rows[0].get(name))
        return next(found, "")

    def _read(self, address: str) -> dict | list:
        link = http.client.HTTPConnection(self._at.hostname, self._at.port, timeout=120)
        try:
            link.request("GET", address, headers=self._headers)
            answer = link.getresponse()
            text = answer.read()
        finally:
            link.close()
        if answer.status != 200:
            return []
        return json.loads(text)
