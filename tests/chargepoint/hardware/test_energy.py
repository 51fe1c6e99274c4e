"""The charging curve and the register."""

import contextlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoint.hardware.connector import Connector, Event, IllegalTransition, State
from chargepoint.hardware.ev import EV

from .outlets import charging, outlet

cars = st.builds(
    EV,
    battery_kwh=st.floats(5, 200),
    soc=st.floats(0, 100),
    max_power_kw=st.floats(1, 350),
    phases=st.sampled_from([1, 2, 3]),
    target_soc=st.floats(0, 100),
)
outlets = st.tuples(st.sampled_from([0, 1, 3]), st.integers(1_000, 400_000))


def twin(ev: EV) -> EV:
    return EV.from_saved(ev.to_saved())


def test_an_hour_in_steps_is_an_hour_at_once():
    whole = charging(outlet(), EV(soc=60))
    steps = charging(outlet(), EV(soc=60))
    whole.advance(3600)
    for n in range(1, 361):
        steps.advance(n * 10.0)
    assert steps.meter_wh == pytest.approx(whole.meter_wh, abs=1e-6)
    assert whole.meter_wh == pytest.approx(11_000, rel=1e-9)


@given(
    cars,
    outlets,
    st.lists(st.floats(0, 7200), min_size=1, max_size=30),
    st.none() | st.floats(0, 50_000),
)
def test_energy_does_not_depend_on_the_steps(ev, shape, steps, limit):
    one, many = outlet(*shape), outlet(*shape)
    one.limit_w = many.limit_w = limit
    charging(one, twin(ev))
    charging(many, ev)
    now, last = 0.0, 0.0
    for step in steps:
        now += step
        many.advance(now)
        assert many.meter_wh >= last
        last = many.meter_wh
    one.advance(now)
    assert many.meter_wh == pytest.approx(one.meter_wh, rel=1e-7, abs=1e-3)
    assert many.state is one.state


@given(cars, outlets, st.lists(st.tuples(st.sampled_from(list(Event)), st.floats(-100, 5000))))
def test_the_register_never_falls_and_power_stays_within_bounds(ev, shape, happenings):
    connector = outlet(*shape)
    connector.ev = ev
    now, last = 0.0, 0.0
    for event, step in happenings:
        now += step
        with contextlib.suppress(IllegalTransition):
            connector.apply(event, now)
        sample = connector.sample(now)
        assert sample.energy_wh >= last
        last = sample.energy_wh
        assert 0 <= connector.power_w <= shape[1]
        if connector.ev is not None:
            assert connector.power_w <= connector.ev.max_power_kw * 1000 + 1e-6
            assert 0 <= connector.ev.soc <= 100


@given(cars, outlets)
def test_it_suspends_when_it_said_it_would(ev, shape):
    connector = charging(outlet(*shape), ev)
    if connector.state is State.SUSPENDED_EV:  # already full when plugged in
        assert ev.full
        return
    due = connector.next_change(0.0)
    if due > 1.0:
        connector.advance(due - max(0.5, due * 1e-6))
        assert connector.state is State.CHARGING
    connector.advance(due + max(0.5, due * 1e-6))
    assert connector.state is State.SUSPENDED_EV
    assert ev.soc == pytest.approx(ev.target_soc, abs=1e-6)
    before = connector.meter_wh
    connector.advance(due + 1e6)
    assert connector.meter_wh == before


def test_power_is_flat_to_80_percent_then_falls_to_a_trickle():
    ac = [EV(soc=soc).power_w(11_000, dc=False) for soc in range(100)]
    assert set(ac[:81]) == {11_000}
    assert all(later <= earlier for earlier, later in zip(ac, ac[1:], strict=False))
    assert ac[90] < 0.7 * 11_000
    assert 0 < ac[99] <= 0.1 * 11_000
    dc = [EV(soc=soc, max_power_kw=150).power_w(150_000, dc=True) for soc in range(100)]
    assert dc[20] == 150_000
    assert 0.5 * 150_000 < dc[80] < 0.75 * 150_000
    assert dc[99] <= 0.06 * 150_000


@pytest.mark.parametrize(
    ("phases", "max_power_w", "ev", "watts"),
    [
        (3, 22_000, {"max_power_kw": 11, "phases": 3}, 11_000),  # the car binds
        (3, 7_500, {"max_power_kw": 11, "phases": 3}, 7_500),  # the outlet binds
        (3, 22_000, {"max_power_kw": 7.4, "phases": 1}, pytest.approx(22_000 / 3)),
        (3, 22_000, {"max_power_kw": 3.6, "phases": 1}, 3_600),
        (1, 7_400, {"max_power_kw": 11, "phases": 3}, pytest.approx(11_000 / 3)),
        (0, 50_000, {"max_power_kw": 150, "phases": 3}, 50_000),  # DC has no phases
        (0, 300_000, {"max_power_kw": 150, "phases": 1}, 150_000),
    ],
)
def test_phases_and_maximum_power_of_both_bind(phases, max_power_w, ev, watts):
    connector = charging(outlet(phases, max_power_w), EV(soc=10, **ev))
    assert connector.power_w == watts


def test_a_limit_binds_from_its_own_time_on():
    connector = charging(outlet(), EV(soc=10))
    connector.limit(5_500, 1800)
    connector.advance(3600)
    assert connector.meter_wh == pytest.approx(5_500 + 2_750)
    connector.limit(None, 3600)
    assert connector.power_w == 11_000
    connector.limit(0, 3600)
    assert connector.power_w == 0
    assert connector.next_change(3600) is None


