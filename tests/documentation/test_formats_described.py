"""The published schemas say what each field means: editors show it, the pages of formats too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from documentation.project import DOCS
from emulator.api import api
from emulator.api import meanings as words
from scenarios.rules.step_schemas import OPERATED
from scenarios.rules.values import OPERATIONS

PUBLISHED = sorted((DOCS / "reference").glob("*.schema.json"))


def fields(schema: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, schema) of each property, at any depth; a condition's (`if`) are none."""
    if isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from fields(part, f"{place}/{number}")
    if not isinstance(schema, dict):
        return
    for name, part in schema.items():
        if name in ("if", "then", "examples", "default", "enum", "const"):
            continue
        if name in ("properties", "$defs"):
            for field, inner in part.items():
                here = f"{place}/{field}"
                if name == "properties":
                    yield here, inner
                yield from fields(inner, here)
        else:
            yield from fields(part, place)


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.name)
def test_each_field_is_described(path):
    found = list(fields(json.loads(path.read_text())))
    assert len(found) > (30 if path.name.startswith("ev-") else 70)
    silent = [place for place, field in found if not field.get("description", "").strip()]
    assert not silent, "\n".join(silent)


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.name)
def test_each_example_is_one(path):
    schema = json.loads(path.read_text())
    shown = [(place, field) for place, field in fields(schema) if "examples" in field]
    assert len(shown) > 20
    for place, field in shown:
        own = {**field, "$defs": schema["$defs"]}
        for example in field["examples"]:
            assert jsonschema_rs.validator_for(own).is_valid(example), (place, example)


def test_what_is_worked_out_is_described():
    assert tuple(OPERATED) == OPERATIONS


def test_each_field_and_parameter_of_the_api_is_described(openapi):
    shapes = openapi["components"]["schemas"]
    silent = [
        f"{name}.{field}" for name, shape in shapes.items()
        for field, found in shape.get("properties", {}).items()
        if not found.get("description", "").strip()
    ]  # fmt: skip
    silent += [
        f"{method} {path}: {parameter['name']}"
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
        for parameter in operation.get("parameters", ())
        if not parameter.get("description", "").strip()
    ]
    assert not silent, "describe it where it is declared, or in emulator/api/meanings.py"
    assert len(shapes) > 100


def test_what_a_schema_says_itself_is_kept(openapi):
    """emulator/api/meanings.py fills gaps, and has no entry for a field that there is not."""
    entries = openapi["components"]["schemas"]["TrailEntry"]["properties"]
    assert entries["act"]["description"].startswith("the same for all")
    assert entries["time"]["description"].endswith(words.TIME)
    shapes = openapi["components"]["schemas"]
    assert shapes["SyncOut"]["properties"]["time"]["description"].endswith(words.UNIX)
    gone = [
        key for key in words.OF
        if key.partition(".")[2] not in shapes.get(key.partition(".")[0], {}).get("properties", {})
    ]  # fmt: skip
    assert not gone


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return json.loads(json.dumps(api.get_openapi_schema(), default=str))
