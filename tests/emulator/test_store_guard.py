"""The guard before the web: an answer in time where the store is away, and nothing else changed."""

from __future__ import annotations

import asyncio
import json

import pytest

from emulator.profiles import web as settings_web
from emulator.web import store_guard
from emulator.web.store_guard import Pulse, StoreGuard


class Store:
    """MongoDB as far as a ping goes."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0

    async def ping(self) -> None:
        self.asked += 1
        if self.away:
            await asyncio.sleep(60)


@pytest.fixture
def store():
    return Store()


async def ask(app, store, path="/api/stations", method="GET", kind="http", pulse=None):
    """The events that come back."""
    sent = []

    async def receive():
        await asyncio.sleep(60)

    async def send(event):
        sent.append(event)

    guard = StoreGuard(app, pulse or Pulse(store.ping))
    async with asyncio.timeout(20):
        scope = {"type": kind, "path": path, "method": method, "headers": [], "query_string": b""}
        await guard({**scope, "server": ("127.0.0.1", 8000)}, receive, send)
    return sent


async def hangs(scope, receive, send):
    await asyncio.sleep(60)


async def answers(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


async def test_a_request_that_hangs_in_a_store_that_is_away_has_its_503(store):
    store.away = True
    start, body = await ask(hangs, store)
    assert start["status"] == 503
    assert dict(start["headers"])[b"Retry-After"]
    answer = json.loads(body["body"])
    assert answer["code"] == "unavailable"
    assert answer["message"].startswith("MongoDB is away:")
    assert "carried out" not in answer["message"]


async def test_who_changes_something_is_told_that_it_may_have_happened(store):
    store.away = True
    _, body = await ask(hangs, store, method="POST")
    assert "may have been carried out" in json.loads(body["body"])["message"]


async def test_the_admin_has_a_page_with_a_way_back(store):
    store.away = True
    start, body = await ask(hangs, store, path="/admin/stations/station/")
    page = body["body"].decode()
    assert dict(start["headers"])[b"Content-Type"].startswith(b"text/html")
    assert "MongoDB is away" in page and 'href="/admin/"' in page


async def test_a_socket_is_closed_with_try_again_later(store):
    store.away = True
    accept, close = await ask(hangs, store, path="/ws/messages", kind="websocket")
    assert accept["type"] == "websocket.accept"
    assert (close["type"], close["code"]) == ("websocket.close", 4503)


async def test_a_long_request_to_a_store_that_lives_is_waited_for(store, monkeypatch):
    monkeypatch.setattr(store_guard, "GRACE", 0.01)

    async def slow(scope, receive, send):
        while store.asked < 3:  # noqa: ASYNC110 - of pings, which nobody announces
            await asyncio.sleep(0.01)
        await answers(scope, receive, send)

    start, _ = await ask(slow, store)
    assert start["status"] == 200


async def test_a_quick_request_asks_nothing(store):
    start, _ = await ask(answers, store)
    assert start["status"] == 200
    assert store.asked == 0


async def test_once_it_is_known_to_be_away_nothing_is_begun_until_it_is_back(store):
    pulse, begun = Pulse(store.ping), []

    async def app(scope, receive, send):
        begun.append(scope)
        await answers(scope, receive, send)

    store.away = True
    assert not await pulse.beats()
    start, _ = await ask(app, store, pulse=pulse)
    assert (start["status"], begun) == (503, [])
    store.away = False
    start, _ = await ask(app, store, pulse=pulse)
    assert (start["status"], len(begun)) == (200, 1)


async def test_what_needs_no_store_is_free(store):
    store.away = True
    pulse = Pulse(store.ping)
    assert not await pulse.beats()
    start, _ = await ask(answers, store, path="/api/health", pulse=pulse)
    assert start["status"] == 200


def test_the_patience_of_the_web_is_below_a_second():
    assert store_guard.GRACE + store_guard.PING_LIMIT < 1
    options = settings_web.DATABASES["default"]["OPTIONS"]
    assert options["serverSelectionTimeoutMS"] < 900 - store_guard.GRACE
    assert sum(settings_web.REDIS_CLIENT.values()) < 1
