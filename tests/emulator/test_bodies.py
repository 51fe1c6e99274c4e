"""Bodies against a real Daphne: refused before they are read, as JSON, whoever sends them."""

import json
import socket

import pytest

from emulator.web import bodies
from emulator.web.bodies import ANONYMOUS, IMPORT, USUAL, Allowance, Shelf, limit_of
from tests.emulator.real_daphne import serving

COUNTING = """
from emulator.web.bodies import limit_bodies

async def application(scope, receive, send):
    size = 0
    while True:
        event = await receive()
        size += len(event.get("body", b""))
        if not event.get("more_body"):
            break
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
limit_bodies()
"""
CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("counting"), COUNTING) as port:
        yield port


class Client:
    """One request by hand."""

    def __init__(self, port: int, path: str, *headers: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        head = [f"POST {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
        self.send("\r\n".join(head).encode())

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> tuple[int, bytes]:
        """Status and body; what is told after it counts as part of the body."""
        got = b""
        while block := self.socket.recv(65536):
            got += block
        self.socket.close()
        head, _, body = got.partition(b"\r\n\r\n")
        return int(head.split()[1]), body


def refused(client: Client) -> dict:
    status, body = client.answer()
    error = json.loads(body)
    assert (status, error["code"]) == (413, "too_large")
    return error


TOKEN = "Authorization: Bearer whatever"


@pytest.mark.parametrize(
    ("path", "headers", "limit"),
    [
        ("/api/auth/login", [], ANONYMOUS),
        ("/api/stations/import", [], ANONYMOUS),
        ("/admin/login/", ["Cookie: sessionid=x"], USUAL),
        ("/api/stations", [TOKEN], USUAL),
        ("/api/stations/import?dry_run=true", [TOKEN], IMPORT),
    ],
)
def test_a_body_that_is_declared_too_long_is_refused_unread(port, path, headers, limit):
    client = Client(port, path, *headers, f"Content-Length: {limit + 1}")
    assert str(limit) in refused(client)["message"]


def test_a_body_that_comes_in_chunks_is_cut_off(port):
    """Nothing ends it: all that is read is the limit, and the answer comes all the same."""
    client = Client(port, "/api/auth/login", "Transfer-Encoding: chunked")
    client.send(CHUNK)
    client.send(CHUNK)
    refused(client)


def test_who_sends_on_may_still_read_why(port):
    client = Client(port, "/api/stations", TOKEN, "Transfer-Encoding: chunked")
    for _ in range(USUAL // 65536 + 16):
        client.send(CHUNK)
    refused(client)


def test_a_body_of_the_limit_passes(port):
    for limit, path, headers in ((ANONYMOUS, "/x", []), (IMPORT, "/api/stations/import", [TOKEN])):
        client = Client(port, path, *headers, f"Content-Length: {limit}", "Connection: close")
        client.send(b"x" * limit)
        assert client.answer() == (200, str(limit).encode())
    client = Client(port, "/x", "Transfer-Encoding: chunked", "Connection: close")
    client.send(CHUNK + b"0\r\n\r\n")
    assert client.answer() == (200, b"65536")


def test_all_bodies_together_are_bounded():
    shelf = Shelf(100)
    first, second = Allowance(80, shelf), Allowance(80, shelf)
    assert first.declared(80) is None and first.take(80) is None
    assert second.declared(30).status == 503 and second.take(30).status == 503
    first.give_back()
    first.give_back()
    assert shelf.held == 0 and second.take(30) is None
    assert second.take(51).status == 413


def test_a_path_has_the_limit_of_who_asks():
    assert limit_of(b"/api/stations/import", known=False) == ANONYMOUS
    assert limit_of(b"/api/stations/importer", known=True) == USUAL
    assert bodies.TOGETHER > IMPORT
