"""Identities on the wire: what a server reads in the request line, encoded once."""

import asyncio
import contextlib
from urllib.parse import unquote

import pytest

from stations.models import Station
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import dialer_of_row

# (identity, last segment of the path); OCPP-J 1.6, 3.1.1, and RFC 3986, 2.1
SEGMENTS = [
    ("RDAM|123", "RDAM%7C123"),  # the specification's own example
    ("Park deck 3", "Park%20deck%203"),
    ("DE*ABC:E1", "DE*ABC%3AE1"),
    ("site/7", "site%2F7"),
    ("Säule-Süd", "S%C3%A4ule-S%C3%BCd"),
    ("充電 1", "%E5%85%85%E9%9B%BB%201"),
    ("50%25", "50%2525"),
    ("a?b#c", "a%3Fb%23c"),
    ("<\"&'>", "%3C%22%26%27%3E"),
    ("A+b=c@d", "A+b=c@d"),
]


class RawServer:
    """Keeps the head of each request as it came, and refuses."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader, writer) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()


@pytest.fixture
async def raw():
    async with RawServer() as server:
        yield server


@pytest.mark.parametrize(("identity", "segment"), SEGMENTS)
@pytest.mark.parametrize("address", ["/ocpp", "/säule/ocpp", "/ocpp/{identity}"])
async def test_the_identity_in_the_request_line(address, identity, segment, raw, queue, kept):
    row = Station(identity=identity, csms_url=f"ws://127.0.0.1:{raw.port}{address}")
    dialer = dialer_of_row(row, queue, kept)
    dialer.connect()
    await until(lambda: raw.heads)
    dialer.drop()
    line = raw.heads[0].split(b"\r\n")[0].decode("ascii")
    folder = "/s%C3%A4ule/ocpp" if "ä" in address else "/ocpp"
    assert line == f"GET {folder}/{segment} HTTP/1.1"
    assert unquote(segment) == identity


async def test_an_address_that_ends_with_the_encoded_identity(raw, queue, kept):
    url = f"ws://127.0.0.1:{raw.port}/ocpp/site%2F7"
    dialer = dialer_of_row(Station(identity="site/7", csms_url=url), queue, kept)
    dialer.connect()
    await until(lambda: raw.heads)
    dialer.drop()
    assert raw.heads[0].startswith(b"GET /ocpp/site%2F7 HTTP/1.1\r\n")


async def test_the_identity_in_a_query(raw, queue, kept):
    url = f"ws://127.0.0.1:{raw.port}/ocpp?id={{identity}}&x=1"
    dialer = dialer_of_row(Station(identity="a&b +c", csms_url=url), queue, kept)
    dialer.connect()
    await until(lambda: raw.heads)
    dialer.drop()
    assert raw.heads[0].startswith(b"GET /ocpp?id=a%26b%20%2Bc&x=1 HTTP/1.1\r\n")


async def test_a_name_with_a_colon_is_not_sent_as_a_user_name(raw, queue, kept):
    """Neither the identity nor what a CSMS has set gets into a header that means another."""
    row = Station(identity="a:b", csms_url=f"ws://127.0.0.1:{raw.port}/ocpp")
    row.set_password("secret")
    dialer = dialer_of_row(row, queue, kept)
    dialer.connect()
    await until(lambda: dialer.error)
    dialer.drop()
    assert '":"' in dialer.error and not raw.heads
