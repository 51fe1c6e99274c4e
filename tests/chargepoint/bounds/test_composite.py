"""A composite schedule of any length: right as far as it is promised, and found in few steps."""

import pytest

from tests.chargepoint.bounds.stations import CONNECTORS, QUARTERS
from tests.chargepoint.bounds.steps import Steps
from tests.chargepoint.peer import START, Peer
from tests.chargepoint.v16.charging import composite, expected, profile, set_profile
from tests.chargepoint.v201 import profiles as profiles_2
from tests.chargepoint.v201.csms import booted

DAY, LONGEST = 86_400, 2**31 - 1
EQUAL = [(n * 60, 16.0) for n in range(100)]
LINES_AT_MOST = 400_000


def daily(periods, identity=1, stack=0, begin=-DAY, **more):
    recurring = {"kind": "Recurring", "unit": "A", "recurrencyKind": "Daily"}
    return profile(
        periods, identity, stack=stack, startSchedule=START + begin, **recurring, **more
    )


@pytest.mark.proves("GetCompositeSchedule")
def test_equal_periods_for_sixty_eight_years_are_one_period():
    peer = Peer().connect()
    set_profile(peer, 1, daily(EQUAL))
    with Steps(5000):
        schedule = composite(peer, 1, LONGEST, chargingRateUnit="A")["chargingSchedule"]
    assert schedule["duration"] == LONGEST
    assert schedule["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 16.0, "numberPhases": 3}
    ]


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_the_same_in_2x(version):
    csms = booted(version=version)
    made = profiles_2.profile(
        EQUAL, 1, profiles_2.DEFAULT, 0, "Recurring", "A", recurrencyKind="Daily",
        startSchedule=csms.now - DAY,
    )  # fmt: skip
    assert profiles_2.set_profile(csms, 1, made) == "Accepted"
    with Steps(8000):
        schedule = profiles_2.composite(csms, 1, LONGEST)["schedule"]
    assert (schedule["duration"], len(schedule["chargingSchedulePeriod"])) == (LONGEST, 1)


def test_changes_that_do_not_show_are_not_walked_for_years():
    """A profile that changes all day long stands behind one that never does."""
    peer = Peer().connect()
    set_profile(peer, 1, daily(QUARTERS, 1))
    set_profile(peer, 1, daily([(0, 10.0)], 2, stack=1))
    with Steps(LINES_AT_MOST):
        schedule = composite(peer, 1, LONGEST, chargingRateUnit="A")["chargingSchedule"]
    assert [p["limit"] for p in schedule["chargingSchedulePeriod"]] == [10.0]
    assert 14 * DAY < schedule["duration"] < LONGEST  # what was not looked at is not promised


def test_of_a_whole_station_as_much_is_promised_as_there_is_room_for():
    peer = Peer(connectors=CONNECTORS).connect()
    for number in range(1, len(CONNECTORS) + 1):
        set_profile(peer, number, daily([(s, 6.0 + number % 3 + s // 900 % 5) for s, _ in QUARTERS],
                                        number))  # fmt: skip
    with Steps(LINES_AT_MOST):
        schedule = composite(peer, 0, 14 * DAY)["chargingSchedule"]
    assert len(schedule["chargingSchedulePeriod"]) >= 50
    assert schedule["duration"] >= 50 * 900 - 900


def test_it_says_of_days_what_a_slow_evaluator_says():
    peer = Peer().connect()
    installed = [
        (1, daily([(0, 16.0), (3600, 6.0), (40_000, 6.0), (70_000, 10.0)], 1, begin=-5 * DAY)),
        (1, daily([(0, 20.5)], 2, stack=1, begin=-DAY + 500, duration=30_000,
                  validTo=START + 6 * DAY)),
        (0, daily([(0, 12.0), (50_000, 32.0)], 3, begin=-100, purpose="ChargePointMaxProfile")),
    ]  # fmt: skip
    for pair in installed:
        assert set_profile(peer, *pair) == "Accepted"
    schedule = composite(peer, 1, 9 * DAY)["chargingSchedule"]
    assert schedule["duration"] == 9 * DAY
    periods = schedule["chargingSchedulePeriod"]
    for place, second in enumerate(range(0, 9 * DAY, 25)):
        if place and periods[1:] and periods[1]["startPeriod"] <= second:
            periods = periods[1:]
        watts, _ = expected(installed, 1, START + second, START)
        assert periods[0]["limit"] == pytest.approx(watts, abs=0.051), second
