"""HEAD against a real Daphne: two of them on one connection, each with a head and nothing more."""

import socket

import pytest

from tests.emulator.real_daphne import serving

TALKING = """
from emulator.web.head_requests import WithoutBodyForHead

async def talks(scope, receive, send):
    headers = [(b"content-length", b"12"), (b"x-method", scope["method"].encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hello ", "more_body": True})
    await send({"type": "http.response.body", "body": b"world."})

application = WithoutBodyForHead(talks)
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("talking"), TALKING) as port:
        yield port


def test_an_answer_to_head_has_no_body_and_the_connection_goes_on(port):
    asked = "".join(
        f"{method} / HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n\r\n"
        for method, connection in (("HEAD", "keep-alive"), ("HEAD", "keep-alive"), ("GET", "close"))
    )
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(asked.encode())
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    first, second, third, body = got.split(b"\r\n\r\n")
    for head, method in ((first, b"head"), (second, b"head"), (third, b"get")):
        assert head.startswith(b"HTTP/1.1 200")
        told = head.lower().split(b"\r\n")
        assert b"x-method: " + method in told and b"content-length: 12" in told
    assert body == b"Hello world."
