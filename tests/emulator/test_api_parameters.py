"""The parameters of a query, of every operation that the OpenAPI document has."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.models import ApiToken
from emulator.api import api
from tests.admin import rows
from tests.emulator.test_rights import filled
from tests.emulator.test_trail_walk import BODIES

pytestmark = pytest.mark.django_db
# Texts that may be anything: names, ids, what is looked for.
FREE = {
    "act", "action", "actor", "address", "behaviour", "cursor", "execution", "first_id", "id_tag",
    "last_id", "message", "model", "object", "page", "plan", "q", "reason", "run", "scenario",
    "search", "session", "station", "stationId", "tag", "template", "text", "token",
    "transaction_id", "uid", "with",
}  # fmt: skip


@pytest.fixture(scope="module")
def operations() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """(method, address) -> the parameters of its query."""
    return {
        (method.upper(), re.sub(r"\{\w+\}", "x", path)): [
            each for each in told["parameters"] if each["in"] == "query"
        ]
        for path, item in api.get_openapi_schema()["paths"].items()
        for method, told in item.items()
    }


@pytest.fixture
def ask(db):
    boss = User.objects.create_superuser("root")
    client = Client(headers={"Authorization": f"Bearer {ApiToken.objects.issue(boss)[1]}"})

    def ask(
        method: str, address: str, query: dict[str, Any], body: Any = None
    ) -> tuple[int, dict]:
        text = "" if body is None else json.dumps(body)
        answer = client.generic(method, address, text, "application/json", query_params=query)
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        return answer.status_code, answer.json() if is_json and not answer.streaming else {}

    return ask


def test_what_an_operation_does_not_have_is_refused_by_name(operations, ask):
    faults = []
    for method, address in operations:
        status, body = ask(method, address, {"stationID": "x"})
        if (status, body.get("code"), [*body.get("fields", {})]) != (422, "invalid", ["stationID"]):
            faults.append(f"{method} {address}: {status} {body}")
    assert not faults, "\n" + "\n".join(faults)


def test_what_it_has_is_not(operations, ask):
    for (method, address), parameters in operations.items():
        if method == "GET" and parameters:
            status, body = ask(method, address, {each["name"]: "1" for each in parameters})
            said = " ".join(body.get("fields", {}).values())
            assert status != 500 and "no such parameter" not in said, f"{address}: {body}"


def plain(parameter: dict[str, Any]) -> dict[str, Any]:
    """The shape of a value that is given."""
    shape = parameter["schema"]
    return next(each for each in shape.get("anyOf", [shape]) if each.get("type") != "null")


def is_of_words(parameter: dict[str, Any]) -> bool:
    return bool({"enum", "pattern"} & set(plain(parameter)))


def test_a_text_is_free_or_tells_its_words(operations):
    """A parameter that is one of a few words says so in the document."""
    free = {
        each["name"]
        for parameters in operations.values()
        for each in parameters
        if plain(each)["type"] == "string" and not is_of_words(each)
        if plain(each).get("format") != "date-time"
    }
    assert free <= FREE, f"tell the words of these by accounts.parameters.word_of: {free - FREE}"


def test_a_word_that_a_parameter_does_not_have_is_refused_by_name(ask):
    rows.make_rows()
    faults, asked = [], 0
    for path, item in api.get_openapi_schema()["paths"].items():
        for method, told in item.items():
            operation = f"{method.upper()} {path.removeprefix('/api')}"
            for each in told["parameters"]:
                if each["in"] != "query" or not is_of_words(each):
                    continue
                asked += 1
                body = BODIES.get(operation)
                status, answer = ask(*filled(operation), {each["name"]: "bogus"}, body)
                if status != 422 or each["name"] not in answer.get("fields", {}):
                    faults.append(f"{operation} {each['name']}: {status} {answer}")
    assert asked > 30 and not faults, "\n" + "\n".join(faults)


def test_a_page_has_one_row_at_least_and_an_end(operations, ask):
    """`limit` is the same everywhere: declared with its bounds, and 422 beyond them."""
    bounds = {
        place: each["schema"]
        for place, parameters in operations.items()
        for each in parameters
        if each["name"] == "limit"
    }
    assert len(bounds) >= 8
    for (method, address), told in bounds.items():
        assert told["minimum"] == 1, address
        pages = any(each["name"] == "cursor" for each in operations[method, address])
        assert told["maximum"] == 500 or not pages, address
        for limit in (0, -1, told["maximum"] + 1, "many"):
            status, body = ask(method, address, {"limit": limit})
            assert (status, [*body["fields"]]) == (422, ["limit"]), f"{address}: {body}"


def test_many_and_long_names_are_answered_shortly(ask):
    status, body = ask("GET", "/api/stations", {f"x{n}" * 100: "" for n in range(50)})
    assert status == 422 and len(str(body)) < 10_000
