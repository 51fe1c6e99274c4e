"""/api/health and /api/metrics: what they say, how fast, and what they say when a part is away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import threading
import time

import pytest
import redis
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import AsyncClient

from accounts.models import ApiToken
from benchmarks.stack import METRICS, METRICS_TOKEN
from emulator.monitoring import health, metrics, probe, signs
from emulator.processes import embedded, services
from messaging import pulse
from tests.emulator.processes import free_port

PATIENCE = 20.0  # seconds: its own are 0.9; a driver that was told nothing waits for 30


@pytest.fixture
def store(monkeypatch):
    """Redis under a prefix of this test's own."""
    monkeypatch.setenv("REDIS_PREFIX", f"test-health-{time.monotonic_ns()}:")
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield client
    for key in client.scan_iter(f"{signs.prefix()}*"):
        client.delete(key)
    client.close()


WORKER = {
    "id": "host-1-ab", "pid": 1, "time": 0, "stations": 7, "connected": 5, "shards": [0, 1],
    "sent": 40, "received": 30, "sent_per_second": 2.5, "received_per_second": 1.5,
    "rss": 1000, "loop_lag": 0.01, "recorder": {"buffered": 0, "dropped": 0, "lag": 0.2},
}  # fmt: skip
CELERY = {"pid": 2, "host": "host", "children": {"21": 30.0}}
CHILD = {"pid": 21, "task": None, "seconds": 0.0}
NAMES = {
    "charge_points": "host-1-ab", "scenarios": "host-4-cd", "celery": "celery@host",
    "celery_children": "host-2/21", "beat": "host-3",
}  # fmt: skip


def tell(store, kind: str, line: dict) -> None:
    place = (signs.prefix(), kind, NAMES[kind], signs.lines_key(kind))
    pulse.tell(store, *place, json.dumps(line))


def everybody_lives(store, **worker) -> None:
    """worker: what the charge point worker tells otherwise."""
    tell(store, "charge_points", WORKER | worker)
    tell(store, "scenarios", {"pid": 4, "executions": 1, "stations": 3})
    tell(store, "celery", CELERY)
    tell(store, "celery_children", CHILD)
    tell(store, "beat", {"pid": 3})
    store.hset(signs.beat_key(), mapping={"task": "t", "run": 1000.0})
    store.set(f"{signs.prefix()}sync:last", json.dumps({"time": 1000.0, "written": 6}))
    pulse.mark(store, signs.prefix(), "sync:")
    for shard in range(settings.CHARGE_POINT_SHARDS):
        store.set(f"{signs.prefix()}fleet:lease:{shard}", "host-1-ab:1")


def shift(store, name: str, seconds: float) -> None:
    """Date a sign so many seconds earlier: what time would do, or a clock that is set."""
    store.hincrby(pulse.seen_key(signs.prefix()), name, round(-seconds * 1000))


def ask() -> dict:
    return health.report(health.ask_mongodb(), *health.ask_redis(), time.time())


def test_ok_when_everybody_lives(store):
    everybody_lives(store)
    store.lpush(f"{signs.celery_prefix()}messages", "a", "b")
    store.hset(signs.tasks_key(), mapping={"SUCCESS": 9, "FAILURE": 1, "REJECTED": 2})
    answer = ask()
    assert (answer["status"], answer["problems"]) == ("ok", [])
    assert answer["charge_points"]["stations"] == 7 and answer["charge_points"]["connected"] == 5
    assert answer["celery"]["queues"] == {"messages": 2, "sync": 0, "maintenance": 0}
    assert (answer["celery"]["failed"], answer["celery"]["retried"]) == (1, 2)
    assert answer["scenarios"] == {
        "runners": 1, "executions": 1, "stations": 3, "waiting": 0, "suites": 0,
        "suites_waiting": 0,
    }  # fmt: skip
    assert answer["sync"]["lag"] < 5 and answer["beat"]["last_run"] == 1000.0


