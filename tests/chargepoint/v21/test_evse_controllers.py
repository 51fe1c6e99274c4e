"""V2XChargingCtrlr, ACDERCtrlr and DCDERCtrlr in the device model of 2.1."""

import pytest

from chargepoint.der.controls import KINDS
from tests.chargepoint.v21.controls import accepted, charge, period, sample, station
from tests.chargepoint.v201.csms import booted
from tests.chargepoint.v201.profiles import set_profile

INVERTER = {
    "InverterHwVersion": "1", "InverterManufacturer": "Acme", "InverterModel": "Two",
    "InverterSwVersion": "1.0", "MaxChargeRateVA": "150000", "MaxChargeRateW": "150000",
    "MaxVA": "150000", "MaxVar": "90000", "MaxVarNeg": "90000", "MaxW": "150000",
    "OverExcitedPF": "0.8", "OverExcitedW": "120000", "ReactiveSusceptance": "0",
    "UnderExcitedPF": "0.8", "UnderExcitedW": "120000", "VNom": "230",
}  # fmt: skip


def get(csms, component, variable, evse=None):
    place = {"name": component, **({"evse": {"id": evse}} if evse else {})}
    item = {"component": place, "variable": {"name": variable}}
    answer = csms.call("GetVariables", {"getVariableData": [item]})["getVariableResult"][0]
    return answer["attributeStatus"], answer.get("attributeValue")


def put(csms, component, variable, value, evse):
    item = {
        "component": {"name": component, "evse": {"id": evse}}, "variable": {"name": variable},
        "attributeValue": value,
    }  # fmt: skip
    answer = csms.call("SetVariables", {"setVariableData": [item]})
    return answer["setVariableResult"][0]["attributeStatus"]


@pytest.mark.proves("V2XChargingCtrlr.SupportedEnergyTransferModes")
def test_each_evse_has_the_controllers_of_its_kind():
    csms = station()
    assert get(csms, "ACDERCtrlr", "ModesSupported", 1) == ("Accepted", ",".join(KINDS))
    assert get(csms, "DCDERCtrlr", "MaxW", 2) == ("Accepted", "150000")
    assert get(csms, "DCDERCtrlr", "MaxVar", 2) == ("Accepted", "90000")
    assert get(csms, "DCDERCtrlr", "InverterManufacturer", 2) == ("Accepted", "Acme")
    assert get(csms, "DCDERCtrlr", "MaxW", 1) == ("UnknownComponent", None)
    assert get(csms, "ACDERCtrlr", "MaxW", 1) == ("UnknownVariable", None)
    assert get(csms, "V2XChargingCtrlr", "Enabled") == ("UnknownComponent", None)
    assert get(csms, "V2XChargingCtrlr", "SupportedEnergyTransferModes", 1)[1] == (
        "AC_three_phase,AC_BPT,AC_BPT_DER"
    )
    assert get(csms, "V2XChargingCtrlr", "SupportedEnergyTransferModes", 2)[1] == "DC,DC_BPT"
    assert get(booted(), "V2XChargingCtrlr", "Enabled", 1) == ("UnknownComponent", None)


@pytest.mark.proves(
    "DCDERCtrlr.InverterHwVersion", "DCDERCtrlr.InverterManufacturer", "DCDERCtrlr.InverterModel",
    "DCDERCtrlr.InverterSwVersion", "DCDERCtrlr.ReactiveSusceptance", "DCDERCtrlr.VNom",
)  # fmt: skip
def test_a_dc_inverter_tells_what_it_is():
    csms = station()
    assert {name: get(csms, "DCDERCtrlr", name, 2)[1] for name in INVERTER} == INVERTER
    csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    lines = [line for part in csms.sent("NotifyReport") for line in part["reportData"]]
    told = {
        line["variable"]["name"]: line["variableAttribute"][0]["value"] for line in lines
        if line["component"]["name"] == "DCDERCtrlr"
    }  # fmt: skip
    assert {name: told[name] for name in INVERTER} == INVERTER


@pytest.mark.proves(
    "DCDERCtrlr.MaxVA", "DCDERCtrlr.MaxVar", "DCDERCtrlr.MaxVarNeg", "DCDERCtrlr.MaxW",
    "DCDERCtrlr.OverExcitedPF", "DCDERCtrlr.OverExcitedW", "DCDERCtrlr.UnderExcitedPF",
    "DCDERCtrlr.UnderExcitedW",
)  # fmt: skip
@pytest.mark.parametrize(
    ("percent", "var_of", "watts_of", "factor_of"),
    [(100, "MaxVar", "OverExcitedW", "OverExcitedPF"),
     (-100, "MaxVarNeg", "UnderExcitedW", "UnderExcitedPF")],
)  # fmt: skip
def test_a_dc_inverter_does_what_it_tells_and_no_more(percent, var_of, watts_of, factor_of):
    csms = station()
    rated = {name: float(get(csms, "DCDERCtrlr", name, 2)[1]) for name in (
        "MaxW", "MaxVA", var_of, watts_of, factor_of,
    )}  # fmt: skip
    charge(csms, 2, max_power_kw=500, max_discharge_kw=500)
    set_profile(csms, 2, period(setpoint=-500_000))
    assert sample(csms, 2).export_w == rated["MaxW"]
    accepted(csms, "FixedVar", {"setpoint": percent, "unit": "PctMaxVar"})
    seen = sample(csms, 2)
    assert abs(seen.reactive_var) == pytest.approx(rated[var_of])
    assert (seen.reactive_var < 0) == (percent > 0)
    assert seen.export_w == pytest.approx(rated[watts_of])
    apparent = (seen.export_w**2 + seen.reactive_var**2) ** 0.5
    assert apparent == pytest.approx(rated["MaxVA"])
    assert seen.export_w / apparent == pytest.approx(rated[factor_of])


