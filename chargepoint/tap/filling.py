"""Templates of answers: `{{...}}` in the texts of a payload stands for a value of the moment.

No language: a name, or a path into the Call's payload. What is filled in is bounded, since the CSMS
chooses how long its payload is and an author how often it is repeated.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from chargepoint.tap.fitting import DEEPEST, MISSING, at

FILLED_AT_MOST = 1 << 16  # characters that are filled into one answer
_PLACE = re.compile(r"\{\{([^{}]{1,200})\}\}")
STATION = ("identity", "vendor", "model", "serial", "firmware")
NAMES = ("now", "count", "id", "payload", "payload.<field>", *(f"station.{n}" for n in STATION))


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with its places filled in.

    `values`: payload, an object, and the other NAMES. A text that is one place alone becomes the
    value itself, of whatever type; within a longer text objects and numbers stand as JSON, and what
    is not there as nothing. Beyond FILLED_AT_MOST texts are cut, and other values are null.
    """
    return _filled(template, values, [FILLED_AT_MOST])


def has_place(text: Any) -> bool:
    return isinstance(text, str) and _PLACE.search(text) is not None


def _filled(template: Any, values: Mapping[str, Any], room: list[int]) -> Any:
    if isinstance(template, dict):
        return {name: _filled(part, values, room) for name, part in template.items()}
    if isinstance(template, list):
        return [_filled(part, values, room) for part in template]
    if not isinstance(template, str) or "{{" not in template:
        return template
    whole = _PLACE.fullmatch(template)
    if whole is not None:
        value = _value(whole[1].strip(), values)
        if value is not MISSING and not isinstance(value, str):
            return value if value is None or _fit(orjson.dumps(value).decode(), room)[1] else None
    return _PLACE.sub(lambda place: _text(place, values, room), template)


def _value(name: str, values: Mapping[str, Any]) -> Any:
    """Of one place; None where the payload has no such field, MISSING for what is no name."""
    first, _, path = name.partition(".")
    if first != "payload":
        return values.get(name, MISSING)  # laid down before there were templates
    found = at(values["payload"], path)
    return None if found is MISSING else found


def _text(place: re.Match[str], values: Mapping[str, Any], room: list[int]) -> str:
    value = _value(place[1].strip(), values)
    if value is None:
        return ""
    if value is MISSING:
        return place[0]
    return _fit(value if isinstance(value, str) else orjson.dumps(value).decode(), room)[0]


def _fit(text: str, room: list[int]) -> tuple[str, bool]:
    """As much of it as there is room for, and whether that is all."""
    kept = text[: room[0]]
    room[0] -= len(kept)
    return kept, len(kept) == len(text)


def names_in(template: Any) -> set[str]:
    """Of all its places. Raises RecursionError for one that is nested deeper than DEEPEST."""
    return set(_places(template, 0))


def why_no_template(template: Any) -> str:
    """What to do about a template that cannot be filled in, or ""."""
    try:
        names = sorted(names_in(template))
    except RecursionError:
        return f"Nest the payload {DEEPEST} deep at most."
    for name in names:
        known = name in NAMES or name.startswith("payload.")
        if name == "payload.<field>" or not known:
            return f"Write {{{{{name[:60]}}}}} as one of: {', '.join(NAMES)}."
    return ""


def _places(template: Any, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(template, str):
        yield from (name.strip() for name in _PLACE.findall(template))
    elif isinstance(template, Mapping):
        for part in template.values():
            yield from _places(part, depth + 1)
    elif isinstance(template, list):
        for part in template:
            yield from _places(part, depth + 1)
