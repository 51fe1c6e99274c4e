"""Each type of DER control by what it does to the power of a car, the meter and the alarms."""

from math import acos, sqrt, tan

import pytest

from chargepoint.der.controls import KINDS
from chargepoint.hardware.states import State
from tests.chargepoint.inside import block
from tests.chargepoint.v21.controls import (
    accepted,
    alarms,
    charge,
    control,
    curve,
    given,
    giving,
    period,
    sample,
    station,
)
from tests.chargepoint.v201.profiles import profile, set_profile

W = "PctMaxW"


def test_freq_watt_bounds_what_is_given_and_below_0_makes_the_car_take():
    csms = giving(8000)
    accepted(csms, "FreqWatt", curve((50.2, 100), (51.2, 0), (52.2, -50), unit=W))
    assert given(csms) == 8000
    csms.command("grid", frequency_hz=50.7)
    assert given(csms) == 5000
    csms.command("grid", frequency_hz=51.2)
    assert given(csms) == 0
    csms.command("grid", frequency_hz=52.2)
    assert given(csms) == -5000
    csms.command("grid")
    assert given(csms) == 8000


def test_volt_watt_bounds_what_is_given():
    csms = giving(8000)
    accepted(csms, "VoltWatt", curve((106, 100), (110, 20), unit=W))
    csms.command("grid", voltage_pct=108)
    assert given(csms) == 6000
    csms.command("grid", voltage_pct=112)
    assert given(csms) == 2000


def test_percent_of_what_is_available_is_nothing_of_an_empty_battery():
    csms = giving(8000, min_soc=60)
    accepted(csms, "VoltWatt", curve((100, 50), unit="PctWAvail"))
    assert given(csms) == 0
    csms = giving(8000)
    accepted(csms, "VoltWatt", curve((100, 50), unit="PctWAvail"))
    assert given(csms) == 5000


def test_freq_droop_gives_more_at_low_and_less_at_high_frequency():
    csms = giving(4000)
    droop = {"overFreq": 50.1, "underFreq": 49.9, "overDroop": 0.05, "underDroop": 0.04,
             "responseTime": 0}  # fmt: skip
    accepted(csms, "FreqDroop", droop)
    csms.command("grid", frequency_hz=49.5)  # 0.4 Hz of 2 Hz, so a fifth of 10 kW
    assert given(csms) == 6000
    csms.command("grid", frequency_hz=50.6)  # 0.5 Hz of 2.5 Hz
    assert given(csms) == 2000
    csms.command("grid", frequency_hz=51.6)
    assert given(csms) == -2000
    csms.command("grid", frequency_hz=45)
    assert given(csms) == 10_000


def test_freq_droop_relieves_the_grid_of_a_car_that_only_charges():
    csms = station()
    charge(csms, max_discharge_kw=0)
    assert given(csms) == -10_000
    accepted(csms, "FreqDroop", {
        "overFreq": 50.1, "underFreq": 49.9, "overDroop": 0.05, "underDroop": 0.05,
        "responseTime": 0,
    })  # fmt: skip
    csms.command("grid", frequency_hz=49.4)
    assert given(csms) == -8000
    csms.command("grid", frequency_hz=45)
    assert given(csms) == 0
    assert csms.station.connectors[1].state is State.SUSPENDED_EVSE
    csms.command("grid")
    assert given(csms) == -10_000


@pytest.mark.slow
def test_a_response_time_is_seen_in_the_power():
    csms = giving(8000)
    accepted(csms, "FreqWatt", curve((50, 100), (51, 0), unit=W, responseTime=10))
    csms.command("grid", frequency_hz=51)
    assert given(csms) == 8000
    csms.pass_time(10)
    assert given(csms) == pytest.approx(1000, abs=10)  # 90 % of the way of 10 kW
    csms.restart().connect()
    csms.pass_time(30)
    assert given(csms) == pytest.approx(0, abs=15)


def test_limit_max_discharge_is_percent_of_the_cars_rating():
    csms = giving(8000)
    accepted(csms, "LimitMaxDischarge", {"pctMaxDischargePower": 30})
    assert given(csms) == 3000


@pytest.mark.slow
def test_gradients_ramp_what_is_given():
    csms = station()
    accepted(csms, "Gradients", {"gradient": 20, "softGradient": 100})
    charge(csms)
    set_profile(csms, 1, period(setpoint=0))
    set_profile(csms, 1, period(setpoint=-8000))
    csms.pass_time(40)
    assert given(csms) == pytest.approx(4000, abs=101)  # softly: 100 W a second
    csms.pass_time(50)
    assert given(csms) == 8000
    set_profile(csms, 1, period(setpoint=-3000))
    csms.pass_time(4)
    assert given(csms) == pytest.approx(6000, abs=501)  # 500 W a second
    csms.pass_time(10)
    assert given(csms) == 3000


