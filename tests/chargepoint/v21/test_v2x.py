"""2.1: energy that flows back, dynamic profiles, priority charging, DER control."""

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import Csms, config_of
from tests.chargepoint.v201.profiles import profile, set_profile

QUIET = {
    "SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false",
    "SampledDataCtrlr.TxEndedMeasurands":
        "Energy.Active.Import.Register,Energy.Active.Export.Register,Power.Active.Export",
}  # fmt: skip
CAR = {"soc": 80, "battery_kwh": 100, "max_power_kw": 22, "max_discharge_kw": 10, "iso15118": True}


@pytest.fixture
def csms():
    made = Csms(config_of("2.1", configuration=QUIET)).connect()
    made.answers["NotifyEVChargingNeeds"] = {"status": "NoChargingProfile"}
    return made


def charge(csms, **car):
    csms.command("plug", connector=1, ev=CAR | car)
    csms.command("start-transaction", connector=1)
    return csms.station.outlets[1].transaction.id


def setpoint(value, identity=1, mode="CentralSetpoint", **more):
    made = profile(22_000, identity)
    period = made["chargingSchedule"][0]["chargingSchedulePeriod"][0]
    period |= {"setpoint": value, "operationMode": mode, **more}
    return made


def sample(csms):
    return csms.station.connectors[1].sample(csms.now)


def test_energy_flows_back_by_a_setpoint_and_the_meter_counts_it(csms):
    charge(csms)
    assert set_profile(csms, 1, setpoint(-6000)) == "Accepted"
    before = sample(csms)
    csms.pass_time(1800)
    after = sample(csms)
    assert (after.power_w, after.export_w) == (0, 6000)
    assert after.export_wh == pytest.approx(3000)
    assert after.energy_wh == before.energy_wh
    assert after.soc == pytest.approx(80 - 3000 / 0.9 / 1000)
    csms.command("stop-transaction", connector=1)
    values = {s["measurand"]: s["value"] for s in csms.events[-1]["meterValue"][-1]["sampledValue"]}
    assert values["Energy.Active.Export.Register"] == pytest.approx(3000)
    csms.pass_time(600)
    assert sample(csms).export_wh == pytest.approx(3000)


@pytest.mark.parametrize(
    ("made", "car", "back"),
    [
        (setpoint(-20_000), {}, 10_000),
        (setpoint(-6000, dischargeLimit=-4000), {}, 4000),
        (setpoint(-6000, mode="ChargingOnly"), {}, 0),
        (setpoint(-6000), {"max_discharge_kw": 0}, 0),
        (setpoint(-6000), {"soc": 20}, 0),
        (setpoint(-6000), {"soc": 100}, 6000),
    ],
)
def test_what_bounds_it(csms, made, car, back):
    charge(csms, **car)
    set_profile(csms, 1, made)
    assert sample(csms).export_w == back


def test_a_setpoint_above_zero_charges(csms):
    charge(csms)
    set_profile(csms, 1, setpoint(7000))
    assert (sample(csms).power_w, sample(csms).export_w) == (7000, 0)


def test_a_car_gives_no_more_than_down_to_its_least(csms):
    charge(csms, soc=30, min_soc=20)
    set_profile(csms, 1, setpoint(-10_000))
    csms.pass_time(7200)
    assert sample(csms).soc == pytest.approx(20)
    assert sample(csms).export_wh == pytest.approx(10 * 1000 * 0.9)
    assert sample(csms).export_w == 0


def test_it_goes_on_over_a_crash(csms):
    charge(csms)
    set_profile(csms, 1, setpoint(-6000))
    csms.pass_time(600)
    csms.restart().connect()
    csms.pass_time(600)
    assert sample(csms).export_wh == pytest.approx(2000)


