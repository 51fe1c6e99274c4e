"""/api/auth: login, logout, me, refresh; tokens, sessions, CSRF."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts.models import ApiToken, digest

pytestmark = pytest.mark.django_db
CREDENTIALS = {"username": "ada", "password": "lovelace"}
JSON = "application/json"


@pytest.fixture
def ada(django_user_model):
    return django_user_model.objects.create_user("ada", "ada@example.com", "lovelace")


def log_in(**more: object) -> dict:
    answer = Client().post("/api/auth/login", CREDENTIALS | more, JSON)
    assert answer.status_code == 200, answer.content
    return answer.json()


def me(token: str, scheme: str = "Bearer"):
    return Client(headers={"Authorization": f"{scheme} {token}"}).get("/api/auth/me")


def test_login_answers_a_token_that_works(ada):
    body = log_in()
    assert body["token_type"] == "Bearer"
    assert body["user"]["username"] == "ada"
    for scheme in ("Bearer", "bearer", "Token"):
        assert me(body["token"], scheme).json()["email"] == "ada@example.com"


def test_who_may_change_stations_sees_them(ada, client):
    client.force_login(ada)
    assert client.get("/api/stations").status_code == 403
    ada.user_permissions.add(Permission.objects.get(codename="change_station"))
    assert client.get("/api/stations").status_code == 200
    assert client.get("/api/messages").status_code == 403


def test_only_a_hash_is_kept(ada):
    token = log_in()["token"]
    row = connection.get_collection("accounts_apitoken").find_one({})
    assert row["digest"] == digest(token)
    assert token not in repr(row)


@pytest.mark.parametrize(
    "sent", [{"password": "wrong"}, {"username": "eve"}, {"password": ""}], ids=str
)
def test_a_wrong_login(ada, sent):
    answer = Client().post("/api/auth/login", CREDENTIALS | sent, JSON)
    assert (answer.status_code, answer.json()["code"]) == (401, "login_failed")
    assert not ApiToken.objects.exists()


def test_a_login_without_a_field(ada):
    answer = Client().post("/api/auth/login", {"username": "ada"}, JSON)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["password"])


def test_without_a_login(db):
    for path in ("stations", "auth/me", "connections", "templates", "stations/x/state"):
        answer = Client().get(f"/api/{path}")
        assert (path, answer.status_code) == (path, 401)
        assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer", "Basic YTpi", "Token  "])
def test_a_bad_header(db, header):
    assert Client(headers={"Authorization": header}).get("/api/auth/me").status_code == 401


def test_a_token_ends(ada):
    row, token = ApiToken.objects.issue(ada, lifetime=timedelta(seconds=-1))
    assert me(token).json()["code"] == "token_invalid"
    ApiToken.objects.filter(pk=row.pk).update(expires=timezone.now() + timedelta(minutes=1))
    assert me(token).status_code == 200
    ada.is_active = False
    ada.save()
    assert me(token).status_code == 401


def test_logout_revokes_the_token(ada):
    first, second = log_in()["token"], log_in()["token"]
    client = Client(headers={"Authorization": f"Bearer {first}"})
    assert client.post("/api/auth/logout").status_code == 200
    assert me(first).status_code == 401
    assert me(second).status_code == 200


def test_refresh_replaces_the_token(ada):
    old = log_in(name="script")["token"]
    answer = Client(headers={"Authorization": f"Bearer {old}"}).post("/api/auth/refresh")
    new = answer.json()["token"]
    assert new != old
    assert (me(old).status_code, me(new).status_code) == (401, 200)
    assert [row.name for row in ApiToken.objects.all()] == ["script"]


def test_last_use_is_noted_but_not_at_every_request(ada):
    row, token = ApiToken.objects.issue(ada)
    me(token)
    row.refresh_from_db()
    first = row.last_used
    assert timezone.now() - first < timedelta(seconds=10)
    me(token)
    row.refresh_from_db()
    assert row.last_used == first


def test_a_session_needs_the_csrf_token_for_writing(ada):
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/api/auth/login", CREDENTIALS | {"session": True}, JSON)
    assert answer.status_code == 200
    assert client.get("/api/auth/me").json()["username"] == "ada"
    refused = client.post("/api/auth/logout")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    csrf = client.cookies["csrftoken"].value
    assert client.post("/api/auth/logout", headers={"X-CSRFToken": csrf}).status_code == 200
    assert client.get("/api/auth/me").status_code == 401


def test_a_token_needs_no_csrf_token(ada):
    token = log_in()["token"]
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {token}"})
    assert client.post("/api/auth/refresh").status_code == 200


def test_a_login_without_session_sets_no_cookie(ada):
    client = Client()
    client.post("/api/auth/login", CREDENTIALS, JSON)
    assert "sessionid" not in client.cookies


@pytest.mark.django_db(transaction=True)
async def test_the_async_side_asks_the_same(ada):
    _, token = await sync_to_async(ApiToken.objects.issue)(ada)
    client = AsyncClient()
    assert (await client.get("/api/auth/me")).status_code == 401
    answer = await client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["username"] == "ada"


def test_a_token_made_in_the_admin_is_shown_once(django_user_model):
    root = django_user_model.objects.create_superuser("root", password="x")
    client = Client()
    client.force_login(root)
    sent = {"name": "ci", "scopes": ["read", "drive"]}
    page = client.post("/admin/accounts/apitoken/add/", sent, follow=True)
    assert page.status_code == 200
    text = next(str(m) for m in page.context["messages"])
    token = text.rsplit(" ", 1)[1]
    assert me(token).json()["username"] == "root"
    row = ApiToken.objects.get()
    assert (row.name, row.user, row.scopes) == ("ci", root, ["read", "drive"])
    assert timedelta(days=29) < row.expires - timezone.now() < timedelta(days=31)
    url = f"/admin/accounts/apitoken/{row.pk}/change/"
    assert token not in client.get(url).content.decode()
