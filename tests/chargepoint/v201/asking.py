"""Asking a 2.x station for its variables, and charging there."""

from tests.chargepoint.v201.csms import Csms, config_of

QUIET = {"SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false"}
CAR = {"soc": 5, "battery_kwh": 1000, "max_power_kw": 22}


def made(version="2.0.1", configuration=None, **more):
    values = {**QUIET, **(configuration or {})}
    return Csms(config_of(version, configuration=values, **more)).connect()


def place_of(key, evse=None):
    component, _, name = key.partition(".")
    name, _, instance = name.rstrip("]").partition("[")
    where = {"name": component, **({"evse": evse} if evse else {})}
    variable = {"name": name, **({"instance": instance} if instance else {})}
    return {"component": where, "variable": variable}


def told(csms, key, evse=None):
    answer = csms.call("GetVariables", {"getVariableData": [place_of(key, evse)]})
    [result] = answer["getVariableResult"]
    assert result["attributeStatus"] == "Accepted", result
    return result["attributeValue"]


def traits(csms, key, evse=None):
    """The variableCharacteristics and the mutability that a report has."""
    payload = {"requestId": 1, "componentVariable": [place_of(key, evse)]}
    assert csms.call("GetReport", payload) == {"status": "Accepted"}
    [line] = csms.sent("NotifyReport")[-1]["reportData"]
    return line["variableCharacteristics"], line["variableAttribute"][0]["mutability"]


def charge(csms, number=1, **car):
    csms.command("plug", connector=number, ev=CAR | car)
    csms.command("start-transaction", connector=number)
    return csms.station.outlets[number].transaction
