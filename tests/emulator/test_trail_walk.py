"""Whatever changes something leaves an entry of the trail: each operation, page, action, socket.

The tables are the URL patterns' and the table of rights, so what is new is asked too.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken
from accounts.trail.middleware import SAFE
from chargepoint.cars.reading import told
from chargepoint.cars.shipped import shipped
from emulator.rights import TABLE
from messaging.rights import WATCHING
from stations.many import carrying
from stations.models import Station, Template
from tests.admin import rows
from tests.admin.forms import CHANGED, added
from tests.admin.html import Page
from tests.emulator.callers import asked_by, make_callers
from tests.emulator.test_rights import filled, rows_again

pytestmark = pytest.mark.django_db
# What a body must say for the operation to be carried out, where it must say something.
MAKE = {"name": "made", "vendor": "Volt", "model": "Wall", "versions": ["1.6"]}
EV_PROFILE = told(shipped()["van"]) | {"name": "my-car"}
BODIES: dict[str, Any] = {
    "POST /auth/login": {"username": "nobody", "password": "x"},
    "POST /auth/tokens": {"name": "new", "scopes": ["read"], "days": 1},
    "POST /stations": {"identity": "MADE", "csms_url": rows.URL},
    "POST /stations/bulk": {"template": "Template 1.6", "pattern": "B-{n}", "count": 2},
    "POST /stations/bulk/start": {"identities": ["CP-1.6-connected"]},
    "POST /stations/bulk/stop": {"identities": ["CP-1.6-connected"]},
    "POST /jobs/create": {"template": "Template 1.6", "pattern": "J-{n}", "count": 2},
    "POST /jobs/command": {"identities": ["CP-1.6-connected"], "command": "plug"},
    "POST /jobs/edit": {"identities": ["CP-1.6-connected"], "set": {"vendor": "Job"}},
    "POST /filters": {"name": "Mine", "query": "state=faulted"},
    "POST /stations/import": [{"identity": "IMPORTED", "csms_url": rows.URL}],
    "PUT /stations/{identity}": {"csms_url": rows.URL, "vendor": "Other"},
    "PATCH /stations/{identity}": {"vendor": "Another"},
    "POST /templates": {"name": "Made", "csms_url": rows.URL},
    "PUT /templates/{template}": {"name": "Renamed", "csms_url": rows.URL},
    "PATCH /templates/{template}": {"vendor": "Other"},
    "POST /makes": MAKE,
    "PUT /makes/{make}": MAKE | {"name": "free-22", "firmware": "2.0"},
    "POST /makes/import": [MAKE | {"name": "imported"}],
    "POST /makes/{make}/copy": {"name": "copied"},
    "PUT /ev-profiles/{ev_profile}": EV_PROFILE,
    "POST /ev-profiles/import": [EV_PROFILE | {"name": "imported"}],
    "POST /scenarios": {"name": "Made", "steps": rows.STEPS},
    "PUT /scenarios/{scenario}": {"name": "Renamed", "steps": rows.STEPS},
    "POST /scenarios/import": [{"scenarioId": "in", "name": "In", "steps": rows.STEPS}],
    "POST /scenarios/{scenario}/run": {"stations": ["CP-1.6-connected"]},
    "POST /scenarios/{scenario}/preview": {"stations": ["CP-1.6-connected"]},
    "POST /scenario-check": {"name": "One", "steps": rows.STEPS},
    "POST /scenario-try": {"station": "CP-1.6-connected", "steps": rows.STEPS},
    "POST /executions": {"scenario": "one", "stations": ["CP-1.6-connected"]},
    "POST /behaviours": {"name": "Made", "scenario": "one", "tag": "north"},
    "PUT /behaviours/{behaviour}": {"name": "Renamed", "scenario": "one", "tag": "north"},
    "POST /questions/{question}/answer": {"done": False, "why": "no cable"},
    "POST /suites": {"name": "Made", "suite": "ocpp16", "csms_url": rows.URL},
    "PUT /suites/{plan}": {"name": "Nightly", "suite": "ocpp16", "csms_url": rows.URL + "/x"},
    "POST /stations/{identity}/messages": {"text": "[2]"},
    "POST /crafter/requests": {"name": "One", "action": "Heartbeat", "text": "{}"},
    "PUT /crafter/requests/{kept}": {"name": "One", "action": "Heartbeat", "text": "{}"},
    "POST /crafter/requests/import": {
        "requests": [{"name": "Two", "action": "Heartbeat", "text": "{}"}]
    },
    "POST /crafter/sends": {"stations": ["CP-1.6-connected"], "action": "Heartbeat"},
    "POST /stations/{identity}/availability": {"connector": 1, "operative": True},
    "POST /stations/{identity}/vat-number": {"vat_number": "DE1"},
    "POST /stations/{identity}/faults": {"fault": "drop"},
    "POST /stations/{identity}/respond": {"action": "Reset", "payload": {"status": "Rejected"}},
    "POST /stations/{identity}/settings": {"key": "HeartbeatInterval", "value": "60"},
    "POST /stations/{identity}/der-alarm": {"kind": "FreqDroop"},
    "POST /stations/{identity}/data-transfer": {"vendor_id": "Acme"},
    "POST /stations/{identity}/held/{number}/answer": {"payload": {}},
}  # fmt: skip
# Of these the request alone is told: they change no row of ours.
OF_NOTHING = {
    "POST /admin/sync", "POST /scenarios/export", "DELETE /auth/tokens/{token}",
    "POST /auth/login", "DELETE /messages",
}  # fmt: skip


# POST for their bodies' sake: what they are asked changes nothing.
QUESTIONS = {"POST /scenario-check", "POST /scenarios/{scenario}/preview"}


# What cannot be deleted while it runs.
ENDED_FIRST = ("scenarios.Execution", "scenarios.SuiteRun")


@pytest.fixture
def made(db) -> None:
    rows.make_rows()


def trail(**wanted: Any) -> list[dict]:
    return list(connection.get_collection("trail").find(wanted).sort("_id", 1))


def forget() -> None:
    connection.get_collection("trail").delete_many({})


def test_each_operation_that_changes_something_leaves_who_and_what_of_it(made):
    callers = make_callers()
    boss, viewer = callers["Administrator"], callers["Viewer"]
    faults = []
    for operation in TABLE.operations:
        if operation.split(" ")[0] in SAFE or operation in QUESTIONS:
            continue
        method, address = filled(operation)
        token = ApiToken.objects.issue(boss.user, "walk")[1]
        client = Client(headers={"Authorization": f"Bearer {token}"})
        forget()
        body = json.dumps(BODIES[operation]) if operation in BODIES else ""
        address += "?confirm=true" if operation == "DELETE /messages" else ""
        answer = client.generic(method, address, body, "application/json")
        found = trail(page=operation, status=answer.status_code)
        anyone = operation == "POST /auth/login"
        if not found or found[0].get("actor", "") != ("" if anyone else "administrator"):
            faults.append(f"{operation}: {answer.status_code} {answer.content[:200]}: {found}")
            continue
        if not anyone and not found[0]["token"].startswith("walk ("):
            faults.append(f"{operation}: by no token: {found[0]}")
        if operation not in OF_NOTHING and not found[0].get("objects"):
            faults.append(f"{operation}: of nothing: {found[0]}")
        if answer.status_code in (400, 422):
            faults.append(f"{operation}: not asked for: {answer.content[:300]}")
        rows_again()
        forget()
        if viewer.refused(method, TABLE.operations[operation]):
            viewer.client().generic(method, address)
            [refused] = trail(page=operation)
            if (refused["result"], refused["status"], refused["actor"]) != (
                "refused", 403, "viewer",
            ):  # fmt: skip
                faults.append(f"{operation}: refused to a viewer: {refused}")
    assert not faults, "\n" + "\n".join(faults)


def test_who_only_reads_leaves_nothing(made):
    client = make_callers()["Administrator"].client()
    forget()
    for operation in TABLE.operations:
        if operation.startswith("GET "):
            client.get(filled(operation)[1])
    assert trail(via="api") == []


def test_a_question_leaves_nothing_but_where_it_is_refused(made):
    callers = make_callers()
    for operation in QUESTIONS:
        method, address = filled(operation)
        forget()
        client = callers["Viewer"].client()
        answer = client.generic(method, address, json.dumps(BODIES[operation]), "application/json")
        assert answer.status_code == 200, answer.content
        assert trail() == []
        client.generic(method, address, '{"no such": 1}', "application/json")
        [entry] = trail()
        assert (entry["result"], entry["actor"]) == ("refused", "viewer")


def test_each_kind_of_message_to_a_socket_changes_nothing():
    """One that does must open an act, as a request is one; then take it out of here."""
    kinds = {row for row in TABLE.sockets if " " in row}
    watching = WATCHING | {"ws/dashboard range", "ws/station look"}
    assert kinds == watching, "a message that changes something needs its entry in the trail"


# --- the admin -------------------------------------------------------------------------------


def place(model: type[Model], page: str, *ids: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=ids)


@pytest.fixture
def boss(made, django_user_model):
    client = Client()
    user = django_user_model.objects.create_superuser("root")
    client.force_login(user)
    client.user = user
    return client


def send(client: Client, model: type[Model], address: str, changes: dict) -> None:
    page = Page(client.get(address).content.decode())
    data = page.form(f"{model._meta.model_name}_form").data(**changes)
    answer = client.post(address, {**data, "_save": "Save"})
    assert answer.status_code == 302, address


def told(model: type[Model], action: str, page: str) -> str:
    """What is missing of the entry; "" if it is there."""
    label = model._meta.label_lower
    found = trail(model=label, action=action, via="admin", actor="root", result="done")
    fitting = [each for each in found if each.get("objects") and each["page"].endswith(page)]
    if not fitting:
        return f"{label} {action}: {trail()}"
    if not any(each.get("changes") for each in fitting):
        return f"{label} {action}: without values: {fitting}"
    return ""


def test_each_add_page_leaves_what_was_made(boss):
    faults = []
    for model in rows.tables():
        if admin.site._registry[model].has_add_permission(asked_by(boss.user)):
            forget()
            send(boss, model, place(model, "add"), added(model._meta.label))
            faults.append(told(model, "created", "_add"))
    assert not any(faults), "\n".join(faults)


def test_each_change_page_leaves_old_and_new_values(boss):
    faults = []
    for model in rows.tables():
        if not (changes := CHANGED[model._meta.label]):
            continue
        row = model._default_manager.first()
        wanted = changes(row) if callable(changes) else changes
        forget()
        send(boss, model, place(model, "change", row.pk), wanted)
        if fault := told(model, "changed", "_change"):
            faults.append(fault)
            continue
        said = trail(model=model._meta.label_lower, action="changed")[0]["changes"]
        if not all("old" in each or "new" in each for each in said):
            faults.append(f"{model._meta.label}: {said}")
    assert not faults, "\n".join(faults)


def test_each_deletion_leaves_what_was_there(boss):
    faults = []
    for model in rows.tables():
        for by_list in (True, False):
            row = model._default_manager.filter(
                **({"state": "passed"} if model._meta.label in ENDED_FIRST else {})
            ).first()
            if row is None:
                continue
            forget()
            if by_list:
                sent = {"action": "delete_selected", "_selected_action": [row.pk]}
                boss.post(place(model, "changelist"), sent)
                assert trail(via="admin") == []  # it has only been asked
                boss.post(place(model, "changelist"), {**sent, "post": "yes"})
                faults.append(told(model, "deleted", "delete_selected"))
            else:
                boss.post(place(model, "delete", row.pk), {"post": "yes"})
                faults.append(told(model, "deleted", "_delete"))
    assert not any(faults), "\n".join(filter(None, faults))


def test_each_action_of_a_list_leaves_an_entry(boss):
    faults = []
    for row in TABLE.actions:
        label, name = row.split(" ")
        if name == "delete_selected":
            continue
        [model] = [each for each in rows.tables() if each._meta.label_lower == label]
        keys = [each.pk for each in model._default_manager.all()[:2]]
        forget()
        boss.post(place(model, "changelist"), {"action": name, "_selected_action": keys})
        found = trail(via="admin", actor="root")
        if not found or not all(each["page"].startswith(label) for each in found):
            faults.append(f"{row}: {found}")
    assert not faults, "\n".join(faults)


def test_pages_of_their_own_leave_entries(boss):
    template = Template.objects.first()
    forget()
    many = Page(boss.get(place(Station, "create_many")).content.decode())
    [form] = [each for each in many.forms if "pattern" in dict(each.fields)]
    data = form.data(template=str(template.pk), pattern="MANY-{n}", count="3")
    asked = boss.post(place(Station, "create_many"), data)
    assert asked.status_code == 302
    job = asked.url.rstrip("/").rpartition("/")[2]
    [entry] = trail()
    assert (entry["action"], entry["objects"]) == ("create many", [job])
    forget()
    assert carrying.step(job, 0) is None
    [entry] = trail()
    assert entry["action"] == "created" and entry["objects"] == ["MANY-1", "MANY-2", "MANY-3"]
    assert (entry["actor"], entry["via"]) == ("root", "admin")
    forget()
    boss.post("/admin/tokens/", {"make": "1", "name": "own", "scopes": ["read"], "days": "3"})
    [entry] = trail()
    assert (entry["action"], entry["model"]) == ("created", "accounts.apitoken")
    assert entry["objects"][0].endswith(" of root")