SILENCES = [
    ("charge_points", "No charge point worker", "Charge point worker host-1-ab has given no sign"),
    ("scenarios", "No scenario runner", "Scenario runner host-4-cd has given no sign"),
    ("celery", "No Celery worker", "Celery worker celery@host has given no sign"),
    ("beat", "beat does not run", "Celery beat host-3 has given no sign"),
]


@pytest.mark.parametrize(("kind", "sentence", "_"), SILENCES)
def test_degraded_when_a_process_left(store, kind, sentence, _):
    everybody_lives(store)
    pulse.withdraw(store, signs.prefix(), kind, NAMES[kind], signs.lines_key(kind))
    answer = ask()
    assert answer["status"] == "degraded"
    assert len(answer["problems"]) == 1 and sentence in answer["problems"][0]


# A dead process's sign grows old; after a clock was set back it seems to be of the future.
@pytest.mark.parametrize("seconds", [15, -3600])
@pytest.mark.parametrize(("kind", "none", "silent"), SILENCES)
def test_a_silent_process_is_named_within_15_s(store, kind, none, silent, seconds):
    assert signs.FRESH[kind] < 15
    everybody_lives(store)
    shift(store, f"{kind}:{NAMES[kind]}", seconds)
    first, second = ask()["problems"]
    assert none in first and silent in second
    everybody_lives(store)
    assert ask()["problems"] == []


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_clock_that_is_set_changes_no_age(store, seconds):
    """What is dated moves along with Redis' clock; here the marks move and the clock stays."""
    everybody_lives(store)
    shift(store, "scenarios:host-4-cd", 8)  # dead for 8 s when the clock is set
    shift(store, "sync:", 20)
    for name in store.hkeys(pulse.seen_key(signs.prefix())):
        shift(store, name.decode(), seconds)
    tell(store, "charge_points", WORKER)  # one that lives speaks
    answer = ask()
    assert answer["problems"] == []
    assert 20 <= answer["sync"]["lag"] < 50
    shift(store, "scenarios:host-4-cd", 4)
    assert "No scenario runner" in ask()["problems"][0]
    pulse.mark(store, signs.prefix(), "sync:")
    for name in store.hkeys(pulse.seen_key(signs.prefix())):
        shift(store, name.decode(), seconds)
    pulse.mark(store, signs.prefix(), "sync:")  # whoever is first to speak
    assert ask()["sync"]["lag"] < 30


def test_a_dead_worker_beside_a_living_one_is_named_and_then_forgotten(store):
    everybody_lives(store)
    place = (store, signs.prefix(), "charge_points", "dead", signs.lines_key("charge_points"))
    pulse.tell(*place, json.dumps(WORKER | {"id": "dead"}))
    shift(store, "charge_points:dead", 15)
    assert ask()["problems"] == [
        "Charge point worker dead has given no sign for 15 s: it is dead or stuck."
    ]
    shift(store, "charge_points:dead", pulse.FORGOTTEN_AFTER_MS / 1000)
    everybody_lives(store)
    assert ask()["problems"] == []


def test_a_worker_that_was_killed_is_named_by_its_heir_before_it_is_silent(store):
    """The heir has nothing yet; by its lease and its last sign the dead one seems to live."""
    everybody_lives(store)
    place = (store, signs.prefix(), "charge_points", "host-8-cd", signs.lines_key("charge_points"))
    heir = WORKER | {"id": "host-8-cd", "stations": 0, "connected": 0, "shards": [], "serves": []}
    pulse.tell(*place, json.dumps(heir))
    assert ask()["problems"] == []
    pulse.tell(*place, json.dumps(heir | {"dead": ["host-1-ab"]}))
    answer = ask()
    assert answer["problems"] == [
        "Charge point worker host-1-ab has ended without a word.",
        "8 of 8 shards have no worker.",
    ]
    assert answer["charge_points"]["stations"] == 0
    for shard in range(settings.CHARGE_POINT_SHARDS):
        store.set(f"{signs.prefix()}fleet:lease:{shard}", "host-8-cd:2")
    assert ask()["problems"][1] == "The stations of 8 shards are being taken up by host-8-cd."


