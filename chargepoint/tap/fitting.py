"""Does the payload of a Call fit what a prepared answer is for.

The matchers of scenarios (docs/reference/scenarios.md), as far as they need no pattern and no
schema: an object fits one that has at least its fields, a list one that has for each of its
elements one that fits; an object of one key that begins with "@" is a rule, see RULES.
"""

import operator
from collections.abc import Mapping
from typing import Any

LOOKS_AT_MOST = 5000  # values compared of one payload: who wrote it must not choose how long it is
DEEPEST = 20
_ORDER = {"@gt": operator.gt, "@ge": operator.ge, "@lt": operator.lt, "@le": operator.le}
RULES = ("@any", "@absent", "@not", "@in", "@contains", *_ORDER)
MISSING: Any = object()


class _TooMuch(Exception):
    pass


def fits(wanted: Any, actual: Any) -> bool:
    """Whether the value fits the matcher; what takes too long to compare does not."""
    try:
        return _fits(wanted, actual, [LOOKS_AT_MOST])
    except _TooMuch:
        return False


def at(value: Any, path: str) -> Any:
    """What stands at "idTagInfo.status" or "meterValue.0.timestamp"; MISSING where nothing does."""
    for part in path.split(".") if path else ():
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and len(part) < 10:
            value = value[int(part)] if int(part) < len(value) else MISSING
        else:
            return MISSING
    return value


def _fits(wanted: Any, actual: Any, looks: list[int]) -> bool:
    looks[0] -= 1
    if looks[0] < 0:
        raise _TooMuch
    if isinstance(wanted, Mapping):
        rule = next(iter(wanted)) if len(wanted) == 1 else ""
        if rule in RULES:
            return _by_rule(rule, wanted[rule], actual, looks)
        return isinstance(actual, Mapping) and all(
            _fits(part, actual[name] if name in actual else at(actual, name), looks)
            for name, part in wanted.items()
        )
    if isinstance(wanted, list):
        return _has(wanted, actual, looks)
    return actual is not MISSING and _equal(wanted, actual)


def _has(wanted: list, actual: Any, looks: list[int]) -> bool:
    return isinstance(actual, list) and all(
        any(_fits(part, each, looks) for each in actual) for part in wanted
    )


def _by_rule(rule: str, wanted: Any, actual: Any, looks: list[int]) -> bool:
    if rule == "@absent":
        return (actual is MISSING) == bool(wanted)
    if actual is MISSING:
        return False
    match rule:
        case "@any":
            return True
        case "@not":
            return not _fits(wanted, actual, looks)
        case "@in":
            return any(_fits(choice, actual, looks) for choice in wanted)
        case "@contains" if isinstance(wanted, str) and isinstance(actual, str):
            return wanted in actual
        case "@contains":
            return _has([wanted], actual, looks)
    return _number(wanted) and _number(actual) and _ORDER[rule](actual, wanted)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(wanted: Any, actual: Any) -> bool:
    # In JSON true is not 1, whatever Python thinks.
    if isinstance(wanted, bool) or isinstance(actual, bool):
        return wanted is actual
    return wanted == actual


def why_no_matcher(wanted: Any, depth: int = 0) -> str:
    """What to do about a matcher that makes no sense, or ""."""
    if depth > DEEPEST:
        return f"Nest `match` {DEEPEST} deep at most."
    if isinstance(wanted, list):
        return _first(wanted, depth)
    if not isinstance(wanted, Mapping):
        return ""
    for name, part in wanted.items():
        if not name.startswith("@"):
            continue
        if name not in RULES:
            return f"Take {name[:60]!r} out of `match`: it has {', '.join(RULES)}."
        if len(wanted) > 1:
            return f"Let {name} stand alone in its object."
        if name == "@in" and not isinstance(part, list):
            return "Give @in a list."
        if name in _ORDER and not _number(part):
            return f"Give {name} a number."
    return _first(wanted.values(), depth)


def _first(parts: Any, depth: int) -> str:
    return next((why for part in parts if (why := why_no_matcher(part, depth + 1))), "")
