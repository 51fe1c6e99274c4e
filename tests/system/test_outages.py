"""A store that goes at any moment: the web says 503 in time, and no process is lost by it."""

from __future__ import annotations

import http.cookiejar
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import websockets.sync.client

from benchmarks.console import station_fields
from benchmarks.processes import wait_until
from benchmarks.stack import ADMIN, Stack
from messaging.keeping.storing import insert_frames
from tests.messaging.conftest import make_record

from .csms import PythonCsms

Told = tuple[int, str, str]  # status, text, content type
LIMIT = 20.0  # seconds: its own limits are below 4; a driver that was told none waits for 30
STATION = "OUTAGE-1"
PROCESSES = ("web", "worker", "celery", "scenarios", "beat")
POSTS = [
    ("POST", "auth/login", {"username": ADMIN[0], "password": ADMIN[1]}),
    ("POST", "stations", {"identity": "NEW-1", "csms_url": "ws://127.0.0.1:1/"}),
    ("PATCH", f"stations/{STATION}/start", None),
    ("POST", f"stations/{STATION}/connect", {}),
    ("PUT", f"stations/{STATION}", {"model": "another"}),
    ("DELETE", "messages?stationId=nobody", None),
    ("POST", "admin/sync", None),
]
PAGES = ("", "stations/station/", "stations/station/add/", "live/", "scenarios/execution/",
         "django_celery_beat/periodictask/", "auth/user/", "login/")  # fmt: skip


