"""Which topics the code of a version tells, asks, folds and gathers: read from its functions.

A block says on its methods what it hears; what it tells stands in their bodies. Both must match
when a version's class is made: an event that nobody hears is a misspelt or a forgotten one, and
so is a hearer of what nobody tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from chargepoint.core.block import Topic

_CORE = "chargepoint.core."


def told_by(station: type) -> dict[Topic, str]:
    """Topic -> "Class in module" whose code names it; of the core and all the rows."""
    told: dict[Topic, str] = {}
    seen: set[Any] = set()
    for kind in (station, *station.PARTS, *station.ROWS.values()):
        for base in kind.__mro__[:-1]:
            _of_class(base, told, seen)
    return told


def _of_class(kind: type, told: dict[Topic, str], seen: set[Any]) -> None:
    if kind in seen:
        return
    seen.add(kind)
    for member in vars(kind).values():
        method = getattr(member, "fget", None) or getattr(member, "__func__", member)
        if isinstance(method, FunctionType):
            _of_function(method, f"{kind.__name__} in {kind.__module__}", told, seen)


def _of_function(method: FunctionType, who: str, told: dict[Topic, str], seen: set[Any]) -> None:
    """Also of the functions, and the parts of the core, that it uses."""
    if method in seen:
        return
    seen.add(method)
    for value in _used(method):
        if isinstance(value, Topic):
            told.setdefault(value, who)
        elif isinstance(value, FunctionType):
            _of_function(value, who, told, seen)
        elif isinstance(value, type) and value.__module__.startswith(_CORE):
            _of_class(value, told, seen)


def _used(method: FunctionType) -> Iterator[Any]:
    """What the names in its body stand for: `ENDED`, or `topics.ENDED`."""
    around = method.__globals__
    for code in _codes(method.__code__):
        for name in code.co_names:
            value = around.get(name)
            if isinstance(value, ModuleType):
                yield from (getattr(value, other, None) for other in code.co_names)
            else:
                yield value


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)
