"""The published schemas say what each field means: editors show it, the pages of formats too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from documentation.project import DOCS
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
    assert len(found) > 100
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
