"""A thousand browsers and a thousand idle connections: the others are served all the same."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import urllib.request

from benchmarks.processes import free_port, wait_until
from emulator.web.crowds import TOO_MANY, SocketLimit
from messaging.live.hub import VIEWERS_A_TURN, Hub
from messaging.live.viewer import Viewer
from messaging.rows import LiveFilter
from tests.messaging.conftest import make_record
from tests.messaging.test_stream import published

IDLE = 1000
PLAIN = """
from emulator.web.crowds import raise_file_limit

async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"served"})
raise_file_limit()
"""


def _few_descriptors() -> None:
    """As a shell's usual limit, in small: what a test may open itself is limited too."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def test_a_thousand_idle_connections_keep_nobody_out(tmp_path):
    (tmp_path / "plain.py").write_text(PLAIN)
    port = free_port()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * IDLE)), hard))
    process = subprocess.Popen(
        [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "plain:application"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.getcwd()}"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_few_descriptors,
    )  # fmt: skip
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opened: list[socket.socket] = []

    def served() -> bool:
        try:
            with opener.open(f"http://127.0.0.1:{port}/", timeout=30) as answer:
                return answer.read() == b"served"
        except OSError:
            return False

    try:
        wait_until(served, 60, "Daphne listens")
        for number in range(IDLE):
            opened.append(socket.create_connection(("127.0.0.1", port), 30))
            if number % 2:  # every second one has begun to ask, and does not go on
                opened[-1].sendall(b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Le")
        assert served()
    finally:
        for each in opened:
            each.close()
        process.kill()
        process.wait()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Sockets:
    """WebSockets that an application keeps open until they are let go."""

    def __init__(self, of_one: int, of_all: int) -> None:
        self.go = asyncio.Event()
        self.entered: list[str] = []
        self.limit = SocketLimit(self._application, of_one, of_all)

    async def _application(self, scope, receive, send):
        self.entered.append(scope["client"][0])
        await self.go.wait()

    async def of(self, *addresses: str) -> list[int]:
        """Open one of each address; the codes of those that were closed at once."""
        said: list[dict] = []

        async def send(event):
            said.append(event)

        for address in addresses:
            scope = {"type": "websocket", "client": [address, 1]}
            self.tasks = [*getattr(self, "tasks", []),
                          asyncio.create_task(self.limit(scope, None, send))]  # fmt: skip
        await asyncio.sleep(0)
        return [event["code"] for event in said if event["type"] == "websocket.close"]


async def test_one_address_does_not_take_all_sockets():
    sockets = Sockets(of_one=3, of_all=5)
    assert await sockets.of("a", "a", "a", "a") == [TOO_MANY]
    assert await sockets.of("b", "b", "c") == [TOO_MANY]  # of all
    assert sockets.entered == ["a", "a", "a", "b", "b"]
    sockets.go.set()
    await asyncio.gather(*sockets.tasks)
    assert not sockets.limit.open
    assert await sockets.of("a") == []
    await asyncio.gather(*sockets.tasks)


async def test_a_request_is_no_socket():
    sockets = Sockets(of_one=1, of_all=1)
    sockets.go.set()
    for _ in range(3):
        await sockets.limit({"type": "http", "client": ["a", 1]}, None, None)
    assert sockets.entered == ["a", "a", "a"]


def test_a_batch_for_a_thousand_viewers_takes_many_turns():
    hub, got = Hub(), []
    for _ in range(1000):
        hub.viewers[Viewer(LiveFilter())] = got.append
    records = [make_record() for _ in range(5)]
    turns, before = 0, 0
    for _ in hub.shares(published(records)):
        turns += 1
        assert len(got) - before <= VIEWERS_A_TURN
        before = len(got)
    assert len(got) == 1000 and turns == 1000 // VIEWERS_A_TURN
    assert all(len(json.loads(text)["items"]) == 5 for text in got)


def test_a_viewer_that_leaves_in_a_pause_is_sent_nothing():
    hub, got = Hub(), []
    viewers = [Viewer(LiveFilter()) for _ in range(VIEWERS_A_TURN + 1)]
    hub.viewers.update(dict.fromkeys(viewers, got.append))
    for _ in hub.shares(published([make_record()])):
        hub.viewers.pop(viewers[-1], None)
    assert len(got) == VIEWERS_A_TURN
