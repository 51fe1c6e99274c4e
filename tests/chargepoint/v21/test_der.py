"""Block R's messages: what is refused, what overrules what, what is told."""

import pytest

from chargepoint.timing.times import iso
from tests.chargepoint.inside import block
from tests.chargepoint.v21.controls import QUIET, accepted, control, curve, given, giving, station
from tests.chargepoint.v201.csms import Csms, config_of

PF = {"displacement": 0.9, "excitation": True}
SERVICE = {"lowVoltage": 90, "highVoltage": 110, "lowFreq": 49, "highFreq": 51}
DROOP = {
    "overFreq": 51, "underFreq": 49, "overDroop": 0.05, "underDroop": 0.05, "responseTime": 0,
}  # fmt: skip


def limit(percent):
    return {"pctMaxDischargePower": percent}


@pytest.mark.parametrize(("kind", "settings", "more", "code"), [
    ("FreqWatt", curve((50, 1), unit="PctMaxVar"), {}, "InvalidValue"),
    ("VoltVar", curve((100, 1), unit="PctMaxW"), {}, "InvalidValue"),
    ("HFMustTrip", curve((51, 1), unit="PctMaxW"), {}, "InvalidValue"),
    ("HFMustTrip", curve((51, -1)), {}, "InvalidValue"),
    ("LVMustTrip", curve((0, 1)), {}, "InvalidValue"),
    ("WattPF", curve((0, 0)), {}, "InvalidValue"),
    ("HVMustTrip", curve((110, 1), voltageParams={"hv10MinMeanValue": 110}), {}, "MissingParam"),
    ("FixedPFInject", {**PF, "displacement": 1.2}, {}, "InvalidValue"),
    ("FixedVar", {"setpoint": 120, "unit": "PctMaxVar"}, {}, "InvalidValue"),
    ("FixedVar", {"setpoint": 10, "unit": "PctMaxW"}, {}, "InvalidValue"),
    ("FreqDroop", {**DROOP, "overDroop": 0}, {}, "InvalidValue"),
    ("FreqDroop", {**DROOP, "underFreq": 52}, {}, "InvalidValue"),
    ("EnterService", {**SERVICE, "lowFreq": 52}, {}, "InvalidValue"),
    ("EnterService", SERVICE, {"isDefault": False}, "InvalidValue"),
    ("FixedVar", {"setpoint": 1, "unit": "PctMaxVar"}, {"isDefault": False}, "MissingParam"),
    ("Gradients", {"gradient": -1, "softGradient": 0}, {}, "InvalidValue"),
    ("LimitMaxDischarge", {}, {}, "MissingParam"),
    ("LimitMaxDischarge", limit(101), {}, "InvalidValue"),
    ("LimitMaxDischarge", {"powerMonitoringMustTrip": {
        "priority": 0, **curve((50, 1), unit="PctMaxW")}}, {}, "InvalidValue"),
    ("LimitMaxDischarge", limit(10), {"start": -100, "duration": 50}, "InvalidValue"),
    ("LimitMaxDischarge", limit(10), {"start": 0, "duration": 0}, "InvalidValue"),
    ("LimitMaxDischarge", limit(10), {"fixedVar": {
        "priority": 0, "setpoint": 1, "unit": "PctMaxVar"}}, "InvalidValue"),
])  # fmt: skip
def test_what_makes_no_sense_is_rejected(kind, settings, more, code):
    csms = station()
    answer = control(csms, kind, settings, **more)
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", code)
    assert block(csms.station, "der").der is None


def test_what_no_evse_lists_is_not_supported():
    csms = station(**{"ACDERCtrlr.ModesSupported": "FixedVar", "DCDERCtrlr.Enabled": "false"})
    assert control(csms, "FreqDroop", DROOP)["status"] == "NotSupported"
    ask = {"controlType": "FreqDroop"}
    assert csms.call("GetDERControl", {"requestId": 1, **ask})["status"] == "NotSupported"
    assert csms.call("ClearDERControl", {"isDefault": True, **ask})["status"] == "NotSupported"
    assert csms.call("ClearDERControl", {"isDefault": True})["status"] == "NotFound"


