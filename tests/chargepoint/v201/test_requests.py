"""What the CSMS may ask: remote control, variables, availability, reports."""

import pytest

from chargepoint.config import ConnectorConfig
from chargepoint.core.commands import CommandRejected
from chargepoint.v201.station import Station201
from chargepoint.wire import schemas

from .csms import booted

TOKEN = {"idToken": "app-user", "type": "Central"}
START = {"remoteStartId": 42, "idToken": TOKEN}
NO_DRIVER = {"EmulatorCtrlr.AutoPlug": "false"}


def item(component, variable, **more):
    return {"component": {"name": component}, "variable": {"name": variable}, **more}


@pytest.mark.proves("RequestStartTransaction", "RequestStopTransaction")
def test_remote_start_and_stop():
    csms = booted(configuration=NO_DRIVER)
    assert csms.call("RequestStartTransaction", {**START, "evseId": 1}) == {"status": "Accepted"}
    csms.pass_time(5)
    assert csms.events == []
    csms.command("plug", connector=1)
    assert csms.story() == [
        ("Started", "CablePluggedIn", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
    ]
    info = csms.events[0]["transactionInfo"]
    assert info["remoteStartId"] == 42
    assert csms.events[0]["idToken"] == TOKEN
    assert csms.sent("Authorize") == []
    stop = {"transactionId": info["transactionId"]}
    assert csms.call("RequestStopTransaction", stop) == {"status": "Accepted"}
    assert csms.story()[-1][:2] == ("Ended", "RemoteStop")
    assert csms.events[-1]["transactionInfo"]["stoppedReason"] == "Remote"
    assert csms.call("RequestStopTransaction", stop)["status"] == "Rejected"


def test_remote_start_where_a_car_waits():
    csms = booted(configuration=NO_DRIVER)
    csms.command("plug", connector=2)
    csms.call("RequestStartTransaction", START)
    assert csms.events[0]["evse"]["id"] == 2
    assert csms.events[0]["triggerReason"] == "RemoteStart"


def test_remote_start_of_a_transaction_that_the_cable_began():
    csms = booted(configuration={**NO_DRIVER, "TxCtrlr.TxStartPoint": "EVConnected"})
    csms.command("plug", connector=1)
    answer = csms.call("RequestStartTransaction", {**START, "evseId": 1})
    began = csms.events[0]["transactionInfo"]["transactionId"]
    assert answer == {"status": "Accepted", "transactionId": began}
    assert csms.events[1]["triggerReason"] == "RemoteStart"
    assert csms.events[1]["transactionInfo"]["remoteStartId"] == 42


@pytest.mark.proves("AuthCtrlr.AuthorizeRemoteStart")
def test_remote_start_with_authorization():
    csms = booted(configuration={**NO_DRIVER, "AuthCtrlr.AuthorizeRemoteStart": "true"})
    csms.command("plug", connector=1)
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "NoCredit"}}
    assert csms.call("RequestStartTransaction", START)["status"] == "Accepted"
    assert csms.sent("Authorize") == [{"idToken": TOKEN}]
    assert csms.events == []
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted"}}
    csms.call("RequestStartTransaction", START)
    assert csms.story()[0][:2] == ("Started", "RemoteStart")


def test_remote_start_is_refused():
    csms = booted()
    assert csms.call("RequestStartTransaction", {**START, "evseId": 9})["status"] == "Rejected"
    csms.command("start-transaction", connector=1)
    assert csms.call("RequestStartTransaction", {**START, "evseId": 1})["status"] == "Rejected"
    csms.command("fault", connector=2, error_code="OtherError")
    assert csms.call("RequestStartTransaction", START)["status"] == "Rejected"


