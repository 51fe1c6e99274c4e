"""Heads of requests against a real Daphne: one that dribbles in is given up, and nobody else."""

from __future__ import annotations

import socket
import time

import pytest

from tests.emulator.real_daphne import serving

SECONDS = 5.0  # ours are 10; a busy machine is slow with an honest head, too
WAITING = f"""
import asyncio
from emulator.web.bodies import limit_bodies
from emulator.web.heads import bound_heads
go = asyncio.Event()

async def application(scope, receive, send):
    if scope["path"] == "/waits":
        await go.wait()
    go.set() if scope["path"] == "/go" else None
    await send({{"type": "http.response.start", "status": 200,
                 "headers": [(b"content-length", b"4")]}})
    await send({{"type": "http.response.body", "body": b"well"}})
limit_bodies()
bound_heads({SECONDS})
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("heads"), WAITING) as port:
        yield port


class Client:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 60)

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def ask(self, path: str) -> None:
        self.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def answer(self) -> bytes:
        got = b""
        while not got.endswith(b"well"):
            block = self.socket.recv(65536)
            assert block, got
            got += block
        return got


def dribble(client: Client) -> bytes:
    """A byte of a head every now and then until the server has had enough: what it said."""
    client.send("GET /x HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    client.socket.settimeout(0.1)
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        try:
            return client.socket.recv(65536)
        except TimeoutError:
            client.send("x")
    raise AssertionError("it is read still")


def test_a_head_that_dribbles_in_is_given_up_and_nobody_else(port):
    idle, waiting, between = Client(port), Client(port), Client(port)
    waiting.ask("/waits")
    between.ask("/a")
    between.answer()
    begun = time.monotonic()
    assert dribble(Client(port)).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun >= SECONDS - 0.5
    # For longer than that: one who said nothing yet, one who waits for his answer, one who had his.
    idle.ask("/go")
    for client in (idle, waiting):
        assert client.answer().startswith(b"HTTP/1.1 200 ")
    between.ask("/b")
    assert between.answer().startswith(b"HTTP/1.1 200 ")


def test_a_head_in_pieces_and_two_in_one_are_served(port):
    client = Client(port)
    for piece in ("GET /a HTT", "P/1.1\r\nHost: loc", "alhost\r\n", "\r\n"):
        client.send(piece)
    client.answer()
    client.send("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2)
    assert (client.answer() + b"well").count(b"well") >= 2


def test_the_second_head_of_a_connection_is_bounded_as_well(port):
    client = Client(port)
    client.ask("/a")
    client.answer()
    assert dribble(client).startswith(b"HTTP/1.1 408 ")
