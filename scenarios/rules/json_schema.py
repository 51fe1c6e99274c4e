"""The JSON schema of scenario files (docs/reference/scenario.schema.json), for editors.

It says what a file may have, made from the tables that the rules use; what hangs together
(variables, versions and actions, what a command takes) the rules themselves check: validation.py.
"""

from __future__ import annotations

from typing import Any

from scenarios.rules.matching import RULES as MATCHERS
from scenarios.rules.station_steps import COMMANDS
from scenarios.rules.step_rules import RULES as TYPES
from scenarios.rules.step_schemas import ABOUT, actions_pattern, published
from scenarios.rules.step_schemas import OPEN as ANY_OPEN
from scenarios.rules.validation import MOST_STEPS
from scenarios.rules.words import every_action
from scenarios.watch.rules import LEVELS, LIMITS, LONGEST_LIMIT_MS, MEANING, MOST_ALLOWED
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
            "scenarioId": {
                "type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$",
                "description": "Unique id, used in the API; left out: made from the name",
                "examples": ["first-session"],
            },
            "name": {
                "type": "string", "minLength": 1, "maxLength": 120,
                "description": "Name shown to people", "examples": ["First session"],
            },
            "description": {"type": "string", "description": "What it does and expects"},
            "version": {
                "type": "string", "description": "Version of the file, shown and not evaluated",
                "examples": ["1.0"],
            },
            "isBuiltin": {"description": "Accepted for the predecessor's files; without effect"},
            "tags": {
                "type": "array", "items": {"type": "string"},
                "description": "Words to find it by", "examples": [["smoke"]],
            },
            "steps": steps | {"minItems": 1, "description": "Carried out in this order"},
            "cleanup": steps | {
                "description": "Carried out at the end, also after a failure or a cancellation"
            },
            "variables": {
                "type": "object", "description": "{name: default}; a run may replace values",
                "examples": [{"id_tag": "TAG-1"}],
            },
            "watch": {
                "$ref": "#/$defs/watch",
                "description": "What of the CSMS's violations fails the run, beside the steps",
                "examples": [{"schema": "warn", "late_ms": 5000}],
            },
        },
        "$defs": {"step": _step(), "watch": _watch(), "open": ANY_OPEN, **_params()},
    }  # fmt: skip


def _step() -> dict[str, Any]:
    names = {name: None for kind in (*TYPES, *COMMANDS) for name in _spellings(kind)}
    return {
        "type": "object",
        "required": ["type"],
        "additionalProperties": False,
        "properties": {
            "type": {
                "enum": list(names), "description": "What to do; a command by its name",
                "examples": ["expect"],
            },
            "description": ABOUT["description"],
            "timeout": _about("timeout", anyOf=[{"type": "number", "exclusiveMinimum": 0}, OPEN]),
            "params": {"type": "object", "description": "Depends on the type"},
            "validate": {"description": "The expected payload; the same as params.payload"},
            "versions": ABOUT["versions"],
            "optional": ABOUT["optional"],
            "capture": ABOUT["capture"],
            "refused": _about("refused", type=["boolean", "string"]),
            "obligation": ABOUT["obligation"],
        },
        "allOf": [
            {
                "if": {"required": ["type"], "properties": {"type": {"enum": _spellings(kind)}}},
                "then": {"properties": {"params": {"$ref": f"#/$defs/{PREFIX}{kind}"}}},
            }
            for kind in (*TYPES, *COMMANDS)
        ],
    }  # fmt: skip


def _about(name: str, **kind: Any) -> dict[str, Any]:
    """The words of a step's field, with another type."""
    return {**kind, **{key: ABOUT[name][key] for key in ("description", "examples")}}


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
        "properties": {
            "rule": {"enum": list(WATCHED), "description": "The rule that may be broken"},
            "action": {
                "enum": sorted(every_action()), "description": "For this action; left out: any",
            },
        },
    }  # fmt: skip
    rules = {
        name: {**levels, "default": usual, "description": what}
        for name, (usual, what) in WATCHED.items()
    }
    limits = {
        name: {**limit, "default": usual, "description": MEANING[name]}
        for name, usual in LIMITS.items()
    }
    return {
        "anyOf": [
            levels,
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    **rules,
                    **limits,
                    "allow": {
                        "type": "array", "maxItems": MOST_ALLOWED, "items": allowed,
                        "description": "Violations that the scenario provokes on purpose",
                        "examples": [[{"rule": "call_error", "action": "DataTransfer"}]],
                    },
                },
            },
        ]
    }  # fmt: skip
