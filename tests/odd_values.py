"""Values that nobody expects, at each place of a JSON value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]
ODD = (None, True, 1.5, "x", [], {}, [[]], [{}], {"x": []}, 10**400)


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """The keys that lead to each part of an object or an array, the whole left out."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in parts:
        yield (*place, key)
        if isinstance(part, dict | list):
            yield from places(part, (*place, key))


def put(value: Any, place: Place, part: Any) -> Any:
    """The value, changed in place."""
    within = value
    for key in place[:-1]:
        within = within[key]
    within[place[-1]] = part
    return value
