"""The grid at a station's connection: the command, the meter, and what survives."""

import json
from math import sqrt

import pytest
from hypothesis import given as for_all
from hypothesis import settings as limits
from hypothesis import strategies as st

from chargepoint.common.switching import carried_over
from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.mains import NOMINAL
from tests.chargepoint.peer import Peer
from tests.chargepoint.v21.controls import CAR, accepted, charge, given, period, sample, station
from tests.chargepoint.v201.csms import Csms, booted, config_of
from tests.chargepoint.v201.profiles import profile, set_profile

METER = "Voltage,Frequency,Power.Active.Import,Current.Import,Power.Factor"


def test_the_operator_changes_it_part_by_part_and_makes_it_nominal_again():
    csms = station()
    shown = csms.command("grid", voltage_pct=90)
    assert (shown["voltage_v"], shown["voltage_pct"], shown["frequency_hz"]) == (207, 90, 50)
    assert csms.command("grid", frequency_hz=50.4)["voltage_v"] == 207
    assert csms.station.snapshot()["grid"] == {
        "voltage_v": 207.0, "voltage_pct": 90.0, "frequency_hz": 50.4, "load_w": 0.0,
    }  # fmt: skip
    csms.restart()
    assert csms.station.connectors[2].mains.frequency_hz == 50.4
    csms.command("grid")
    assert csms.station.power.mains == NOMINAL
    assert "mains" not in csms.saved()


@pytest.mark.parametrize("args", [
    {"voltage_pct": 5}, {"voltage_v": 1000}, {"frequency_hz": 0}, {"frequency_hz": "50"},
    {"voltage_pct": 90, "voltage_v": 207}, {"volts": 230},
])  # fmt: skip
def test_what_no_grid_has_is_refused(args):
    csms = station()
    with pytest.raises(CommandRejected):
        csms.command("grid", **args)
    assert csms.station.power.mains == NOMINAL


def values_of(csms, event):
    found = {}
    for entry in event["meterValue"][0]["sampledValue"]:
        found.setdefault(entry["measurand"], []).append(entry["value"])
    return found


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_meter_values_follow_it(version):
    quiet = {"SampledDataCtrlr.TxUpdatedInterval": "60", "EmulatorCtrlr.AutoPlug": "false",
             "SampledDataCtrlr.TxUpdatedMeasurands": METER}  # fmt: skip
    csms = booted(version=version, configuration=quiet)
    csms.command("plug", connector=1)
    csms.command("start-transaction", connector=1)
    csms.command("grid", voltage_v=241.5, frequency_hz=50.2)
    csms.pass_time(61)
    seen = values_of(csms, csms.events[-1])
    assert seen["Voltage"] == [241.5] * 3
    assert seen["Frequency"] == [50.2]
    assert seen["Power.Active.Import"] == [11_000]
    assert seen["Current.Import"] == [pytest.approx(11_000 / 3 / 241.5 / 0.99, abs=0.01)] * 3


def test_it_is_in_1_6_too_and_goes_over_to_another_version():
    peer = Peer(configuration={"EmulatorAutoPlug": "false"}).connect()
    peer.do("grid", voltage_pct=95, frequency_hz=49.9)
    seen = peer.station.connectors[1].sample(peer.now)
    assert (seen.voltage_v, seen.frequency) == (pytest.approx(218.5), 49.9)
    peer.station.power_off(peer.now)
    saved, _ = carried_over(json.loads(json.dumps(peer.station.snapshot())), "2.1")
    csms = Csms(config_of("2.1"), saved, peer.now)
    assert csms.station.power.mains.frequency_hz == 49.9
    assert csms.station.connectors[1].mains.frequency_hz == 49.9


def test_a_new_outlet_has_the_same_grid():
    csms = station()
    csms.command("grid", voltage_pct=92)
    fewer = csms.config.connectors[:1]
    csms.perform(csms.station.reconfigure(config_of("2.1", connectors=fewer), csms.now))
    csms.perform(csms.station.reconfigure(config_of("2.1"), csms.now))
    assert csms.station.connectors[2].mains.voltage_pct == pytest.approx(92)


def test_a_limit_in_amperes_holds_whatever_the_voltage():
    csms = station()
    charge(csms, max_power_kw=22)
    made = profile(16, unit="A")
    set_profile(csms, 1, made)
    for percent in (100, 90, 110):
        csms.command("grid", voltage_pct=percent)
        assert sample(csms).currents_a[0] == pytest.approx(16)


def test_at_low_voltage_a_charger_has_less_power_and_no_more_current():
    csms = station()
    charge(csms)
    before = sample(csms)
    csms.command("grid", voltage_pct=80)
    after = sample(csms)
    assert after.power_w == pytest.approx(0.8 * before.power_w)
    assert after.currents_a[0] == pytest.approx(before.currents_a[0])


@limits(max_examples=60, deadline=None)
@for_all(
    st.floats(50, 150), st.floats(45, 55), st.floats(-10_000, 10_000), st.floats(-100, 100),
)  # fmt: skip
def test_power_is_voltage_times_current(percent, hertz, setpoint, var):
    csms = station()
    charge(csms)
    set_profile(csms, 1, period(setpoint=setpoint))
    accepted(csms, "FixedVar", {"setpoint": var, "unit": "PctMaxVar"})
    csms.command("grid", voltage_pct=percent, frequency_hz=hertz)
    seen = sample(csms)
    amps = sum(seen.export_a if seen.export_w else seen.currents_a)
    active = max(seen.export_w, seen.power_w)
    assert not (seen.export_w and seen.power_w)
    apparent = sqrt(active**2 + seen.reactive_var**2)
    assert seen.voltage_v * amps == pytest.approx(apparent, abs=1e-6)
    assert seen.voltage_v * amps * seen.power_factor == pytest.approx(active, rel=1e-3, abs=0.5)
    assert apparent <= 10_000 / 0.99 + 1e-6


@limits(max_examples=40, deadline=None)
@for_all(st.lists(
    st.tuples(st.floats(-12_000, 12_000), st.integers(1, 1800), st.floats(80, 110)),
    min_size=1, max_size=6,
))  # fmt: skip
def test_the_registers_agree_with_the_energy(steps):
    csms = station()
    charge(csms, soc=50)
    taken = back = 0.0
    for setpoint, seconds, percent in steps:
        set_profile(csms, 1, period(setpoint=setpoint))
        csms.command("grid", voltage_pct=percent)
        for _ in range(4):  # the battery's curve bends; a quarter is nearly straight
            watts = given(csms)
            csms.pass_time(seconds / 4)
            mean = (watts + given(csms)) / 2 if (watts < 0) == (given(csms) < 0) else watts
            taken += max(0.0, -mean) * seconds / 4 / 3600
            back += max(0.0, mean) * seconds / 4 / 3600
    seen = sample(csms)
    assert seen.energy_wh == pytest.approx(taken, rel=0.02, abs=2)
    assert seen.export_wh == pytest.approx(back, rel=0.02, abs=2)
    stored = seen.energy_wh * 0.9 - seen.export_wh / 0.9
    assert seen.soc == pytest.approx(50 + stored / CAR["battery_kwh"] / 10, abs=1e-6)
