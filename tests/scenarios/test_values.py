"""Variables, draws, durations, and what matches."""

from __future__ import annotations

import random
from typing import Any

import pytest

from scenarios.rules.matching import MISSING, look_up, mismatch, shown
from scenarios.rules.patterns import Frame, pattern
from scenarios.rules.values import Unresolved, duration_ms, resolve, used_names
from scenarios.rules.vocabulary import is_in_state


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ("$n", 7), ("$$n", "$n"), ("no. ${n}!", "no. 7!"), ({"a": ["$n", "x"]}, {"a": [7, "x"]}),
        ({"@add": ["$n", 1.5]}, 8.5), ({"@multiply": [2, {"@add": [1, 2]}]}, 6),
        ({"@choice": ["only"]}, "only"), ({"@random": [3, 3]}, 3), (True, True),
        # A rule of a matcher is left for the match.
        ({"status": {"@in": ["$n"]}}, {"status": {"@in": [7]}}),
    ],
)  # fmt: skip
def test_values_are_worked_out(value: Any, resolved: Any) -> None:
    assert resolve(value, {"n": 7}, random.Random(1)) == resolved


@pytest.mark.parametrize(
    "value",
    ["$x", "a ${x}", {"@random": [5, 1]}, {"@add": ["a", 1]}, {"@choice": []}, {"@now": "soon"}],
)
def test_what_cannot_be_worked_out_is_said(value: Any) -> None:
    with pytest.raises(Unresolved):
        resolve(value, {}, random.Random(1))


def test_draws_are_in_their_range_and_the_same_for_a_seed() -> None:
    def drawn(seed: int) -> list[float]:
        rng = random.Random(seed)
        whole = [resolve({"@random": [1, 6]}, {}, rng) for _ in range(50)]
        assert set(whole) == {1, 2, 3, 4, 5, 6}
        times = [duration_ms({"min": 10, "max": 20}, rng) for _ in range(50)]
        assert all(10 <= each <= 20 for each in times)
        return [*whole, *times]

    assert drawn(3) == drawn(3) != drawn(4)
    rng = random.Random(5)
    gaps = [duration_ms({"per_hour": 60}, rng) for _ in range(4000)]
    assert 55_000 < sum(gaps) / len(gaps) < 65_000
    assert duration_ms({"per_hour": 0}, rng) is None
    assert duration_ms({"mean": 0}, rng) == 0 and duration_ms(5, rng) == 5


def test_names_are_found_at_any_depth() -> None:
    value = {"a": "$one", "b": [{"c": "x ${two} ${three}"}], "d": "$$four", "e": 5}
    assert used_names(value) == {"one", "two", "three"}


