"""Time stamps, there and back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoint.timing.times import iso, seconds_of


@given(st.floats(0, 4e9, allow_nan=False))
def test_a_stamp_is_read_back_to_the_millisecond(seconds):
    stamp = iso(seconds)
    assert len(stamp) == 24 and stamp.endswith("Z")
    assert seconds - 0.001001 <= seconds_of(stamp) <= seconds + 1e-6


@given(st.integers(0, 4 * 10**9), st.integers(0, 999))
def test_a_stamp_is_that_of_the_calendar(whole, millis):
    moment = datetime.fromtimestamp(whole, UTC)
    assert iso(whole + millis / 1000) == f"{moment:%Y-%m-%dT%H:%M:%S}.{millis:03d}Z"


def test_just_below_a_second_rounds_up_into_it():
    assert iso(1_000_000_000.9999999) == "2001-09-09T01:46:41.000Z"


@pytest.mark.parametrize("text", ["", "today", "2026-13-01T00:00:00Z", "1"])
def test_what_is_no_time(text):
    assert seconds_of(text) is None
