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