@pytest.mark.proves("NotifyAllowedEnergyTransfer")
def test_the_csms_may_forbid_it_for_a_transaction(csms):
    tx = charge(csms)
    set_profile(csms, 1, setpoint(-6000))
    ask = {"transactionId": tx, "allowedEnergyTransfer": ["AC_three_phase"]}
    assert csms.call("NotifyAllowedEnergyTransfer", ask)["status"] == "Accepted"
    assert sample(csms).export_w == 0
    ask["allowedEnergyTransfer"] = ["AC_BPT"]
    csms.call("NotifyAllowedEnergyTransfer", ask)
    assert sample(csms).export_w == 6000
    ask["transactionId"] = "none"
    assert csms.call("NotifyAllowedEnergyTransfer", ask)["status"] == "Rejected"


@pytest.mark.proves("AFRRSignal")
def test_an_afrr_signal_moves_the_setpoint_along_its_curve(csms):
    charge(csms)
    signal = {"timestamp": iso(csms.now), "signal": 50}
    assert csms.call("AFRRSignal", signal)["status"] == "Rejected"
    made = setpoint(0, mode="CentralFrequency", v2xBaseline=1000, v2xSignalWattCurve=[
        {"signal": -100, "power": -8000}, {"signal": 100, "power": 8000},
    ])  # fmt: skip
    del made["chargingSchedule"][0]["chargingSchedulePeriod"][0]["setpoint"]
    set_profile(csms, 1, made)
    assert csms.call("AFRRSignal", signal)["status"] == "Accepted"
    assert sample(csms).power_w == 5000
    csms.call("AFRRSignal", {**signal, "signal": -100})
    assert sample(csms).export_w == 7000


# --- dynamic and priority ------------------------------------------------------------------------


@pytest.mark.proves("PullDynamicScheduleUpdate", "UpdateDynamicSchedule")
def test_a_dynamic_profile_is_updated_by_the_csms_and_pulled(csms):
    charge(csms)
    made = profile(9000, 3, kind="Dynamic", dynUpdateInterval=60)
    assert set_profile(csms, 1, made) == "Accepted"
    assert sample(csms).power_w == 9000
    update = {"chargingProfileId": 3, "scheduleUpdate": {"limit": 5000}}
    assert csms.call("UpdateDynamicSchedule", update)["status"] == "Accepted"
    assert sample(csms).power_w == 5000
    csms.answers["PullDynamicScheduleUpdate"] = {
        "status": "Accepted", "scheduleUpdate": {"limit": 8000},
    }  # fmt: skip
    csms.restart().connect()
    csms.pass_time(61)
    assert csms.sent("PullDynamicScheduleUpdate") == [{"chargingProfileId": 3}]
    assert sample(csms).power_w == 8000
    update["chargingProfileId"] = 4
    assert csms.call("UpdateDynamicSchedule", update)["status"] == "Rejected"


@pytest.mark.proves("NotifyPriorityCharging", "UsePriorityCharging")
def test_priority_charging_overrules_until_it_is_given_back(csms):
    tx = charge(csms)
    set_profile(csms, 1, profile(5000, 1))
    ask = {"transactionId": tx, "activate": True}
    assert csms.call("UsePriorityCharging", ask)["status"] == "NoProfile"
    set_profile(csms, 1, profile(20_000, 2, purpose="PriorityCharging"))
    assert sample(csms).power_w == 5000
    assert csms.call("UsePriorityCharging", ask)["status"] == "Accepted"
    csms.restart().connect()
    assert sample(csms).power_w == 20_000
    csms.command("priority-charging", connector=1, operative=False)
    assert csms.sent("NotifyPriorityCharging") == [{"transactionId": tx, "activated": False}]
    assert sample(csms).power_w == 5000
    ask["transactionId"] = "none"
    assert csms.call("UsePriorityCharging", ask)["status"] == "Rejected"


# --- DER -----------------------------------------------------------------------------------------


def limit_discharge(csms, identity, percent, default=True, priority=0, **more):
    settings = {"priority": priority, "pctMaxDischargePower": percent, **more}
    return csms.call("SetDERControl", {
        "isDefault": default, "controlId": identity, "controlType": "LimitMaxDischarge",
        "limitMaxDischarge": settings,
    })  # fmt: skip


