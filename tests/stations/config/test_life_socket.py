"""ws/station: one look for all who look on, none for nobody, and what is told when."""

from __future__ import annotations

import asyncio

import pytest
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User

from accounts.models import ApiToken
from emulator.routing import websocket
from stations.life import hub
from stations.models import Station

pytestmark = pytest.mark.django_db
PATIENCE = 60.0


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr(hub, "PATIENCE", PATIENCE)


async def opened(user: User, query: str = "?station=CP1") -> WebsocketCommunicator:
    token = (await asyncio.to_thread(ApiToken.objects.issue, user))[1]
    headers = [(b"authorization", f"Bearer {token}".encode())]
    communicator = WebsocketCommunicator(websocket, f"/ws/station{query}", headers)
    connected, _ = await communicator.connect(timeout=PATIENCE)
    assert connected
    return communicator


async def next_of(communicator: WebsocketCommunicator, kind: str) -> dict:
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await communicator.receive_json_from(timeout=PATIENCE)
            if message["type"] == kind:
                return message


def test_many_viewers_share_the_looks_and_nobody_has_none_made(user, worker, running, set_state):
    set_state("CP1", {"status": "Charging", "transaction": "7", "power_w": 7000})
    worker.answer = {"result": {"time": 5.0, "power": "on", "connectors": []}}

    async def talk() -> None:
        browsers = [await opened(user) for _ in range(3)]
        for browser in browsers:
            told = await next_of(browser, "figures")
            assert told["station"]["connectors"][0]["power_w"] == 7000
            assert told["look"] == worker.answer["result"]
        assert list(hub.life_hub().watched) == ["CP1"]
        looks = len(worker.seen)
        await browsers[0].send_json_to({"type": "look"})
        await next_of(browsers[0], "figures")
        assert len(worker.seen) > looks
        for wrong in ("no JSON", '{"type": "drop"}', "[]"):
            await browsers[1].send_to(text_data=wrong)
            assert (await next_of(browsers[1], "error"))["code"] == "bad_request"
        for browser in browsers:
            await browser.disconnect()
        assert not hub.life_hub().watched

    asyncio.run(talk())
    assert {name for name, _ in worker.seen} == {"look"}


def test_a_station_that_does_not_run_is_not_asked(user, worker, make_station):
    make_station("CP1")

    async def talk() -> None:
        browser = await opened(user)
        told = await next_of(browser, "figures")
        assert (told["station"]["state"], told["look"]) == ("stopped", None)
        await asyncio.to_thread(Station.objects.all().delete)
        await browser.send_json_to({"type": "look"})
        assert "deleted" in (await next_of(browser, "gone"))["message"]
        await browser.disconnect()

    asyncio.run(talk())
    assert worker.seen == []


def test_a_worker_that_refuses_leaves_the_rest_of_the_page(user, worker, running, set_state):
    set_state("CP1")
    worker.answer = {"error": {"code": "not_running", "message": "It is not running yet."}}

    async def talk() -> None:
        browser = await opened(user)
        told = await next_of(browser, "figures")
        assert told["look"] is None and told["station"]["connectors"][0]["status"] == "Available"
        await browser.disconnect()

    asyncio.run(talk())


def test_without_a_name_there_is_nothing_to_look_at(user, hot):
    async def talk() -> None:
        browser = await opened(user, "")
        assert (await next_of(browser, "error"))["code"] == "bad_request"
        await browser.send_json_to({"type": "look"})
        await browser.disconnect()

    asyncio.run(talk())
