"""What an execution's document says of how it is run."""

from __future__ import annotations

import pytest

from scenarios.engine.execution import Plan


def plan(**more: object) -> Plan:
    return Plan.of_document({
        "_id": "e1", "content": {"steps": [], "cleanup": [], "variables": {}},
        "stations": ["CP1"], "stagger_ms": 1500, "start_stations": False, "seed": 1, **more,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("more", "shares"),
    [({}, False), ({"share": False}, False), ({"share": True}, True), ({"behaviour": "b1"}, True)],
)
def test_a_behaviour_and_who_asks_for_it_take_no_turns(more: dict, shares: bool) -> None:
    assert plan(**more).share is shares


def test_its_stagger_is_in_seconds() -> None:
    assert plan().stagger == 1.5
