"""Nobody has asked for minutes, and the store has ended the connections that nobody used."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from django.conf import settings
from django.db import connections
from secantus.server import DEFAULT_CLIENT_IDLE_TIMEOUT_S

from emulator.web.store_guard import Pulse
from messaging.keeping import store
from runtime import lifetime

IDLE = 1.5  # seconds after which the store behind the relay ends a connection


class Relay:
    """Ends a connection on which nothing comes for IDLE seconds, as the embedded store does."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.ended = asyncio.Event()
        self._server = server
        self._copies: list[asyncio.Task] = []

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, onwards = await asyncio.open_connection(*self._server)
        self._copies.append(asyncio.create_task(self._back(there, writer)))
        with contextlib.suppress(TimeoutError, ConnectionError):
            while data := await asyncio.wait_for(reader.read(1 << 16), IDLE):
                onwards.write(data)
        onwards.close()
        writer.close()
        self.ended.set()

    async def _back(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await there.read(1 << 16):
                writer.write(data)

    async def close(self) -> None:
        await lifetime.end(self._copies)


@pytest.fixture
async def idle(monkeypatch):
    """A database behind a relay, whose one connection the store has just ended."""
    relay = Relay(store.database().client.address)
    server = await asyncio.start_server(relay.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    given = connections["default"].settings_dict
    # In proportion: the product's limits are some hundred times as long.
    options = {**given["OPTIONS"], "maxIdleTimeMS": IDLE * 1000 / 3,
               "heartbeatFrequencyMS": 500, "serverMonitoringMode": "poll"}  # fmt: skip
    monkeypatch.setitem(given, "OPTIONS", options)
    monkeypatch.setitem(given, "HOST", f"mongodb://127.0.0.1:{port}/?directConnection=true")
    database = store.async_database()
    await database.client.admin.command("ping")
    relay.ended.clear()
    await asyncio.wait_for(relay.ended.wait(), 60)
    yield database
    await store.close_async()
    server.close()
    await relay.close()


async def test_the_first_request_after_a_quiet_while_is_not_told_that_the_store_is_away(idle):
    assert await Pulse().beats()


async def test_the_first_write_after_a_quiet_while_is_made(idle):
    await idle["idle"].insert_one({"_id": 1})
    assert await idle["idle"].count_documents({"_id": 1}) == 1
    await idle["idle"].drop()


def test_a_connection_is_given_up_before_anybody_else_ends_it():
    limit = settings.DATABASES["default"]["OPTIONS"]["maxIdleTimeMS"]
    assert 30_000 < limit < min(DEFAULT_CLIENT_IDLE_TIMEOUT_S, 240) * 1000
