"""What a register tells of what it has counted, and the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoint.hardware.register import PLAIN, Register

counts = st.floats(0, 1e7)


def test_the_usual_one_tells_what_it_has_counted():
    assert PLAIN.told(12_345.6, 12_000.0, True) == 12_345.6


def test_by_session_it_is_0_outside_of_one():
    register = Register(per_session=True)
    assert register.told(5_000.0, 4_000.0, False) == 1_000.0
    assert register.told(5_000.0, None, False) == 0.0
    assert register.counted(0.0, 5_000.0, None, False) == 5_000.0


def test_losses_are_of_a_rectifier():
    register = Register(dc_efficiency=0.8)
    assert register.told(800.0, None, True) == 1_000.0
    assert register.told(800.0, None, False) == 800.0


def test_it_rolls_over_behind_the_last_number():
    register = Register(roll_over_wh=1_000.0)
    assert [register.told(wh, None, False) for wh in (999.0, 1_000.0, 2_500.0)] == [999, 0, 500]


def test_a_number_that_is_rounded_to_where_it_rolls_over_is_0():
    register = Register(roll_over_wh=1_000.0)
    assert [register.whole(wh, None, False) for wh in (999.4, 999.6, 1_000.6)] == [999, 0, 1]
    assert [register.over(wh) for wh in (999.9, 1_000.0, 1_000.1)] == [False, True, True]
    assert not PLAIN.over(1e12) and PLAIN.whole(1_000.6, None, True) == 1001


def test_a_session_that_began_at_a_number_that_was_rounded_up_has_counted_nothing_less():
    register = Register(per_session=True, roll_over_wh=1_000.0, dc_efficiency=0.5)
    assert register.told(100.6, 101.0, True) == 0.0
    assert register.whole(100.6, 101.0, True) == 0


@given(
    counted=counts, since=st.floats(0, 400), begun=st.floats(0, 1e6), session=st.booleans(),
    roll=st.sampled_from([0.0, 1_000.0, 99_999.0]), dc=st.booleans(),
    efficiency=st.sampled_from([1.0, 0.9, 0.5]),
)  # fmt: skip
def test_what_was_told_a_little_later_leads_back(
    counted, since, begun, session, roll, dc, efficiency
):
    """near: what it had counted shortly before, less than a half of a round."""
    register = Register(session, roll, efficiency)
    true = begun + counted
    near = max(begun, true - since * efficiency)
    back = register.counted(register.told(true, begun, dc), near, begun, dc)
    assert back == pytest.approx(true, abs=0.01)
