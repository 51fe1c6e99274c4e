"""Logging in: guesses wait, foreign pages log nobody in, hashing takes no more than its share."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password
from django.test import Client

from accounts import hashing, throttle
from accounts.hashing import BoundedHasher, Busy, Turns
from accounts.throttle import GUARDS, Throttled

pytestmark = pytest.mark.django_db
JSON = "application/json"
NAME, PASSWORD = "ada", "lovelace 1815"
FREE = GUARDS["pair"].free


@pytest.fixture
def ada(cheap, django_user_model):
    return django_user_model.objects.create_user(NAME, password=PASSWORD, is_staff=True)


@pytest.fixture
def store(settings):
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture
def cheap(monkeypatch):
    """A password costs nothing."""
    monkeypatch.setattr(BoundedHasher, "iterations", 1)


def log_in(password=PASSWORD, name=NAME, address="10.0.0.1", **more):
    body = {"username": name, "password": password} | more
    return Client(REMOTE_ADDR=address).post("/api/auth/login", body, JSON)


def wait_of(store, guard="pair") -> int:
    (key,) = store.keys(f"*login:{guard}:*:wait")
    return store.ttl(key)


def test_waits_grow_with_the_failures(ada, store, cheap):
    assert [log_in("wrong").status_code for _ in range(FREE)] == [401] * FREE
    refused = log_in()  # the right one, too early
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
    waits = []
    for _ in range(12):
        key = store.keys("*login:pair:*:wait")[0]
        store.delete(key)  # time goes by
        assert log_in("wrong").status_code == 401
        waits.append(wait_of(store))
    assert waits[0] <= 2 and waits[5] > 30
    assert max(waits) <= GUARDS["pair"].longest
    assert all(less <= more for less, more in zip(waits, waits[1:], strict=False))


def test_a_success_begins_anew(ada, store, cheap):
    for _ in range(FREE - 1):
        log_in("wrong")
    assert log_in().status_code == 200
    assert [log_in("wrong").status_code for _ in range(FREE)] == [401] * FREE


def test_others_do_not_wait(ada, django_user_model, cheap):
    django_user_model.objects.create_user("bob", password=PASSWORD)
    for _ in range(FREE):
        log_in("wrong")
    assert log_in().status_code == 429
    assert log_in(name="bob").status_code == 200  # from the same address
    assert log_in(address="10.0.0.2").status_code == 200  # by the same name


def test_one_name_is_one_however_it_is_written(ada, cheap):
    spelled = [NAME, NAME.upper(), NAME.title()]
    for number in range(FREE):
        log_in("wrong", name=spelled[number % 3])
    assert log_in().status_code == 429


def test_good_log_ins_of_an_office_do_not_make_one_slip_wait(ada, monkeypatch, cheap):
    monkeypatch.setitem(GUARDS, "address", throttle.Guard(3, 300))
    assert [log_in().status_code for _ in range(5)] == [200] * 5
    assert log_in("wrong").status_code == 401
    assert log_in().status_code == 200


def test_many_names_from_one_address(store, monkeypatch):
    monkeypatch.setitem(GUARDS, "address", throttle.Guard(3, 300))
    for number in range(3):
        throttle.attempt(f"name {number}", "10.0.0.3")
    with pytest.raises(Throttled):
        throttle.attempt("another", "10.0.0.3")
    throttle.attempt("another", "10.0.0.4")


def test_attempts_at_once_are_no_more_than_one_after_the_other(store):
    def attempt(_: int) -> bool:
        try:
            throttle.attempt(NAME, "10.0.0.5")
        except Throttled:
            return False
        return True

    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(attempt, range(40))) == FREE


def test_a_password_is_not_looked_at_while_one_waits(ada, monkeypatch, cheap):
    for _ in range(FREE):
        log_in("wrong")
    monkeypatch.setattr(BoundedHasher, "encode", None)  # a call would raise
    assert log_in().status_code == 429


def test_the_admins_form_says_how_long(ada, cheap):
    client = Client(REMOTE_ADDR="10.0.0.6")
    sent = {"username": NAME, "password": "wrong"}
    for _ in range(FREE):
        client.post("/admin/login/", sent)
    page = client.post("/admin/login/", sent | {"password": PASSWORD})
    assert page.status_code == 200
    assert "try again in" in page.content.decode()


def test_failures_are_in_the_log_with_name_and_address(ada, caplog, cheap):
    log_in("wrong", name="eve\nforged line", address="10.9.8.7")
    assert r"'eve\nforged line' from 10.9.8.7" in caplog.text


def test_without_redis_one_can_log_in(ada, settings, cheap):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert log_in().status_code == 200


# --- what it costs ---------------------------------------------------------------------------


def test_few_hashes_at_a_time_a_few_wait_and_others_are_told():
    turns = Turns(at_a_time=2, waiting=3)
    within, most, busy = 0, 0, 0
    lock, door = threading.Lock(), threading.Event()

    def hash_one() -> None:
        nonlocal within, most, busy
        try:
            with turns.one():
                with lock:
                    within += 1
                    most = max(most, within)
                door.wait(30)
                with lock:
                    within -= 1
        except Busy:
            with lock:
                busy += 1
                if busy == 7:  # all of those who could neither enter nor wait
                    door.set()

    threads = [threading.Thread(target=hash_one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (most, busy) == (2, 7)
    with turns.one():  # all places are free again
        pass


def test_a_full_house_answers_503_and_other_requests_go_on(ada, monkeypatch):
    full = Turns(at_a_time=1, waiting=0)
    monkeypatch.setattr(hashing, "turns", full)
    with full.one():
        refused = log_in()
        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        assert Client().get("/api/openapi.json").status_code == 200
    assert log_in().status_code == 200


def test_hashes_are_djangos():
    theirs = PBKDF2PasswordHasher().encode(PASSWORD, "salt", 2)
    assert BoundedHasher().encode(PASSWORD, "salt", 2) == theirs
    assert check_password(PASSWORD, theirs)


# --- foreign pages ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("text/plain", {"Origin": "http://evil.example"}),
        (JSON, {"Origin": "http://evil.example"}),
        (JSON, {"Origin": "https://testserver"}),
        (JSON, {"Origin": "http://testserver:8001"}),
        (JSON, {"Origin": "null"}),
        ("text/plain", {}),
    ],
)
def test_a_foreign_page_logs_no_browser_in(ada, cheap, kind, headers):
    text = f'{{"username": "{NAME}", "password": "{PASSWORD}", "session": true, "name": "="}}'
    client = Client(enforce_csrf_checks=True, headers=headers)
    answer = client.generic("POST", "/api/auth/login", text, kind)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert not client.cookies


def test_our_own_page_does(ada, cheap):
    client = Client(headers={"Origin": "http://testserver"})
    body = {"username": NAME, "password": PASSWORD, "session": True}
    assert client.post("/api/auth/login", body, JSON).status_code == 200
    assert "sessionid" in client.cookies
