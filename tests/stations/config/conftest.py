"""Fixtures of the configuration's tests: stations, a logged-in API caller, snapshots in Redis."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from accounts.models import ApiToken
from messaging import pulse
from stations.models import Station
from stations.orders import commands
from stations.orders.commands import channel_of, shard_of
from stations.state import keys, worker_signs
from stations.state.stamps import make_stamp, pack_state

WORKER = "host-1-ab"


class Api:
    """A caller with a token. Every call returns (status, parsed body)."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def __call__(self, method: str, path: str, body: Any = None, **query: Any):
        text = json.dumps(body) if body is not None else ""
        answer = self.client.generic(
            method, f"/api/{path}", text, "application/json", query_params=query
        )
        text = answer.getvalue()  # of a download too
        return answer.status_code, json.loads(text) if text else None


@pytest.fixture
def hot(db):
    """The session's real Redis, emptied before the test."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        cache.clear()
        yield client


@pytest.fixture
def sign(hot, monkeypatch):
    """sign(seconds): of a worker that has the shard of CP1 and gave its last sign so long ago.

    A minute is long here: a test may be slow, too.
    """
    monkeypatch.setattr(worker_signs, "SILENT_AFTER", 60.0)

    def tell(seconds: float = 0.0) -> None:
        hot.set(f"{keys.lease_prefix()}{shard_of('CP1')}", f"{WORKER}:7")
        prefix = settings.REDIS_PREFIX
        pulse.tell(hot, prefix, "charge_points", WORKER, keys.workers_key(), "{}")
        seen = pulse.seen_key(prefix)
        hot.hincrby(seen, f"charge_points:{WORKER}", round(-seconds * 1000))

    return tell


@pytest.fixture
def user(db, django_user_model):
    return django_user_model.objects.create_superuser("ada", "ada@example.com")


@pytest.fixture
def api(user, hot) -> Api:
    _, token = ApiToken.objects.issue(user, "test")
    return Api(token)


@pytest.fixture
def make_station(hot):
    """make_station("CP1", csms_url=..., password=...) -> a saved, checked station."""

    def make(identity: str = "CP1", password: str = "", **values: Any) -> Station:
        station = Station(
            identity=identity, **({"csms_url": "ws://127.0.0.1:9000/ocpp"} | values)
        )
        station.set_password(password)
        station.full_clean()
        station.save(force_insert=True)
        return station

    return make


@pytest.fixture
def set_state(hot):
    """Put a snapshot in Redis as a worker would."""

    def put(identity: str, *connectors: dict, version: int = 1, **values: Any) -> None:
        rows = [
            {"id": n, "evse": n, "status": "Available", "power_w": 0, "energy_wh": 0, "soc": None,
             "error": "", "transaction": None, "id_tag": None} | row
            for n, row in enumerate(connectors or ({},), start=1)
        ]  # fmt: skip
        snapshot = {
            "version": version, "identity": identity, "ocpp": "1.6", "connected": True,
            "registration": "Accepted", "last_message": 1_700_000_000.0, "connectors": rows,
            "power_w": sum(row["power_w"] for row in rows), "saved": {},
        } | values  # fmt: skip
        hot.set(keys.state_key(identity), pack_state(make_stamp(1, version), snapshot))

    return put


class Listener:
    """Answers the commands of one shard and keeps them."""

    def __init__(self, hot, identity: str) -> None:
        self.seen: list[tuple[str, dict]] = []
        self.answer: dict = {"result": {"ok": True}}
        self._shard = shard_of(identity)
        hot.set(f"{keys.lease_prefix()}{self._shard}", "test:1")
        hot.set(keys.speaking_key("test"), "1")
        self._thread = threading.Thread(target=lambda: async_to_sync(self._listen)())
        self._thread.start()

    async def _listen(self) -> None:
        layer = get_channel_layer("workers")
        # Without a time-out: one that ends a receive may lose what it has just been given.
        while (message := await layer.receive(channel_of(self._shard)))["type"] != "test.over":
            if message["type"] != "station.command":
                continue
            self.seen.append((message["name"], message["args"]))
            answers = dict.fromkeys(message["identities"], self.answer)
            await layer.send(message["reply"], {"type": "answer", "answers": answers})

    def stop(self) -> None:
        layer = get_channel_layer("workers")
        async_to_sync(layer.send)(channel_of(self._shard), {"type": "test.over"})
        self._thread.join()


@pytest.fixture
def worker(hot, monkeypatch):
    for name in ("send_command", "send_commands", "send_command_sync", "send_commands_sync"):
        # It answers each, on a busy machine after more than five seconds.
        monkeypatch.setattr(getattr(commands, name), "__defaults__", (None, 60.0))
    listener = Listener(hot, "CP1")
    yield listener
    listener.stop()


@pytest.fixture
def running(make_station):
    return make_station("CP1", running=True, default_id_tag="TAG1")
