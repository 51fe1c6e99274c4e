"""Tokens at their edges: of whom, until when, used when, exchanged how often."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import TOTAL_LIFETIME, ApiToken, default_scopes

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(django_user_model):
    return django_user_model.objects.create_user("ada", "ada@example.com", "lovelace")


def ask(token, path="/api/auth/me", method="get"):
    client = Client(headers={"Authorization": f"Bearer {token}"})
    return getattr(client, method)(path)


def test_the_token_of_a_user_who_was_deactivated_opens_nothing(ada):
    _, token = ApiToken.objects.issue(ada)
    assert ask(token).status_code == 200
    ada.is_active = False
    ada.save()
    assert (ask(token).status_code, ask(token).json()["code"]) == (401, "token_invalid")


@pytest.mark.parametrize(
    ("lifetime", "status"),
    [(None, 200), (timedelta(minutes=1), 200), (timedelta(seconds=-1), 401)],
)
def test_a_token_is_good_until_its_end_and_without_one_for_ever(ada, lifetime, status):
    _, token = ApiToken.objects.issue(ada, lifetime=lifetime)
    assert ask(token).status_code == status


def test_the_last_use_moves_on(ada):
    row, token = ApiToken.objects.issue(ada)
    ApiToken.objects.filter(pk=row.pk).update(last_used=timezone.now() - timedelta(minutes=5))
    ask(token)
    row.refresh_from_db()
    assert timezone.now() - row.last_used < timedelta(minutes=1)


def test_a_header_without_a_token_leaves_it_to_the_session(ada):
    client = Client(headers={"Authorization": "Bearer "})
    assert client.get("/api/auth/me").status_code == 401
    client.force_login(ada)
    assert client.get("/api/auth/me").json()["username"] == "ada"


def test_a_token_that_was_exchanged_or_revoked_is_gone(ada):
    _, token = ApiToken.objects.issue(ada, "script")
    answer = ask(token, "/api/auth/refresh", "post")
    new = answer.json()["token"]
    assert ask(token, "/api/auth/refresh", "post").status_code == 401
    assert ApiToken.objects.get().name == "script"
    assert ask(new, "/api/auth/logout", "post").status_code == 200
    assert ask(new).status_code == 401


def test_two_exchanges_of_one_token_at_once_give_one(ada, monkeypatch):
    _, token = ApiToken.objects.issue(ada)
    delete = type(ApiToken.objects.all()).delete

    def other_was_quicker(rows):
        delete(rows)
        return delete(rows)

    monkeypatch.setattr(type(ApiToken.objects.all()), "delete", other_was_quicker)
    assert ask(token, "/api/auth/refresh", "post").status_code == 401
    assert ApiToken.objects.count() == 0


# --- what ends a token, and how far it reaches -------------------------------------------------


def test_another_password_ends_the_tokens(ada):
    _, token = ApiToken.objects.issue(ada)
    assert ask(token).status_code == 200
    ada.set_password("another")
    ada.save()
    assert (ask(token).status_code, ask(token).json()["code"]) == (401, "token_invalid")


def test_so_does_manage_py(ada, monkeypatch):
    _, token = ApiToken.objects.issue(ada)
    monkeypatch.setattr("getpass.getpass", lambda prompt="": "another 1 of those")
    call_command("changepassword", "ada", verbosity=0)
    assert ask(token).status_code == 401


def test_a_token_made_before_there_were_scopes_goes_on(ada):
    """As the migration leaves it."""
    row, token = ApiToken.objects.issue(ada)
    ApiToken.objects.filter(pk=row.pk).update(password_hash="", scopes=default_scopes())
    assert ask(token).status_code == 401
    migration = import_module("accounts.migrations.0002_scopes")
    migration.tie_to_passwords(apps, None)
    assert ask(token).status_code == 200


def test_exchanges_keep_the_scopes_and_come_to_an_end(ada):
    born = timezone.now() - TOTAL_LIFETIME + timedelta(days=2)
    _, token = ApiToken.objects.issue(ada, "script", scopes=["read"], born=born)
    body = ask(token, "/api/auth/refresh", "post").json()
    assert body["scopes"] == ["read"]
    row = ApiToken.objects.get()
    assert row.born == born.replace(microsecond=row.born.microsecond)
    assert timedelta(days=1) < row.expires - timezone.now() < timedelta(days=3)
    ApiToken.objects.update(born=timezone.now() - TOTAL_LIFETIME)
    assert ask(body["token"], "/api/auth/refresh", "post").status_code == 401


def test_a_log_in_with_fewer_scopes(ada):
    body = {"username": "ada", "password": "lovelace", "scopes": ["read"]}
    token = Client().post("/api/auth/login", body, "application/json").json()["token"]
    assert ask(token).json()["scopes"] == ["read"]
    assert ask(token, "/api/auth/tokens").status_code == 403
    bad = Client().post("/api/auth/login", body | {"scopes": ["all"]}, "application/json")
    assert bad.status_code == 422


def test_ones_own_tokens_are_listed_made_and_revoked(ada, django_user_model):
    other, _ = ApiToken.objects.issue(django_user_model.objects.create_user("bob"))
    _, token = ApiToken.objects.issue(ada, "mine")
    client = Client(headers={"Authorization": f"Bearer {token}"})
    (found,) = client.get("/api/auth/tokens").json()
    assert (found["name"], found["current"], "digest" in found) == ("mine", True, False)
    sent = {"name": "ci", "scopes": ["read", "metrics"], "days": 300}
    made = client.post("/api/auth/tokens", sent, "application/json").json()
    row = ApiToken.objects.get(name="ci")
    # By a token: for no longer than itself.
    assert row.expires - timezone.now() < timedelta(days=31)
    assert ask(made["token"]).json()["scopes"] == ["read", "metrics"]
    for key, status in ((other.pk, 404), ("x", 404), (row.pk, 204), (row.pk, 404)):
        assert client.delete(f"/api/auth/tokens/{key}").status_code == status
    assert ask(made["token"]).status_code == 401
    assert ApiToken.objects.filter(pk=other.pk).exists()


def test_a_name_that_no_store_can_hold_is_refused_by_its_field(ada):
    _, token = ApiToken.objects.issue(ada, "mine")
    client = Client(headers={"Authorization": f"Bearer {token}"})
    sent = {"name": "c\0i", "scopes": ["read"]}
    answer = client.post("/api/auth/tokens", sent, "application/json")
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["name"])
    assert [row.name for row in ApiToken.objects.all()] == ["mine"]


def test_a_token_makes_none_that_reaches_further(ada):
    _, token = ApiToken.objects.issue(ada, scopes=["read", "administer"])
    client = Client(headers={"Authorization": f"Bearer {token}"})
    sent = {"name": "more", "scopes": ["drive"]}
    answer = client.post("/api/auth/tokens", sent, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "out_of_scope")


def test_a_token_that_a_token_has_made_is_exchanged_for_no_longer_than_that_one(ada):
    born = timezone.now() - TOTAL_LIFETIME + timedelta(days=2)
    _, token = ApiToken.objects.issue(ada, "script", born=born)
    client = Client(headers={"Authorization": f"Bearer {token}"})
    sent = {"name": "ci", "scopes": ["read"], "days": 20}
    made = client.post("/api/auth/tokens", sent, "application/json").json()["token"]
    assert ask(made, "/api/auth/refresh", "post").status_code == 200
    row = ApiToken.objects.get(name="ci")
    assert timedelta(days=1) < row.expires - timezone.now() < timedelta(days=3)


def test_the_page_of_ones_own_tokens(django_user_model):
    staff = django_user_model.objects.create_user("carl", is_staff=True)
    other, _ = ApiToken.objects.issue(django_user_model.objects.create_user("bob"), "of bob")
    client = Client()
    assert "/admin/login/" in client.get("/admin/tokens/").url
    client.force_login(staff)
    sent = {"make": "1", "name": "ci", "scopes": ["read"], "days": "7"}
    page = client.post("/admin/tokens/", sent, follow=True)
    token = str(next(iter(page.context["messages"]))).rsplit(" ", 1)[1]
    assert ask(token).json()["username"] == "carl"
    listed = client.get("/admin/tokens/").content.decode()
    assert "ci" in listed and "of bob" not in listed and token not in listed
    row = ApiToken.objects.get(name="ci")
    assert row.expires - timezone.now() < timedelta(days=8)
    client.post("/admin/tokens/", {"revoke": str(other.pk)})
    assert ApiToken.objects.filter(pk=other.pk).exists()
    client.post("/admin/tokens/", {"revoke": str(row.pk)})
    assert ask(token).status_code == 401


def test_no_token_of_the_admin_is_for_ever(django_user_model):
    client = Client()
    client.force_login(django_user_model.objects.create_superuser("root"))
    page = client.get("/admin/accounts/apitoken/add/").content.decode()
    assert str((timezone.now() + timedelta(days=30)).year) in page
    far = {"name": "x", "scopes": ["read"], "expires_0": "2099-01-01", "expires_1": "00:00:00"}
    refused = client.post("/admin/accounts/apitoken/add/", far)
    assert "within a year" in refused.content.decode()
    assert not ApiToken.objects.exists()


def test_no_token_becomes_endless_by_an_empty_field(django_user_model):
    boss = django_user_model.objects.create_superuser("root")
    client = Client()
    client.force_login(boss)
    ending, _ = ApiToken.objects.issue(boss, "ending")
    endless, _ = ApiToken.objects.issue(boss, "endless", None)
    sent = {"name": "renamed", "scopes": ["read"], "expires_0": "", "expires_1": ""}
    for row in (ending, endless):
        answer = client.post(f"/admin/accounts/apitoken/{row.pk}/change/", sent)
        assert answer.status_code == 302
        row.refresh_from_db()
        assert row.name == "renamed"
    assert ending.expires is not None and ending.expires > timezone.now()
    assert endless.expires is None  # as it was made
