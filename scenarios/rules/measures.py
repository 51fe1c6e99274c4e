"""Rules of matchers that measure one value: its order, its time, its type, its schema.

The bound says what is compared: a number with numbers, a text that is a number with texts that are
numbers (OCPP 1.6 writes meter values so), a time with times. Anything else is no comparison.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import jsonschema_rs

ORDER: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "@gt": (operator.gt, "above"), "@ge": (operator.ge, "at least"),
    "@lt": (operator.lt, "below"), "@le": (operator.le, "at most"),
}  # fmt: skip
TYPES = ("string", "integer", "number", "boolean", "object", "array", "null")
TIME_WISHES = ("after", "before", "near", "within_ms")
NEAR_MS = 1000
LONGEST_NUMBER, LONGEST_TIME = 400, 64  # characters
LARGEST_SCHEMA = 20_000  # characters


# --- order ---------------------------------------------------------------------------------------


def compare(rule: str, bound: Any, actual: Any) -> str | None:
    """None if it holds; else the end of a sentence that begins with the actual value."""
    holds, words = ORDER[rule]
    for read, what in ((_plain, "a number"), (_worded, "a number written as a text"),
                       (time_of, "a time with a zone")):  # fmt: skip
        right = read(bound)
        if right is None:
            continue
        left = read(actual)
        if left is None:
            advice = ""
            if read is _plain and _worded(actual) is not None:
                advice = f'; to compare texts that are numbers, write "{bound}"'
            return f"which cannot be compared with {json.dumps(bound)}: that is {what}{advice}"
        return None if holds(left, right) else f"not {words} {json.dumps(bound)}"
    return f"and {_short(bound)} is neither a number nor a time with a zone to compare with"


def _plain(value: Any) -> float | int | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _worded(value: Any) -> float | None:
    if not isinstance(value, str) or len(value) > LONGEST_NUMBER:
        return None
    try:
        return float(value)
    except ValueError:
        return None


def time_of(value: Any) -> datetime | None:
    """The moment of a text that is a time with a zone."""
    if not isinstance(value, str) or not len("2026-01-01T00:00Z") <= len(value) <= LONGEST_TIME:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _short(value: Any) -> str:
    return json.dumps(value, default=str)[:80]


# --- time, type, schema --------------------------------------------------------------------------


def why_no_time(wishes: Any, actual: Any) -> str | None:
    """wishes: true, or {"after"?, "before"?: times, "near"?: a time, "within_ms"?: of it}."""
    moment = time_of(actual)
    if moment is None:
        return "not a time with a zone"
    if not isinstance(wishes, Mapping):
        return None
    bounds = {name: time_of(wishes[name]) for name in TIME_WISHES[:3] if name in wishes}
    for name, bound in bounds.items():
        if bound is None:
            return f"and {_short(wishes[name])}, which it is compared with, is no time with a zone"
    if "after" in bounds and moment < bounds["after"]:
        return f"not after {wishes['after']}"
    if "before" in bounds and moment > bounds["before"]:
        return f"not before {wishes['before']}"
    if "near" in bounds:
        within = wishes.get("within_ms", NEAR_MS)
        apart = abs((moment - bounds["near"]).total_seconds()) * 1000
        if apart > within:
            return f"{apart:.0f} ms from {wishes['near']}, not within {within:g} ms"
    return None


def is_of_type(name: Any, actual: Any) -> bool:
    """By the names of JSON Schema; 1.0 is no integer here, as it is none in a schema of OCPP."""
    match actual:
        case None:
            return name == "null"
        case bool():
            return name == "boolean"
        case int():
            return name in ("integer", "number")
        case float():
            return name == "number"
        case str():
            return name == "string"
        case list():
            return name == "array"
    return name == "object"


def why_not_by_schema(schema: Any, actual: Any) -> str | None:
    """Why a value is not what a JSON schema allows, as the end of a sentence; None where it is."""
    compiled = _compiled(json.dumps(schema, sort_keys=True))
    if isinstance(compiled, str):
        return f"and was not looked at: {compiled}"
    try:
        compiled.validate(actual)
    except jsonschema_rs.ValidationError as error:
        where = "/".join(map(str, error.instance_path))
        return f"which its schema refuses{f' at {where}' if where else ''}: {error.message[:200]}"
    except ValueError as problem:
        return f"which its schema cannot be held against: {str(problem)[:200]}"
    return None


@lru_cache(maxsize=64)
def _compiled(text: str) -> Any:
    """The compiled schema, or in words why it is none."""
    if len(text) > LARGEST_SCHEMA:
        return f"shorten the schema to {LARGEST_SCHEMA} characters"
    schema = json.loads(text)
    if not isinstance(schema, Mapping | bool):
        return "give a JSON schema as an object"
    if not all(ref.startswith("#") for ref in _references(schema)):
        return 'let "$ref" lead within the schema, from "#" on'
    # Patterns of linear time: an author's meet what a CSMS sends.
    patterns = jsonschema_rs.RegexOptions()
    try:
        return jsonschema_rs.validator_for(schema, pattern_options=patterns, retriever=_fetch_none)
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        return f"correct the schema: {str(error)[:200]}"


def _fetch_none(address: str) -> Any:
    raise ValueError(f"{address[:100]} is not fetched")


def _references(schema: Any) -> list[str]:
    if isinstance(schema, Mapping):
        own = [str(value) for name, value in schema.items() if name in ("$ref", "$dynamicRef")]
        return own + [ref for part in schema.values() for ref in _references(part)]
    if isinstance(schema, list):
        return [ref for part in schema for ref in _references(part)]
    return []


# --- rules for authors ---------------------------------------------------------------------------


def check_measure(rule: str, wanted: Any) -> str | None:
    """The sentence that says what to do about a rule that makes no sense, or None.

    A text that begins with $ is a variable: it is looked at when it is known.
    """
    match rule:
        case "@type" if wanted not in TYPES and not _is_open(wanted):
            return f"Let @type be one of {', '.join(TYPES)}."
        case "@time" if wanted is not True and not _fits_time(wanted):
            return f"Let @time be true, or an object with some of {', '.join(TIME_WISHES)}."
        case "@schema" if isinstance(why := _compiled(json.dumps(wanted, sort_keys=True)), str):
            return f"@schema: {why}."
        case "@gt" | "@ge" | "@lt" | "@le" if isinstance(wanted, bool | list | None):
            return f"Give {rule} a number, or a time with a zone."
    return None


def _is_open(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("$")


def _fits_time(wanted: Any) -> bool:
    if not isinstance(wanted, Mapping) or not wanted or set(wanted) - {*TIME_WISHES}:
        return False
    within = wanted.get("within_ms", 0)
    return _is_open(within) or (isinstance(within, int | float) and not isinstance(within, bool))