@pytest.mark.proves("NotifyDERStartStop", "SetDERControl")
def test_a_scheduled_der_control_limits_discharging_for_its_time(csms):
    charge(csms)
    set_profile(csms, 1, setpoint(-10_000))
    assert limit_discharge(csms, "d", 50)["status"] == "Accepted"
    assert sample(csms).export_w == 5000
    begin = iso(csms.now + 60)
    limit_discharge(csms, "s", 20, default=False, startTime=begin, duration=120)
    csms.restart().connect()
    csms.pass_time(61)
    assert sample(csms).export_w == 2000
    csms.pass_time(120)
    assert sample(csms).export_w == 5000
    told = [(n["controlId"], n["started"]) for n in csms.sent("NotifyDERStartStop")]
    assert told == [("s", True), ("s", False)]


@pytest.mark.proves("ClearDERControl", "GetDERControl", "NotifyDERAlarm", "ReportDERControl")
def test_der_controls_supersede_are_reported_and_cleared(csms):
    limit_discharge(csms, "a", 50, priority=2)
    assert limit_discharge(csms, "b", 60, priority=1)["supersededIds"] == ["a"]
    curve = {"curveData": [{"x": 1, "y": 2}], "priority": 1, "yUnit": "PctMaxW"}
    answer = csms.call("SetDERControl", {
        "isDefault": True, "controlId": "c", "controlType": "FreqWatt", "curve": curve,
    })  # fmt: skip
    assert answer["status"] == "Accepted"
    assert csms.call("GetDERControl", {"requestId": 9})["status"] == "Accepted"
    report = csms.sent("ReportDERControl")[0]
    assert report["curve"] == [{"id": "c", "curve": curve, "curveType": "FreqWatt",
                                "isDefault": True, "isSuperseded": False}]  # fmt: skip
    assert [(x["id"], x["isSuperseded"]) for x in report["limitMaxDischarge"]] == [
        ("a", True), ("b", False),
    ]  # fmt: skip
    csms.command("der-alarm", kind="FreqWatt", fault="OverFrequency")
    assert csms.sent("NotifyDERAlarm")[0]["gridEventFault"] == "OverFrequency"
    clear = {"isDefault": True, "controlType": "LimitMaxDischarge"}
    assert csms.call("ClearDERControl", clear)["status"] == "Accepted"
    assert csms.call("ClearDERControl", clear)["status"] == "NotFound"
    assert set(block(csms.station, "der").der) == {"c"}
    assert csms.call("GetDERControl", {"requestId": 9, "controlId": "a"})["status"] == "NotFound"
    with pytest.raises(CommandRejected):
        csms.command("der-alarm", kind="VoltVar")


def test_der_controls_that_make_no_sense_are_rejected(csms):
    assert limit_discharge(csms, "s", 20, default=False)["status"] == "Rejected"
    assert limit_discharge(csms, "s", 20, startTime=iso(csms.now))["status"] == "Rejected"
    answer = csms.call("SetDERControl", {
        "isDefault": True, "controlId": "c", "controlType": "FreqWatt",
    })  # fmt: skip
    assert answer["status"] == "Rejected"
    assert block(csms.station, "der").der is None


def test_an_ev_that_does_not_negotiate_is_told_no_kinds_of_transfer(csms):
    tx = charge(csms, iso15118=False, iso15118_20=False)
    ask = {"transactionId": tx, "allowedEnergyTransfer": ["AC_three_phase"]}
    answer = csms.call("NotifyAllowedEnergyTransfer", ask)
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == (
        "Rejected", "UnsupportedRequest",
    )  # fmt: skip


def test_of_a_period_without_a_limit_an_ev_takes_what_it_can(csms):
    """OCPP 2.1, ChargingSchedulePeriodType: limit may be left out."""
    tx = charge(csms, iso15118=True, max_power_kw=11.0)
    wanted = profile(4000, purpose="TxProfile", transactionId=tx)
    del wanted["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"]
    assert set_profile(csms, 1, wanted) == "Accepted"
    [told] = csms.sent("NotifyEVChargingSchedule")
    [period] = told["chargingSchedule"]["chargingSchedulePeriod"]
    assert period == {"startPeriod": 0, "limit": 11_000}
