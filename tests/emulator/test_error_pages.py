"""A page that fails: the admin's look, a sentence, a way back; the API tells it as JSON."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable

import pytest
from asgiref.sync import async_to_sync
from django.contrib import admin
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.core.handlers.exception import convert_exception_to_response
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.test import AsyncClient, Client, RequestFactory
from django.utils.log import log_response

from emulator.web import error_pages
from stations.models import Station

LIST = "/admin/stations/station/"


def check_page(answer, status: int, title: str, back: str = "") -> None:
    text = answer.content.decode()
    assert answer.status_code == status
    assert f'data-status="{status}"' in text and title in text
    assert 'href="/admin/"' in text and "unfold/css/styles.css" in text
    assert ("Back" in text) == bool(back) and f'href="{back}' in text


@pytest.fixture
def failing(admin_client, monkeypatch):
    """What the list of stations raises, for one who is logged in."""
    admin_client.raise_request_exception = False

    def fail(error: Exception) -> Client:
        def raises(*_: object) -> None:
            raise error

        monkeypatch.setattr(admin.site._registry[Station], "get_queryset", raises)
        return admin_client

    return fail


@pytest.mark.django_db
def test_a_page_that_fails(failing):
    client = failing(RuntimeError("<secret>"))
    answer = client.get(LIST)
    check_page(answer, 500, "This page failed")
    assert "secret" not in answer.content.decode()
    came_from = "http://testserver/admin/live/"
    check_page(client.get(LIST, headers={"Referer": came_from}), 500, "failed", back=came_from)
    elsewhere = client.get(LIST, headers={"Referer": "http://example.com/admin/"})
    assert "example.com" not in elsewhere.content.decode()


@pytest.mark.django_db
def test_a_request_that_cannot_be_read(failing):
    check_page(failing(SuspiciousOperation("x")).get(LIST), 400, "Bad request")


@pytest.mark.django_db
def test_what_is_not_there_and_what_is_not_allowed(admin_client, django_user_model):
    check_page(admin_client.get("/admin/no/such/page/"), 404, "Not found")
    check_page(Client().get("/nothing"), 404, "Not found")
    check_page(Client().get("/", headers={"Host": "evil.example"}), 400, "Bad request")
    client = Client()
    client.force_login(django_user_model.objects.create_user("eve", is_staff=True))
    check_page(client.get(LIST), 403, "Not allowed")


@pytest.mark.django_db
def test_a_form_without_its_token(admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    answer = client.post(f"{LIST}add/", {"identity": "CP1"})
    check_page(answer, 403, "Not allowed")
    assert "load the page anew" in answer.content.decode()


@pytest.mark.django_db
def test_who_types_the_address_of_log_out_sees_no_blank_page(admin_client):
    assert admin_client.get("/admin/logout/").url == "/admin/"
    assert admin_client.get("/admin/").status_code == 200
    assert admin_client.post("/admin/logout/").status_code == 200
    assert admin_client.get("/admin/").status_code == 302


def test_no_store_is_asked_and_a_broken_template_is_no_second_failure(monkeypatch):
    # Without the mark `django_db` a query raises.
    request = RequestFactory().get("/admin/")
    check_page(error_pages.server_error(request), 500, "This page failed")
    check_page(error_pages.error_page(request, 503, "Away", "Wait."), 503, "Away")
    monkeypatch.setattr(admin.site, "look", lambda request: 1 / 0)
    answer = error_pages.server_error(request)
    assert answer.status_code == 500 and b'href="/admin/"' in answer.content


def test_the_api_has_its_one_shape():
    answer = Client().get("/api/nothing/here")
    assert (answer.status_code, json.loads(answer.content)["code"]) == (404, "not_found")
    failed = error_pages.server_error(RequestFactory().get("/api/stations"))
    assert json.loads(failed.content)["code"] == "internal"


# --- the log of the web process ----------------------------------------------------------------


@pytest.fixture
def logged(monkeypatch):
    """What the process writes to its log, by its own configuration."""
    [handler] = [h for h in logging.getLogger().handlers if h.filters]
    stream = io.StringIO()
    monkeypatch.setattr(handler, "stream", stream)
    return stream


def raised(error: Exception) -> Callable:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


REFUSALS = (
    PermissionDenied("no"), SuspiciousOperation("two\nlines"), BadRequest("x"), Http404("x"),
    RequestDataTooBig("much"), TooManyFieldsSent("many"), MultiPartParserError("x"),
    DisallowedHost("Invalid HTTP_HOST header: 'a\nb'"),
)  # fmt: skip


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
def test_what_is_refused_is_one_line_of_the_log(logged, error):
    answer = convert_exception_to_response(raised(error))(RequestFactory().get("/admin/x"))
    log_response("%s", "/admin/x", response=answer)  # as the handler does in the end
    assert 400 <= answer.status_code < 500
    assert len(logged.getvalue().splitlines()) == 1, logged.getvalue()


@pytest.mark.django_db
def test_a_page_that_is_forbidden_is_one_line_of_the_log(logged, django_user_model):
    client = Client()
    client.force_login(django_user_model.objects.create_user("eve", is_staff=True))
    assert client.get(LIST).status_code == 403
    [line] = logged.getvalue().splitlines()
    assert "Forbidden" in line and LIST in line


def test_a_failure_of_ours_keeps_its_traceback(logged):
    answer = convert_exception_to_response(raised(ValueError("x")))(RequestFactory().get("/x"))
    assert answer.status_code == 500
    assert "Traceback" in logged.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/stations/bulk/start", "/api/health", "/api/auth/login"])
def test_a_method_that_an_address_does_not_take_is_told_as_json(path):
    for delete in (Client().delete, async_to_sync(AsyncClient().delete)):
        answer = delete(path)
        assert (answer.status_code, answer["Content-Type"]) == (405, "application/json")
        body = answer.json()
        assert body["code"] == "method_not_allowed" and answer["Allow"] in body["message"]
        assert answer["Allow"] in ("GET", "POST")


# --- what a browser asks for by itself -----------------------------------------------------------


@pytest.mark.django_db
def test_the_icon_that_no_page_names():
    for client in (Client(), Client(headers={"Authorization": "Bearer x"})):
        answer = client.get("/favicon.ico")
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
        assert answer.content.startswith(b"<svg") and "max-age" in answer["Cache-Control"]
    assert Client().post("/favicon.ico").status_code == 405
