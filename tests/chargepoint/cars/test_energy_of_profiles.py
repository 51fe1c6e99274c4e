"""The energy of a car by a profile is exact, whatever befalls it and however often one looks."""

import pickle

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.hardware.connector import Connector, Event, State

from .lives import plugged, profiles

# (seconds, what then happens, its value); a value that does not apply is not looked at.
happenings = st.lists(
    st.tuples(
        st.floats(0.1, 4000),
        st.sampled_from(["limit", "lift", "evse", "offer", "give", "fault", "clear", "restart"]),
        st.sampled_from([0.0, 500.0, 1400.0, 4200.0, 9000.0, 60_000.0]),
    ),
    max_size=12,
)  # fmt: skip


def befall(connector: Connector, what: str, value: float, now: float) -> Connector:
    """One of the happenings; a restart gives another connector."""
    if what == "limit":
        connector.limit(value, now)
    elif what == "lift":
        connector.limit(None, now)
    elif what == "give":
        connector.discharge(value, now)
    elif what == "restart":
        connector.advance(now)
        saved = orjson.loads(orjson.dumps(connector.to_saved()))
        return Connector.from_saved(connector.config, saved)
    else:
        event = {
            "evse": Event.EVSE_SUSPENDED, "offer": Event.ENERGY_OFFERED,
            "fault": Event.FAULT_OCCURRED, "clear": Event.FAULT_CLEARED,
        }[what]  # fmt: skip
        if connector.can(event):
            connector.apply(event, now)
    return connector


def lived(connector: Connector, life: list, step: float | None) -> Connector:
    """The connector after that life, looked at every `step` seconds and at its own moments."""
    now = 0.0
    for seconds, what, value in [*life, (5000.0, "lift", 0.0)]:
        end = now + seconds
        while now < end:
            due = connector.next_change(now) if step else None
            stops = [end] if step is None else [end, now + step]
            if due is not None and due > now:
                stops.append(due)
            now = min(stops)
            connector.advance(now)
        connector = befall(connector, what, value, now)
    connector.advance(now)
    return connector


@settings(max_examples=300)
@given(profiles(), st.booleans(), st.floats(0, 100), happenings)
def test_the_meter_and_the_battery_agree(profile, dc, soc, life):
    connector = plugged(profile, dc, soc=soc)
    battery_wh, side = profile.battery_kwh * 10.0, profile.side(dc)
    after = lived(connector, life, None)
    stored = (after.ev.soc - soc) * battery_wh
    metered = after.meter_wh * side.efficiency - after.export_wh / side.efficiency
    assert stored == pytest.approx(metered, rel=0.005, abs=0.01)
    if not any(what == "give" for _, what, _ in life):
        assert after.ev.soc <= max(soc, profile.target_soc) + 1e-6


@settings(max_examples=300)
@given(profiles(), st.booleans(), st.floats(0, 100), happenings, st.floats(20, 900))
def test_a_session_does_not_depend_on_the_steps(profile, dc, soc, life, step):
    one, many = plugged(profile, dc, soc=soc), plugged(profile, dc, soc=soc)
    one, many = lived(one, life, None), lived(many, life, step)
    assert many.meter_wh == pytest.approx(one.meter_wh, rel=1e-6, abs=0.05)
    assert many.export_wh == pytest.approx(one.export_wh, rel=1e-6, abs=0.05)
    assert many.ev.soc == pytest.approx(one.ev.soc, abs=1e-4)


@settings(max_examples=200)
@given(profiles(), st.booleans(), st.floats(0, 90), st.floats(1, 3000))
def test_a_restart_in_the_middle_changes_nothing(profile, dc, soc, at):
    """Nor does what is saved: the same again from the same text."""
    going, stopped = plugged(profile, dc, soc=soc), plugged(profile, dc, soc=soc)
    going.advance(at)
    stopped = befall(stopped, "restart", 0.0, at)
    assert stopped.to_saved() == going.to_saved()
    for now in (at + 10, at + 7000):
        going.advance(now)
        stopped.advance(now)
    assert stopped.to_saved() == going.to_saved()


@settings(max_examples=200)
@given(profiles(), st.booleans(), st.floats(0, 90), st.sampled_from([None, 3000.0, 8000.0]))
def test_the_register_is_the_integral_of_the_power(profile, dc, soc, limit):
    """The closed solutions against a sum of small steps of the power that is shown."""
    connector = plugged(profile, dc, soc=soc)
    connector.limit(limit, 0.0)
    total, step = 0.0, 2.0
    for n in range(1200):
        before = connector.power_w
        connector.advance((n + 1) * step)
        total += (before + connector.power_w) / 2 * step / 3600
    most = max(kw for _, kw in profile.side(dc).curve) * 1000
    # A step in which it pauses, or goes on at once, is off by half of what flows in it.
    off = (len(profile.breaks) + 4) * min(most, 22_000) * step / 3600
    assert connector.meter_wh == pytest.approx(total, rel=0.01, abs=off)


@settings(max_examples=200)
@given(profiles(), st.booleans(), st.floats(0, 90), happenings)
def test_it_tells_beforehand_when_it_stops_and_goes_on(profile, dc, soc, life):
    """`next_change` finds every change that a close look finds, and no state is a moment late."""
    connector = plugged(profile, dc, soc=soc)
    now = 0.0
    for seconds, what, value in life:
        end = now + min(seconds, 600.0)
        due = connector.next_change(now)
        while due is not None and due < end:
            if due - now > 0.01:  # not just before
                early = pickle.loads(pickle.dumps(connector))
                early.advance(due - 0.005)
                assert early.state is connector.state
            now = max(due, now + 0.001)
            connector.advance(now)
            due = connector.next_change(now)
        state = connector.state
        connector.advance(end)
        assert connector.state is state
        now = end
        connector = befall(connector, what, value, now)
    assert connector.state in State