@pytest.mark.proves("GetVariables")
def test_get_variables():
    csms = booted()
    asked = [
        item("OCPPCommCtrlr", "HeartbeatInterval"),
        item("ClockCtrlr", "DateTime"),
        item("ChargingStation", "Model"),
        item("SecurityCtrlr", "Identity", attributeType="Actual"),
        item("OCPPCommCtrlr", "HeartbeatInterval", attributeType="MaxSet"),
        item("Nothing", "Model"),
        item("TxCtrlr", "Nothing"),
        {"component": {"name": "EVSE", "evse": {"id": 2}}, "variable": {"name": "Power"}},
        {
            "component": {"name": "Connector", "evse": {"id": 2, "connectorId": 1}},
            "variable": {"name": "ConnectorType"},
        },
    ]
    results = csms.call("GetVariables", {"getVariableData": asked})["getVariableResult"]
    got = [(r["attributeStatus"], r.get("attributeValue")) for r in results]
    assert got == [
        ("Accepted", "300"),
        ("Accepted", "2001-09-09T01:46:40.000Z"),
        ("Accepted", "Two"),
        ("Accepted", "CS-1"),
        ("NotSupportedAttributeType", None),
        ("UnknownComponent", None),
        ("UnknownVariable", None),
        ("Accepted", "0"),
        ("Accepted", "cCCS2"),
    ]
    assert [r["variable"] for r in results] == [a["variable"] for a in asked]


def test_the_power_of_an_evse_has_its_greatest_its_actual_and_its_target_value():
    csms = booted()
    power = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
    csms.command("start-transaction", connector=1)
    csms.pass_time(30)
    asked = [power, {**power, "attributeType": "Target"}, {**power, "attributeType": "MaxSet"}]
    actual, target, most = csms.call("GetVariables", {"getVariableData": asked})[
        "getVariableResult"
    ]
    assert 5_000 < float(actual["attributeValue"]) < 23_000
    assert 5_000 < float(target["attributeValue"]) <= 22_000
    assert most["attributeStatus"] == "NotSupportedAttributeType"
    csms.call("GetReport", {"requestId": 1, "componentVariable": [power]})
    (line,) = csms.sent("NotifyReport")[0]["reportData"]
    assert line["variableCharacteristics"]["maxLimit"] == 22_000
    assert [a.get("type", "Actual") for a in line["variableAttribute"]] == ["Actual", "Target"]


def test_more_items_than_one_message_may_have():
    csms = booted()
    asked = [item("TxCtrlr", "TxStartPoint")] * 101
    answer = csms.call("GetVariables", {"getVariableData": asked})
    assert answer[0] == "OccurrenceConstraintViolation"
    asked = [{**one, "attributeValue": "Authorized"} for one in asked]
    answer = csms.call("SetVariables", {"setVariableData": asked})
    assert answer[0] == "OccurrenceConstraintViolation"
    assert csms.station.model.value("TxCtrlr.TxStartPoint") == "PowerPathClosed"


def test_one_connector_of_an_evse_at_a_time():
    connectors = (ConnectorConfig(id=1, evse=1), ConnectorConfig(id=2, evse=1))
    csms = booted(connectors=connectors)
    csms.command("start-transaction", connector=1)
    with pytest.raises(CommandRejected):
        csms.command("start-transaction", connector=2)
    assert csms.call("RequestStartTransaction", {**START, "evseId": 1})["status"] == "Rejected"


@pytest.mark.proves("SetVariables")
@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("OCPPCommCtrlr.HeartbeatInterval", "60", "Accepted"),
        ("OCPPCommCtrlr.HeartbeatInterval", "soon", "Rejected"),
        ("AuthCtrlr.Enabled", "FALSE", "Accepted"),
        ("ClockCtrlr.DateTime", "2030-01-01T00:00:00Z", "Rejected"),
        ("Nothing.Enabled", "1", "UnknownComponent"),
        ("TxCtrlr.Nothing", "1", "UnknownVariable"),
        ("SecurityCtrlr.OrganizationName", "Us", "RebootRequired"),
        ("OCPPCommCtrlr.MessageAttempts[TransactionEvent]", "5", "Accepted"),
        ("OCPPCommCtrlr.MessageAttempts", "5", "UnknownVariable"),
    ],
)
def test_set_variables(key, value, status):
    csms = booted()
    assert csms.set(key, value) == status
    restarted = csms.restart()
    restarted.connect()
    if status == "Accepted":
        assert restarted.station.model.value(key) == value.lower()