class Operator:
    """Asks the API with a token and the admin with a session."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.token = stack, stack.log_in()
        self.cookies = http.cookiejar.CookieJar()
        self.browser = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )
        page = self.page("login/")[1]
        secret = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
        form = {"username": ADMIN[0], "password": ADMIN[1], "csrfmiddlewaretoken": secret}
        data = urllib.parse.urlencode({**form, "next": "/admin/"}).encode()
        assert self._ask(f"{stack.url}/admin/login/", data, "POST", {})[0] == 200

    def _ask(self, url: str, data: bytes | None, method: str, headers: dict) -> Told:
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with self.browser.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode(), answer.headers["Content-Type"] or ""
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers["Content-Type"] or ""

    def page(self, path: str) -> Told:
        return self._ask(f"{self.stack.url}/admin/{path}", None, "GET", {})

    def api(self, method: str, path: str, body: dict | None = None) -> Told:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        return self._ask(f"{self.stack.url}/api/{path}", data, method, headers)

    def gets(self) -> list[str]:
        """Every GET of the API, its places filled."""
        paths = json.loads(self.api("GET", "openapi.json")[1])["paths"]
        filled = {"identity": STATION, "station_id": STATION}
        return [
            re.sub(r"\{(\w+)\}", lambda m: filled.get(m.group(1), "0" * 22), path)
            .removeprefix("/api/")
            for path, operations in paths.items()
            if "get" in operations
        ]  # fmt: skip


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    parts = ("worker", "celery", "scenarios", "beat", "web")
    with Stack(tmp_path_factory.mktemp("outages"), start=parts) as running:
        yield running


@pytest.fixture(scope="module")
def operator(stack) -> Iterator[Operator]:
    with PythonCsms() as csms:
        stack.console.create([station_fields(STATION, csms.url, "1.6")])
        yield Operator(stack)


def go(stack: Stack, store: str, how: str) -> None:
    process = stack.processes[store]
    if how == "killed":
        process.kill()
    else:
        process.pause()


def come_back(stack: Stack, store: str, how: str) -> None:
    if how == "killed":
        getattr(stack, f"start_{store}")()
    else:
        stack.processes[store].resume()


@pytest.mark.parametrize("how", ["killed", "frozen"])
@pytest.mark.parametrize("store", ["mongo", "redis"])
def test_whoever_asks_has_an_answer_in_time(store, how, stack, operator):
    name = {"mongo": "MongoDB", "redis": "Redis"}[store]
    asked = [("GET", path, None) for path in operator.gets()] + POSTS
    assert len(asked) > 30
    wait_until(lambda: operator.api("GET", "stations")[0] == 200, 60, "the API answers")
    took, faults, refused = {}, [], 0
    go(stack, store, how)
    try:

        def ask(one: tuple) -> tuple[tuple, float, tuple]:
            began = time.monotonic()
            answer = operator.api(*one) if len(one) == 3 else operator.page(*one)
            return one, time.monotonic() - began, answer

        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(ask, [*asked, *((page,) for page in PAGES)]))
    finally:
        come_back(stack, store, how)
    for one, seconds, (status, text, kind) in answers:
        took[one[:2]] = seconds
        if seconds > LIMIT or status in (500, 502, 504):
            faults.append((one[:2], status, round(seconds, 1), text[:200]))
        if status == 503 and one[1:2] != ("health",):
            refused += 1
            if len(one) == 3:
                told = json.loads(text)
                assert {"code", "message"} <= set(told), told
                assert name in told["message"], told
            else:
                assert kind.startswith("text/html") and 'href="/admin/"' in text
                assert f"{name} is away" in text
    slow = sorted(took.items(), key=lambda item: -item[1])[:3]
    print(f"{store} {how}: {refused} of {len(answers)} refused; the slowest: {slow}")
    assert not faults, faults
    if store == "mongo":
        assert refused > len(answers) * 0.8
    wait_until(
        lambda: all(operator.api(*one)[0] < 500 for one in asked[:12])
        and all(operator.page(page)[0] == 200 for page in PAGES),
        60, "all of it answers again", 0.5,
    )  # fmt: skip
    wait_until(
        lambda: operator.api("POST", f"stations/{STATION}/connect", {})[0] < 500, 60,
        "commands reach the station again", 0.5,
    )  # fmt: skip
    for process in PROCESSES:
        stack.processes[process].check()


def test_a_browsers_socket_is_told_to_come_again(stack, operator):
    url = f"ws://127.0.0.1:{stack.web_port}/ws/messages"
    headers = {"Authorization": f"Bearer {operator.token}"}
    options = {"additional_headers": headers, "origin": stack.url, "proxy": None}
    stack.processes["mongo"].pause()
    try:
        with websockets.sync.client.connect(url, **options) as socket:
            with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
                socket.recv(timeout=60)
    finally:
        stack.processes["mongo"].resume()
    assert closed.value.rcvd.code == 4503


def test_who_leaves_in_a_frozen_store_does_not_stop_the_others(stack, operator):
    wait_until(lambda: operator.api("GET", "stations")[0] == 200, 60, "the API answers")
    stack.processes["mongo"].pause()
    try:
        for _ in range(5):
            request = urllib.request.Request(f"{stack.url}/admin/stations/station/")
            with pytest.raises(OSError):  # noqa: PT011 - a reader that leaves before its answer
                operator.browser.open(request, timeout=0.1)
        began = time.monotonic()
        assert operator.api("GET", "health")[0] == 503
        assert time.monotonic() - began < LIMIT
    finally:
        stack.processes["mongo"].resume()


def test_a_reader_that_leaves_in_mid_download_leaves_no_traceback(stack, operator):
    wait_until(lambda: operator.api("GET", "stations")[0] == 200, 60, "the API answers")
    now = time.time()
    rows = [make_record(time=now - 60 + n / 1000, text="x" * 2000) for n in range(20_000)]
    for start in range(0, len(rows), 1000):
        insert_frames(stack.mongo, rows[start : start + 1000])
    said = len(stack.processes["web"].tail(10**8))
    for after in (1, 50_000, 2_000_000):
        headers = {"Authorization": f"Bearer {operator.token}"}
        request = urllib.request.Request(f"{stack.url}/api/messages/export", headers=headers)
        with operator.browser.open(request, timeout=30) as answer:
            assert len(answer.read(after)) == after
    for path in ("messages", "stats"):
        options = {"additional_headers": headers, "origin": stack.url, "proxy": None}
        url = f"ws://127.0.0.1:{stack.web_port}/ws/{path}"
        with websockets.sync.client.connect(url, **options) as socket:
            socket.recv(timeout=60)
            socket.socket.shutdown(2)  # gone without a word
    web = stack.processes["web"]
    wait_until(lambda: not browsers(stack), 60, "the web notices")
    assert operator.api("GET", "stations")[0] == 200
    # Nor does one whose store leaves, and the download does not look whole.
    with operator.browser.open(request, timeout=60) as answer:
        begun = answer.read(1)
        stack.processes["mongo"].kill()
        lines = (begun + answer.read()).splitlines()
    stack.start_mongo()
    assert json.loads(lines[-1])["code"] == "cut_off"
    assert all(json.loads(line)["text"] for line in lines[:-1])
    assert "Traceback" not in web.tail(10**8)[said:]


def browsers(stack: Stack) -> list:
    """The connections of the web process that others have opened to it."""
    (web, *_) = stack.processes["web"].family()
    sockets = web.net_connections("tcp")
    return [s for s in sockets if s.laddr.port == stack.web_port and s.status != "LISTEN"]


def test_what_mongodb_acknowledged_survives_its_kill(stack):
    code = (
        "from messaging.keeping.store import database as d; "
        "[d().kept.insert_one({}) for _ in range(20)]"
    )
    stack.manage("shell", "-c", code)
    stack.processes["mongo"].kill()
    stack.start_mongo()
    assert stack.mongo["kept"].count_documents({}) == 20
