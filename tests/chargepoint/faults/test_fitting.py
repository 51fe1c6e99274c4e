"""The small matcher of rules says what that of scenarios says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.tap.fitting import DEEPEST, LOOKS_AT_MOST, fits, why_no_matcher
from scenarios.rules.matching import mismatch

names = st.sampled_from(["a", "b", "a.b", "c.0"])
scalars = st.sampled_from([0, 1, 2.5, True, False, None, "", "a", "ab"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
matchers = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(names, inner, max_size=3),
        st.fixed_dictionaries({"@not": inner}),
        st.fixed_dictionaries({"@in": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"@contains": inner}),
        st.sampled_from([{"@any": True}, {"@absent": True}, {"@absent": False}]),
        st.tuples(st.sampled_from(["@gt", "@ge", "@lt", "@le"]), st.integers(0, 3)).map(
            lambda pair: dict([pair])
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=1000, deadline=None)
@given(matchers, values)
def test_as_scenarios_match(matcher, value):
    assert not why_no_matcher(matcher)
    assert fits(matcher, value) == (mismatch(matcher, value) is None)


def test_what_takes_too_long_fits_nothing():
    wanted = {"list": list(range(200))}
    assert fits(wanted, {"list": list(range(200))}) is (LOOKS_AT_MOST > 200 * 200 / 2)
    assert fits({"list": [5]}, {"list": list(range(200))})


@pytest.mark.parametrize(
    ("matcher", "words"),
    [
        ({"a": {"@regex": "x"}}, "Take '@regex' out"),
        ({"a": {"@any": True, "b": 1}}, "Let @any stand alone"),
        ({"a": [{"@in": 3}]}, "Give @in a list"),
        ({"@gt": "3"}, "Give @gt a number"),
    ],
)
def test_a_matcher_that_makes_no_sense_is_told(matcher, words):
    assert why_no_matcher(matcher).startswith(words)


def test_one_too_deep_is_told():
    matcher: object = 1
    for _ in range(DEEPEST + 1):
        matcher = {"a": matcher}
    assert "deep" in why_no_matcher(matcher)