def test_a_frozen_supervisor_is_named(store):
    everybody_lives(store)
    place = (store, signs.prefix(), "supervisors", "host-9", signs.lines_key("supervisors"))
    pulse.tell(*place, json.dumps({"pid": 9, "services": {}}))
    shift(store, "supervisors:host-9", 15)
    (problem,) = ask()["problems"]
    assert problem.startswith("`manage.py up` host-9 has given no sign")


def test_fewer_than_expected_are_named(store, monkeypatch):
    monkeypatch.setenv("EXPECTED_PROCESSES", "charge_points=3, scenarios=0")
    everybody_lives(store)
    assert ask()["problems"] == ["1 of 3 charge point workers run."]
    monkeypatch.setenv("EXPECTED_PROCESSES", "many")
    assert "EXPECTED_PROCESSES" in ask()["problems"][0]


def test_a_silent_celery_child_is_named_while_its_parent_speaks(store):
    everybody_lives(store)
    shift(store, "celery_children:host-2/21", 15)
    assert ask()["problems"] == ["The child 21 of celery@host gives no sign: it is dead or stuck."]
    tell(store, "celery", CELERY | {"children": {"21": 3.0}})  # it has just been made
    assert ask()["problems"] == []


def test_the_probe_of_a_celery_container_sees_a_silent_child(store):
    everybody_lives(store)
    assert probe.in_redis("celery", "host") and not probe.in_redis("celery", "other")
    assert probe.in_redis("beat", "host") and probe.in_redis("scenarios", "host")
    shift(store, "celery_children:host-2/21", 15)
    assert not probe.in_redis("celery", "host")


@pytest.mark.parametrize(("status", "responds"), [(200, True), (503, True), (None, False)])
def test_a_web_process_without_its_stores_is_not_taken_for_a_dead_one(status, responds):
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        address = f"http://127.0.0.1:{server.server_port}/api/health"
        if status:
            threading.Thread(target=server.handle_request, daemon=True).start()
        else:
            server.server_close()
        assert services.http_responds(address)(0) is responds


def shards_without_owner(store):
    """One was released; the other's owner has died."""
    store.set(f"{signs.prefix()}fleet:lease:2", f":1:{'a' * 40}")
    store.set(f"{signs.prefix()}fleet:lease:5", "host-9-ff:1")


def shards_just_taken(store):
    """Since its line was told; it serves no more shards than that says."""
    tell(store, "charge_points", WORKER | {"serves": [0, 1, 2, 3, 4, 5]})


def two_beats(store):
    place = (signs.prefix(), "beat", "other", signs.lines_key("beat"))
    pulse.tell(store, *place, json.dumps({"pid": 9}))


def a_late_sync(store):
    shift(store, "sync:", 1000)


def never_a_sync(store):
    store.hdel(pulse.seen_key(signs.prefix()), "sync:")
    tell(store, "charge_points", WORKER | {"up": 1000.0})


def a_worker_that_is_late(store):
    shift(store, "charge_points:host-1-ab", 7.2)


def a_stuck_loop(store):
    place = (signs.prefix(), "stuck", "host-1-ab", f"{signs.prefix()}health:stuck")
    pulse.tell(store, *place, json.dumps({"station": "CP-1", "seconds": 7.2}))


def a_station_held_back(store):
    tell(store, "charge_points", WORKER | {"held_back": {"CP-1": "it ended two"}})


def a_long_queue(store):
    store.lpush(f"{signs.celery_prefix()}messages", *["batch"] * 201)


def much_unacknowledged(store):
    store.hset(f"{signs.celery_prefix()}unacked", mapping={f"tag{n}": "task" for n in range(51)})


def a_long_channel(store):
    store.zadd(signs.channel_key(3), {f"message{n}": n for n in range(201)})


