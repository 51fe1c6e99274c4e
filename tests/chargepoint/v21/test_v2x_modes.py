"""Block Q: what each operation mode does, what is refused, and what ends without a link."""

import pytest

from chargepoint.timing.times import iso
from tests.chargepoint.inside import block
from tests.chargepoint.v21.controls import charge, given, period, sample, station
from tests.chargepoint.v201.profiles import profile, set_profile

FREQUENCY = [{"frequency": 49, "power": -10_000}, {"frequency": 51, "power": 10_000}]


@pytest.fixture
def csms():
    made = station()
    charge(made)
    return made


def refusal(csms, made, evse=1):
    answer = csms.call("SetChargingProfile", {"evseId": evse, "chargingProfile": made})
    return answer["status"], answer.get("statusInfo", {}).get("reasonCode")


def test_charging_only_and_idle(csms):
    set_profile(csms, 1, period("ChargingOnly", limit=7000))
    assert given(csms) == -7000
    set_profile(csms, 1, period("Idle"))
    assert given(csms) == 0
    csms.pass_time(600)
    assert csms.events[-1]["transactionInfo"]["chargingState"] == "SuspendedEVSE"


def test_a_profile_that_only_lets_discharge_still_gives(csms):
    set_profile(csms, 1, period(setpoint=-5000, limit=0))
    assert given(csms) == 5000
    assert csms.events[-1]["transactionInfo"]["chargingState"] == "Charging"


def test_an_ev_that_talks_takes_less_than_6_amperes(csms):
    set_profile(csms, 1, period(setpoint=900))
    assert given(csms) == -900


def test_local_frequency_follows_the_grid_and_the_signal(csms):
    assert set_profile(csms, 1, period(
        "LocalFrequency", v2xBaseline=1000, v2xFreqWattCurve=FREQUENCY,
        v2xSignalWattCurve=[{"signal": -10, "power": -2000}, {"signal": 10, "power": 2000}],
    )) == "Accepted"  # fmt: skip
    assert given(csms) == -1000
    csms.command("grid", frequency_hz=49.6)
    assert given(csms) == pytest.approx(3000)
    csms.call("AFRRSignal", {"timestamp": iso(csms.now), "signal": -5})
    assert given(csms) == pytest.approx(4000)


def test_an_afrr_signal_of_later_waits(csms):
    set_profile(csms, 1, period(
        "LocalFrequency", v2xBaseline=0, v2xFreqWattCurve=[
            {"frequency": 49, "power": 0}, {"frequency": 51, "power": 0}],
        v2xSignalWattCurve=[{"signal": 0, "power": 1000}, {"signal": 1, "power": 5000}],
    ))  # fmt: skip
    csms.call("AFRRSignal", {"timestamp": iso(csms.now), "signal": 0})
    csms.call("AFRRSignal", {"timestamp": iso(csms.now + 60), "signal": 1})
    assert given(csms) == -1000
    csms.restart().connect()
    csms.pass_time(61)
    assert given(csms) == -5000


@pytest.mark.parametrize("mode", ["ExternalSetpoint", "ExternalLimits"])
def test_an_external_system_sets_the_power(csms, mode):
    set_profile(csms, 1, period(mode, limit=9000, dischargeLimit=-4000))
    assert given(csms) == -9000
    csms.command("charging-limit", setpoint=-6000, evse=1)
    assert given(csms) == 4000
    told = csms.sent("NotifyChargingLimit")[-1]
    assert told["chargingSchedule"][0]["chargingSchedulePeriod"][0]["setpoint"] == -6000
    csms.command("charging-limit", setpoint=3000, evse=1)
    csms.restart().connect()
    assert given(csms) == -3000
    csms.command("charging-limit", evse=1)
    assert given(csms) == -9000


def test_a_setpoint_of_the_csms_does_not_heed_the_external_system(csms):
    set_profile(csms, 1, period(setpoint=-5000))
    csms.command("charging-limit", setpoint=-1000)
    assert given(csms) == 5000


