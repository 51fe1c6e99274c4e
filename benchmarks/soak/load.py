"""Who presses on the platform during a soak: API readers, savers, and live viewers."""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import threading
import time
from array import array
from collections import defaultdict
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import connect

from runtime import lifetime

LOG_INS = 20
PAUSE = 0.2  # between one client's requests: people and scripts, not a flood


class Timings:
    """Seconds of each request by endpoint, and what was not answered with 2xx."""

    def __init__(self) -> None:
        self.seconds: dict[str, array] = defaultdict(lambda: array("f"))
        self.failures: list[str] = []
        self.slow: list[tuple[float, str, float]] = []  # (unix time, endpoint, s) above 1 s

    def took(self, name: str, seconds: float) -> None:
        self.seconds[name].append(seconds)
        if seconds > 1.0:
            self.slow.append((time.time(), name, seconds))

    def clear(self) -> None:
        self.seconds.clear()
        self.slow.clear()

    def rows(self) -> list[tuple[str, int, float, float, float, int]]:
        """(endpoint, requests, p50, p99, max, over 1 s); seconds."""
        rows = []
        for name, values in sorted(self.seconds.items()):
            ordered = sorted(values)
            last = len(ordered) - 1
            rows.append((
                name, len(ordered), ordered[last // 2], ordered[round(last * 0.99)], ordered[-1],
                sum(value > 1.0 for value in ordered),
            ))  # fmt: skip
        return rows


def log_in(url: str, name: str, password: str) -> str:
    """A token; the platform has to be up. A store that is busy (503) is asked again."""
    body = json.dumps({"username": name, "password": password})
    left = LOG_INS
    while True:
        left -= 1
        link = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        link.request("POST", "/api/auth/login", body, {"Content-Type": "application/json"})
        answer = link.getresponse()
        text = answer.read()
        if answer.status == 200:
            return json.loads(text)["token"]
        if answer.status != 503 or not left:
            raise AssertionError(f"log-in failed: {answer.status} {text[:300]!r}")
        time.sleep(1.0)


class Reader(threading.Thread):
    """One client that goes round the endpoints; `saves` also writes."""

    def __init__(
        self, url: str, token: str, identities: list[str], timings: Timings, saves: bool
    ) -> None:
        super().__init__(daemon=True)
        self.netloc = urlsplit(url).netloc
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.identities = identities
        self.timings = timings
        self.saves = saves
        self.ending = threading.Event()
        self.random = random.Random(len(identities) + saves)

    def run(self) -> None:
        while not self.ending.is_set():
            for name, method, path, body in self.round():
                if self.ending.is_set():
                    return
                self.ask(name, method, path, body)
                time.sleep(PAUSE)

    def round(self) -> list[tuple[str, str, str, str | None]]:
        one = self.random.choice(self.identities)
        gets = {
            "GET health": "/api/health",
            "GET stations": "/api/stations?limit=100",
            "GET stations/{id}": f"/api/stations/{one}",
            "GET stations/{id}/state": f"/api/stations/{one}/state",
            "GET connections": "/api/connections",
            "GET messages": "/api/messages?limit=100",
            "GET messages?stationId": "/api/messages?" + urlencode({"stationId": one}),
            "GET transactions": "/api/transactions",
            "GET analytics/dashboard": "/api/analytics/dashboard",
            "GET metrics": "/api/metrics",
        }
        calls = [(name, "GET", path, None) for name, path in gets.items()]
        if self.saves:
            body = json.dumps({"name": f"Saved {time.time():.0f}"})
            calls.append(("PATCH stations/{id}", "PATCH", f"/api/stations/{one}", body))
            calls.append(("POST admin/sync", "POST", "/api/admin/sync", "{}"))
        return calls

    def ask(self, name: str, method: str, path: str, body: str | None) -> None:
        link = http.client.HTTPConnection(self.netloc, timeout=60)
        begun = time.perf_counter()
        try:
            link.request(method, path, body, self.headers)
            answer = link.getresponse()
            answer.read()
            if answer.status >= 300:
                self.timings.failures.append(f"{name}: {answer.status}")
        except OSError as error:
            self.timings.failures.append(f"{name}: {error!r}")
        finally:
            link.close()
        self.timings.took(name, time.perf_counter() - begun)


class Viewers(threading.Thread):
    """Live viewers in an event loop of their own; each acknowledges what it has read."""

    def __init__(self, url: str, token: str, number: int) -> None:
        super().__init__(daemon=True)
        self.url = url.replace("http", "ws", 1) + "/ws/messages"
        self.origin = url
        self.headers = {"Authorization": f"Bearer {token}"}
        self.number = number
        self.rows = 0
        self.missed = 0
        self.lost = 0  # sockets that the server closed
        self.ending: asyncio.Event | None = None
        self.ready = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> None:
        asyncio.run(self._all())

    def stop(self) -> None:
        self.ready.wait()
        self.loop.call_soon_threadsafe(self.ending.set)
        self.join(20)

    async def _all(self) -> None:
        self.loop, self.ending = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        watching = [asyncio.ensure_future(self._watch()) for _ in range(self.number)]
        await self.ending.wait()
        await lifetime.end(watching)

    async def _watch(self) -> None:
        options = {"origin": self.origin, "additional_headers": self.headers, "max_size": None}
        async with connect(self.url, **options) as socket:
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "messages":
                    self.rows += len(message["items"])
                    await socket.send(json.dumps({"type": "ack", "serial": message["serial"]}))
                elif message["type"] == "missed":
                    self.missed += message["count"]
        self.lost += 1
