"""What users can set and call is told: variables of the environment, operations of the API."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ninja import Schema

from documentation.variables import VARIABLES
from emulator.api import api
from emulator.api.answers import VALUES
from emulator.api.examples import JSON, SCENARIO
from scenarios.rules.validation import check_scenario

ROOT = Path(__file__).parents[2]
PACKAGES = ("accounts", "chargepoint", "democsms", "emulator", "messaging", "runtime", "scenarios",
            "stations", "terminal")  # fmt: skip
READ = re.compile(
    r"(?:environ(?:\.get)?[\[(]|getenv\(|env_flag\(|env_list\(|number\()\s*[\"']([A-Z][A-Z_]+)[\"']"
)
COMPOSED = re.compile(r"\$\{([A-Z][A-Z_]+)")
# Told from one of our processes to another, or Django's own.
INNER = {"PATH", "DJANGO_SETTINGS_MODULE", "MONGODB_EMBEDDED", "REDIS_EMBEDDED"}


def variables() -> set[str]:
    found = set(COMPOSED.findall((ROOT / "docker" / "compose.yaml").read_text()))
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            found |= set(READ.findall(path.read_text()))
    return found


def test_each_variable_is_told():
    found = variables()
    assert {"MONGODB_URI", "HTTPS", "DEMO_CSMS_PORT", "CELERY_CONCURRENCY", "BIND"} <= found
    told = {variable.name for variable in VARIABLES}
    assert sorted(found - INNER - told) == [], "give these a row in documentation/variables.py"


SCHEMA = api.get_openapi_schema()


def operations() -> list[tuple[str, str, dict]]:
    paths = SCHEMA["paths"]
    return [(m, path, each) for path, methods in paths.items() for m, each in methods.items()]


@pytest.mark.parametrize(("method", "path", "operation"), operations(), ids=lambda v: str(v)[:60])
def test_each_operation_says_what_it_does(method, path, operation):
    assert operation.get("description"), f"{method} {path} has no description"


def bodies() -> list[tuple[str, dict]]:
    return [
        (f"{method.upper()} {path}", operation["requestBody"]["content"][JSON])
        for method, path, operation in operations()
        if JSON in operation.get("requestBody", {}).get("content", {})
    ]  # fmt: skip


@pytest.mark.parametrize(("operation", "body"), bodies(), ids=lambda v: str(v)[:60])
def test_each_body_has_an_example_that_its_schema_takes(operation, body):
    assert "example" in body, f"{operation}: add one to emulator/api/examples.py"
    whole = {**body["schema"], "components": SCHEMA["components"]}
    Draft202012Validator(whole).validate(body["example"])


def answers() -> list[tuple[str, dict]]:
    return [
        (f"{method.upper()} {path} {status}", answer["content"][JSON])
        for method, path, operation in operations()
        for status, answer in operation["responses"].items()
        if str(status) < "300" and JSON in answer.get("content", {})
    ]  # fmt: skip


@pytest.mark.parametrize(("operation", "answer"), answers(), ids=lambda v: str(v)[:60])
def test_each_answer_has_an_example_of_its_schema(operation, answer):
    assert answer["example"], f"{operation}: add one to emulator/api/answers.py"
    whole = {**answer["schema"], "components": SCHEMA["components"]}
    Draft202012Validator(whole).validate(answer["example"])


@pytest.mark.parametrize("name", sorted(SCHEMA["components"]["schemas"]))
def test_each_schema_has_an_example_that_says_something(name):
    shape = SCHEMA["components"]["schemas"][name]
    Draft202012Validator({**shape, "components": SCHEMA["components"]}).validate(shape["example"])
    for field in shape.get("required", ()):
        given = f"{name}.{field}" in VALUES or field in VALUES
        kind = shape["properties"][field].get("type")
        assert kind != "string" or given, f"{name}.{field}: add a value to emulator/api/answers.py"


def _kinds_of(schema: type[Schema]) -> Iterator[type[Schema]]:
    for kind in schema.__subclasses__():
        yield kind
        yield from _kinds_of(kind)


def test_no_two_schemas_of_the_api_have_one_name():
    """The document would show one of them at the other's operation."""
    ours = {each for each in _kinds_of(Schema) if each.__module__.split(".")[0] in PACKAGES}
    kinds = {each for each in ours if not each.__module__.startswith("scenarios.rules.")}
    names = Counter(each.__name__ for each in kinds)
    assert [name for name, times in names.items() if times > 1] == []


def test_the_examples_of_scenarios_can_be_run():
    assert check_scenario({"slug": SCENARIO["scenarioId"], "tags": [], "variables": {}, "watch": {},
                           **SCENARIO}) == {}  # fmt: skip
