"""The published JSON schema of scenario files: it is as the rules are, and takes what they take."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from scenarios.rules.json_schema import scenario_schema
from scenarios.rules.station_steps import COMMANDS
from scenarios.rules.step_rules import RULES
from scenarios.rules.validation import STEP_KEYS
from scenarios.seeding import BUILTIN

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "reference" / "scenario.schema.json"
STEP = {"type": "delay", "params": {"duration": 1}}


def accepts(*steps: dict, **more: object) -> bool:
    document = {"name": "N", "steps": list(steps), **more}
    return jsonschema_rs.validator_for(scenario_schema()).is_valid(document)


def test_what_is_published_is_what_the_rules_say() -> None:
    """To write it anew: python -m documentation write."""
    assert json.loads(PUBLISHED.read_text()) == scenario_schema()


def test_every_shipped_file_and_every_type_is_taken() -> None:
    schema = jsonschema_rs.validator_for(scenario_schema())
    for path in BUILTIN.glob("*.json"):
        schema.validate(json.loads(path.read_text()))
    step = scenario_schema()["$defs"]["step"]["properties"]
    assert {*RULES, *COMMANDS, "power_cut"} <= set(step["type"]["enum"])
    assert set(step) == set(STEP_KEYS)


@pytest.mark.parametrize(
    ("step", "good"),
    [
        (STEP, True),
        ({"type": "delays"}, False),
        ({**STEP, "versions": ["1.5"]}, False),
        ({**STEP, "tmeout": 5}, False),
        ({"type": "expect", "params": {"action": "StartTransaction, TransactionEvent"}}, True),
        ({"type": "expect", "params": {"action": "StartTransactoin"}}, False),
        ({"type": "expect", "params": {"action": "$action", "count": "$n"}}, True),
        ({"type": "expect", "params": {"anser": True}}, False),
    ],
)
def test_steps(step: dict, good: bool) -> None:
    assert accepts(step) == good


@pytest.mark.parametrize(
    ("watch", "good"),
    [
        ("off", True), ("of", False), ({"schema": "warn", "late_ms": 5}, True),
        ({"shema": "warn"}, False), ({"allow": [{"rule": "late", "action": "Reset"}]}, True),
        ({"allow": [{"action": "Reset"}]}, False),
    ],
)  # fmt: skip
def test_the_watch(watch: object, good: bool) -> None:
    assert accepts(STEP, watch=watch) == good
