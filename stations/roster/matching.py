"""MongoDB's filters held against rows in memory, as far as stations are looked for by them.

An operator or a column that is not known here is said to be so, and the store is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

Test = Callable[[Mapping[str, Any]], bool]

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class NotKnown(Exception):
    """The filter has something that only the store can tell."""


def fitting(match: Mapping[str, Any], columns: Collection[str]) -> Test:
    """Whether a row fits a filter. Raises NotKnown."""
    return _every([_test(name, wanted, columns) for name, wanted in match.items()])


def _every(tests: list[Test]) -> Test:
    """Two are by far the most frequent, and a filter is held against a hundred thousand rows."""
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda row: first(row) and second(row)
    return lambda row: all(test(row) for test in tests)


def _test(name: str, wanted: Any, columns: Collection[str]) -> Test:
    if name in ("$and", "$or", "$nor"):
        parts = [fitting(part, columns) for part in wanted]
        if name == "$and":
            return _every(parts)
        if name == "$or":
            return lambda row: any(part(row) for part in parts)
        return lambda row: not any(part(row) for part in parts)
    if name not in columns:
        raise NotKnown(name)
    return _by_column(name, wanted)


def _by_column(name: str, wanted: Any) -> Test:
    if not isinstance(wanted, Mapping):
        return _equal(name, wanted)
    rest = dict(wanted)
    tests = []
    if "$regex" in rest:
        tests.append(_pattern(name, rest.pop("$regex"), rest.pop("$options", "")))
    for operator, value in rest.items():
        if operator not in OPERATORS:
            raise NotKnown(operator)
        tests.append(OPERATORS[operator](name, value))
    return _every(tests)


def _plain(value: Any) -> Any:
    """What compares as MongoDB does: there True is not 1, and a row has no other numbers."""
    if isinstance(value, (list, tuple, dict, re.Pattern)):
        raise NotKnown(type(value).__name__)
    return value


def _equal(name: str, wanted: Any) -> Test:
    value = _plain(wanted)
    if isinstance(value, bool):  # there is one of each
        return lambda row: row.get(name) is value

    def test(row: Mapping[str, Any]) -> bool:
        found = row.get(name)
        if isinstance(found, list):
            return value in found
        return found == value and not isinstance(found, bool)

    return test


def _among(name: str, wanted: Any) -> Test:
    values = frozenset((_plain(value), isinstance(value, bool)) for value in wanted)

    def test(row: Mapping[str, Any]) -> bool:
        found = row.get(name)
        if isinstance(found, list):
            return any((one, False) in values for one in found)
        return (found, isinstance(found, bool)) in values

    return test


def _all(name: str, wanted: Any) -> Test:
    tests = [_equal(name, value) for value in wanted]
    return lambda row: bool(tests) and all(test(row) for test in tests)


def _not_equal(name: str, wanted: Any) -> Test:
    test = _equal(name, wanted)
    return lambda row: not test(row)


def _exists(name: str, wanted: Any) -> Test:
    return lambda row: (name in row) is bool(wanted)


def _beyond(compare: Callable[[str, str], bool]) -> Callable[[str, Any], Test]:
    def made(name: str, wanted: Any) -> Test:
        if not isinstance(wanted, str):
            raise NotKnown(type(wanted).__name__)

        def test(row: Mapping[str, Any]) -> bool:
            found = row.get(name)
            some = found if isinstance(found, list) else [found]
            return any(isinstance(one, str) and compare(one, wanted) for one in some)

        return test

    return made


def _pattern(name: str, pattern: Any, options: str) -> Test:
    if not isinstance(pattern, str) or options not in ("", "i"):
        raise NotKnown(f"$regex with {options}")
    body = pattern.removeprefix("^").removesuffix("$")
    text = _ESCAPED.sub(r"\1", body)
    # Any other pattern is a person's own: here one that backtracks would hold the whole process.
    if re.escape(text) != body:
        raise NotKnown(pattern)
    search = re.compile(pattern, re.IGNORECASE if options else 0).search

    def test(row: Mapping[str, Any]) -> bool:
        found = row.get(name)
        if isinstance(found, str):  # as of nearly all columns; a search asks five of each row
            return search(found) is not None
        some = found if isinstance(found, list) else ()
        return any(isinstance(one, str) and search(one) is not None for one in some)

    return test


OPERATORS: Mapping[str, Callable[[str, Any], Test]] = {
    "$all": _all, "$eq": _equal, "$exists": _exists, "$in": _among, "$ne": _not_equal,
    "$gt": _beyond(str.__gt__), "$gte": _beyond(str.__ge__), "$lt": _beyond(str.__lt__),
    "$lte": _beyond(str.__le__),
}  # fmt: skip