@pytest.mark.proves(
    "V2XChargingCtrlr.LocalLoadBalancing[LowerOffset]",
    "V2XChargingCtrlr.LocalLoadBalancing[LowerThreshold]",
    "V2XChargingCtrlr.LocalLoadBalancing[UpperOffset]",
    "V2XChargingCtrlr.LocalLoadBalancing[UpperThreshold]",
)  # fmt: skip
def test_local_load_balancing_keeps_the_site_between_its_thresholds(csms):
    for name, value in (("UpperThreshold", "10000"), ("UpperOffset", "-500"),
                        ("LowerThreshold", "0"), ("LowerOffset", "200")):  # fmt: skip
        answer = csms.call("SetVariables", {"setVariableData": [{
            "component": {"name": "V2XChargingCtrlr", "evse": {"id": 1}},
            "variable": {"name": "LocalLoadBalancing", "instance": name},
            "attributeValue": value,
        }]})  # fmt: skip
        assert answer["setVariableResult"][0]["attributeStatus"] == "Accepted"
    set_profile(csms, 1, period("LocalLoadBalancing"))
    for load, watts in ((5000, 0), (14_000, 4500), (-3000, -3200)):
        csms.command("grid", load_w=load)
        assert given(csms) == watts


def test_values_for_each_phase(csms):
    more = {"limit_L2": 2000, "limit_L3": 3000}
    set_profile(csms, 1, period("ChargingOnly", limit=1500, **more))
    assert given(csms) == -4500  # 1500 W on the tightest, and as much on the others
    set_profile(csms, 1, period(
        setpoint=-1000, setpoint_L2=-2000, setpoint_L3=-3000,
        dischargeLimit=-1500, dischargeLimit_L2=-1600, dischargeLimit_L3=-1700,
    ))  # fmt: skip
    assert given(csms) == 4500


