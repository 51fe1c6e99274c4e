"""Does a payload match what was expected, and if not, why: one sentence's worth of it.

An object matches one that has at least its fields; a list one that has, for each of its elements,
one that matches. An object of one key that begins with "@" is a rule, see RULES.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

RULES = ("@any", "@absent", "@not", "@in", "@gt", "@ge", "@lt", "@le", "@regex", "@contains")
_ORDER = {
    "@gt": (lambda a, b: a > b, "above"), "@ge": (lambda a, b: a >= b, "at least"),
    "@lt": (lambda a, b: a < b, "below"), "@le": (lambda a, b: a <= b, "at most"),
}  # fmt: skip


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING = _Missing()


def shown(value: Any) -> str:
    """A value in a sentence: JSON, cut short."""
    text = "missing" if value is MISSING else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else text[:117] + "..."


def look_up(value: Any, path: str) -> Any:
    """What stands at "idTagInfo.status" or "meterValue.0.timestamp"; MISSING where nothing does."""
    for part in path.split(".") if path else ():
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def mismatch(expected: Any, actual: Any, path: str = "") -> str | None:
    """None if it matches; else why not, e.g. 'status is "Pending", not "Accepted"'."""
    where = path or "the payload"
    if isinstance(expected, Mapping):
        rule = next(iter(expected)) if len(expected) == 1 else ""
        if rule in RULES:
            return _by_rule(rule, expected[rule], actual, where, path)
        if not isinstance(actual, Mapping):
            return f"{where} is {shown(actual)}, not an object"
        for name, wanted in expected.items():
            # A field name with dots is a path, unless the payload has that very field.
            found = actual[name] if name in actual else look_up(actual, name)
            if why := mismatch(wanted, found, f"{path}.{name}" if path else name):
                return why
        return None
    if isinstance(expected, list):
        return _by_elements(expected, actual, where, path)
    if actual is MISSING or not _equal(expected, actual):
        return f"{where} is {shown(actual)}, not {shown(expected)}"
    return None


def _equal(expected: Any, actual: Any) -> bool:
    # In JSON true is not 1, whatever Python thinks.
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    return expected == actual


def _by_elements(expected: list, actual: Any, where: str, path: str) -> str | None:
    if not isinstance(actual, list):
        return f"{where} is {shown(actual)}, not a list"
    for wanted in expected:
        whys = [mismatch(wanted, element, path) for element in actual]
        if None not in whys:
            return f"no element of {where} matches {shown(wanted)}"
    return None


def _by_rule(rule: str, wanted: Any, actual: Any, where: str, path: str) -> str | None:
    if rule == "@absent":
        absent = actual is MISSING
        return None if absent == bool(wanted) else f"{where} is {shown(actual)}"
    if actual is MISSING:
        return f"{where} is missing"
    match rule:
        case "@any":
            return None
        case "@not":
            matches = mismatch(wanted, actual, path) is None
            return f"{where} is {shown(actual)}" if matches else None
        case "@in":
            found = any(mismatch(choice, actual, path) is None for choice in wanted)
            return None if found else f"{where} is {shown(actual)}, none of {shown(wanted)}"
        case "@regex":
            found = isinstance(actual, str) and re.search(wanted, actual)
            return None if found else f"{where} is {shown(actual)}, which {wanted!r} does not match"
        case "@contains" if isinstance(wanted, str) and isinstance(actual, str):
            return None if wanted in actual else f"{where} is {shown(actual)}, without {wanted!r}"
        case "@contains":
            return _by_elements([wanted], actual, where, path)
    return _by_order(rule, wanted, actual, where)


def _by_order(rule: str, wanted: Any, actual: Any, where: str) -> str | None:
    holds, words = _ORDER[rule]
    # Meter values of OCPP 1.6 are numbers written as texts.
    left, right = _number(actual), _number(wanted)
    if left is None or right is None:
        left, right = actual, wanted
    try:
        fine = holds(left, right)
    except TypeError:
        fine = False
    return None if fine else f"{where} is {shown(actual)}, not {words} {shown(wanted)}"


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def check_matcher(expected: Any, path: str = "") -> str | None:
    """The sentence that says what to do about a matcher that makes no sense, or None."""
    if isinstance(expected, list):
        return next((why for part in expected if (why := check_matcher(part, path))), None)
    if not isinstance(expected, Mapping):
        return None
    rules = [name for name in expected if isinstance(name, str) and name.startswith("@")]
    for name in rules:
        if name in RULES and len(expected) > 1:
            return f"Let {name} stand alone in its object."
        if name == "@in" and not isinstance(expected[name], list | str):
            return "Give @in a list."
        if name == "@regex" and (why := _bad_pattern(expected[name])):
            return why
    for name, part in expected.items():
        if why := check_matcher(part, f"{path}.{name}"):
            return why
    return None


def _bad_pattern(pattern: Any) -> str | None:
    if not isinstance(pattern, str):
        return "Give @regex a text."
    try:
        re.compile(pattern)
    except re.error as error:
        return f"Correct the pattern of @regex: {error}."
    return None
