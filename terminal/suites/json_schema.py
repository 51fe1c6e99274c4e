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


def suite_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a suite's file, with the scenario's for its steps."""
    scenario = scenario_schema()
    steps = {"type": "array", "items": {"$ref": "#/$defs/step"}}
    shared = {
        "description": {"type": "string"},
        "variables": {"type": "object", "description": "Defaults that --var replaces"},
        "starts": {"type": "object", "additionalProperties": {"$ref": "#/$defs/start"}},
        "cases": {"type": "array", "maxItems": MOST_CASES, "items": {"$ref": "#/$defs/case"}},
    }
    settings = {"type": "object", "propertyNames": {"enum": sorted(DESIGN_FIELDS)}}
    profiles = {"type": "array", "items": {"enum": list(PROFILES)}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A suite of cases for a CSMS, or a file that one includes",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **shared,
            "suite": _NAMES,
            "versions": {"$ref": "#/$defs/versions"},
            "station": {"$ref": "#/$defs/station"},
            "watch": {"$ref": "#/$defs/watch"},
            "include": {"type": "array", "items": {"type": "string", "pattern": r"^[^/\\]+$"}},
            "declared": {"type": "object", "description": "{case: why it is known to fail}"},
            "parallel": {"type": "integer", "minimum": 1},
            "matrix": {
                "type": "object", "additionalProperties": False,
                "properties": {
                    "makes": {
                        "type": "object", "additionalProperties": {"$ref": "#/$defs/station"},
                    },
                    "security_profiles": profiles,
                },
            },
        },
        "$defs": {
            "case": _case(steps, profiles, scenario),
            "start": {
                "anyOf": [steps, {
                    "type": "object", "additionalProperties": False,
                    "properties": {"use": _NAMES, "steps": steps},
                }],
            },
            "station": settings,
            "versions": {"type": "array", "items": {"enum": list(VERSIONS)}},
            **scenario["$defs"],
        },
    }  # fmt: skip


def _limits() -> dict[str, Any]:
    bound = {"anyOf": [{"type": "number", "minimum": 0}, OPEN]}
    names = dict.fromkeys((*PERCENTILES, LEAST), bound)
    limits = {"type": "object", "additionalProperties": False, "properties": names,
              "minProperties": 1}  # fmt: skip
    actions = {"enum": [ANY, *sorted(every_action())]}
    return {"type": "object", "propertyNames": actions, "additionalProperties": limits}


def _case(steps: dict, profiles: dict, scenario: dict) -> dict[str, Any]:
    inline = {key: value for key, value in scenario.items() if key not in ("$schema", "$defs")}
    return {
        "type": "object",
        "additionalProperties": False,
        "oneOf": [{"required": ["steps"]}, {"required": ["scenario"]}],
        "properties": {
            "id": {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"},
            "name": _NAMES,
            "description": {"type": "string"},
            "requirements": _TEXTS,
            "versions": {"$ref": "#/$defs/versions"},
            "station": {"$ref": "#/$defs/station"},
            "variables": {"type": "object"},
            "watch": {"$ref": "#/$defs/watch"},
            "use": _NAMES,
            "stations": {"anyOf": [{"type": "integer", "minimum": 1}, OPEN]},
            "limits": _limits(),
            "scenario": {"anyOf": [{"type": "string", "description": "A file beside"}, inline]},
            "steps": steps | {"minItems": 1},
            "cleanup": steps,
            "needs": {
                "type": "object", "additionalProperties": False,
                "properties": {
                    "driver": _TEXTS,
                    "security_profile": {"anyOf": [{"enum": list(PROFILES)}, profiles]},
                    "person": {"type": "boolean"},
                },
            },
        },
    }  # fmt: skip