def a_failed_task(store):
    failure = json.dumps({"task": "sync", "error": "ValueError: no"})
    store.hset(signs.failures_key(), "sync", failure)
    pulse.mark(store, signs.prefix(), "failure:sync")
    shift(store, "failure:sync", 30)


def a_task_without_end(store):
    tell(store, "celery_children", CHILD | {"task": "store", "seconds": 75.2})


def a_service_that_is_restarted(store):
    services = {
        "web": {"state": "healthy", "seconds": 90, "failures": 3},
        "beat": {"state": "restarting", "seconds": 12, "failures": 6},
        "flower": {"state": "silent", "seconds": 31},
        "celery": {"state": "silent", "seconds": 4},  # it may answer in a moment
        "worker": {"state": "restarting", "seconds": 0.4},  # it was seen to end
    }  # fmt: skip
    place = (signs.prefix(), "supervisors", "host-9", signs.lines_key("supervisors"))
    pulse.tell(store, *place, json.dumps({"pid": 9, "services": services}))


@pytest.mark.parametrize(
    ("what", "sentences"),
    [
        (shards_without_owner, ["2 of 8 shards have no worker."]),
        (shards_just_taken, ["The stations of 2 shards are being taken up by host-1-ab."]),
        (two_beats, ["2 Celery beats run: every periodic task is sent more than once."]),
        (a_late_sync, ["The last sync was 1000 s ago; 0 states wait for MongoDB."]),
        (never_a_sync, ["No sync has run yet; 0 states wait for MongoDB."]),
        (a_long_queue, ["201 tasks wait in the queue messages."]),
        (much_unacknowledged, ["51 tasks are with Celery workers and not done."]),
        (a_long_channel, ["201 commands and notices wait for the worker of shard 3."]),
        (a_failed_task, ["sync failed 30 s ago: ValueError: no."]),
        (a_task_without_end, ["The child 21 of celery@host has been busy with store for 75 s."]),
        (a_stuck_loop, ["The event loop of host-1-ab is stuck for 7 s. It handles CP-1; its log "
                        "says what."]),
        (a_station_held_back, ["CP-1 is held back: it ended two. Its page or POST .../release "
                               "runs it again."]),
        (a_service_that_is_restarted, ["beat is being started, for 12 s already. It has ended 6 "
                                       "times: see its log.",
                                       "flower does not answer, for 31 s already.",
                                       "worker is being started, for 0 s already."]),
        (a_worker_that_is_late, ["Charge point worker host-1-ab has given no sign for 7 s: what "
                                 "is shown of its 7 stations is of before."]),
    ],
)  # fmt: skip
def test_each_limit_has_its_sentence(store, what, sentences):
    everybody_lives(store)
    assert ask()["problems"] == []
    what(store)
    assert ask()["problems"] == sentences


def test_executions_that_no_runner_takes_are_a_problem(store):
    everybody_lives(store)
    runner = {"pid": 4, "executions": 9, "stations": 5000, "waiting": 2}
    tell(store, "scenarios", runner | {"waits": 59.0})
    assert ask()["problems"] == []
    tell(store, "scenarios", runner | {"waits": 61.0})
    (problem,) = ask()["problems"]
    assert problem.startswith("2 executions of scenarios wait for a runner, the first for 61 s")


def test_suites_that_no_runner_takes_are_a_problem(store):
    everybody_lives(store)
    runner = {"pid": 4, "executions": 0, "stations": 0, "suites": 1, "suites_waiting": 3}
    tell(store, "scenarios", runner | {"suites_wait": 899.0})
    told = ask()
    assert told["problems"] == []
    assert (told["scenarios"]["suites"], told["scenarios"]["suites_waiting"]) == (1, 3)
    tell(store, "scenarios", runner | {"suites_wait": 901.0})
    (problem,) = ask()["problems"]
    assert problem.startswith("3 runs of suites wait for a runner, the first for 901 s")


