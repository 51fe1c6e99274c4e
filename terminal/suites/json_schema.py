"""The JSON schema of a suite's file (docs/reference/suite.schema.json), for editors.

Made from the tables that the reading uses; what hangs together the reading checks itself.
"""

from __future__ import annotations

from typing import Any

from scenarios.rules.json_schema import OPEN, scenario_schema
from scenarios.rules.words import VERSIONS, every_action
from stations.models import DESIGN_FIELDS
from terminal.suites.cases import PROFILES
from terminal.suites.latencies import ANY, LEAST, PERCENTILES
from terminal.suites.suite_files import MOST_CASES

_NAMES = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_PLACES = {
    50: "the median", 95: "the 95th percentile", 99: "the 99th percentile", 100: "the longest",
}  # fmt: skip


def suite_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a suite's file, with the scenario's for its steps."""
    scenario = scenario_schema()
    steps = {"type": "array", "items": {"$ref": "#/$defs/step"}}
    shared = {
        "description": {"type": "string", "description": "What it tests, for people"},
        "variables": {
            "type": "object", "description": "{name: default}; --var replaces values",
            "examples": [{"valid_id_tag": "TAG-1"}],
        },
        "starts": {
            "type": "object", "additionalProperties": {"$ref": "#/$defs/start"},
            "description": "Steps by name, which cases put before their own by `use`",
            "examples": [{"booted": [{
                "type": "wait_for_state", "params": {"target": "station", "state": "accepted"}}]}],
        },
        "cases": {
            "type": "array", "maxItems": MOST_CASES, "items": {"$ref": "#/$defs/case"},
            "description": "Run in this order, each on a station of its own",
        },
    }  # fmt: skip
    settings = {
        "type": "object", "propertyNames": {"enum": sorted(DESIGN_FIELDS)},
        "description": "Any fields of a template: vendor, model, connectors, configuration, ...",
    }  # fmt: skip
    profiles = {"type": "array", "items": {"enum": list(PROFILES)}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A suite of cases for a CSMS, or a file that one includes",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **shared,
            "suite": _NAMES | {"description": "Name of the suite", "examples": ["Smoke"]},
            "versions": _said("versions", "OCPP versions of its cases; left out: all"),
            "station": _said("station", "Fields of a template for the stations of all cases"),
            "watch": _said("watch", "What of the CSMS's violations fails a case"),
            "include": {
                "type": "array", "items": {"type": "string", "pattern": r"^[^/\\]+$"},
                "description": "Files of the same folder, with cases, starts and variables",
                "examples": [["firmware.json"]],
            },
            "declared": {
                "type": "object", "description": "{case: why it is known to fail}",
                "examples": [{"SMOKE_2": "our ticket 17"}],
            },
            "parallel": {
                "type": "integer", "minimum": 1, "examples": [4],
                "description": "How many cases run at a time, unless the command says otherwise",
            },
            "matrix": {
                "type": "object", "additionalProperties": False,
                "description": "Each case is run in every combination of these",
                "properties": {
                    "makes": {
                        "type": "object",
                        "additionalProperties": {"anyOf": [
                            _NAMES | {"description": "Name of a make that ships"},
                            {
                                "type": "object", "required": ["name", "versions"],
                                "description": "A make, by make.schema.json",
                            },
                            {"$ref": "#/$defs/station"},
                        ]},
                        "description": "{name: a make that ships, a make's document, or fields of "
                        "a template}",
                        "examples": [{"ac": {"model": "Wall 11"}, "dc": {"model": "Fast 150"}}],
                    },
                    "security_profiles": profiles | {
                        "description": "Security profiles of OCPP", "examples": [[0, 2]],
                    },
                },
            },
        },
        "$defs": {
            "case": _case(steps, profiles, scenario),
            "start": {
                "description": 'A list of steps; or {"use", "steps"}, with another start before',
                "anyOf": [steps, {
                    "type": "object", "additionalProperties": False,
                    "properties": {
                        "use": _NAMES | {"description": "A start whose steps come before these"},
                        "steps": steps | {"description": "Steps, in order"},
                    },
                }],
            },
            "station": settings,
            "versions": {"type": "array", "items": {"enum": list(VERSIONS)}},
            **scenario["$defs"],
        },
    }  # fmt: skip


def _said(name: str, words: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}", "description": words}


def _limits() -> dict[str, Any]:
    """{action or "*": limits of the CSMS's response times}."""
    bound = {"anyOf": [{"type": "number", "minimum": 0}, OPEN]}
    names = {
        name: bound | {"description": f"Upper limit of {_PLACES[percent]}, ms"}
        for name, percent in PERCENTILES.items()
    } | {LEAST: bound | {"description": "How many answers there must be"}}
    limits = {"type": "object", "additionalProperties": False, "properties": names,
              "minProperties": 1}  # fmt: skip
    actions = {"enum": [ANY, *sorted(every_action())]}
    return {
        "type": "object", "propertyNames": actions, "additionalProperties": limits,
        "description": 'Limits of the response times, by action; "*": of all',
        "examples": [{"BootNotification": {"p95_ms": 1500, "least": 200}}],
    }  # fmt: skip


def _case(steps: dict, profiles: dict, scenario: dict) -> dict[str, Any]:
    inline = {key: value for key, value in scenario.items() if key not in ("$schema", "$defs")}
    return {
        "type": "object",
        "additionalProperties": False,
        "oneOf": [{"required": ["steps"]}, {"required": ["scenario"]}],
        "properties": {
            "id": {
                "type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$",
                "description": "Unique in the suite", "examples": ["SMOKE_1"],
            },
            "name": _NAMES | {"description": "What is tested", "examples": ["A station boots"]},
            "description": {"type": "string", "description": "More about it, for people"},
            "requirements": _TEXTS | {
                "description": "Requirements of the specification", "examples": [["B01.FR.01"]],
            },
            "versions": _said("versions", "OCPP versions; left out: the suite's"),
            "station": _said("station", "Fields of a template, before the suite's"),
            "variables": {"type": "object", "description": "{name: value}, before the suite's"},
            "watch": _said("watch", "Before the suite's"),
            "use": _NAMES | {"description": "The start whose steps come before its own"},
            "stations": {
                "anyOf": [{"type": "integer", "minimum": 1}, OPEN], "examples": [200],
                "description": "How many stations carry out its steps at the same time",
            },
            "limits": _limits(),
            "scenario": {
                "anyOf": [{"type": "string", "description": "A file beside"}, inline],
                "description": "A scenario in place of `steps`: a file beside, or itself",
                "examples": ["boot.json"],
            },
            "steps": steps | {"minItems": 1, "description": "Carried out in this order"},
            "cleanup": steps | {"description": "Carried out at the end, also after a failure"},
            "needs": {
                "type": "object", "additionalProperties": False,
                "description": "What a run must have; else the case is SKIPPED",
                "properties": {
                    "driver": _TEXTS | {
                        "description": "Actions that the driver must know",
                        "examples": [["Reset"]],
                    },
                    "security_profile": {
                        "anyOf": [{"enum": list(PROFILES)}, profiles],
                        "description": "The station's security profile, or a list of them",
                    },
                    "person": {"type": "boolean", "description": "Somebody who answers prompts"},
                },
            },
        },
    }  # fmt: skip