# --- reactive power ------------------------------------------------------------------------------


@pytest.mark.parametrize(("excitation", "sign"), [(True, 1), (False, -1)])
def test_a_fixed_power_factor_for_what_is_given(excitation, sign):
    csms = giving(8000)
    accepted(csms, "FixedPFInject", {"displacement": 0.9, "excitation": excitation})
    accepted(csms, "FixedPFAbsorb", {"displacement": 0.8, "excitation": True})
    seen = sample(csms)
    assert seen.power_factor == pytest.approx(0.9)
    assert seen.reactive_var == pytest.approx(sign * 8000 * tan(acos(0.9)))
    assert seen.export_a[0] == pytest.approx(8000 / 0.9 / 3 / 230)
    set_profile(csms, 1, period(setpoint=6000))
    seen = sample(csms)
    assert seen.power_factor == pytest.approx(0.8)
    assert seen.reactive_var == pytest.approx(6000 * tan(acos(0.8)))


def test_a_power_factor_leaves_less_than_the_rated_watts():
    csms = giving(10_000)
    accepted(csms, "FixedPFInject", {"displacement": 0.8, "excitation": False})
    assert given(csms) == pytest.approx(8000)


def test_fixed_var_is_a_share_of_what_the_inverter_can():
    csms = giving(5000)
    accepted(csms, "FixedVar", {"setpoint": 50, "unit": "PctMaxVar"})
    assert sample(csms).reactive_var == pytest.approx(-3000)  # of 60 % of 10 kVA, given
    accepted(csms, "FixedVar", {"setpoint": -100, "unit": "PctMaxVar"})
    assert sample(csms).reactive_var == pytest.approx(6000)
    assert given(csms) == 5000
    set_profile(csms, 1, period(setpoint=-10_000))
    assert given(csms) == pytest.approx(8000)  # vars first: 6 and 8 make 10 kVA


def test_volt_var_follows_the_voltage():
    csms = giving(5000)
    accepted(csms, "VoltVar", curve((92, 100), (98, 0), (102, 0), (108, -100), unit="PctMaxVar"))
    for percent, var in ((100, 0), (95, -3000), (92, -6000), (105, 3000), (120, 6000)):
        csms.command("grid", voltage_pct=percent)
        assert sample(csms).reactive_var == pytest.approx(var, abs=1e-6)


def test_volt_var_has_a_reference_that_may_follow_the_voltage():
    csms = giving(5000)
    made = curve((98, 100), (100, 0), (102, -100), unit="PctMaxVar")
    accepted(csms, "VoltVar", {**made, "reactivePowerParams": {"vRef": 102}})
    csms.command("grid", voltage_pct=102)
    assert sample(csms).reactive_var == pytest.approx(0, abs=1e-6)
    accepted(csms, "VoltVar", {**made, "reactivePowerParams": {
        "autonomousVRefEnable": True, "autonomousVRefTimeConstant": 100,
    }})  # fmt: skip
    assert sample(csms).reactive_var > 5000
    csms.pass_time(1000)
    assert sample(csms).reactive_var == pytest.approx(0, abs=300)


def test_watt_var_and_watt_pf_follow_the_power():
    csms = giving(5000)
    accepted(csms, "WattVar", curve((0, 0), (100, -100), unit="PctMaxVar"))
    assert sample(csms).reactive_var == pytest.approx(3000)
    csms.call("ClearDERControl", {"isDefault": True})
    accepted(csms, "WattPF", curve((0, 1), (100, 0.9)))
    assert sample(csms).power_factor == pytest.approx(0.95)
    assert sample(csms).reactive_var == pytest.approx(5000 * tan(acos(0.95)))


def test_of_two_controls_of_vars_the_priority_counts():
    csms = giving(5000)
    accepted(csms, "FixedVar", {"setpoint": 50, "unit": "PctMaxVar"}, priority=1)
    accepted(csms, "WattPF", curve((0, 0.9)), priority=0)
    assert sample(csms).power_factor == pytest.approx(0.9)