def test_a_default_of_lower_priority_waits_until_the_better_one_is_gone():
    csms = giving(8000)
    assert "supersededIds" not in control(csms, "LimitMaxDischarge", limit(50), "a", priority=1)
    assert control(csms, "LimitMaxDischarge", limit(20), "b", priority=2)["supersededIds"] == ["b"]
    assert given(csms) == 5000
    assert control(csms, "LimitMaxDischarge", limit(70), "c")["supersededIds"] == ["a"]
    assert given(csms) == 7000
    csms.call("ClearDERControl", {"isDefault": True, "controlId": "c"})
    assert given(csms) == 5000


def test_of_equals_the_newer_counts():
    csms = giving(8000)
    accepted(csms, "LimitMaxDischarge", limit(50), identity="a")
    assert control(csms, "LimitMaxDischarge", limit(20), "b")["supersededIds"] == ["a"]
    assert given(csms) == 2000


@pytest.mark.parametrize("priority", [1, 3])
def test_a_scheduled_control_overrules_when_it_starts(priority):
    csms = giving(8000)
    accepted(csms, "LimitMaxDischarge", limit(50), identity="a", priority=3, start=0, duration=300)
    answer = control(
        csms, "LimitMaxDischarge", limit(20), "b", priority=priority, start=60, duration=60
    )
    assert answer["supersededIds"] == ["a"]
    csms.pass_time(1)
    assert given(csms) == 5000
    csms.restart().connect()
    csms.pass_time(60)
    assert given(csms) == 2000
    csms.pass_time(60)
    assert given(csms) == 8000  # what was overruled does not come back
    csms.pass_time(300)
    told = [(n["controlId"], n["started"], n.get("supersededIds")) for n in
            csms.sent("NotifyDERStartStop")]  # fmt: skip
    assert told == [("a", True, None), ("b", True, ["a"]), ("b", False, None)]
    assert block(csms.station, "der").der is None


def test_a_scheduled_control_of_lower_priority_never_starts():
    csms = giving(8000)
    accepted(csms, "LimitMaxDischarge", limit(50), identity="a", start=0, duration=300)
    csms.pass_time(1)
    answer = control(csms, "LimitMaxDischarge", limit(20), "b", priority=9, start=60, duration=60)
    assert answer == {"status": "Accepted", "supersededIds": ["b"]}
    csms.pass_time(100)
    assert given(csms) == 5000
    assert [n["controlId"] for n in csms.sent("NotifyDERStartStop")] == ["a"]


def test_controls_at_different_times_leave_each_other_alone():
    csms = giving(8000)
    accepted(csms, "LimitMaxDischarge", limit(50), identity="a", priority=5, start=0, duration=50)
    answer = control(csms, "LimitMaxDischarge", limit(20), "b", start=60, duration=60)
    assert "supersededIds" not in answer
    csms.pass_time(61)
    told = [(n["controlId"], n["started"]) for n in csms.sent("NotifyDERStartStop")]
    assert told == [("a", True), ("a", False), ("b", True)]


def test_a_control_that_begins_when_another_ends_overrules_nothing():
    csms = giving(8000)
    accepted(csms, "LimitMaxDischarge", limit(50), identity="a", start=0, duration=60)
    answer = control(csms, "LimitMaxDischarge", limit(20), "b", start=60, duration=60)
    assert "supersededIds" not in answer
    csms.pass_time(61)
    assert given(csms) == 2000
    told = [(n["controlId"], n["started"], n.get("supersededIds")) for n in
            csms.sent("NotifyDERStartStop")]  # fmt: skip
    assert sorted(told) == [("a", False, None), ("a", True, None), ("b", True, None)]