def test_a_reactive_setpoint_is_metered(csms):
    set_profile(csms, 1, period(setpoint=-5000, setpointReactive=1200))
    assert sample(csms).reactive_var == 1200
    made = period(setpoint=-10, setpointReactive=-2)
    made["chargingSchedule"][0]["chargingRateUnit"] = "A"
    made["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] = 16
    set_profile(csms, 1, made)
    assert sample(csms).reactive_var == pytest.approx(-2 * 690)
    assert given(csms) == pytest.approx(6900)


@pytest.mark.parametrize(("made", "code"), [
    (period("CentralSetpoint"), "InvalidSchedule"),
    (period("LocalFrequency", v2xBaseline=1), "InvalidSchedule"),
    (period("LocalFrequency", v2xFreqWattCurve=FREQUENCY), "InvalidSchedule"),
    (period("ChargingOnly", setpoint=-1), "InvalidSchedule"),
    (period("ChargingOnly", evseSleep=True), "InvalidSchedule"),
])  # fmt: skip
def test_what_a_mode_lacks_is_refused(csms, made, code):
    assert refusal(csms, made) == ("Rejected", code)


def supports(csms, what):
    item = {"component": {"name": "SmartChargingCtrlr"}, "variable": {"name": f"Supports{what}"}}
    [told] = csms.call("GetVariables", {"getVariableData": [item]})["getVariableResult"]
    return told["attributeValue"]


@pytest.mark.proves("V2XChargingCtrlr.Enabled", "V2XChargingCtrlr.SupportedOperationModes")
def test_a_mode_that_is_not_listed_or_switched_off_is_refused():
    listed = {"V2XChargingCtrlr.SupportedOperationModes": "ChargingOnly,CentralSetpoint"}
    csms = station(**listed)
    charge(csms)
    assert refusal(csms, period("Idle")) == ("Rejected", "UnsupportedParam")
    assert refusal(csms, period(setpoint=-3000)) == ("Accepted", None)
    assert given(csms) == 3000
    switch = {
        "component": {"name": "V2XChargingCtrlr", "evse": {"id": 1}},
        "variable": {"name": "Enabled"}, "attributeValue": "false",
    }  # fmt: skip
    csms.call("SetVariables", {"setVariableData": [switch]})
    assert given(csms) == 0
    assert refusal(csms, period(setpoint=-3000)) == ("Rejected", "NotEnabled")
    csms.restart().connect()
    assert given(csms) == 0
    assert refusal(csms, period(setpoint=-3000), 2) == ("Accepted", None)


@pytest.mark.proves("V2XChargingCtrlr.Available")
def test_an_evse_that_cannot_give_back_is_left_alone():
    csms = station(**{"V2XChargingCtrlr.Available": "false"})
    charge(csms, iso15118_20=True)
    assert refusal(csms, period(setpoint=-3000)) == ("Rejected", "NotEnabled")
    assert "availableEnergyTransfer" not in csms.sent("NotifyEVChargingNeeds")[0]["chargingNeeds"]


def test_a_car_tells_what_it_could_give():
    csms = station(**{"ACDERCtrlr.ModesSupported": "VoltVar,FreqDroop"})
    charge(csms, iso15118_20=True)
    needs = csms.sent("NotifyEVChargingNeeds")[0]["chargingNeeds"]
    assert needs["requestedEnergyTransfer"] == "AC_three_phase"
    assert needs["availableEnergyTransfer"] == ["AC_three_phase", "AC_BPT", "AC_BPT_DER"]
    assert needs["v2xChargingParameters"]["maxDischargePower"] == 10_000
    assert needs["derChargingParameters"]["evSupportedDERControl"] == ["FreqDroop", "VoltVar"]
    csms = station(**{"V2XChargingCtrlr.Enabled": "false"})
    charge(csms, iso15118_20=True)
    assert "availableEnergyTransfer" not in csms.sent("NotifyEVChargingNeeds")[0]["chargingNeeds"]


@pytest.mark.proves("SmartChargingCtrlr.SupportedAdditionalPurposes")
def test_what_is_generated_on_the_spot_comes_on_top(csms):
    item = {"component": {"name": "SmartChargingCtrlr"},
            "variable": {"name": "SupportedAdditionalPurposes"}}  # fmt: skip
    [told] = csms.call("GetVariables", {"getVariableData": [item]})["getVariableResult"]
    assert told["attributeValue"] == "LocalGeneration,PriorityCharging"
    whole = {"kind": "Absolute", "startSchedule": csms.now}
    grid = profile(5000, 1, purpose="ChargingStationMaxProfile", **whole)
    assert set_profile(csms, 0, grid) == "Accepted"
    assert given(csms) == -5000
    sun = profile(3000, 2, purpose="LocalGeneration", **whole)
    assert refusal(csms, sun) == ("Rejected", "InvalidProfile")  # it is the whole station's
    assert set_profile(csms, 0, sun) == "Accepted"
    assert given(csms) == -8000


# --- without a link ------------------------------------------------------------------------------


@pytest.mark.proves("SmartChargingCtrlr.SupportsMaxOfflineDuration")
def test_a_profile_rests_while_the_link_is_away_too_long(csms):
    assert supports(csms, "MaxOfflineDuration") == "true"
    set_profile(csms, 1, profile(3000, 1))
    set_profile(csms, 1, profile(7000, 2, stack=1, maxOfflineDuration=100))
    csms.disconnect()
    csms.pass_time(99)
    assert given(csms) == -7000
    csms.pass_time(2)
    assert given(csms) == -3000
    csms.restart()
    assert given(csms) == -3000
    csms.connect()
    assert given(csms) == -7000


def test_a_profile_that_is_invalid_after_that_is_gone(csms):
    set_profile(csms, 1, profile(
        7000, 2, maxOfflineDuration=0, invalidAfterOfflineDuration=True,
    ))  # fmt: skip
    csms.disconnect()
    assert given(csms) == -10_000
    csms.connect()
    assert given(csms) == -10_000
    assert block(csms.station, "charging").profiles is None


@pytest.mark.proves("SmartChargingCtrlr.SupportsDynamicProfiles")
def test_a_dynamic_profile_with_a_duration_needs_updates(csms):
    assert supports(csms, "DynamicProfiles") == "true"
    set_profile(csms, 1, profile(3000, 1, kind="Dynamic", duration=60))
    csms.pass_time(59)
    assert given(csms) == -3000
    csms.pass_time(2)
    assert given(csms) == -10_000
    update = {"chargingProfileId": 1, "scheduleUpdate": {"limit": 4000}}
    assert csms.call("UpdateDynamicSchedule", update)["status"] == "Accepted"
    assert given(csms) == -4000
    csms.pass_time(59)
    assert given(csms) == -4000
    csms.pass_time(2)
    assert given(csms) == -10_000


def test_updates_are_pulled_so_long_after_the_last_one(csms):
    set_profile(csms, 1, profile(3000, 1, kind="Dynamic", dynUpdateInterval=60))
    csms.pass_time(50)
    csms.call("UpdateDynamicSchedule", {"chargingProfileId": 1, "scheduleUpdate": {"limit": 4000}})
    csms.pass_time(50)
    assert csms.sent("PullDynamicScheduleUpdate") == []
    csms.pass_time(11)
    assert csms.sent("PullDynamicScheduleUpdate") == [{"chargingProfileId": 1}]