def test_the_meter_tells_vars_and_export_currents():
    csms = giving(5000)
    wanted = "Power.Reactive.Import,Power.Reactive.Export,Current.Export,Current.Import"
    assert csms.set("SampledDataCtrlr.TxEndedMeasurands", wanted) == "Accepted"
    accepted(csms, "FixedVar", {"setpoint": 50, "unit": "PctMaxVar"})
    csms.command("stop-transaction", connector=1)
    values = csms.events[-1]["meterValue"][-1]["sampledValue"]
    told = [(v["measurand"], v["value"], v["unitOfMeasure"]["unit"]) for v in values]
    # The transaction is over, so nothing flows any more.
    assert told[:2] == [("Power.Reactive.Import", 0, "var"), ("Power.Reactive.Export", 0, "var")]
    csms = giving(5000)
    accepted(csms, "FixedVar", {"setpoint": 50, "unit": "PctMaxVar"})
    csms.set("SampledDataCtrlr.TxUpdatedMeasurands", wanted)
    csms.set("SampledDataCtrlr.TxUpdatedInterval", "10")
    csms.pass_time(11)
    values = csms.events[-1]["meterValue"][0]["sampledValue"]
    told = [(v["measurand"], v["value"]) for v in values]
    amps = round(sqrt(5000**2 + 3000**2) / 690, 2)
    assert told == [
        ("Power.Reactive.Import", 0), ("Power.Reactive.Export", 3000),
        *[("Current.Export", amps)] * 3, *[("Current.Import", 0)] * 3,
    ]  # fmt: skip


# --- trips and cessation -------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "points", "bad", "fault"), [
    ("HFMustTrip", [(51, 3)], {"frequency_hz": 51.5}, "OverFrequency"),
    ("LFMustTrip", [(49, 3)], {"frequency_hz": 48.5}, "UnderFrequency"),
    ("HVMustTrip", [(110, 3)], {"voltage_pct": 112}, "OverVoltage"),
    ("LVMustTrip", [(0.9, 3)], {"voltage_pct": 85}, "UnderVoltage"),
])  # fmt: skip
def test_a_grid_out_of_bounds_trips_and_alarms(kind, points, bad, fault):
    csms = giving(5000)
    accepted(csms, kind, curve(*points))
    csms.command("grid", **bad)
    assert alarms(csms) == [(kind, fault, False)]
    assert given(csms) == 5000  # it may last three seconds
    csms.pass_time(2.9)
    assert given(csms) == 5000
    csms.pass_time(0.2)
    assert given(csms) == 0
    csms.restart().connect()
    assert given(csms) == 0
    csms.command("grid")
    assert alarms(csms) == [(kind, fault, False), (kind, fault, True)]
    assert given(csms) == 5000


@pytest.mark.slow
def test_enter_service_has_it_wait_and_ramp():
    csms = giving(5000)
    accepted(csms, "HFMustTrip", curve((51, 0)))
    accepted(csms, "EnterService", {
        "lowVoltage": 211, "highVoltage": 242, "lowFreq": 49.9, "highFreq": 50.1, "delay": 60,
        "rampRate": 100,
    })  # fmt: skip
    csms.command("grid", frequency_hz=51.5)
    assert given(csms) == 0
    csms.command("grid", frequency_hz=50.5)
    csms.pass_time(300)
    assert given(csms) == 0
    csms.command("grid", frequency_hz=50, voltage_v=240)
    csms.pass_time(59)
    assert given(csms) == 0
    csms.pass_time(21)
    assert given(csms) == pytest.approx(2000, abs=101)
    csms.pass_time(80)
    assert given(csms) == 5000


def test_nobody_begins_to_give_on_a_bad_grid():
    csms = station()
    accepted(csms, "EnterService", {
        "lowVoltage": 95, "highVoltage": 105, "lowFreq": 49.9, "highFreq": 50.1, "delay": 5,
    })  # fmt: skip
    csms.command("grid", frequency_hz=50.4)
    giving(5000, csms)
    assert given(csms) == 0
    assert alarms(csms) == []
    csms.command("grid")
    csms.pass_time(6)
    assert given(csms) == 5000
    csms.command("grid", frequency_hz=50.4)  # who serves goes on
    assert given(csms) == 5000


@pytest.mark.parametrize(("during", "watts", "var"), [
    (None, 0, 0), ("Active", 5000, 0), ("Reactive", 0, -3000),
])  # fmt: skip
def test_momentary_cessation_stops_at_once_and_only_so_long(during, watts, var):
    csms = giving(5000)
    accepted(csms, "FixedVar", {"setpoint": 50, "unit": "PctMaxVar"})
    params = {"voltageParams": {"powerDuringCessation": during}} if during else {}
    accepted(csms, "LVMomCess", curve((70, 1), **params))
    csms.command("grid", voltage_pct=60)
    assert alarms(csms) == [("LVMomCess", "UnderVoltage", False)]
    assert given(csms) == watts
    assert sample(csms).reactive_var == var
    csms.command("grid")
    assert (given(csms), sample(csms).reactive_var) == (5000, -3000)
    assert alarms(csms)[-1] == ("LVMomCess", "UnderVoltage", True)


