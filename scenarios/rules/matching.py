"""Does a payload match what was expected, and if not, why: one sentence's worth of it.

An object matches one that has at least its fields; a list one that has, for each of its elements,
one that matches. An object of one key that begins with "@" is a rule, see RULES.

What an author writes meets what a CSMS sends, so that neither may choose how long a look takes:
patterns are RE2's, whose time is linear, and one look compares no more than LOOKS_AT_MOST values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import re2

from messaging.masking import masked_value
from scenarios.rules.measures import (
    check_measure,
    compare,
    is_of_type,
    why_no_time,
    why_not_by_schema,
)
from scenarios.rules.signed_values import check_signed, why_not_signed

LONGEST_PATTERN, LONGEST_SEARCHED = 1000, 10_000  # characters
LARGEST_PROGRAM = 2000  # instructions; RE2's time is their number by that of the characters
LOOKS_AT_MOST = 50_000
RULES = (
    "@any", "@absent", "@not", "@in", "@gt", "@ge", "@lt", "@le", "@regex", "@contains", "@time",
    "@type", "@length", "@exact", "@schema", "@signed",
)  # fmt: skip


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING = _Missing()


def shown(value: Any) -> str:
    """A value in a sentence: JSON, cut short, without the secrets that names in it tell of."""
    if value is MISSING:
        return "missing"
    beginning = masked_value(_beginning(value, [130]))
    text = json.dumps(beginning, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else text[:117] + "..."


def _beginning(value: Any, room: list[int]) -> Any:
    """Enough of a value to show its beginning: a payload may be a million characters long."""
    room[0] -= 2
    match value:
        case str():
            room[0] -= len(value)
            return value[:130]
        case int() if not -(2**63) < value < 2**64:
            return float(value) if abs(value) < 10**300 else "a very large number"
        case Mapping():
            made = {}
            for name, part in value.items():
                if room[0] <= 0:
                    break
                room[0] -= len(str(name))
                made[str(name)[:130]] = _beginning(part, room)
            return made
        case list():
            made = []
            for part in value:
                if room[0] <= 0:
                    break
                made.append(_beginning(part, room))
            return made
    return value


def look_up(value: Any, path: str) -> Any:
    """What stands at "idTagInfo.status" or "meterValue.0.timestamp"; MISSING where nothing does."""
    for part in path.split(".") if path else ():
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and len(part) < 10:
            value = value[int(part)] if int(part) < len(value) else MISSING
        else:
            return MISSING
    return value


class _TooMuch(Exception):
    pass


def mismatch(expected: Any, actual: Any, path: str = "") -> str | None:
    """None if it matches; else why not, e.g. 'status is "Pending", not "Accepted"'."""
    try:
        return _mismatch(expected, actual, path, [LOOKS_AT_MOST])
    except _TooMuch:
        return f"to compare {path or 'the payload'} takes more than {LOOKS_AT_MOST} looks"


def _mismatch(expected: Any, actual: Any, path: str, looks: list[int]) -> str | None:
    """looks: how many are left."""
    looks[0] -= 1
    if looks[0] < 0:
        raise _TooMuch
    where = path or "the payload"
    if isinstance(expected, Mapping):
        rule = next(iter(expected)) if len(expected) == 1 else ""
        if rule in RULES:
            return _by_rule(rule, expected[rule], actual, path, looks)
        if not isinstance(actual, Mapping):
            return f"{where} is {shown(actual)}, not an object"
        for name, wanted in expected.items():
            # A field name with dots is a path, unless the payload has that very field.
            found = actual[name] if name in actual else look_up(actual, name)
            if why := _mismatch(wanted, found, f"{path}.{name}" if path else name, looks):
                return why
        return None
    if isinstance(expected, list):
        return _by_elements(expected, actual, path, looks)
    if actual is MISSING or not _equal(expected, actual):
        return f"{where} is {shown(actual)}, not {shown(expected)}"
    return None


def _equal(expected: Any, actual: Any) -> bool:
    # In JSON true is not 1, whatever Python thinks.
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    return expected == actual


def _by_elements(expected: list, actual: Any, path: str, looks: list[int]) -> str | None:
    where = path or "the payload"
    if not isinstance(actual, list):
        return f"{where} is {shown(actual)}, not a list"
    for wanted in expected:
        if all(_mismatch(wanted, element, path, looks) is not None for element in actual):
            return f"no element of {where} matches {shown(wanted)}"
    return None


def _by_rule(rule: str, wanted: Any, actual: Any, path: str, looks: list[int]) -> str | None:
    where = path or "the payload"
    if rule == "@absent":
        absent = actual is MISSING
        return None if absent == bool(wanted) else f"{where} is {shown(actual)}"
    if actual is MISSING:
        return f"{where} is missing"
    match rule:
        case "@any":
            return None
        case "@not":
            matches = _mismatch(wanted, actual, path, looks) is None
            return f"{where} is {shown(actual)}" if matches else None
        case "@in":
            found = any(_mismatch(choice, actual, path, looks) is None for choice in wanted)
            return None if found else f"{where} is {shown(actual)}, none of {shown(wanted)}"
        case "@regex":
            return _by_pattern(wanted, actual, where)
        case "@contains" if isinstance(wanted, str) and isinstance(actual, str):
            within = wanted in actual
            return None if within else f"{where} is {shown(actual)}, without {wanted[:120]!r}"
        case "@contains":
            return _by_elements([wanted], actual, path, looks)
        case "@length":
            if not isinstance(actual, str | list | Mapping):
                return f"{where} is {shown(actual)}, which has no length"
            return _mismatch(wanted, len(actual), f"the length of {where}", looks)
        case "@exact":
            return _exactly(wanted, actual, where, looks)
        case "@gt" | "@ge" | "@lt" | "@le":
            why = compare(rule, wanted, actual)
        case "@time":
            why = why_no_time(wanted, actual)
        case "@type":
            why = None if is_of_type(wanted, actual) else f"not of the type {shown(wanted)}"
        case "@signed":
            why = why_not_signed(wanted, actual)
        case _:
            why = why_not_by_schema(wanted, actual)
    return None if why is None else f"{where} is {shown(actual)}, {why}"


def _exactly(wanted: Any, actual: Any, where: str, looks: list[int]) -> str | None:
    """The same fields, and the same elements in the same order; no rules within."""
    looks[0] -= 1
    if looks[0] < 0:
        raise _TooMuch
    match wanted, actual:
        case Mapping(), Mapping():
            for name in [*wanted, *(name for name in actual if name not in wanted)]:
                inner = f"{where}.{name}"
                if name not in actual:
                    return f"{inner} is missing"
                if name not in wanted:
                    return f"{inner} is {shown(actual[name])}, and should not be there"
                if why := _exactly(wanted[name], actual[name], inner, looks):
                    return why
            return None
        case list(), list() if len(wanted) == len(actual):
            pairs = enumerate(zip(wanted, actual, strict=True))
            whys = (_exactly(one, other, f"{where}.{n}", looks) for n, (one, other) in pairs)
            return next((why for why in whys if why), None)
    same = not isinstance(wanted, Mapping | list) and _equal(wanted, actual)
    return None if same else f"{where} is {shown(actual)}, not exactly {shown(wanted)}"


def _by_pattern(wanted: Any, actual: Any, where: str) -> str | None:
    if problem := _bad_pattern(wanted):  # stored before there was the rule, or from a variable
        return f"{where} was not looked at. {problem}"
    if isinstance(actual, str):
        if len(actual) > LONGEST_SEARCHED:
            return f"{where} is longer than the {LONGEST_SEARCHED} characters that @regex reads"
        if _compiled(wanted).search(actual):
            return None
    return f"{where} is {shown(actual)}, which {wanted!r} does not match"


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
        if name == "@signed" and (why := check_signed(expected[name])):
            return why
        if why := check_measure(name, expected[name]):
            return why
        if name in ("@exact", "@schema", "@signed"):
            return None  # what stands in them is no matcher
    for name, part in expected.items():
        if why := check_matcher(part, f"{path}.{name}"):
            return why
    return None


def _bad_pattern(pattern: Any) -> str | None:
    if not isinstance(pattern, str):
        return "Give @regex a text."
    if len(pattern) > LONGEST_PATTERN:
        return f"Shorten the pattern of @regex to {LONGEST_PATTERN} characters."
    made = _compiled(pattern)
    if isinstance(made, str):
        return f"Correct the pattern of @regex: {made} (RE2: no back-references, no look-around)."
    if made.programsize > LARGEST_PROGRAM:
        return "Simplify the pattern of @regex: its repetitions make it too large."
    return None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    """The compiled pattern, or in words why it is none."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        return error.args[0].decode(errors="replace") if error.args else "it is none"