def clocked(ahead):
    """A station whose CSMS's clock is so many seconds ahead of ours."""
    csms = Csms(config_of("2.1", configuration=QUIET))
    told = {"status": "Accepted", "interval": 300}
    csms.answers["BootNotification"] = lambda _: {**told, "currentTime": iso(csms.now + ahead)}
    csms.answers["Heartbeat"] = lambda _: {"currentTime": iso(csms.now + ahead)}
    csms.answers["NotifyEVChargingNeeds"] = {"status": "NoChargingProfile"}
    return csms.connect()


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("ahead", [-7200, 7200])
def test_the_times_of_a_control_are_those_of_the_csms(ahead, restarts):
    csms = giving(8000, clocked(ahead))
    accepted(csms, "LimitMaxDischarge", limit(50), identity="a", start=ahead + 60, duration=60)
    seen = []
    for _ in range(4):
        csms.pass_time(20)
        if restarts:
            csms.restart().connect()
        csms.pass_time(20)
        seen.append(given(csms))
    assert seen == [8000, 5000, 8000, 8000]
    told = [(n["controlId"], n["started"]) for n in csms.sent("NotifyDERStartStop")]
    assert told == [("a", True), ("a", False)]


def test_there_is_room_for_24_defaults_of_a_type_and_for_as_many_at_their_time():
    csms = station()
    for number in range(24):
        accepted(csms, "FreqWatt", curve((50, 1), unit="PctMaxW"), identity=f"d{number}")
    answer = control(csms, "FreqWatt", curve((50, 1), unit="PctMaxW"), "one more")
    assert answer["statusInfo"]["reasonCode"] == "TooManyElements"
    answer = control(csms, "FreqWatt", curve((50, 1), unit="PctMaxW"), "x", start=0, duration=60)
    assert answer == {"status": "Accepted"}
    assert control(csms, "FreqWatt", curve((50, 1), unit="PctMaxW"), "d3")["status"] == "Accepted"


def test_one_id_is_one_control():
    csms = giving(8000)
    accepted(csms, "LimitMaxDischarge", limit(50), identity="a", start=10, duration=60)
    accepted(csms, "LimitMaxDischarge", limit(30), identity="a")
    assert given(csms) == 3000
    csms.pass_time(200)
    assert given(csms) == 3000
    assert csms.sent("NotifyDERStartStop") == []


def test_clearing_a_running_control_is_told():
    csms = giving(8000)
    accepted(csms, "LimitMaxDischarge", limit(50), identity="a", start=0, duration=600)
    csms.pass_time(1)
    assert csms.call("ClearDERControl", {"isDefault": True, "controlId": "a"}) == {
        "status": "NotFound"
    }
    csms.call("ClearDERControl", {"isDefault": False})
    assert given(csms) == 8000
    assert [n["started"] for n in csms.sent("NotifyDERStartStop")] == [True, False]


def test_a_report_tells_all_and_splits_where_the_schema_has_no_room():
    csms = station()
    for n in range(20):
        accepted(csms, "FreqWatt", curve((50, n), unit="PctMaxW"), identity=f"f{n}")
        accepted(csms, "VoltWatt", curve((99, n), unit="PctMaxW"), identity=f"v{n}")
    accepted(csms, "EnterService", SERVICE)
    accepted(csms, "FixedPFAbsorb", PF)
    accepted(csms, "Gradients", {"gradient": 1, "softGradient": 1})
    csms.call("GetDERControl", {"requestId": 4, "isDefault": True})
    first, second = csms.sent("ReportDERControl")
    assert (first["tbc"], second["tbc"]) == (True, False)
    assert len(first["curve"]) + len(second["curve"]) == 40
    assert first["enterService"][0]["enterService"] == {"priority": 0, **SERVICE}
    assert first["fixedPFAbsorb"][0]["fixedPF"]["displacement"] == 0.9
    # controlType is not used where there is a controlId.
    ask = {"requestId": 5, "controlId": "f3", "controlType": "Gradients"}
    assert csms.call("GetDERControl", ask)["status"] == "Accepted"


def test_controls_outlive_a_reboot_and_a_schedule_goes_on():
    csms = giving(8000)
    accepted(csms, "LimitMaxDischarge", limit(50), identity="a", start=100, duration=100)
    csms.command("reset", kind="Hard")
    csms.restart().connect()
    csms.pass_time(101)
    assert [n["controlId"] for n in csms.sent("NotifyDERStartStop")] == ["a"]
    assert csms.sent("NotifyDERStartStop")[0]["timestamp"] == iso(1e9 + 100)