def test_a_variable_that_needs_a_reboot_gets_one():
    csms = booted()
    csms.set("SecurityCtrlr.OrganizationName", "Us")
    assert csms.station.model.value("SecurityCtrlr.OrganizationName") == ""
    csms.call("Reset", {"type": "Immediate"})
    csms.connect()
    assert csms.station.model.value("SecurityCtrlr.OrganizationName") == "Us"


@pytest.mark.proves("ChangeAvailability")
def test_availability_of_one_evse_and_of_all():
    csms = booted()
    change = {"operationalStatus": "Inoperative", "evse": {"id": 2}}
    assert csms.call("ChangeAvailability", change) == {"status": "Accepted"}
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Unavailable"
    assert len(csms.sent("StatusNotification")) == 3
    csms.call("ChangeAvailability", {"operationalStatus": "Inoperative"})
    assert {o.hardware.status_201 for o in csms.station.outlets.values()} == {"Unavailable"}
    assert csms.call("RequestStartTransaction", START)["status"] == "Rejected"
    csms.restart().connect()
    csms.call("ChangeAvailability", {"operationalStatus": "Operative"})
    assert {o.hardware.status_201 for o in csms.station.outlets.values()} == {"Available"}
    unknown = {"operationalStatus": "Operative", "evse": {"id": 5}}
    assert csms.call("ChangeAvailability", unknown)["status"] == "Rejected"


def test_availability_waits_for_the_transaction():
    csms = booted(configuration=NO_DRIVER)
    csms.command("start-transaction", connector=1)
    change = {"operationalStatus": "Inoperative"}
    assert csms.call("ChangeAvailability", change) == {"status": "Scheduled"}
    assert csms.station.connectors[1].status_201 == "Occupied"
    assert csms.station.connectors[2].status_201 == "Unavailable"
    csms.restart().connect()
    csms.command("stop-transaction", connector=1)
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Unavailable"


def test_unlock():
    csms = booted()
    assert csms.call("UnlockConnector", {"evseId": 1, "connectorId": 1}) == {"status": "Unlocked"}
    unknown = csms.call("UnlockConnector", {"evseId": 1, "connectorId": 2})
    assert unknown == {"status": "UnknownConnector"}
    csms.command("start-transaction", connector=1)
    busy = csms.call("UnlockConnector", {"evseId": 1, "connectorId": 1})
    assert busy == {"status": "OngoingAuthorizedTransaction"}


@pytest.mark.proves("ClearCache", "AuthCacheCtrlr.Enabled")
def test_cache():
    csms = booted(configuration={"AuthCtrlr.LocalPreAuthorize": "true", **NO_DRIVER})
    for _ in range(2):
        csms.command("start-transaction", connector=1)
        csms.command("stop-transaction", connector=1)
    assert len(csms.sent("Authorize")) == 1
    assert csms.call("ClearCache", {}) == {"status": "Accepted"}
    csms.command("start-transaction", connector=1)
    assert len(csms.sent("Authorize")) == 2
    csms.command("stop-transaction", connector=1)
    csms.pass_time(86_401)  # AuthCacheCtrlr.LifeTime
    csms.command("start-transaction", connector=1)
    assert len(csms.sent("Authorize")) == 3
    csms.set("AuthCacheCtrlr.Enabled", "false")
    assert csms.call("ClearCache", {})["status"] == "Rejected"


@pytest.mark.proves("TriggerMessage")
def test_triggers():
    csms = booted()

    def trigger(message, **more):
        return csms.call("TriggerMessage", {"requestedMessage": message, **more})["status"]

    assert trigger("Heartbeat") == "Accepted"
    assert len(csms.sent("Heartbeat")) == 1
    assert trigger("BootNotification") == "Rejected"
    assert trigger("SignCombinedCertificate") == "Accepted"
    assert trigger("StatusNotification") == "Rejected"
    assert trigger("StatusNotification", evse={"id": 2, "connectorId": 1}) == "Accepted"
    assert csms.sent("StatusNotification")[-1]["evseId"] == 2
    assert trigger("MeterValues", evse={"id": 7}) == "Rejected"
    assert trigger("MeterValues") == "Accepted"
    assert [m["evseId"] for m in csms.sent("MeterValues")] == [1, 2]
    assert trigger("TransactionEvent") == "Rejected"
    csms.command("start-transaction", connector=1)
    assert trigger("TransactionEvent", evse={"id": 1}) == "Accepted"
    assert csms.story()[-1][:2] == ("Updated", "Trigger")


