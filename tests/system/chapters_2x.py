"""The life of a 2.x station in chapters, for 2.0.1 and 2.1 alike: set up, used, reserved, limited.

Its second half is in chapters_upkeep_2x.py. `covers` says which actions a chapter is there for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .conversation import Conversation, at
from .sessions import STEADY_CAR

ANNA = {"idToken": "ANNA", "type": "Central"}
PLACE = {"id": 1}
OUTLET = {"id": 1, "connectorId": 1}
EMAID = "DEABCC123456781"

Chapter = Callable[[Conversation], None]


def covers(*actions: str) -> Callable[[Chapter], Chapter]:
    def mark(chapter: Chapter) -> Chapter:
        chapter.actions = frozenset(actions)
        return chapter

    return mark


def named(key: str) -> dict[str, Any]:
    """The component and the variable of "Component.Variable"."""
    component, _, variable = key.partition(".")
    return {"component": {"name": component}, "variable": {"name": variable}}


def set_variable(talk: Conversation, key: str, value: str) -> None:
    data = [{**named(key), "attributeValue": value}]
    [result] = talk.call("SetVariables", setVariableData=data)["setVariableResult"]
    assert result["attributeStatus"] == "Accepted", result


def get_variable(talk: Conversation, key: str) -> str:
    [result] = talk.call("GetVariables", getVariableData=[named(key)])["getVariableResult"]
    assert result["attributeStatus"] == "Accepted", result
    return result["attributeValue"]


def started(talk: Conversation, **more: Any) -> str:
    """The id of the transaction that begins now."""
    event = talk.hears("TransactionEvent", eventType="Started", **more)
    return event["transactionInfo"]["transactionId"]


def measured(event: dict[str, Any], measurand: str) -> list[float]:
    """Its readings in an event, in the unit in which they came."""
    return [
        float(sample["value"])
        for value in event.get("meterValue", ())
        for sample in value["sampledValue"]
        if sample.get("measurand") == measurand and "phase" not in sample
    ]


def hears_power(
    talk: Conversation, least: float, most: float, measurand: str = "Power.Active.Import"
) -> None:
    """A reading between these watts comes."""
    talk.hears(
        "TransactionEvent",
        where=lambda e: any(least < watts < most for watts in measured(e, measurand)),
    )


def profile(identity: int, purpose: str = "TxDefaultProfile", **more: Any) -> dict[str, Any]:
    """A relative profile; `period` has the fields of its one period."""
    period = {"startPeriod": 0, **more.pop("period", {"limit": 10.0})}
    schedule = {
        "id": identity, "chargingRateUnit": more.pop("unit", "A"),
        "chargingSchedulePeriod": [period],
    }  # fmt: skip
    return {
        "id": identity, "stackLevel": 0, "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative", "chargingSchedule": [schedule], **more,
    }  # fmt: skip


def set_profile(talk: Conversation, made: dict[str, Any]) -> None:
    answer = talk.call("SetChargingProfile", evseId=1, chargingProfile=made)
    assert answer == {"status": "Accepted"}


@covers(
    "BootNotification", "ChangeAvailability", "ClearCache", "DataTransfer", "GetBaseReport",
    "GetReport", "GetVariables", "Heartbeat", "NotifyReport", "SetVariables",
    "StatusNotification", "TriggerMessage",
)  # fmt: skip
def set_up(talk: Conversation) -> None:
    boot = talk.hears("BootNotification", reason="PowerUp")
    assert boot["chargingStation"]["firmwareVersion"] == "1.0.0"
    talk.hears("StatusNotification", connectorStatus="Available", evseId=1, connectorId=1)
    set_variable(talk, "TxCtrlr.EVConnectionTimeOut", "90")
    assert get_variable(talk, "TxCtrlr.EVConnectionTimeOut") == "90"
    answer = talk.call("GetBaseReport", requestId=1, reportBase="FullInventory")
    assert answer == {"status": "Accepted"}
    parts = [talk.hears("NotifyReport", requestId=1)]
    while parts[-1]["tbc"]:
        parts.append(talk.hears("NotifyReport", requestId=1))
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    ask = [named("TxCtrlr.EVConnectionTimeOut")]
    assert talk.call("GetReport", requestId=2, componentVariable=ask) == {"status": "Accepted"}
    [line] = talk.hears("NotifyReport", requestId=2)["reportData"]
    assert line["variableAttribute"][0]["value"] == "90"
    assert line in [line for part in parts for line in part["reportData"]]
    assert talk.call("ClearCache") == {"status": "Accepted"}
    assert talk.call("DataTransfer", vendorId="Nobody") == {"status": "UnknownVendorId"}
    assert talk.call("TriggerMessage", requestedMessage="Heartbeat") == {"status": "Accepted"}
    talk.hears("Heartbeat")
    for status, seen in (("Inoperative", "Unavailable"), ("Operative", "Available")):
        answer = talk.call("ChangeAvailability", operationalStatus=status, evse=PLACE)
        assert answer == {"status": "Accepted"}
        talk.hears("StatusNotification", connectorStatus=seen)


@covers(
    "ClearVariableMonitoring", "GetMonitoringReport", "NotifyEvent", "NotifyMonitoringReport",
    "SetMonitoringBase", "SetMonitoringLevel", "SetVariableMonitoring",
)  # fmt: skip
def watch(talk: Conversation) -> None:
    key = "OCPPCommCtrlr.HeartbeatInterval"
    wanted = {**named(key), "type": "Delta", "value": 1.0, "severity": 5}
    answer = talk.call("SetVariableMonitoring", setMonitoringData=[wanted])
    [result] = answer["setMonitoringResult"]
    assert result["status"] == "Accepted"
    number = result["id"]
    set_variable(talk, key, "40")
    [event] = talk.hears("NotifyEvent")["eventData"]
    assert (event["variableMonitoringId"], event["actualValue"]) == (number, "40")
    assert talk.call("GetMonitoringReport", requestId=3) == {"status": "Accepted"}
    [line] = talk.hears("NotifyMonitoringReport", requestId=3)["monitor"]
    assert line["variableMonitoring"][0]["id"] == number
    assert talk.call("SetMonitoringLevel", severity=4) == {"status": "Accepted"}
    for value in ("50", "40"):
        set_variable(talk, key, value)  # less severe than what is told
    assert talk.call("SetMonitoringLevel", severity=9) == {"status": "Accepted"}
    set_variable(talk, key, "60")
    [event] = talk.hears("NotifyEvent")["eventData"]
    assert event["actualValue"] == "60"
    [result] = talk.call("ClearVariableMonitoring", id=[number])["clearMonitoringResult"]
    assert result == {"id": number, "status": "Accepted"}
    assert talk.call("SetMonitoringBase", monitoringBase="All") == {"status": "Accepted"}
    talk.call("GetMonitoringReport", requestId=4)
    line = talk.hears("NotifyMonitoringReport", requestId=4)["monitor"][0]
    assert line["component"] == {"name": "Connector", "evse": OUTLET}
    answer = talk.call("SetMonitoringBase", monitoringBase="HardWiredOnly")
    assert answer == {"status": "Accepted"}
    assert talk.call("GetMonitoringReport", requestId=5) == {"status": "EmptyResultSet"}


@covers(
    "CancelReservation", "GetLocalListVersion", "ReservationStatusUpdate", "ReserveNow",
    "SendLocalList",
)  # fmt: skip
def keep_for_somebody(talk: Conversation) -> None:
    entry = {"idToken": ANNA, "idTokenInfo": {"status": "Accepted"}}
    given = {"versionNumber": 3, "updateType": "Full", "localAuthorizationList": [entry]}
    assert talk.call("SendLocalList", **given) == {"status": "Accepted"}
    assert talk.call("GetLocalListVersion") == {"versionNumber": 3}
    wanted = {"id": 8, "idToken": ANNA, "evseId": 1, "expiryDateTime": at(hours=1)}
    assert talk.call("ReserveNow", **wanted) == {"status": "Accepted"}
    talk.hears("StatusNotification", connectorStatus="Reserved")
    assert talk.call("CancelReservation", reservationId=8) == {"status": "Accepted"}
    talk.hears("StatusNotification", connectorStatus="Available")
    talk.call("ReserveNow", **{**wanted, "id": 9, "expiryDateTime": at(seconds=3)})
    talk.hears("StatusNotification", connectorStatus="Reserved")
    talk.hears("ReservationStatusUpdate", reservationId=9, reservationUpdateStatus="Expired")
    talk.hears("StatusNotification", connectorStatus="Available")


@covers(
    "Authorize", "ClearChargingProfile", "GetChargingProfiles", "GetCompositeSchedule",
    "GetTransactionStatus", "MeterValues", "ReportChargingProfiles", "RequestStartTransaction",
    "RequestStopTransaction", "SetChargingProfile", "TransactionEvent", "UnlockConnector",
)  # fmt: skip
def charge(talk: Conversation) -> None:
    set_profile(talk, profile(5))
    talk.do("plug", connector=1, ev=STEADY_CAR)
    talk.do("start-transaction", connector=1, id_tag="LOCAL")
    assert talk.hears("Authorize")["idToken"]["idToken"] == "LOCAL"
    transaction = started(talk)
    hears_power(talk, 6000, 7100)  # 10 A on three phases
    answer = talk.call("GetCompositeSchedule", evseId=1, duration=60, chargingRateUnit="A")
    [period] = answer["schedule"]["chargingSchedulePeriod"]
    assert (period["startPeriod"], float(period["limit"])) == (0, 10.0)
    assert talk.call("GetChargingProfiles", requestId=6, chargingProfile={}) == {
        "status": "Accepted"
    }
    [told] = talk.hears("ReportChargingProfiles", requestId=6)["chargingProfile"]
    assert told["id"] == 5
    assert talk.call("ClearChargingProfile", chargingProfileId=5) == {"status": "Accepted"}
    hears_power(talk, 21_000, 22_100)
    answer = talk.call("GetTransactionStatus", transactionId=transaction)
    assert answer["ongoingIndicator"] is True
    talk.call("TriggerMessage", requestedMessage="MeterValues", evse=PLACE)
    assert talk.hears("MeterValues", evseId=1)["meterValue"]
    talk.call("RequestStopTransaction", transactionId=transaction)
    end = talk.hears("TransactionEvent", eventType="Ended")
    assert end["transactionInfo"]["stoppedReason"] == "Remote"
    assert talk.call("UnlockConnector", evseId=1, connectorId=1) == {"status": "Unlocked"}
    talk.do("unplug", connector=1)
    start = {"remoteStartId": 7, "idToken": ANNA, "evseId": 1}
    assert talk.call("RequestStartTransaction", **start)["status"] == "Accepted"
    event = talk.hears("TransactionEvent", eventType="Started")
    assert event["transactionInfo"]["remoteStartId"] == 7
    stop(talk)


def stop(talk: Conversation) -> None:
    """End what is charging, and have the car leave."""
    talk.do("stop-transaction", connector=1)
    talk.hears("TransactionEvent", eventType="Ended")
    talk.do("unplug", connector=1)
    talk.hears("StatusNotification", connectorStatus="Available")


@covers("ClearedChargingLimit", "NotifyChargingLimit")
def limit_from_outside(talk: Conversation) -> None:
    talk.do("charging-limit", limit=8000)
    told = talk.hears("NotifyChargingLimit")
    assert told["chargingLimit"]["chargingLimitSource"] == "EMS"
    talk.do("charging-limit")
    assert talk.hears("ClearedChargingLimit")["chargingLimitSource"] == "EMS"


@covers(
    "Authorize", "Get15118EVCertificate", "NotifyEVChargingNeeds", "NotifyEVChargingSchedule",
)  # fmt: skip
def charge_by_contract(talk: Conversation) -> None:
    """A car without a contract gets one, is known by it, tells its needs, takes a schedule."""
    talk.do("plug", connector=1, ev={**STEADY_CAR, "emaid": EMAID, "departure_s": 7200})
    assert talk.hears("Get15118EVCertificate")["action"] == "Install"
    assert talk.hears("Authorize")["idToken"] == {"idToken": EMAID, "type": "eMAID"}
    transaction = started(talk)
    needs = talk.hears("NotifyEVChargingNeeds", evseId=1)["chargingNeeds"]
    assert needs["acChargingParameters"]["evMaxVoltage"] == 230
    made = profile(6, "TxProfile", transactionId=transaction)
    set_profile(talk, made)
    told = talk.hears("NotifyEVChargingSchedule", evseId=1)
    assert float(told["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]) == 6900.0
    hears_power(talk, 6000, 7100)
    stop(talk)


FIRST = (set_up, watch, keep_for_somebody, charge, limit_from_outside, charge_by_contract)
