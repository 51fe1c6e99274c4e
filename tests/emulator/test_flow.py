"""Answers that are read slowly, against a real Daphne: they wait where they are made."""

import json
import socket
import urllib.request

import pytest

from benchmarks.processes import wait_until
from tests.emulator.real_daphne import serving

BLOCK, BLOCKS = 65536, 1600  # 100 MiB, far more than the sockets' buffers
STREAMING = f"""
from emulator.web.bodies import limit_bodies
from emulator.web.flow import heed_readers
state = {{"sent": 0, "ended": 0}}

async def application(scope, receive, send):
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    if scope["path"] == "/state":
        import json
        await send({{"type": "http.response.body", "body": json.dumps(state).encode()}})
        return
    try:
        for _ in range({BLOCKS}):
            await send({{"type": "http.response.body", "body": b"x" * {BLOCK}, "more_body": True}})
            state["sent"] += 1
        await send({{"type": "http.response.body"}})
    finally:
        state["ended"] += 1
limit_bodies()
heed_readers()
"""


@pytest.fixture
def port(tmp_path):
    with serving(tmp_path, STREAMING) as port:
        yield port


def state(port: int) -> dict:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/state", timeout=30) as answer:
        return json.loads(answer.read())


def asked(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), 60)
    client.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    return client


def test_what_is_not_read_is_not_made(port):
    slow = asked(port)
    wait_until(lambda: state(port)["sent"] > 0, 60, "the answer begins")
    for _ in range(20):  # others are served, and it does not go on
        assert state(port)["sent"] < BLOCKS // 2
    got = 0
    while block := slow.recv(1 << 20):
        got += len(block)
    assert got > BLOCK * BLOCKS
    assert state(port) == {"sent": BLOCKS, "ended": 1}


def test_one_who_leaves_in_the_middle_holds_nothing(port):
    with asked(port):
        wait_until(lambda: state(port)["sent"] > 0, 60, "the answer begins")
    wait_until(lambda: state(port)["ended"] == 1, 60, "the application ends")
