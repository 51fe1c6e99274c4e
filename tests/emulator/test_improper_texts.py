"""Texts that a store cannot hold, or that end what they stand in, are refused by their field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.models import ApiToken
from emulator.api import api
from scenarios.models import Behaviour, Scenario
from stations.models import Station, TagGroup, Template
from tests.admin import rows

pytestmark = pytest.mark.django_db
URL = "ws://127.0.0.1:9/ocpp"
NUL, HALF = "a\0b", "a\ud800b"
NAME = {"description": "a", "name": "New one"}
STEPS = {"steps": [{"type": "delay", "params": {"duration": 1}}]}

# operation -> (its path's values, a body that is good but for what a test puts in)
GOOD: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/stations"): {"identity": "NEW-1", "csms_url": URL},
    ("PATCH", "/api/stations/{station}"): {},
    ("PUT", "/api/stations/{station}"): {"csms_url": URL},
    ("POST", "/api/stations/{station}/clone"): {"identity": "NEW-2"},
    ("POST", "/api/stations/bulk"): {"template": "Template 1.6", "pattern": "N-{n}", "count": 1},
    ("POST", "/api/templates"): {"name": "New", "csms_url": URL},
    ("PUT", "/api/templates/{template}"): {"name": "New", "csms_url": URL},
    ("PATCH", "/api/templates/{template}"): {},
    ("POST", "/api/scenarios"): {"name": "New", **STEPS},
    ("PUT", "/api/scenarios/{scenario}"): {"name": "New", **STEPS},
    ("POST", "/api/behaviours"): {"name": "New", "scenario": "one", "tag": "north"},
    ("POST", "/api/executions"): {"scenario": "one", "tag": "north"},
    ("POST", "/api/auth/tokens"): {"name": "ci", "scopes": ["read"]},
    ("POST", "/api/auth/login"): {"username": "root", "password": "x"},
}
# What is not kept: it is looked up, or chosen from a few, and so not found or not allowed.
NOT_KEPT = {"template", "scenario", "scenarioId", "stationId", "tag", "password", "id",
            "created", "updated", "isBuiltin"}  # fmt: skip


@pytest.fixture
def ask(db):
    rows.make_rows()
    boss = User.objects.create_superuser("root")
    client = Client(headers={"Authorization": f"Bearer {ApiToken.objects.issue(boss)[1]}"})
    places = {
        "{station}": Station.objects.filter(enabled=True).first().identity,
        "{template}": Template.objects.first().name,
        "{scenario}": Scenario.objects.first().slug,
    }

    def ask(method: str, path: str, body: Any) -> tuple[int, dict]:
        for name, value in places.items():
            path = path.replace(name, value)
        answer = client.generic(method, path, json.dumps(body), "application/json")
        return answer.status_code, answer.json() if answer.content else {}

    return ask


def texts_of(schema: dict) -> list[str]:
    """Properties of a body that take a text."""
    kinds = {
        name: [each.get("type") for each in told.get("anyOf", [told])]
        for name, told in schema["properties"].items()
    }
    return [name for name, types in kinds.items() if "string" in types or None in types]


def bodies() -> list[tuple[tuple[str, str], str]]:
    told = api.get_openapi_schema()
    shapes = told["components"]["schemas"]
    found = []
    for path, item in told["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            asked = content.get("application/json", {}).get("schema", {})
            names = [each.get("$ref", "") for each in asked.get("anyOf", [asked])]
            shape = shapes.get(names[0].rsplit("/", 1)[-1])
            key = (method.upper(), path.replace("{identity}", "{station}"))
            if shape and "properties" in shape and key in GOOD:
                found += [(key, text) for text in texts_of(shape)]
    return found


def test_half_a_character_is_refused_by_field_in_every_body(ask):
    asked = bodies()
    assert {key for key, _ in asked} == set(GOOD)
    faults = []
    for key, name in asked:
        status, body = ask(*key, GOOD[key] | {name: HALF})
        if (status, body.get("code"), [*body.get("fields", {})]) != (422, "invalid", [name]):
            faults.append(f"{key} {name}: {status} {body}")
    assert not faults, "\n" + "\n".join(faults)


def test_nul_is_refused_by_field_where_it_would_be_kept(ask):
    faults = []
    for key, name in bodies():
        if name in NOT_KEPT and key[1] != "/api/stations/{station}":
            continue
        status, body = ask(*key, GOOD[key] | {name: NUL})
        if status != 422 or not any(name in field for field in body.get("fields", {})):
            faults.append(f"{key} {name}: {status} {body}")
    assert not faults, "\n" + "\n".join(faults)


def test_deep_within_and_in_a_name_too(ask):
    body = {"configuration": {"HeartbeatInterval": HALF}, "tags": ["x", HALF]}
    status, said = ask("PATCH", "/api/stations/{station}", body)
    assert status == 422
    assert [*said["fields"]] == ["configuration.HeartbeatInterval", "tags.1"]
    status, said = ask("PATCH", "/api/stations/{station}", {"configuration": {HALF: "1"}})
    assert (status, [*said["fields"]]) == (422, ["configuration.a\\ud800b"])


@pytest.mark.parametrize("name", ["password", "proxy_password", "tls_client_key_pem"])
@pytest.mark.parametrize("half", ["\ud800", "\udc80"])
def test_a_secret_of_half_a_character_is_refused_by_the_model_as_well(name, half):
    """Of an import and of a form, which no API's parser has read."""
    station = Station(identity="CP1", csms_url=URL)
    put = {"password": station.set_password, "proxy_password": station.set_proxy_password,
           "tls_client_key_pem": station.set_client_key}[name]  # fmt: skip
    with pytest.raises(Exception, match="proper Unicode") as refused:
        put(f"x{half}")
    assert [*refused.value.message_dict] == [name]


def test_a_text_is_no_list(ask):
    for key in (("POST", "/api/scenarios"), ("PUT", "/api/scenarios/{scenario}")):
        status, body = ask(*key, GOOD[key] | {"tags": "x"})
        assert (status, [*body["fields"]]) == (422, ["tags"])
        assert "Give a list of texts." in body["fields"]["tags"]
    asked = {"stations": [{"identity": "NEW-3", "csms_url": URL, "tags": "x"}]}
    status, body = ask("POST", "/api/stations/import", asked)
    assert status == 422, body


@pytest.mark.parametrize("text", [NUL, HALF])
def test_each_model_that_an_operator_writes_refuses_them_by_field(db, text):
    one = Scenario.objects.create(slug="one", name="One", **STEPS)
    made = [
        Template(name=text, csms_url=URL), TagGroup(name=text),
        Station(identity="CP1", name=text, csms_url=URL),
        Scenario(slug="two", name=text, **STEPS), Behaviour(name=text, scenario=one, tag="x"),
    ]  # fmt: skip
    for row in made:
        with pytest.raises(Exception, match="Take out|stored") as refused:
            row.full_clean(validate_unique=False, validate_constraints=False)
        assert "name" in refused.value.message_dict, row