@pytest.mark.parametrize(
    ("worker", "sentence"),
    [
        ({"loop_lag": 2.5}, "The event loop of host-1-ab is 2.5 s late."),
        ({"snapshots_wait": 16.0}, "States of stations of host-1-ab wait for Redis for 16 s."),
        ({"dials_wait": 61.0, "dials_waiting": 9}, "9 stations of host-1-ab wait for their turn"),
        ({"transfers_wait": 301.0, "transfers_waiting": 4}, "4 files of stations of host-1-ab"),
        ({"missing_for": 61.0, "wanted": 9}, "2 stations of host-1-ab should run and do not"),
        ({"recorder": {"lag": 11.0}}, "The message log is 11 s behind"),
        ({"recorder": {"journal_on_disk": False}}, "The journal of host-1-ab is in memory only"),
        ({"recorder": {"dropped": 3, "dropped_ago": 40}}, "3 messages were dropped from the log"),
        ({"recorder": {"live_skipped": 3, "live_skipped_ago": 4}}, "3 messages were left out of"),
        ({"recorder": {"disk_free": 2**20}}, "The disk of the journal of host-1-ab is nearly full"),
        ({"recorder": {"leftovers_wait": 11.0}}, "The message log is 11 s behind"),
    ],
)  # fmt: skip
def test_each_figure_of_a_worker_has_its_limit(store, worker, sentence):
    everybody_lives(store, **worker)
    (problem,) = ask()["problems"]
    assert problem.startswith(sentence)


def test_what_a_dead_worker_has_in_its_journal_is_behind(store):
    everybody_lives(store, recorder={"buffered": 3, "lag": 0.5})
    shift(store, "charge_points:host-1-ab", 20)
    assert "The message log is 2" in ask()["problems"][2]


def test_a_dead_workers_journal_that_waits_is_named(store):
    everybody_lives(store, recorder={"leftovers_wait": 61.0})
    assert "A dead worker's journal has waited for 61 s" in ask()["problems"][1]


def test_what_was_dropped_long_ago_is_no_problem(store):
    everybody_lives(store, recorder={"dropped": 3, "dropped_ago": 601, "live_skipped_ago": 61})
    assert ask()["problems"] == []


def test_a_nearly_full_disk_is_named(store, monkeypatch, tmp_path):
    everybody_lives(store)
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    monkeypatch.setattr(settings, "JOURNAL_DIR", tmp_path / "journal")
    (tmp_path / "journal").mkdir()
    assert list(health.ask_disks()) == [str(tmp_path)]
    answers = (health.ask_mongodb(), *health.ask_redis())
    answer = health.report(*answers, time.time(), {"/data": 10 * 2**20})
    assert answer["problems"] == ["The disk of /data is nearly full: 10 MB are free."]


@pytest.fixture
def own_redis(tmp_path, monkeypatch):
    """A server whose settings and files a test may spoil."""
    port = free_port()
    process = subprocess.Popen(embedded.redis_command(tmp_path, port), cwd=tmp_path)
    client = redis.Redis(port=port)
    while True:
        with contextlib.suppress(redis.RedisError):
            client.ping()
            break
        assert process.poll() is None
    monkeypatch.setattr(health, "_redis", lambda: signs.connect(f"redis://127.0.0.1:{port}/0"))
    yield client
    client.close()
    process.kill()
    process.wait()


