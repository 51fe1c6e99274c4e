"""The guard before the web: an answer in time where the store is away, and nothing else changed."""

from __future__ import annotations

import asyncio
import json

import pytest
from pymongo.errors import AutoReconnect

from emulator.profiles import web as settings_web
from emulator.web import store_guard
from emulator.web.store_guard import Pulse, StoreGuard

TOKEN = [(b"authorization", b"Bearer one")]


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
def store(monkeypatch):
    monkeypatch.setattr(store_guard, "SILENCE", 0.2)
    return Store()


async def ask(
    app, store, path="/api/stations", method="GET", kind="http", pulse=None, headers=TOKEN
):
    """The events that come back."""
    sent = []

    async def receive():
        await asyncio.sleep(60)

    async def send(event):
        sent.append(event)

    guard = StoreGuard(app, pulse or Pulse(store.ping))
    async with asyncio.timeout(20):
        scope = {"type": kind, "path": path, "method": method, "headers": headers}
        await guard({**scope, "query_string": b"", "server": ("127.0.0.1", 8000)}, receive, send)
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


async def test_a_store_that_is_too_slow_for_a_ping_is_waited_for(store, monkeypatch):
    monkeypatch.setattr(store_guard, "GRACE", 0.01)
    monkeypatch.setattr(store_guard, "PING_LIMIT", 0.01)
    monkeypatch.setattr(store_guard, "SILENCE", 60.0)
    store.away = True

    async def slow(scope, receive, send):
        while store.asked < 5:  # noqa: ASYNC110 - of pings, which nobody announces
            await asyncio.sleep(0.01)
        await answers(scope, receive, send)

    start, _ = await ask(slow, store)
    assert start["status"] == 200


async def test_one_that_refuses_a_ping_is_away_at_once(store, monkeypatch):
    monkeypatch.setattr(store_guard, "SILENCE", 60.0)

    async def refuses():
        raise AutoReconnect("connection closed")

    start, _ = await ask(hangs, store, pulse=Pulse(refuses))
    assert start["status"] == 503


async def test_two_slow_pings_with_a_long_time_between_are_no_silence(store, monkeypatch):
    monkeypatch.setattr(store_guard, "PING_LIMIT", 0.01)
    monkeypatch.setattr(store_guard, "SILENCE", 60.0)
    times = iter((1000.0, 1000.5, 1100.0, 1100.5, 1150.0, 1150.5, 1160.0, 1160.5))
    pulse, store.away = Pulse(store.ping, lambda: next(times)), True
    assert [await pulse.beats() for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("path", "header", "status"),
    [("/api/stations", None, 401), ("/api/mcp", None, 401), ("/api/auth/login", None, 503),
     ("/api/stations", (b"authorization", b"Bearer x"), 503), ("/admin/", None, 503),
     ("/api/stations", (b"cookie", b"sessionid=x"), 503)],
)  # fmt: skip
async def test_who_does_not_say_who_he_is_is_told_so_first(store, path, header, status):
    pulse, store.away = Pulse(store.ping), True
    while await pulse.beats():
        pass
    start, _ = await ask(answers, store, path, pulse=pulse, headers=[header] if header else [])
    assert start["status"] == status


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
    while await pulse.beats():
        pass
    start, _ = await ask(app, store, pulse=pulse)
    assert (start["status"], begun) == (503, [])
    store.away = False
    start, _ = await ask(app, store, pulse=pulse)
    assert (start["status"], len(begun)) == (200, 1)


async def test_what_needs_no_store_is_free(store):
    store.away = True
    pulse = Pulse(store.ping)
    while await pulse.beats():
        pass
    start, _ = await ask(answers, store, path="/api/health", pulse=pulse)
    assert start["status"] == 200


def test_the_patience_of_the_web_with_a_store_that_refuses_is_below_a_second():
    assert store_guard.GRACE + store_guard.PING_LIMIT < 1
    options = settings_web.DATABASES["default"]["OPTIONS"]
    assert options["serverSelectionTimeoutMS"] < 900 - store_guard.GRACE
    assert sum(settings_web.REDIS_CLIENT.values()) < 1
