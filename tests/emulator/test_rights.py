"""All that can be asked of the platform has a row in the table of rights, and keeps to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import ApiToken
from accounts.passes import FORBIDDEN, NOT_LOGGED_IN
from accounts.rights import ANYONE, LEVELS, METRICS_SCOPE, Part, compose, operation_of
from emulator.api import api
from emulator.groups import make_groups, make_permissions
from emulator.matrix import PAGE, with_matrix
from emulator.rights import GROUPS, TABLE, group_permissions
from emulator.routing import websocket, websocket_urlpatterns
from scenarios.models import Behaviour, Execution, Question, Scenario, SuitePlan, SuiteRun
from stations.many import jobs
from stations.models import Station, Template
from tests.admin import rows
from tests.admin.addresses import FOUND, MISSING, places
from tests.admin.html import Page
from tests.emulator.callers import (
    EVIL,
    FOREIGN,
    KINDS,
    NOBODY,
    SAFE,
    Caller,
    asked_by,
    make_callers,
    may_see,
)

pytestmark = pytest.mark.django_db
URL = "ws://127.0.0.1:9/ocpp"


@pytest.fixture
def made(db) -> None:
    rows.make_rows()


@pytest.fixture
def callers(db) -> dict[str, Caller]:
    return make_callers()


# --- the table is whole ----------------------------------------------------------------------


def views() -> Iterator[tuple[str, Any]]:
    """(path, view with its operations) of every router, also of what OpenAPI does not show."""
    waiting = [router for _, router in api._routers]
    while waiting:
        router = waiting.pop()
        waiting += [each[1] for each in router._routers]
        yield from router.path_operations.items()


def test_each_operation_of_the_api_has_a_row_and_each_row_an_operation():
    there = {
        operation_of(method, path)
        for path, view in views()
        for operation in view.operations
        for method in operation.methods
    }
    told = {
        f"{method.upper()} {path.removeprefix('/api')}"
        for path, item in api.get_openapi_schema()["paths"].items()
        for method in item
    }
    assert there == set(TABLE.operations), "give each operation a row in its app's rights.py"
    assert told == there


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            space = f"{each.namespace}:" if each.namespace else prefix
            yield from patterns(each, space)
        elif isinstance(each, URLPattern):
            yield f"{prefix}{each.name}"


def test_each_page_has_a_row():
    operations = {
        f"api:{operation.view_func.__name__}"
        for _, view in views()
        for operation in view.operations
    }
    # Django's redirect of a row's address to its page, and what no pattern fits.
    nameless = {"admin:None", "None"}
    missing = set(patterns(get_resolver())) - set(TABLE.pages) - operations - nameless
    assert not missing, f"give these a row in the table of rights: {sorted(missing)}"


def test_each_socket_has_a_row():
    sockets = {str(each.pattern) for each in websocket_urlpatterns}
    assert sockets == {row for row in TABLE.sockets if " " not in row}


def test_each_action_of_a_list_has_a_row(made):
    boss = asked_by(User.objects.create_superuser("root"))
    there = {
        f"{model._meta.label_lower} {name}"
        for model, shown in admin.site._registry.items()
        for _, name, _ in shown._get_base_actions()
    }
    assert there == set(TABLE.actions)
    for model, shown in admin.site._registry.items():
        for name in shown.get_actions(boss):
            assert f"{model._meta.label_lower} {name}" in TABLE.actions


def test_each_permission_has_a_level(db):
    make_permissions()
    found = Permission.objects.values_list("content_type__app_label", "codename")
    assert {f"{app}.{name}" for app, name in found} == set(TABLE.levels)


def test_the_table_refuses_what_does_not_fit_together():
    one = Part(levels={"a.b": "read"}, operations={"GET /x": "a.b"})
    with pytest.raises(ValueError, match="twice"):
        compose(one, one)
    with pytest.raises(ValueError, match=r"a\.c has no level"):
        compose(one, Part(operations={"GET /y": "a.c"}))
    with pytest.raises(ValueError, match="no operation"):
        compose(one, Part(buttons={"x": "POST /y"}))


def test_an_operation_without_a_row_is_nobodys(callers, monkeypatch):
    monkeypatch.delitem(TABLE.operations, "GET /stations")
    answer = callers["Administrator"].client().get("/api/stations")
    assert answer.status_code == 403


# --- the API ---------------------------------------------------------------------------------


def filled(operation: str) -> tuple[str, str]:
    """Method and address, with rows that exist in the place of the parameters."""
    method, path = operation.split(" ")
    values = {
        "identity": lambda: Station.objects.filter(running=True).first().identity,
        "template": lambda: Template.objects.first().name,
        "make": lambda: "free-22",
        "ev_profile": lambda: "my-car",
        "scenario": lambda: Scenario.objects.first().slug,
        "execution": lambda: Execution.objects.first().pk,
        "behaviour": lambda: Behaviour.objects.first().name,
        "plan": lambda: SuitePlan.objects.first().name,
        "run": lambda: SuiteRun.objects.first().pk,
        "job": lambda: jobs.newest(1)[0].id,
        "saved": lambda: "Mine",
        "question": lambda: Question.objects.filter(answered=None).first().pk,
        "message_id": lambda: "0" * 22,
        "session_id": lambda: "s1",
        "number": lambda: 1,
        "token": lambda: "0" * 24,
        "kept": lambda: "0" * 24,
        "sent": lambda: "0" * 24,
        "version": lambda: "2.0.1",
        "action": lambda: "Heartbeat",
    }
    return method, "/api" + re.sub(r"\{(\w+)\}", lambda name: str(values[name[1]]()), path)


def test_each_operation_refuses_and_admits_each_caller(made, callers):
    faults = []
    before = {model: model.objects.count() for model in (Station, Template, Scenario, Behaviour)}
    for operation, right in TABLE.operations.items():
        method, address = filled(operation)
        for caller in callers.values():
            if wanted := caller.refused(method, right):
                answer = caller.client().generic(method, address)
                if answer.status_code != wanted:
                    faults.append(f"{caller.kind}: {operation}: {answer.status_code}, not {wanted}")
    assert before == {model: model.objects.count() for model in before}
    for operation, right in TABLE.operations.items():
        method, address = filled(operation)
        admitted = [each for each in callers.values() if not each.refused(method, right)]
        # The first that is let in, and who may everything, stand for those between them.
        for caller in {id(each): each for each in (admitted[0], admitted[-1])}.values():
            method, address = filled(operation)
            client = caller.client()
            if operation in ("POST /auth/logout", "POST /auth/refresh") and caller.token:
                token = ApiToken.objects.issue(caller.user)[1]
                client = Client(headers={"Authorization": f"Bearer {token}"})
            answer = client.generic(method, address)
            if answer.status_code in (401, 403) and operation != "POST /auth/login":
                faults.append(f"{caller.kind}: {operation}: {answer.status_code}")
            if method == "DELETE":
                rows_again()
    assert not faults, "\n" + "\n".join(faults)


def rows_again() -> None:
    """What the last caller has deleted."""
    if not Template.objects.exists():
        Template.objects.create(name="One", csms_url=URL)
    if not Station.objects.filter(running=True).exists():
        Station.objects.create(identity="ONE", csms_url=URL, running=True)
    if not Scenario.objects.exists():
        Scenario.objects.create(slug="one-more", name="One", steps=rows.STEPS)
    if not Behaviour.objects.exists():
        Behaviour.objects.create(name="One", scenario=Scenario.objects.first(), tag="north")
    if not SuitePlan.objects.exists():
        SuitePlan.objects.create(name="One", suite="ocpp16", csms_url=URL)
    if not SuiteRun.objects.exists():
        SuiteRun.objects.create(plan="0" * 24, plan_name="One", turn="one", state="passed")
    if not Execution.objects.exists():
        Execution.objects.create(scenario_slug="one", scenario_name="One", state="passed")
    if not Question.objects.filter(answered=None).exists():
        rows.make_question(Execution.objects.first())


@pytest.mark.parametrize(
    ("scope", "opened"),
    [("read", "GET /stations"), ("drive", "POST /stations/{identity}/start"),
     ("configure", "POST /templates"), ("administer", "DELETE /messages"),
     (METRICS_SCOPE, "GET /metrics")],
)  # fmt: skip
def test_a_token_opens_what_its_scopes_say_whoever_its_user_is(made, scope, opened):
    boss = User.objects.create_superuser("root")
    token = ApiToken.objects.issue(boss, scopes=[scope])[1]
    client = Client(headers={"Authorization": f"Bearer {token}"})
    samples = ("GET /stations", "POST /stations/{identity}/start", "POST /templates",
               "DELETE /messages", "GET /metrics")  # fmt: skip
    for operation in samples:
        method, address = filled(operation)
        answer = client.generic(method, address)
        expected = operation == opened or (scope == "read" and operation == "GET /metrics")
        assert (answer.status_code != 403) == expected, operation
        if not expected:
            assert answer.json()["code"] == "out_of_scope"


@pytest.mark.parametrize(
    ("kind", "method", "address", "body"),
    [
        ("Viewer", "GET", "/api/stations/export?secrets=true", None),
        ("Operator", "GET", "/api/stations/export?secrets=true", None),
        ("Tester", "POST", "/api/stations/import?on_existing=update", {"stations": []}),
    ],
)
def test_what_a_query_asks_for_has_a_right_of_its_own(callers, kind, method, address, body):
    answer = callers[kind].client().generic(method, address, b"{}" if body is None else body)
    assert answer.status_code == 403


# --- the admin -------------------------------------------------------------------------------


def test_each_page_refuses_and_admits_each_group(made, callers):
    faults = []
    clients = {kind: Client() for kind in GROUPS}
    for kind, client in clients.items():
        client.force_login(callers[kind].user)
    for place in places(every_row=False):
        wanted = {kind: place.status_for(asked_by(callers[kind].user)) for kind in GROUPS}
        # The last that is refused and the first that is let in stand for those around them.
        edge = [kind for kind in GROUPS if wanted[kind] != FOUND][-1:]
        edge += [kind for kind in GROUPS if wanted[kind] == FOUND][:1]
        for kind in edge:
            answer = clients[kind].get(place.address, follow=True)
            if answer.status_code != wanted[kind] and wanted[kind] != MISSING:
                said = f"{answer.status_code}, not {wanted[kind]}"
                faults.append(f"{kind}: GET {place.address}: {said}")
    assert not faults, "\n" + "\n".join(faults)


def test_each_list_offers_each_group_its_actions(made, callers):
    for kind in GROUPS:
        user = callers[kind].user
        for model, shown in admin.site._registry.items():
            label = model._meta.label_lower
            offered = {f"{label} {name}" for name in shown.get_actions(asked_by(user))}
            wanted = {
                row for row, right in TABLE.actions.items()
                if row.startswith(f"{label} ") and may_see(user, right)
            }  # fmt: skip
            assert offered == wanted, kind


def test_a_station_has_the_buttons_that_work_for_who_looks_at_it(made, callers):
    station = Station.objects.filter(running=True).first()
    for kind in GROUPS:
        client = Client()
        client.force_login(callers[kind].user)
        page = client.get(f"/admin/stations/station/{station.pk}/life/").content.decode()
        told = json.loads(re.search(r'id="life-told"[^>]*>([^<]*)<', page)[1])
        shown = set(re.findall(r'data-command="([\w-]+)"', page))
        shown |= {each["name"] for seat in told["seats"] for each in seat["commands"]}
        allowed = set(re.search(r'data-allowed="([^"]*)"', page)[1].split())
        wanted = {
            row.split(" ")[1] for row, operation in TABLE.buttons.items()
            if row.startswith("stations.station ")
            and may_see(callers[kind].user, TABLE.operations[operation])
        }  # fmt: skip
        assert allowed == wanted, kind
        assert shown <= wanted, kind
        assert ("faults" in shown) == ("faults" in wanted), kind
        assert set(told["allowed"]) == wanted, kind


def test_a_viewer_has_no_buttons_and_a_tester_has(made, callers):
    may = {kind: may_see(callers[kind].user, "stations.drive_station") for kind in GROUPS}
    assert may == {"Viewer": False, "Tester": True, "Operator": True, "Administrator": True}


# --- WebSockets ------------------------------------------------------------------------------


async def closing_code(address: str, headers: list[tuple[bytes, bytes]]) -> int:
    """0: it stays open; 403: refused before it was one."""
    communicator = WebsocketCommunicator(websocket, f"/{address}", headers)
    connected, _ = await communicator.connect(timeout=10)
    if not connected:
        return 403
    message = await communicator.receive_output(timeout=10)
    code = message.get("code", 0) if message["type"] == "websocket.close" else 0
    await communicator.disconnect()
    return code


async def headers_of(caller: Caller) -> list[tuple[bytes, bytes]]:
    if caller.kind == FOREIGN:
        client = await sync_to_async(caller.client)()
        cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies['sessionid'].value}"
        return [(b"host", b"testserver"), (b"origin", EVIL.encode()), (b"cookie", cookie.encode())]
    headers = [(b"host", b"testserver"), (b"origin", b"http://testserver")]
    if caller.token:
        headers.append((b"authorization", f"Bearer {caller.token}".encode()))
    return headers


@pytest.mark.parametrize("address", [row for row in TABLE.sockets if " " not in row])
async def test_each_socket_refuses_and_admits_each_caller(callers, address):
    for kind in KINDS:
        caller = callers[kind]
        wanted = caller.refused("GET", TABLE.sockets[address])
        wanted = {401: NOT_LOGGED_IN, 403: FORBIDDEN, 0: 0}[wanted]
        if kind == FOREIGN:
            wanted = 403
        assert await closing_code(address, await headers_of(caller)) == wanted, kind


# --- groups ----------------------------------------------------------------------------------


def test_each_group_may_what_those_before_it_may_and_more():
    held = [set(group_permissions(name)) for name in GROUPS]
    assert all(less < more for less, more in zip(held, held[1:], strict=False))
    assert [len(GROUPS[name][1]) for name in GROUPS] == [1, 2, 3, 4]
    assert held[-1] == set(TABLE.levels)
    assert "stations.see_secrets" not in held[2]


def test_groups_are_made_once_and_left_to_the_administrator(db):
    Group.objects.all().delete()
    assert make_groups() == list(GROUPS)
    tester = Group.objects.get(name="Tester")
    assert tester.permissions.count() == len(group_permissions("Tester"))
    tester.permissions.clear()
    assert make_groups() == []
    assert tester.permissions.count() == 0


def test_the_page_of_the_documentation_has_the_table_of_today():
    text = PAGE.read_text(encoding="utf-8")
    assert with_matrix(text) == text, "run: manage.py rightsmatrix"


def test_no_user_manager_makes_himself_a_superuser(callers):
    """Nor does he get at a superuser's password."""
    root = User.objects.create_superuser("root")
    manager = User.objects.create_user("max", is_staff=True)
    manager.user_permissions.set(Permission.objects.filter(codename__endswith="_user"))
    client = Client()
    client.force_login(manager)
    own = f"/admin/auth/user/{manager.pk}/change/"
    page = Page(client.get(own).content.decode())
    data = page.form("user_form").data(is_superuser="on", first_name="Max")
    client.post(own, data)
    manager.refresh_from_db()
    assert (manager.first_name, manager.is_superuser) == ("Max", False)
    words = {"password1": "another 1 of those", "password2": "another 1 of those"}
    assert client.post(f"/admin/auth/user/{root.pk}/password/", words).status_code == 403
    assert client.post(f"/admin/auth/user/{root.pk}/delete/", {"post": "yes"}).status_code == 403
    told = client.get(own).content.decode()
    assert all(f"{name}: {words}" in told for name, (words, _) in GROUPS.items())


def test_the_words_of_the_table_are_what_they_are():
    assert TABLE.operations["POST /auth/login"] == ANYONE
    assert set(TABLE.levels.values()) == set(LEVELS)
    assert NOBODY in KINDS and "GET" in SAFE