def test_a_redis_that_is_nearly_full_or_refuses_writes_is_named(own_redis):
    everybody_lives(own_redis)
    for number in range(200):
        own_redis.set(f"ballast{number}", b"x" * 100_000)
    used = own_redis.info("memory")["used_memory"]
    own_redis.config_set("maxmemory", int(used * 1.05))
    (problem,) = ask()["problems"]
    assert "of its maxmemory" in problem
    own_redis.config_set("maxmemory", used // 2)
    refused = ask()["problems"]
    assert refused[0].startswith("Redis refuses writes: ") and "maxmemory" in refused[0]
    own_redis.config_set("maxmemory", 0)
    assert ask()["problems"] == []


async def test_redis_away_is_503_and_not_waited_for(settings):
    settings.METRICS_TOKEN = METRICS_TOKEN
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    health._redis.cache_clear()
    try:
        async with asyncio.timeout(PATIENCE):
            response = await AsyncClient().get("/api/health", headers=METRICS)
    finally:
        health._redis.cache_clear()
    assert response.status_code == 503
    answer = response.json()
    assert answer["status"] == "down" and not answer["redis"]["ok"] and answer["mongodb"]["ok"]


async def test_mongodb_that_does_not_answer_is_503_and_not_waited_for(settings):
    import socket

    with socket.socket() as deaf:  # takes the connection and says nothing
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        settings.METRICS_TOKEN = METRICS_TOKEN
        settings.MONGODB_URI = f"mongodb://127.0.0.1:{deaf.getsockname()[1]}/?directConnection=true"
        health._mongodb.cache_clear()
        try:
            async with asyncio.timeout(PATIENCE):
                response = await AsyncClient().get("/api/health", headers=METRICS)
        finally:
            health._mongodb.cache_clear()
    assert response.status_code == 503
    assert not response.json()["mongodb"]["ok"] and response.json()["redis"]["ok"]


@pytest.mark.django_db
async def test_metrics_need_a_login_or_their_token(settings):
    settings.METRICS_TOKEN = METRICS_TOKEN
    for headers, status in (({}, 401), ({"Authorization": "Bearer x"}, 401), (METRICS, 200)):
        response = await AsyncClient().get("/api/metrics", headers=headers)
        assert response.status_code == status, headers
    # It opens these two and nothing else.
    response = await AsyncClient().get("/api/stations", headers=METRICS)
    assert response.status_code == 401


@pytest.mark.django_db
async def test_no_token_of_the_settings_is_no_token(settings):
    settings.METRICS_TOKEN = ""
    for text in ("Bearer ", "Bearer", "Bearer x"):
        response = await AsyncClient().get("/api/metrics", headers={"Authorization": text})
        assert response.status_code == 401


@pytest.mark.django_db
async def test_health_tells_strangers_ok_or_down_and_the_others_all(django_user_model, settings):
    settings.METRICS_TOKEN = METRICS_TOKEN
    user = await django_user_model.objects.acreate_user("eve")
    _, token = await sync_to_async(ApiToken.objects.issue)(user, scopes=["metrics"])
    _, driving = await sync_to_async(ApiToken.objects.issue)(user, scopes=["drive"])
    own = {"Authorization": f"Bearer {token}"}
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer {driving}"}):
        response = await AsyncClient().get("/api/health", headers=headers)
        assert (response.status_code, response.json()) == (200, {"status": "ok"})
    browser = AsyncClient()
    await browser.aforce_login(user)
    for client, headers in ((AsyncClient(), own), (AsyncClient(), METRICS), (browser, {})):
        assert (await client.get("/api/health", headers=headers)).json()["mongodb"]["ok"]
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    health._redis.cache_clear()
    try:
        response = await AsyncClient().get("/api/health")
    finally:
        health._redis.cache_clear()
    assert (response.status_code, response.json()) == (503, {"status": "down"})


def test_metrics_are_prometheus_text(store):
    everybody_lives(store)
    redis_answer, found = health.ask_redis()
    answer = health.report({"ok": True}, redis_answer, found, time.time())
    text = metrics.render(answer, found, 0).decode()
    assert 'ocpp_stations_connected{worker="host-1-ab"} 5.0' in text
    assert 'ocpp_frames_sent_total{worker="host-1-ab"} 40.0' in text
    assert 'ocpp_up{service="mongodb"} 1.0' in text
    assert 'ocpp_scenarios_waiting{kind="suite"} 0.0' in text


@pytest.mark.django_db
def test_the_admins_first_page_shows_the_cards(admin_client):
    page = admin_client.get("/admin/").content.decode()
    assert 'id="health-cards"' in page and "Task queues" in page
    assert "No charge point worker runs" in page  # true of the tests' Redis