def test_no_energy_flows_unless_charging():
    connector = outlet()
    connector.plug(EV(), 0)
    connector.advance(100)
    connector.apply(Event.AUTHORIZED, 200)
    connector.apply(Event.TRANSACTION_STARTED, 300)
    connector.advance(400)
    assert connector.meter_wh == 0
    connector.apply(Event.ENERGY_OFFERED, 400)
    connector.apply(Event.EVSE_SUSPENDED, 1000)
    counted = connector.meter_wh
    assert counted == pytest.approx(11_000 / 6)
    connector.advance(5000)
    assert connector.meter_wh == counted


def test_a_clock_that_steps_back_counts_nothing_twice():
    connector = charging(outlet(), EV(soc=10))
    connector.advance(600)
    connector.advance(100)
    connector.advance(600)
    assert connector.meter_wh == pytest.approx(11_000 / 6)


def test_samples_are_electrically_consistent_and_noise_leaves_the_register_alone():
    quiet = charging(outlet(), EV(soc=10)).sample(900)
    assert sum(quiet.currents_a) * quiet.voltage_v * quiet.power_factor == pytest.approx(11_000)
    assert quiet.offered_w == 11_000
    noisy = charging(outlet(variance=0.02), EV(soc=10)).sample(900)
    assert noisy.energy_wh == quiet.energy_wh
    assert noisy.power_w != quiet.power_w
    assert noisy.power_w == pytest.approx(11_000, rel=0.021)
    one_phase = charging(outlet(), EV(soc=10, phases=1, max_power_kw=3.6)).sample(900)
    assert one_phase.currents_a[0] > 15
    assert one_phase.currents_a[1:] == (0.0, 0.0)
    dc = charging(outlet(0, 50_000), EV(soc=10, max_power_kw=100)).sample(60)
    assert len(dc.currents_a) == 1
    assert dc.currents_a[0] * dc.voltage_v == pytest.approx(50_000)


@given(cars, outlets, st.floats(0, 5000), st.floats(0, 5000))
def test_a_saved_outlet_goes_on_where_it_was(ev, shape, before, after):
    connector = charging(outlet(*shape), ev)
    connector.advance(before)
    saved = connector.to_saved()
    again = Connector.from_saved(connector.config, saved)
    assert again.to_saved() == saved
    connector.advance(before + after)
    again.advance(before + after)
    assert again.to_saved() == connector.to_saved()


@pytest.mark.parametrize(
    "given",
    [{"soc": 101}, {"soc": "full"}, {"battery_kwh": 0}, {"phases": 5}, {"wheels": 4}, {"soc": True},
     {"max_power_kw": float("nan")}, {"target_soc": -1}],
)  # fmt: skip
def test_a_car_that_cannot_be_is_refused(given):
    with pytest.raises(ValueError, match=r"\w"):
        EV.for_connector(outlet().config, given)


def test_two_idle_outlets_are_small():
    def deep(thing, seen):
        if id(thing) in seen or isinstance(thing, type | str) or thing is None:
            return 0
        seen.add(id(thing))
        size = sys.getsizeof(thing)
        for name in getattr(type(thing), "__slots__", ()):
            size += deep(getattr(thing, name), seen)
        return size

    pair = [outlet(id=n) for n in (1, 2)]
    shared = {id(connector.config) for connector in pair}  # configuration is counted elsewhere
    assert sum(deep(connector, shared) for connector in pair) < 1.5 * 1024


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["limit", "pause", "resume", "swap", "discharge", "wait", "aim"]),
            st.floats(0, 12_000), st.floats(0, 3000),
        ),
        max_size=25,
    )
)  # fmt: skip
def test_when_the_car_will_be_full_is_the_same_asked_once_or_often(steps):
    """`next_change` keeps its answer while nothing else flows; what it keeps must stay true."""
    cars = (EV(battery_kwh=5, soc=60, max_discharge_kw=7) for _ in range(2))
    asked, fresh = (charging(outlet(), car) for car in cars)
    now = 0.0
    for kind, watts, seconds in steps:
        for connector in (asked, fresh):
            if kind == "limit":
                connector.limit(watts, now)
            elif kind == "pause" and connector.can(Event.EVSE_SUSPENDED):
                connector.apply(Event.EVSE_SUSPENDED, now)
            elif kind == "resume" and connector.can(Event.ENERGY_OFFERED):
                connector.apply(Event.ENERGY_OFFERED, now)
            elif kind == "swap":
                connector.ev = EV(battery_kwh=5, soc=10 + watts / 200)
            elif kind == "discharge":
                connector.discharge(watts if watts > 6000 else 0.0, now)
            elif kind == "aim" and connector.ev is not None:
                connector.ev.target_soc = 70 + watts / 400
        now += seconds
        fresh._full = None
        due = fresh.next_change(now)
        assert asked.next_change(now) == (None if due is None else pytest.approx(due, abs=0.01))
        assert asked.state is fresh.state


def test_a_limit_that_no_number_holds_is_none():
    connector = charging(outlet(), EV(soc=10))
    connector.limit(5_500, 60)
    assert connector.power_w == 5_500
    connector.limit(1e308 * 10, 120)
    assert (connector.power_w, connector.limit_w) == (11_000, None)
    connector.limit(-1e308 * 10, 180)
    assert (connector.power_w, connector.limit_w) == (0, 0)
