"""The published JSON schema of suites, and that every command of a station is a step."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from benchmarks.processes import ROOT
from chargepoint.versions import station_class
from scenarios.rules.station_steps import CALLED, COMMANDS
from terminal.suites.json_schema import suite_schema
from terminal.suites.suite_files import CASE_KEYS, INCLUDED_KEYS, MATRIX_KEYS, NEEDS_KEYS
from terminal.suites.suite_files import SUITE_KEYS as KEYS

PUBLISHED = ROOT / "docs" / "reference" / "suite.schema.json"
STEP = {"type": "delay", "params": {"duration": 1}}


def test_what_is_published_is_what_the_reading_knows() -> None:
    """To write it anew: python -m documentation write."""
    made = suite_schema()
    assert json.loads(PUBLISHED.read_text()) == made
    case = made["$defs"]["case"]["properties"]
    assert set(made["properties"]) == KEYS >= INCLUDED_KEYS and set(case) == CASE_KEYS
    assert set(made["properties"]["matrix"]["properties"]) == MATRIX_KEYS
    assert set(case["needs"]["properties"]) == NEEDS_KEYS


def test_every_shipped_suite_is_taken() -> None:
    schema = jsonschema_rs.validator_for(suite_schema())
    for path in sorted((ROOT / "scenarios" / "suites").rglob("*.json")):
        schema.validate(json.loads(path.read_text()))


@pytest.mark.parametrize(
    "wrong",
    [
        {"suites": "x"},
        {"cases": [{"id": "A"}]},
        {"cases": [{"id": "A", "steps": [STEP], "scenario": "a.json"}]},
        {"cases": [{"id": "A", "steps": [{"type": "expcet"}]}]},
        {"cases": [{"id": "A", "steps": [STEP], "needs": {"security_profile": 4}}]},
        {"cases": [], "station": {"colour": "blue"}},
        {"cases": [], "include": ["../other.json"]},
    ],
)
def test_what_the_schema_refuses(wrong) -> None:
    assert not jsonschema_rs.validator_for(suite_schema()).is_valid(wrong)
    assert jsonschema_rs.validator_for(suite_schema()).is_valid(
        {"cases": [{"id": "A", "steps": [STEP]}]}
    )


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_every_command_of_a_station_is_a_step(version) -> None:
    steps = {CALLED.get(name, name) for name in COMMANDS}
    assert {*station_class(version).COMMANDS, "connect", "disconnect"} <= steps