PAYLOAD = {
    "idTagInfo": {"status": "Accepted"}, "n": 5, "text": "1234.5", "flag": True,
    "meterValue": [{"sampledValue": [{"measurand": "Voltage", "value": "230"}, {"value": "9"}]}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("expected", "why"),
    [
        ({}, None),
        ({"n": 5, "idTagInfo": {"status": "Accepted"}}, None),
        ({"idTagInfo.status": "Accepted"}, None),
        ({"n": 6}, "n is 5, not 6"),
        ({"flag": 1}, "flag is true, not 1"),
        ({"gone": 1}, "gone is missing, not 1"),
        ({"idTagInfo": {"status": "Blocked"}}, 'idTagInfo.status is "Accepted", not "Blocked"'),
        ({"n": {"@ge": 5}, "text": {"@gt": "1234"}}, None),
        ({"n": {"@lt": 5}}, "n is 5, not below 5"),
        ({"n": {"@in": [1, 2]}}, "n is 5, none of [1, 2]"),
        ({"n": {"@not": 5}}, "n is 5"),
        ({"gone": {"@absent": True}, "n": {"@any": True}}, None),
        ({"gone": {"@any": True}}, "gone is missing"),
        ({"n": {"@absent": True}}, "n is 5"),
        ({"text": {"@regex": r"^\d+\.\d$"}}, None),
        ({"text": {"@contains": "34"}}, None),
        ({"text": {"@contains": "43"}}, "text is \"1234.5\", without '43'"),
        ({"meterValue": [{"sampledValue": [{"measurand": "Voltage"}, {"value": "9"}]}]}, None),
        ({"meterValue": [{"sampledValue": [{"measurand": "Power"}]}]},
         'no element of meterValue matches {"sampledValue": [{"measurand": "Power"}]}'),
        ({"n": {"deep": 1}}, "n is 5, not an object"),
        ({"n": [1]}, "n is 5, not a list"),
    ],
)  # fmt: skip
def test_a_payload_matches_or_says_why_not(expected: Any, why: str | None) -> None:
    assert mismatch(expected, PAYLOAD) == why


def test_paths() -> None:
    assert look_up(PAYLOAD, "meterValue.0.sampledValue.1.value") == "9"
    assert look_up(PAYLOAD, "") is PAYLOAD
    assert repr(look_up(PAYLOAD, "meterValue.7")) == "missing"


def frame(direction: str, kind: str, action: str, text: str) -> Frame:
    return Frame("1", direction, kind, action, "u", text, "")


def test_16_words_are_translated_for_2x_where_asked() -> None:
    start = pattern({"direction": "sent", "action": "StartTransaction"}, None, "2.0.1", True)
    event = '[2,"u","TransactionEvent",{"eventType":"%s"}]'
    began = frame("sent", "Call", "TransactionEvent", event % "Started")
    assert start.concerns(began) and start.why_not(began) is None
    ended = frame("sent", "Call", "TransactionEvent", event % "Ended")
    assert start.why_not(ended) == 'eventType is "Ended", not "Started"'
    strict = pattern({"action": "StartTransaction"}, None, "2.0.1", False)
    assert not strict.concerns(began)
    values = pattern({"action": "MeterValues"}, None, "2.0.1", True)
    assert values.why_not(frame("sent", "Call", "MeterValues", '[2,"u","MeterValues",{}]')) is None
    assert values.why_not(began) == "meterValue is missing"


def test_payloads_of_all_kinds_of_frames() -> None:
    assert frame("sent", "CallResult", "A", '[3,"u",{"a":1}]').payload() == {"a": 1}
    error = frame("sent", "CallError", "A", '[4,"u","InternalError","why",{}]')
    assert error.payload() == {"code": "InternalError", "description": "why", "details": {}}
    assert frame("sent", "Call", "A", "[2,").payload() is None


@pytest.mark.parametrize(
    ("connector", "states"),
    [
        ({"status": "Charging", "transaction": 1}, {"Charging", "Occupied"}),
        ({"status": "Available", "transaction": None}, {"Available"}),
        ({"status": "Occupied", "transaction": "t", "power_w": 9}, {"Occupied", "Charging"}),
        ({"status": "Occupied", "transaction": "t", "power_w": 0},
         {"Occupied", "SuspendedEV", "SuspendedEVSE", "Preparing", "Finishing"}),
        ({"status": "Occupied", "transaction": None, "power_w": 0},
         {"Occupied", "Preparing", "Finishing"}),
    ],
)  # fmt: skip
def test_connector_states_of_both_versions(connector: dict, states: set[str]) -> None:
    every = ("Available", "Occupied", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE",
             "Finishing", "Faulted")  # fmt: skip
    assert {state for state in every if is_in_state(connector, state)} == states


# --- what an author and a CSMS may choose is bounded ---------------------------------------------


def test_a_pattern_that_would_backtrack_answers_at_once() -> None:
    why = mismatch({"@regex": "^(a+)+$"}, "a" * 9_999 + "b")
    assert why is not None and "does not match" in why
    assert "longer" in (mismatch({"@regex": "a"}, "a" * 10_001) or "")


def test_a_pattern_stored_before_there_was_the_rule_is_a_verdict() -> None:
    why = mismatch({"@regex": r"(a)\1"}, "aa", "status")
    assert why is not None and why.startswith("status was not looked at. Correct the pattern")
    assert "Give @regex a text." in (mismatch({"@regex": 5}, "5") or "")


def test_lists_by_lists_are_compared_to_a_limit() -> None:
    wanted = [{"id": n} for n in range(1000)]
    assert "looks" in (mismatch(wanted, [{"id": -n} for n in range(1, 20_000)] + wanted) or "")
    assert mismatch(wanted[:100], wanted[:100]) is None


def test_what_loops_would_double_without_end_is_refused() -> None:
    rng = random.Random(1)
    large = {"x": 2**62, "text": "x" * 60_000}
    doubled: list = []
    for _ in range(40):
        doubled = [doubled, doubled]
    for value, variables in (
        ({"@multiply": ["$x", "$x"]}, large), ({"@add": ["$x", "$x", "$x"]}, large),
        ("${text}${text}", large), ("${all}", {"all": doubled}), ({"@now": 1e15}, {}),
    ):  # fmt: skip
        with pytest.raises(Unresolved):
            resolve(value, variables, rng)
    assert len(shown(doubled)) <= 120


@pytest.mark.parametrize("path", ["1" * 5000, "²", "-1"])
def test_a_path_that_is_no_place_in_a_list_is_missing(path: str) -> None:
    assert look_up([1, 2], path) is MISSING


@pytest.mark.parametrize("value", [{"mean": 1000}, {"per_hour": 3600}])
def test_durations_by_chance_have_the_mean_that_was_asked_for(value: dict) -> None:
    rng = random.Random(5)
    times = [duration_ms(value, rng) for _ in range(20_000)]
    assert sum(times) / len(times) == pytest.approx(1000, rel=0.05)
