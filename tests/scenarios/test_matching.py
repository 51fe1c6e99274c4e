"""What matches what, against a plain reference; and the corners that rules have."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.engine.stream import Inbox
from scenarios.rules.matching import MISSING, check_matcher, look_up, mismatch, shown
from scenarios.rules.patterns import Frame, pattern
from scenarios.rules.values import LONGEST_MS, check_duration, duration_ms, resolve

LEAVES = st.sampled_from([None, True, False, 0, 1, 1.0, 2, "", "1", "a"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def same(expected: Any, actual: Any) -> bool:
    """The sentence at the top of matching.py, as plainly as it can be written."""
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return False
        return all(name in actual and same(part, actual[name]) for name, part in expected.items())
    if isinstance(expected, list):
        if not isinstance(actual, list):
            return False
        return all(any(same(wanted, found) for found in actual) for wanted in expected)
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    return expected == actual


@settings(max_examples=200, deadline=None)
@given(VALUES, VALUES)
def test_a_value_matches_as_the_reference_says(expected: Any, actual: Any) -> None:
    assert (mismatch(expected, actual) is None) == same(expected, actual)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_everything_matches_itself(value: Any) -> None:
    assert mismatch(value, value) is None


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["@gt", "@ge", "@lt", "@le"]), st.integers(-30, 30), st.integers(-30, 30),
       st.booleans(), st.booleans())  # fmt: skip
def test_the_bound_says_what_is_compared(
    rule: str, bound: int, value: int, bound_is_text: bool, value_is_text: bool
) -> None:
    """Numbers with numbers; numbers that are texts, as meter values of 1.6, with such."""
    holds = {"@gt": value > bound, "@ge": value >= bound, "@lt": value < bound,
             "@le": value <= bound}[rule]  # fmt: skip
    wanted = {rule: str(bound) if bound_is_text else bound}
    fits = bound_is_text == value_is_text
    matches = mismatch(wanted, str(value) if value_is_text else value) is None
    assert matches == (holds and fits)


@pytest.mark.parametrize(
    ("rule", "bound", "value", "why"),
    [
        ("@ge", "2026-11-28T20:18:00Z", "2026-11-28T20:18:00.500Z", ""),
        ("@lt", "2026-11-28T20:18:00Z", "2026-11-28T20:18:00.500Z", "not below"),
        ("@le", "2026-11-28T20:18:00Z", "2026-11-28T21:18:00+01:00", ""),
        ("@ge", "2026-11-28T20:18:00Z", "2026-11-28T20:18:00", "that is a time with a zone"),
        ("@gt", 3, "17", 'that is a number; to compare texts that are numbers, write "3"'),
        ("@gt", "3", 17, "that is a number written as a text"),
        ("@gt", 3, True, "that is a number"),
        ("@gt", 3, [17], "that is a number"),
        ("@gt", "abc", "abd", "neither a number nor a time"),
        ("@gt", "3", "17", ""),
    ],
)
def test_what_cannot_be_compared_is_no_match_and_says_so(
    rule: str, bound: Any, value: Any, why: str
) -> None:
    told = mismatch({rule: bound}, value)
    assert (why in (told or "")) if why else told is None


@pytest.mark.parametrize(
    ("expected", "value", "why"),
    [
        ({"@time": True}, "2026-11-28T20:18:00Z", ""),
        ({"@time": True}, "2026-11-28T20:18:00", "not a time with a zone"),
        ({"@time": True}, 5, "not a time"),
        ({"@time": {"after": "2026-11-28T20:18:00Z"}}, "2026-11-28T20:17:59Z", "not after"),
        ({"@time": {"before": "2026-11-28T20:18:00Z"}}, "2026-11-28T20:18:01Z", "not before"),
        ({"@time": {"near": "2026-11-28T20:18:00Z"}}, "2026-11-28T20:18:01Z", ""),
        ({"@time": {"near": "2026-11-28T20:18:00Z", "within_ms": 500}},
         "2026-11-28T20:18:01Z", "1000 ms from"),
        ({"@time": {"near": "today"}}, "2026-11-28T20:18:01Z", "no time with a zone"),
        ({"@type": "integer"}, 3, ""),
        ({"@type": "integer"}, 3.0, "not of the type"),
        ({"@type": "integer"}, True, "not of the type"),
        ({"@type": "number"}, 3.5, ""),
        ({"@type": "null"}, None, ""),
        ({"@type": "object"}, {}, ""),
        ({"@type": "array"}, "x", "not of the type"),
        ({"@length": 2}, [1, 2], ""),
        ({"@length": {"@le": 3}}, "abcd", "the length of the payload is 4, not at most 3"),
        ({"@length": 1}, 5, "has no length"),
        ({"@exact": {"a": [1, 2]}}, {"a": [1, 2]}, ""),
        ({"@exact": {"a": 1}}, {"a": 1, "b": 2}, "b is 2, and should not be there"),
        ({"@exact": {"a": 1, "b": 2}}, {"a": 1}, "b is missing"),
        ({"@exact": [1, 2]}, [2, 1], "not exactly 1"),
        ({"@exact": [1]}, [1, 1], "not exactly"),
        ({"@exact": 1}, True, "not exactly 1"),
        ({"@schema": {"type": "object", "required": ["a"]}}, {"a": 1}, ""),
        ({"@schema": {"properties": {"a": {"type": "string", "pattern": "^x+$"}}}}, {"a": "y"},
         "its schema refuses at a"),
    ],
)  # fmt: skip
def test_rules_that_measure_a_value(expected: Any, value: Any, why: str) -> None:
    told = mismatch(expected, value)
    assert (why in (told or "")) if why else told is None


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"@type": "text"}, "Let @type be one of string"),
        ({"@time": "now"}, "Let @time be true"),
        ({"@time": {"at": 1}}, "Let @time be true"),
        ({"@schema": {"type": "strin"}}, "correct the schema"),
        ({"@schema": {"$ref": "http://127.0.0.1/x"}}, "lead within the schema"),
        ({"@schema": {"$schema": "http://127.0.0.1/x"}}, "correct the schema"),
        ({"@schema": {"pattern": "(?=a)"}}, "correct the schema"),
        ({"@gt": True}, "Give @gt a number"),
        ({"@gt": [1]}, "Give @gt a number"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: Any, words: str) -> None:
    assert words in (check_matcher({"a": rule}) or "")


@pytest.mark.parametrize(
    ("expected", "matches"),
    [
        ({"gone": {"@absent": True}}, True),
        ({"gone": {"@absent": False}}, False),
        ({"n": {"@absent": False}}, True),
        ({"n": {"@absent": True}}, False),
        ({"gone": {"@any": True}}, False),
        ({"gone": {"@not": 5}}, False),
        ({"gone": {"@in": [1, 5]}}, False),
        ({"n": {"@in": [1, {"@gt": 4}]}}, True),
        ({"n": {"@in": [1, {"@gt": 5}]}}, False),
        ({"object": {"@in": [{"a": 1}]}}, True),
        ({"list": {"@contains": {"a": 2}}}, True),
        ({"list": [{"a": 2}]}, True),
        ({"list": [{"a": 2}, {"a": 1}]}, True),
        ({"list": [{"a": 3}]}, False),
        ({"with.dots": 1}, True),
        ({"object.a": 1}, True),
        ({"object.z": 1}, False),
        ({"list.1.a": 2}, True),
        ({"list.2.a": 2}, False),
    ],
)
def test_rules_and_paths_at_their_corners(expected: Any, matches: bool) -> None:
    payload = {
        "n": 5, "object": {"a": 1, "b": 2}, "list": [{"a": 1}, {"a": 2}], "with.dots": 1,
    }  # fmt: skip
    assert (mismatch(expected, payload) is None) == matches


def test_a_path_just_beyond_a_list_leads_nowhere() -> None:
    assert look_up([1, 2], "1") == 2
    assert look_up([1, 2], "2") is MISSING
    assert look_up([], "0") is MISSING


# --- frames --------------------------------------------------------------------------------------


def made(kind: str, uid: str = "u", mark: str = "", action: str = "Authorize") -> Frame:
    return Frame("1", "sent", kind, action, uid, '[2,"u","Authorize",{}]', mark)


def test_a_call_is_not_its_own_answer() -> None:
    answers = pattern({}, None, "1.6", False, "u")
    assert answers.concerns(made("CallResult")) and answers.concerns(made("CallError"))
    assert not answers.concerns(made("Call"))
    assert not answers.concerns(made("CallResult", "other"))


@pytest.mark.parametrize("kind", ["Started", "Ended"])
def test_each_of_several_words_of_1_6_is_found_in_2_x(kind: str) -> None:
    wanted = pattern({"action": "StartTransaction,StopTransaction"}, None, "2.0.1", True)
    text = f'[2,"u","TransactionEvent",{{"eventType":"{kind}"}}]'
    event = Frame("1", "sent", "Call", "TransactionEvent", "u", text, "")
    assert wanted.concerns(event) and wanted.why_not(event) is None


def test_a_frame_with_several_marks_is_found_by_each() -> None:
    marked = pattern({"mark": "delayed"}, None, "1.6", False)
    assert marked.concerns(made("Call", mark="delayed 2 s, doubled"))
    assert not marked.concerns(made("Call", mark="doubled"))


def test_what_nobody_answers_is_found_where_it_is_named_only() -> None:
    text = '[6,"u","NotifyPeriodicEventStream",{"id":7}]'
    sent = Frame("1", "sent", "Send", "NotifyPeriodicEventStream", "u", text, "")
    named = {"kind": "Send", "action": "NotifyPeriodicEventStream"}
    right, wrong = (pattern(named, {"id": n}, "2.1", False) for n in (7, 8))
    assert right.concerns(sent) and right.why_not(sent) is None and right.rivals(sent)
    assert wrong.concerns(sent) and wrong.why_not(sent) == "id is 7, not 8"
    anything = pattern({"direction": "sent"}, None, "2.1", False)
    assert not anything.concerns(sent) and not anything.rivals(sent)
    assert anything.loose().concerns(sent)  # of expect_none


# --- draws and durations -------------------------------------------------------------------------


def test_a_draw_reaches_both_its_ends() -> None:
    drawn = {resolve({"@random": [1, 3]}, {}, random.Random(seed)) for seed in range(60)}
    assert drawn == {1, 2, 3}


@pytest.mark.parametrize(
    ("value", "good"),
    [(0, True), (LONGEST_MS, True), (LONGEST_MS + 1, False), (-1, False),
     ({"min": 5, "max": 5}, True), ({"min": 6, "max": 5}, False),
     ({"per_hour": LONGEST_MS}, True), ({"mean": LONGEST_MS + 1}, False)],
)  # fmt: skip
def test_durations_at_their_bounds(value: Any, good: bool) -> None:
    assert (check_duration(value) is None) == good


def test_a_rate_of_nothing_never_comes_and_a_mean_of_nothing_comes_at_once() -> None:
    assert duration_ms({"per_hour": 0}, random.Random(1)) is None
    assert duration_ms({"mean": 0}, random.Random(1)) == 0.0


@pytest.mark.parametrize("ahead", [-120.0, 120.0])
def test_a_place_is_by_the_workers_clock(ahead: float) -> None:
    inbox = Inbox("")
    inbox._measure(1_764_000_000.0 + ahead, 1_764_000_000.0)
    place = int(inbox.position(1_764_000_100.0), 16) / 1e6
    assert place == pytest.approx(1_764_000_100.0 + ahead, abs=0.2)


def test_a_sentence_quotes_no_secret() -> None:
    payload = {"key": "AuthorizationKey", "value": "c0ffee", "n": 1}
    assert shown(payload) == '{"key": "AuthorizationKey", "value": "***", "n": 1}'
