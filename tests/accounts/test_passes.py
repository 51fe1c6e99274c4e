"""A WebSocket ends with what it came in by: within 5 s of its session, token, right or user."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from accounts import passes
from accounts.models import ApiToken
from emulator.groups import make_group
from emulator.routing import websocket
from messaging.live.hub import hub

pytestmark = pytest.mark.django_db
INTERVAL = passes.INTERVAL  # before a test makes it shorter
OURS = [(b"host", b"testserver"), (b"origin", b"http://testserver")]


@pytest.fixture
def viewer(db, django_user_model):
    user = django_user_model.objects.create_user("vera")
    user.groups.add(make_group("Viewer"))
    return user


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(passes, "INTERVAL", 0.05)


def header_of(token: str) -> tuple[bytes, bytes]:
    return b"authorization", f"Bearer {token}".encode()


def cookie_of(client: Client) -> tuple[bytes, bytes]:
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    return b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode()


async def opened(*headers: tuple[bytes, bytes]) -> WebsocketCommunicator:
    socket = WebsocketCommunicator(websocket, "/ws/messages", [*headers])
    connected, _ = await socket.connect(timeout=10)
    assert connected
    assert (await socket.receive_json_from(timeout=10))["type"] == "hello"
    return socket


async def code_of_end(socket: WebsocketCommunicator) -> int:
    async with asyncio.timeout(60):  # one that goes on is told things all the time
        while True:
            event = await socket.receive_output(timeout=20)
            if event["type"] == "websocket.close":
                await socket.disconnect()
                return event["code"]


def revoke(user, row, client) -> None:
    row.delete()


def expire(user, row, client) -> None:
    ApiToken.objects.filter(pk=row.pk).update(expires=row.created)


def log_out(user, row, client) -> None:
    assert client.post("/api/auth/logout").status_code == 200


def deactivate(user, row, client) -> None:
    user.is_active = False
    user.save()


def new_password(user, row, client) -> None:
    user.set_unusable_password()
    user.save()


def take_right(user, row, client) -> None:
    user.groups.clear()


def narrow(user, row, client) -> None:
    ApiToken.objects.filter(pk=row.pk).update(scopes=["metrics"])


@pytest.mark.parametrize(
    ("by", "end", "code"),
    [("token", revoke, 4401), ("token", expire, 4401), ("token", deactivate, 4401),
     ("token", new_password, 4401), ("token", take_right, 4403), ("token", narrow, 4403),
     ("session", log_out, 4401), ("session", deactivate, 4401), ("session", new_password, 4401),
     ("session", take_right, 4403)],
)  # fmt: skip
async def test_it_ends(viewer, by, end, code):
    row, token = await sync_to_async(ApiToken.objects.issue)(viewer)
    client = Client()
    await sync_to_async(client.force_login)(viewer)
    given = header_of(token) if by == "token" else cookie_of(client)
    socket = await opened(*OURS, given)
    await sync_to_async(end)(viewer, row, client)
    assert await code_of_end(socket) == code
    assert not hub().viewers


def test_the_limit_is_kept_with_room():
    text = Path(passes.__file__).read_text()  # the tests have more patience than users
    patience = float(re.search(r"^PATIENCE = ([\d.]+)", text, re.MULTILINE)[1])
    assert INTERVAL + patience < 5


async def test_others_go_on_and_a_store_that_is_away_ends_nothing(viewer, monkeypatch):
    row, token = await sync_to_async(ApiToken.objects.issue)(viewer)
    _, other = await sync_to_async(ApiToken.objects.issue)(viewer)
    first, second = await opened(header_of(token)), await opened(header_of(other))
    look, loop, often_enough, looked = passes.look, asyncio.get_running_loop(), asyncio.Event(), []

    def away(*given):
        looked.append(given)
        if len(looked) == 6:
            loop.call_soon_threadsafe(often_enough.set)
        raise ConnectionError

    monkeypatch.setattr(passes, "look", away)
    await sync_to_async(row.delete)()
    async with asyncio.timeout(60):
        await often_enough.wait()
    assert len(hub().viewers) == 2
    monkeypatch.setattr(passes, "look", look)
    assert await code_of_end(first) == 4401
    assert len(hub().viewers) == 1
    await second.disconnect()
    assert not hub().viewers


# --- Origin ----------------------------------------------------------------------------------


async def comes_in(*headers: tuple[bytes, bytes]) -> bool:
    socket = WebsocketCommunicator(websocket, "/ws/messages", [(b"host", b"testserver"), *headers])
    connected, _ = await socket.connect(timeout=10)
    if connected:
        await socket.disconnect()
    return connected


@pytest.mark.parametrize(
    ("origin", "comes"),
    [(None, True), (b"http://testserver", True), (b"http://testserver:8001", False),
     (b"https://testserver", False), (b"http://evil.example", False), (b"null", False),
     (b"http://a.trusted.example", True), (b"http://trusted.example:1", False),
     (b"http://[", False)],
)  # fmt: skip
async def test_a_token_needs_no_origin_and_no_foreign_one_passes(viewer, settings, origin, comes):
    settings.CSRF_TRUSTED_ORIGINS = ["http://*.trusted.example"]
    _, token = await sync_to_async(ApiToken.objects.issue)(viewer)
    headers = [] if origin is None else [(b"origin", origin)]
    assert await comes_in(*headers, header_of(token)) == comes


async def test_a_session_needs_one(viewer):
    client = Client()
    await sync_to_async(client.force_login)(viewer)
    assert not await comes_in(cookie_of(client))
    assert await comes_in((b"origin", b"http://testserver"), cookie_of(client))


async def test_a_host_that_is_not_ours_has_no_pages_of_ours(viewer, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    _, token = await sync_to_async(ApiToken.objects.issue)(viewer)
    evil = [(b"host", b"evil.example"), (b"origin", b"http://evil.example"), header_of(token)]
    socket = WebsocketCommunicator(websocket, "/ws/messages", evil)
    assert not (await socket.connect(timeout=10))[0]
