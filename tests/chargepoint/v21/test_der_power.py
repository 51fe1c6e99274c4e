"""What DER controls make of watts and vars, against slow references that are obviously right."""

from fractions import Fraction
from math import acos, isclose, sqrt, tan

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chargepoint.der import power
from chargepoint.der.curves import interpolated, volt_points
from chargepoint.der.power import Rating
from chargepoint.der.trips import mean_volts
from chargepoint.hardware.mains import Mains
from tests.chargepoint.v21.controls import curve

whole = st.integers(-50, 50)
curves = st.lists(st.tuples(whole, whole), min_size=1, max_size=10, unique_by=lambda p: p[0])


def slow_curve(points, x) -> Fraction:
    """Every pair of points is tried; a pair counts if none lies between and x does."""
    below = [p for p in points if p[0] <= x]
    above = [p for p in points if p[0] >= x]
    if not below:
        return Fraction(min(points)[1])
    if not above:
        return Fraction(max(points)[1])
    (x0, y0), (x1, y1) = max(below), min(above)
    return Fraction(y0) if x0 == x1 else y0 + Fraction(y1 - y0) * (x - x0) / (x1 - x0)


@given(curves, st.fractions(-60, 60, max_denominator=64))
def test_a_curve_is_linear_between_its_points_and_flat_beyond(points, x):
    assert isclose(interpolated(points, float(x)), slow_curve(points, x), abs_tol=1e-9)


@given(curves, st.fractions(-60, 60, max_denominator=64), st.randoms())
def test_the_order_of_points_says_nothing(points, x, random):
    shuffled = random.sample(points, len(points))
    assert interpolated(points, float(x)) == interpolated(shuffled, float(x))


def test_a_voltage_may_be_in_percent_per_unit_or_volts():
    assert volt_points(curve((95, 1), (110, 0))) == [(95, 1), (110, 0)]
    assert [x for x, _ in volt_points(curve((0.95, 1), (1.10, 0)))] == pytest.approx([95, 110])
    assert [x for x, _ in volt_points(curve((218.5, 1), (253, 0)))] == pytest.approx([95, 110])


def test_droop_is_a_line_from_its_start():
    droop = {"overFreq": 50.2, "underFreq": 49.8, "overDroop": 0.05, "underDroop": 0.05}
    for hertz in range(4700, 5300):
        got = power.droop(droop, Mains(frequency_hz=hertz / 100))
        # 5 % of 50 Hz, so 2.5 Hz, are the whole rating.
        over, under = max(0.0, hertz / 100 - 50.2), max(0.0, 49.8 - hertz / 100)
        assert got == pytest.approx((under - over) / 2.5)
    percent = {**droop, "overDroop": 5, "underDroop": 5}
    assert power.droop(percent, Mains(frequency_hz=51)) == pytest.approx(-0.32)


RATING = Rating(give_w=100, take_w=80, va=120, var=60, ev_w=100, now_w=50)


def allowed_to_give(watts, ruling, levels) -> bool:
    """Each control by itself: may so much flow?"""
    for kind in ("FreqWatt", "VoltWatt"):
        if kind in ruling:
            level = levels[kind]
            rated = 80 if level < 0 else (50 if ruling[kind][1]["yUnit"] == "PctWAvail" else 100)
            if watts * 100 > level * rated:
                return False
    if "LimitMaxDischarge" in ruling:
        return watts <= ruling["LimitMaxDischarge"][1]["pctMaxDischargePower"]
    return True


@given(
    base=st.integers(-80, 100),
    levels=st.fixed_dictionaries({
        "FreqDroop": st.sampled_from([-0.5, -0.25, 0, 0.25, 0.5]),
        "FreqWatt": st.sampled_from(range(-100, 101, 25)),
        "VoltWatt": st.sampled_from(range(-100, 101, 25)),
    }),
    kinds=st.sets(st.sampled_from(["FreqDroop", "FreqWatt", "VoltWatt", "LimitMaxDischarge"])),
    unit=st.sampled_from(["PctMaxW", "PctWAvail"]),
    percent=st.integers(0, 100),
    least=st.integers(-80, 0),
    most=st.integers(0, 100),
)  # fmt: skip
def test_what_is_given_is_the_nearest_that_every_control_allows(
    base, levels, kinds, unit, percent, least, most
):
    settings = {"pctMaxDischargePower": percent, "yUnit": unit}
    ruling = {kind: (kind, settings) for kind in kinds}
    got = power.shaped(base, ruling, levels, RATING, least, most)
    wanted = base + (levels["FreqDroop"] * 100 if "FreqDroop" in kinds else 0)
    # Every quarter of a watt is tried; if nothing is allowed, the car takes all that it may.
    tried = [n / 4 for n in range(least * 4, most * 4 + 1)]
    tried = [watts for watts in tried if allowed_to_give(watts, ruling, levels)]
    nearest = min(tried, key=lambda watts: abs(watts - wanted), default=least)
    assert got == pytest.approx(nearest, abs=0.25)


@given(st.floats(-100, 100), st.floats(0.1, 1), st.booleans())
def test_a_power_factor_is_kept_within_the_rated_va(watts, factor, absorbing):
    watts = power.left_w(watts, factor, 0.0, RATING)
    var = power.of_factor(watts, factor, absorbing)
    apparent = sqrt(watts**2 + var**2)
    assert apparent <= RATING.va + 1e-6
    assert apparent * factor == pytest.approx(abs(watts), abs=1e-9)
    assert (var >= 0) == absorbing or var == 0


@given(st.floats(-120, 120), st.floats(-100, 100), st.sampled_from(["PctMaxVar", "PctVarAvail"]))
def test_vars_are_within_the_rated_va_and_above_0_is_given(watts, level, unit):
    var = power.vars_of(unit, level, watts, RATING)
    assert abs(var) <= RATING.var
    assert var * level <= 0
    if unit == "PctVarAvail":
        assert sqrt(watts**2 + var**2) <= RATING.va + 1e-6
        if level == 100:
            assert var == pytest.approx(-min(60, sqrt(120**2 - watts**2)))
    left = power.left_w(watts, None, var, RATING)
    assert sqrt(left**2 + var**2) <= RATING.va + 1e-6
    assert abs(left) <= abs(watts)


def test_a_watt_pf_curve_goes_through_1():
    made = curve((0, -0.9), (100, 0.9))
    assert power.watt_factor(made, 0, RATING) == (pytest.approx(0.9), False)
    assert power.watt_factor(made, 25, RATING) == (pytest.approx(0.95), False)
    assert power.watt_factor(made, 50, RATING)[0] == pytest.approx(1)
    assert power.watt_factor(made, 100, RATING) == (pytest.approx(0.9), True)
    assert power.of_factor(100, 0.9, True) == pytest.approx(100 * tan(acos(0.9)))


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(80, 120)), min_size=1, max_size=6))
def test_the_mean_of_ten_minutes_is_that_of_every_second(steps):
    history, seconds, now = [], [], 0
    for length, value in steps:
        history.append([now, value])
        seconds += [value] * length
        now += length
    window = ([steps[0][1]] * 600 + seconds)[-600:]
    assume(len(window) == 600)
    assert mean_volts(history, now) == pytest.approx(sum(window) / 600)
