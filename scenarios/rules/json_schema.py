"""The JSON schema of scenario files (docs/reference/scenario.schema.json), for editors.

It says what a file may have, made from the tables that the rules use; what hangs together
(variables, versions and actions, what a command takes) the rules themselves check: validation.py.
"""

from __future__ import annotations

from typing import Any

from scenarios.rules.matching import RULES as MATCHERS
from scenarios.rules.station_steps import COMMANDS
from scenarios.rules.step_rules import RULES as TYPES
from scenarios.rules.step_schemas import OPEN as ANY_OPEN
from scenarios.rules.step_schemas import actions_pattern, published
from scenarios.rules.validation import MOST_STEPS
from scenarios.rules.words import VERSIONS, every_action
from scenarios.watch.rules import LEVELS, LIMITS, LONGEST_LIMIT_MS, MOST_ALLOWED
from scenarios.watch.rules import RULES as WATCHED

OPEN = {"type": "string", "pattern": r"\$"}  # a variable
# Of a type's params: too many to stand in the step itself.
PREFIX = "params-"


def scenario_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a scenario, made from the rules that check one."""
    steps = {"type": "array", "maxItems": MOST_STEPS, "items": {"$ref": "#/$defs/step"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario",
        "type": "object",
        "required": ["name", "steps"],
        "properties": {
            "$schema": {"type": "string", "description": "For editors; without effect"},
            "scenarioId": {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"},
            "name": {"type": "string", "minLength": 1, "maxLength": 120},
            "description": {"type": "string"},
            "version": {"type": "string"},
            "isBuiltin": {"description": "Taken, and without effect"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "steps": steps | {"minItems": 1},
            "cleanup": steps | {"description": "Run at the end, however it ended"},
            "variables": {"type": "object", "description": "Defaults that a run may replace"},
            "watch": {"$ref": "#/$defs/watch"},
        },
        "$defs": {"step": _step(), "watch": _watch(), "open": ANY_OPEN, **_params()},
    }


def _step() -> dict[str, Any]:
    names = {name: None for kind in (*TYPES, *COMMANDS) for name in _spellings(kind)}
    return {
        "type": "object",
        "required": ["type"],
        "additionalProperties": False,
        "properties": {
            "type": {"enum": list(names)},
            "description": {"type": "string"},
            "timeout": {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, OPEN]},
            "params": {"type": "object"},
            "validate": {"description": "What the payload must have, as params.payload"},
            "versions": {"type": "array", "minItems": 1, "items": {"enum": list(VERSIONS)}},
            "optional": {"type": "boolean"},
            "capture": {"type": "object", "additionalProperties": {"type": "string"}},
            "refused": {"type": ["boolean", "string"]},
            "obligation": {"type": "string", "minLength": 1},
        },
        "allOf": [
            {
                "if": {"required": ["type"], "properties": {"type": {"enum": _spellings(kind)}}},
                "then": {"properties": {"params": {"$ref": f"#/$defs/{PREFIX}{kind}"}}},
            }
            for kind in (*TYPES, *COMMANDS)
        ],
    }


def _params() -> dict[str, Any]:
    """{name of a definition: schema of a type's params}."""
    made = {f"{PREFIX}{kind}": published(kind) for kind in (*TYPES, *COMMANDS)}
    for kind in ("expect", "expect_none", "wait_for_message", "wait_for_held"):
        action = made[f"{PREFIX}{kind}"]["properties"]["action"]
        action |= {"anyOf": [{"type": "string", "pattern": actions_pattern()}]}
    payload = made[f"{PREFIX}expect"]["properties"]["payload"]
    payload["description"] = f"{payload['description']}: {', '.join(MATCHERS)}"
    return made


def _spellings(kind: str) -> list[str]:
    """A command's name may be written with _ or -."""
    return [kind, kind.replace("-", "_")] if kind in COMMANDS else [kind]


def _watch() -> dict[str, Any]:
    levels = {"enum": list(LEVELS)}
    limit = {"type": "number", "minimum": 0, "maximum": LONGEST_LIMIT_MS}
    allowed = {
        "type": "object", "required": ["rule"], "additionalProperties": False,
        "properties": {"rule": {"enum": list(WATCHED)}, "action": {"enum": sorted(every_action())}},
    }  # fmt: skip
    rules = {
        name: {**levels, "default": usual, "description": what}
        for name, (usual, what) in WATCHED.items()
    }
    limits = {name: {**limit, "default": usual} for name, usual in LIMITS.items()}
    return {
        "anyOf": [
            levels,
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    **rules,
                    **limits,
                    "allow": {"type": "array", "maxItems": MOST_ALLOWED, "items": allowed},
                },
            },
        ]
    }
