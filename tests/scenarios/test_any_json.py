"""What is checked of a scenario may be any JSON at any place: a sentence comes, never an error."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from scenarios.rules.palette import palette
from scenarios.rules.validation import placed_problems
from tests.odd_values import ODD, places, put


def whole() -> dict[str, Any]:
    steps = [kind["example"] for kind in palette()["types"]]
    return {
        "slug": "one", "name": "One", "tags": ["a"], "steps": steps, "cleanup": steps[:1],
        "variables": {"a": 1}, "watch": {"level": "warn", "rules": {"unanswered": "fail"}},
    }  # fmt: skip


def broken() -> Iterator[dict[str, Any]]:
    plain = whole()
    for place in places(plain):
        for odd in ODD:
            yield put(copy.deepcopy(plain), place, copy.deepcopy(odd))


def test_odd_values_at_every_place_are_told_and_raise_nothing():
    raised = []
    count = 0
    for values in broken():
        count += 1
        try:
            placed_problems(values)
        except Exception as error:  # noqa: BLE001 - which one is the fault
            raised.append(f"{type(error).__name__}: {error}")
    assert count > 1000 and not raised, set(raised)
