"""V2XChargingCtrlr, ACDERCtrlr and DCDERCtrlr in the device model of 2.1."""

from chargepoint.der.controls import KINDS
from tests.chargepoint.v21.controls import station
from tests.chargepoint.v201.csms import booted


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
    assert get(booted(), "V2XChargingCtrlr", "Enabled", 1) == ("UnknownComponent", None)


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
    assert get(csms, "SmartChargingCtrlr", "SupportsEvseSleep") == ("Accepted", "false")
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
