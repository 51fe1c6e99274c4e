"""/api/health and /api/metrics: what they say, how fast, and what they say when a part is away."""

from __future__ import annotations

import json
import time

import pytest
import redis
from django.conf import settings
from django.test import AsyncClient

from emulator import health, metrics, signs
from tests.emulator.processes import free_port


@pytest.fixture
def store(monkeypatch):
    """Redis under a prefix of this test's own."""
    monkeypatch.setenv("REDIS_PREFIX", f"test-health-{time.monotonic_ns()}:")
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield client
    for key in client.scan_iter(f"{signs.prefix()}*"):
        client.delete(key)
    client.close()


def everybody_lives(store, now: float) -> None:
    worker = {
        "id": "host-1-ab", "pid": 1, "time": now, "stations": 7, "connected": 5, "shards": [0, 1],
        "sent": 40, "received": 30, "sent_per_second": 2.5, "received_per_second": 1.5,
        "rss": 1000, "loop_lag": 0.01, "recorder": {"buffered": 3, "dropped": 0, "lag": 0.2},
    }  # fmt: skip
    store.hset(f"{signs.prefix()}fleet:workers", "host-1-ab", json.dumps(worker))
    runner = {"id": "host-4-cd", "pid": 4, "time": now, "executions": 1, "stations": 3}
    store.hset(f"{signs.prefix()}scenarios:runners", "host-4-cd", json.dumps(runner))
    store.hset(signs.celery_key(), "celery@host", json.dumps({"time": now, "pid": 2}))
    store.hset(signs.beat_key(), mapping={"seen": now, "pid": 3, "task": "t", "run": now - 4})
    store.set(f"{signs.prefix()}sync:last", json.dumps({"time": now - 4, "written": 6}))


def ask(now: float) -> dict:
    return health.report(health.ask_mongodb(), *health.ask_redis(), now)


def test_ok_when_everybody_lives(store):
    now = time.time()
    everybody_lives(store, now)
    store.lpush(f"{signs.celery_prefix()}messages", "a", "b")
    store.hset(signs.tasks_key(), mapping={"SUCCESS": 9, "FAILURE": 1, "REJECTED": 2})
    answer = ask(now)
    assert (answer["status"], answer["problems"]) == ("ok", [])
    assert answer["charge_points"]["stations"] == 7 and answer["charge_points"]["connected"] == 5
    assert answer["celery"]["queues"] == {"messages": 2, "sync": 0, "maintenance": 0}
    assert (answer["celery"]["failed"], answer["celery"]["retried"]) == (1, 2)
    assert answer["scenarios"] == {"runners": 1, "executions": 1, "stations": 3}
    assert answer["sync"]["lag"] == 4.0 and answer["beat"]["last_run"] == now - 4


@pytest.mark.parametrize(
    ("silent", "sentence"),
    [
        ("fleet:workers", "No charge point worker"),
        ("scenarios:runners", "No scenario runner"),
        ("health:celery", "No Celery worker"),
        ("health:beat", "beat does not run"),
    ],
)
def test_degraded_when_a_worker_is_silent(store, silent, sentence):
    now = time.time()
    everybody_lives(store, now)
    store.delete(f"{signs.prefix()}{silent}")
    answer = ask(now)
    assert answer["status"] == "degraded"
    assert len(answer["problems"]) == 1 and sentence in answer["problems"][0]


def test_an_old_sign_counts_as_none(store):
    now = time.time()
    everybody_lives(store, now - 60)
    assert len(ask(now)["problems"]) == 4


def test_a_late_sync_is_told(store):
    now = time.time()
    everybody_lives(store, now)
    store.set(f"{signs.prefix()}sync:last", json.dumps({"time": now - 1000}))
    assert ask(now)["problems"] == ["The last sync was 1000 s ago."]


async def test_redis_away_is_503_within_a_second(settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    health._redis.cache_clear()
    try:
        begin = time.perf_counter()
        response = await AsyncClient().get("/api/health")
        took = time.perf_counter() - begin
    finally:
        health._redis.cache_clear()
    assert response.status_code == 503
    answer = response.json()
    assert answer["status"] == "down" and not answer["redis"]["ok"] and answer["mongodb"]["ok"]
    assert took < 2.0  # 0.9 s by its own limits; the rest is for a busy machine


async def test_mongodb_that_does_not_answer_is_503_within_a_second(settings):
    import socket

    with socket.socket() as deaf:  # takes the connection and says nothing
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        settings.MONGODB_URI = f"mongodb://127.0.0.1:{deaf.getsockname()[1]}/?directConnection=true"
        health._mongodb.cache_clear()
        try:
            begin = time.perf_counter()
            response = await AsyncClient().get("/api/health")
            took = time.perf_counter() - begin
        finally:
            health._mongodb.cache_clear()
    assert response.status_code == 503
    assert not response.json()["mongodb"]["ok"] and response.json()["redis"]["ok"]
    assert took < 2.0


@pytest.mark.django_db
async def test_metrics_need_a_login():
    response = await AsyncClient().get("/api/metrics")
    assert response.status_code == 401


def test_metrics_are_prometheus_text(store):
    now = time.time()
    everybody_lives(store, now)
    redis_answer, found = health.ask_redis()
    text = metrics.render(health.report({"ok": True}, redis_answer, found, now), found).decode()
    assert 'ocpp_stations_connected{worker="host-1-ab"} 5.0' in text
    assert 'ocpp_frames_sent_total{worker="host-1-ab"} 40.0' in text
    assert 'ocpp_up{service="mongodb"} 1.0' in text


@pytest.mark.django_db
def test_the_admins_first_page_shows_the_cards(admin_client):
    page = admin_client.get("/admin/").content.decode()
    assert 'id="health-cards"' in page and "Task queues" in page
    assert "No charge point worker runs" in page  # true of the tests' Redis
