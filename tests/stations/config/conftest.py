"""Fixtures of the configuration's tests: stations, a logged-in API caller, snapshots in Redis."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from accounts.models import ApiToken
from stations import keys
from stations.models import Station
from stations.stamps import make_stamp, pack_state


class Api:
    """A caller with a token. Every call returns (status, parsed body)."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def __call__(self, method: str, path: str, body: Any = None, **query: Any):
        text = json.dumps(body) if body is not None else ""
        answer = self.client.generic(
            method, f"/api/{path}", text, "application/json", query_params=query
        )
        return answer.status_code, json.loads(answer.content) if answer.content else None


@pytest.fixture
def hot(db):
    """The session's real Redis, emptied before the test."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        cache.clear()
        yield client


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