def test_a_permission_to_trip_is_used_only_where_the_operator_says_so():
    for says, watts in (("false", 5000), ("true", 0)):
        csms = giving(5000, station(**{"EmulatorCtrlr.DERMayTrip": says}))
        accepted(csms, "HFMayTrip", curve((51, 1)))
        csms.command("grid", frequency_hz=52)
        csms.pass_time(2)
        assert given(csms) == watts
        assert alarms(csms) == [("HFMayTrip", "OverFrequency", False)]


@pytest.mark.parametrize("inner", [True, False])
def test_power_monitoring_trips_who_gives_too_much(inner):
    csms = giving(8000)
    watch = curve((60, 5), (100, 1))
    if inner:
        accepted(csms, "LimitMaxDischarge", {
            "pctMaxDischargePower": 60, "powerMonitoringMustTrip": {"priority": 0, **watch},
        })  # fmt: skip
    else:
        accepted(csms, "PowerMonitoringMustTrip", watch)
    csms.pass_time(0.01)
    assert alarms(csms) == [("PowerMonitoringMustTrip", "OverCurrent", False)]
    csms.pass_time(2.9)
    assert given(csms) == 8000
    csms.pass_time(0.2)
    assert given(csms) == 0
    set_profile(csms, 1, period(setpoint=-6000))
    csms.pass_time(61)
    assert given(csms) == 6000  # as much as it may
    assert alarms(csms)[-1] == ("PowerMonitoringMustTrip", "OverCurrent", True)
    assert len(alarms(csms)) == 2


def test_a_control_that_is_cleared_ends_what_it_began():
    csms = giving(5000)
    accepted(csms, "HFMustTrip", curve((51, 0)))
    csms.command("grid", frequency_hz=52)
    assert given(csms) == 0
    csms.call("ClearDERControl", {"isDefault": True, "controlId": "HFMustTrip"})
    assert given(csms) == 5000
    assert alarms(csms)[-1] == ("HFMustTrip", "OverFrequency", True)
    assert block(csms.station, "der_effects").ride is None
    assert "ride" not in csms.saved()


def test_charging_goes_on_while_nothing_may_be_given():
    csms = station()
    charge(csms)
    set_profile(csms, 1, profile(7000))
    accepted(csms, "HFMustTrip", curve((51, 0)))
    csms.command("grid", frequency_hz=52)
    assert given(csms) == -7000


@pytest.mark.proves("ACDERCtrlr.ModesSupported", "DCDERCtrlr.ModesSupported")
def test_an_evse_that_does_not_list_a_type_is_left_alone():
    listed = {"ACDERCtrlr.ModesSupported": "VoltWatt", "DCDERCtrlr.ModesSupported": "FreqWatt"}
    csms = giving(8000, station(**listed))
    accepted(csms, "FreqWatt", curve((50, 0), unit=W))  # the DC EVSE knows it
    assert given(csms) == 8000
    assert control(csms, "FreqDroop", {
        "overFreq": 51, "underFreq": 49, "overDroop": 0.05, "underDroop": 0.05, "responseTime": 0,
    })["status"] == "NotSupported"  # fmt: skip
    accepted(csms, "VoltWatt", curve((100, 10), unit=W))
    assert given(csms) == 1000


def test_a_dc_inverter_is_rated_by_itself():
    csms = station()
    charge(csms, 2, max_power_kw=100, max_discharge_kw=100)
    set_profile(csms, 2, period(setpoint=-100_000))
    accepted(csms, "FreqWatt", curve((50, 50), unit=W))
    seen = sample(csms, 2)
    assert seen.export_w == 75_000  # half of DCDERCtrlr.MaxW
    accepted(csms, "FixedPFInject", {"displacement": 0.9, "excitation": False})
    seen = sample(csms, 2)
    assert seen.power_factor == pytest.approx(0.9)
    assert seen.reactive_var == pytest.approx(-75_000 * tan(acos(0.9)))


def test_every_type_of_the_schema_is_known_and_has_a_test_here():
    from pathlib import Path

    from chargepoint.wire import schemas

    text = Path(__file__).read_text()
    for kind in KINDS:
        assert f'"{kind}"' in text or kind in ("HVMomCess", "HVMayTrip", "LVMayTrip"), kind
        request = {"isDefault": True, "controlType": kind}
        assert schemas.check("2.1", "ClearDERControl", request, False) is None
    assert len(KINDS) == 22
