"""What answers tell a browser to refuse, and whose word counts on who asks."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from emulator.web import headers
from emulator.web.proxies import BehindProxies, seen
from stations.link.egress import Rules


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status"),
    [("/admin/login/", 200), ("/api/docs", 200), ("/api/nothing", 404), ("/nothing", 404),
     ("/api/stations", 401), ("/static/emulator/favicon.svg", 200)],
)  # fmt: skip
def test_every_answer_has_them(path, status):
    answer = Client().get(path)
    assert answer.status_code == status
    policy = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'"
    assert "unsafe-inline" not in policy["script-src"] and "*" not in str(policy)
    # The page that tells of an address that is not there is in the admin's look.
    looks = path.startswith("/admin/") or path == "/nothing"
    assert ("'unsafe-eval'" in policy["script-src"]) == looks
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert ("no-store" in answer.get("Cache-Control", "")) == (not path.startswith("/static/"))


def test_what_a_view_says_of_its_answer_stays():
    said = HttpResponse(headers={"Cache-Control": "max-age=60"})
    answer = headers.secure(RequestFactory().get("/api/x"), said)
    assert answer["Cache-Control"] == "max-age=60"


PRODUCTION = {
    "HTTPS": "1", "DEBUG": "0", "ALLOWED_HOSTS": "emulator.example",
    "DJANGO_SECRET_KEY": "a long one of many letters, 0123456789 and no more words for it",
}  # fmt: skip


def test_check_deploy_is_clean_in_production():
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(
        command, env={**os.environ, **PRODUCTION}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


# --- proxies -----------------------------------------------------------------------------------

PROXIES = Rules.parse(["10.0.0.0/8", "loopback"])


def scope_of(peer: str, *headers: tuple[str, str], kind: str = "http") -> dict:
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": kind, "client": [peer, 1234], "headers": pairs}


@pytest.mark.parametrize("name", ["x-forwarded-proto", "X-Forwarded-For", "forwarded", "x-real-ip"])
@pytest.mark.parametrize("peer", ["203.0.113.9", "", "fe80::1", "11.0.0.1"])
def test_nobodys_word_counts_but_a_proxys(name, peer):
    believed = seen(scope_of(peer, (name, "https"), ("host", "x")), PROXIES)
    assert believed["headers"] == [(b"host", b"x")] and believed["client"] == [peer, 1234]


@pytest.mark.parametrize(
    ("told", "asker"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("1.2.3.4, 203.0.113.9", "203.0.113.9"),  # the left one was sent along
        ("203.0.113.9, 10.0.0.7", "203.0.113.9"),  # two proxies of ours
        ("10.0.0.8,10.0.0.7", "10.0.0.8"),
        ("2001:db8::1", "2001:db8::1"),
        ("garbage", "10.1.1.1"),
        ("203.0.113.9, garbage", "10.1.1.1"),
        ("", "10.1.1.1"),
    ],
)
def test_a_proxy_tells_who_asks(told, asker):
    for peer in ("10.1.1.1", "::ffff:10.1.1.1"):
        forwarded = (("X-Forwarded-For", told), ("X-Forwarded-Proto", "https"))
        believed = seen(scope_of(peer, *forwarded, kind="websocket"), PROXIES)
        assert believed["client"][0] == (asker if asker != "10.1.1.1" else peer)
        assert (b"X-Forwarded-Proto", b"https") in believed["headers"]


async def test_it_stands_before_the_application():
    heard = []

    async def application(scope, receive, send):
        heard.append(scope)

    app = BehindProxies(application, ["10.0.0.0/8"])
    await app(scope_of("203.0.113.9", ("x-forwarded-proto", "https")), None, None)
    await app({"type": "lifespan"}, None, None)
    assert heard == [scope_of("203.0.113.9"), {"type": "lifespan"}]


def test_the_web_process_has_it():
    from emulator import asgi

    assert isinstance(asgi.application, BehindProxies)
