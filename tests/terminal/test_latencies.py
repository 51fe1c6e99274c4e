"""Limits on how soon a CSMS answers."""

from __future__ import annotations

import pytest

from terminal.rows import Unusable
from terminal.suites.cases import Case
from terminal.suites.latencies import Latencies, limits_at, percentile


def measured(**values: list[float]) -> Latencies:
    made = Latencies()
    for action, some in values.items():
        for value in some:
            made.put(action, value / 1000)
    return made


def test_percentiles_are_of_the_nearest_rank() -> None:
    ordered = [float(n) for n in range(1, 101)]
    assert [percentile(ordered, p) for p in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert [percentile([7.0], p) for p in (50, 95, 99, 100)] == [7.0] * 4
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0


def test_a_table_by_action_and_of_all() -> None:
    table = measured(Heartbeat=[1, 2, 3], Authorize=[100]).table()
    assert list(table) == ["*", "Authorize", "Heartbeat"]
    assert table["*"] == {"count": 4, "p50_ms": 2, "p95_ms": 100, "p99_ms": 100, "max_ms": 100}
    assert Latencies().table() == {}


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"Heartbeat": {"p50_ms": 2, "p99_ms": 3}}, []),
        ({"Heartbeat": {"p50_ms": 1}},
         ["Heartbeat: answered after 2 ms at p50 of 3, more than 1 ms."]),
        ({"*": {"max_ms": 2}}, ["Calls: answered after 3 ms at the longest of 3, more than 2 ms."]),
        ({"Authorize": {"p50_ms": 1}}, ["No Authorize was answered: nothing was measured."]),
        ({"Heartbeat": {"least": 4}}, ["Only 3 Heartbeat were answered, not 4."]),
        ({"Heartbeat": {"least": 3}}, []),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_a_sentence(limits, words) -> None:
    assert measured(Heartbeat=[3, 1, 2]).verdict(limits) == words


@pytest.mark.parametrize(
    ("limits", "words"),
    [({"Heartbeet": {"p50_ms": 1}}, "Heartbeat"), ({"*": {"p90_ms": 1}}, "p90_ms"),
     ({"*": {}}, "p95_ms"), ({"*": 5}, "p95_ms"), ([], "object")],
)  # fmt: skip
def test_limits_that_are_none_are_refused(limits, words) -> None:
    with pytest.raises(Unusable, match=words):
        limits_at("case 1", {"limits": limits or [1]})


def test_values_may_be_variables() -> None:
    content = {"variables": {"n": 7, "most": 250.0}}
    case = Case("L", "", "1.6", content, stations="$n", limits={"*": {"p95_ms": "$most"}})
    assert (case.count(), case.bounds()) == (7, {"*": {"p95_ms": 250.0}})
    for wrong in (0, 501, "$none", "7", True, 1.5):
        with pytest.raises(Unusable, match="stations"):
            Case("L", "", "1.6", content, stations=wrong).count()
    with pytest.raises(Unusable, match="p95_ms"):
        Case("L", "", "1.6", content, limits={"*": {"p95_ms": "$none"}}).bounds()