@pytest.mark.proves("DCDERCtrlr.MaxChargeRateVA", "DCDERCtrlr.MaxChargeRateW")
def test_a_dc_inverter_charges_with_what_it_tells():
    csms = station()
    most = float(get(csms, "DCDERCtrlr", "MaxChargeRateW", 2)[1])
    charge(csms, 2, max_power_kw=500)
    seen = sample(csms, 2)
    assert seen.power_w == pytest.approx(most)
    assert float(get(csms, "DCDERCtrlr", "MaxChargeRateVA", 2)[1]) == pytest.approx(most)


@pytest.mark.proves(
    "ACDERCtrlr.Available", "ACDERCtrlr.Enabled", "DCDERCtrlr.Available", "DCDERCtrlr.Enabled"
)
@pytest.mark.parametrize(("kind", "evse"), [("ACDERCtrlr", 1), ("DCDERCtrlr", 2)])
def test_der_that_is_switched_off_or_not_there_does_nothing(kind, evse):
    for off in ("Available", "Enabled", ""):
        csms = station(**({f"{kind}.{off}": "false"} if off else {}))
        charge(csms, evse)
        set_profile(csms, evse, period(setpoint=-8000))
        accepted(csms, "LimitMaxDischarge", {"pctMaxDischargePower": 30})
        assert sample(csms, evse).export_w == (8000 if off else 3000), off
    assert put(csms, kind, "Enabled", "false", evse) == "Accepted"
    assert sample(csms, evse).export_w == 8000


def test_what_the_csms_sets_is_of_that_evse_and_stays():
    csms = station()
    assert put(csms, "V2XChargingCtrlr", "Enabled", "False", 1) == "Accepted"
    csms.restart().connect()
    assert get(csms, "V2XChargingCtrlr", "Enabled", 1) == ("Accepted", "false")
    assert get(csms, "V2XChargingCtrlr", "Enabled", 2) == ("Accepted", "true")
    assert put(csms, "V2XChargingCtrlr", "Enabled", "maybe", 1) == "Rejected"
    assert put(csms, "ACDERCtrlr", "ModesSupported", "VoltVar", 1) == "Rejected"


def test_they_are_in_the_reports():
    csms = station()
    csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    lines = [line for part in csms.sent("NotifyReport") for line in part["reportData"]]
    found = {
        (line["component"]["name"], line["component"]["evse"]["id"], line["variable"]["name"])
        for line in lines if line["component"]["name"].endswith("DERCtrlr")
    }  # fmt: skip
    assert ("DCDERCtrlr", 2, "ReactiveSusceptance") in found
    assert ("ACDERCtrlr", 1, "ModesSupported") in found
    assert not any(name == "DCDERCtrlr" and evse == 1 for name, evse, _ in found)
    csms.calls.clear()
    csms.call("GetBaseReport", {"requestId": 2, "reportBase": "ConfigurationInventory"})
    lines = [line for part in csms.sent("NotifyReport") for line in part["reportData"]]
    names = {(line["component"]["name"], line["variable"]["name"]) for line in lines}
    assert ("V2XChargingCtrlr", "Enabled") in names
    assert ("V2XChargingCtrlr", "SupportedOperationModes") not in names


def test_what_2_1_adds_to_smart_charging_is_told():
    csms = station()
    assert get(csms, "SmartChargingCtrlr", "SupportsMaxOfflineDuration") == ("Accepted", "true")
    assert get(csms, "SmartChargingCtrlr", "SupportsEvseSleep") == ("Accepted", "true")
    assert get(csms, "SmartChargingCtrlr", "SupportsNothing") == ("UnknownVariable", None)
    assert get(booted(), "SmartChargingCtrlr", "SupportsEvseSleep") == ("UnknownVariable", None)


def test_they_can_be_monitored():
    csms = station()
    ask = {"setMonitoringData": [{
        "value": 1, "type": "Delta", "severity": 5,
        "component": {"name": "V2XChargingCtrlr", "evse": {"id": 1}},
        "variable": {"name": "Enabled"},
    }]}  # fmt: skip
    answer = csms.call("SetVariableMonitoring", ask)
    assert answer["setMonitoringResult"][0]["status"] == "Accepted"
    put(csms, "V2XChargingCtrlr", "Enabled", "false", 1)
    assert csms.sent("NotifyEvent")[-1]["eventData"][0]["actualValue"] == "false"