@pytest.mark.proves("GetTransactionStatus")
def test_transaction_status():
    csms = booted()
    csms.command("start-transaction", connector=1)
    running = csms.events[0]["transactionInfo"]["transactionId"]
    assert csms.call("GetTransactionStatus", {"transactionId": running}) == {
        "ongoingIndicator": True,
        "messagesInQueue": False,
    }
    csms.answers["TransactionEvent"] = "InternalError"
    csms.command("stop-transaction", connector=1)
    assert csms.call("GetTransactionStatus", {"transactionId": running}) == {
        "ongoingIndicator": False,
        "messagesInQueue": True,
    }


@pytest.mark.proves("GetBaseReport", "NotifyReport")
def test_reports_come_in_parts_and_whole():
    csms = booted()
    request = {"requestId": 5, "reportBase": "FullInventory"}
    assert csms.call("GetBaseReport", request) == {"status": "Accepted"}
    parts = csms.sent("NotifyReport")
    assert [p["seqNo"] for p in parts] == list(range(len(parts)))
    assert [p["tbc"] for p in parts] == [True] * (len(parts) - 1) + [False]
    lines = [line for p in parts for line in p["reportData"]]
    assert all(len(p["reportData"]) <= 100 for p in parts)
    # What is reported can be got, with the same value.
    for line in lines:
        asked = {"component": line["component"], "variable": line["variable"]}
        [got] = csms.call("GetVariables", {"getVariableData": [asked]})["getVariableResult"]
        attribute = line["variableAttribute"][0]
        secret = attribute["mutability"] == "WriteOnly"
        assert got["attributeStatus"] == ("Rejected" if secret else "Accepted")
        assert got.get("attributeValue") == attribute.get("value")
        assert ("value" in attribute) is not secret
    base = {"requestId": 6, "reportBase": "ConfigurationInventory"}
    csms.call("GetBaseReport", base)
    settable = csms.sent("NotifyReport")[-1]["reportData"]
    assert 20 < len(settable) < len(lines)
    kinds = {line["variableAttribute"][0]["mutability"] for line in settable}
    assert kinds == {"ReadWrite", "WriteOnly"}


@pytest.mark.proves("GetReport")
def test_get_report_of_some():
    csms = booted()
    wanted = [item("TxCtrlr", "TxStartPoint"), {"component": {"name": "EVSE", "evse": {"id": 2}}}]
    answer = csms.call("GetReport", {"requestId": 1, "componentVariable": wanted})
    assert answer == {"status": "Accepted"}
    lines = csms.sent("NotifyReport")[-1]["reportData"]
    assert len(lines) == 1 + 5
    nothing = csms.call("GetReport", {"requestId": 1, "componentVariable": [item("No", "No")]})
    assert nothing == {"status": "EmptyResultSet"}


@pytest.mark.proves("DataTransfer")
def test_data_transfer():
    answer = booted().call("DataTransfer", {"vendorId": "com.example", "data": {"a": 1}})
    assert answer == {"status": "UnknownVendorId"}


@pytest.mark.parametrize("action", sorted(schemas.actions("2.0.1") - set(Station201.HANDLERS)))
def test_what_is_not_supported_says_so(action):
    assert booted().call(action, {})[0] == "NotSupported"


def test_what_is_unknown_says_so():
    assert booted().call("MakeCoffee", {})[0] == "NotImplemented"


def test_a_triggered_meter_value_comes_once_for_each_evse():
    outlets = (ConnectorConfig(1, 1), ConnectorConfig(2, 1), ConnectorConfig(3, 2))
    csms = booted(connectors=outlets)
    assert csms.call("TriggerMessage", {"requestedMessage": "MeterValues"})["status"] == "Accepted"
    assert [values["evseId"] for values in csms.sent("MeterValues")] == [1, 2]
