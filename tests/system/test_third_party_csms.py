"""Stations charge on CSMSs that are not ours, and every frame passes their schemas."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.console import station_fields
from benchmarks.processes import wait_until

from .sessions import SESSIONS, STEADY_CAR
from .wire import assert_logged_once, assert_valid, await_logged

_INTERVAL = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
_SET = {"setVariableData": [{**_INTERVAL, "attributeValue": "29"}]}
_QUESTIONS_2 = [
    ("SetVariables", _SET, "Accepted"),
    ("GetVariables", {"getVariableData": [_INTERVAL]}, "'29'"),
]
# Calls of the CSMS to a running station, with a word that must be in the answer.
QUESTIONS = {
    "1.6": [("GetConfiguration", {"key": ["HeartbeatInterval"]}, "HeartbeatInterval")],
    "2.0.1": _QUESTIONS_2,
    "2.1": _QUESTIONS_2,
}


def remote_start(version: str) -> tuple[str, dict]:
    if version == "1.6":
        return "RemoteStartTransaction", {"connectorId": 1, "idTag": "REMOTE"}
    token = {"idToken": "REMOTE", "type": "Central"}
    return "RequestStartTransaction", {"remoteStartId": 7, "idToken": token, "evseId": 1}


def remote_stop(version: str, transaction: str) -> tuple[str, dict]:
    if version == "1.6":
        return "RemoteStopTransaction", {"transactionId": int(transaction)}
    return "RequestStopTransaction", {"transactionId": transaction}


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("kind", ["python_csms", "strict_csms"])
def test_a_station_boots_charges_and_stops(kind, version, request, stack, fresh_name):
    csms = request.getfixturevalue(kind)
    wire, name, console = csms.wire, fresh_name("third-party"), stack.console
    console.create([station_fields(name, csms.url, version)])

    wire.await_call(name, "BootNotification")
    wire.await_call(name, "StatusNotification", where=lambda p: "Available" in p.values())
    for action, payload, word in QUESTIONS[version]:
        assert word in str(csms.call(name, action, payload))

    session = SESSIONS[version](wire, name)
    console.command(name, "plug", connector=1, ev=STEADY_CAR)
    console.command(name, "start-transaction", connector=1, id_tag="LOCAL")
    session.await_start()
    wait_until(lambda: len(session.readings()) >= 3, 60, "three meter readings")
    console.command(name, "stop-transaction", connector=1)
    stop = session.await_stop()
    console.command(name, "unplug", connector=1)

    readings = session.readings()
    assert readings == sorted(readings) and readings[-1] > readings[0]
    assert stop["register"] >= readings[-1]

    # The same again, asked for by the CSMS.
    console.command(name, "plug", connector=1, ev=STEADY_CAR)
    assert csms.call(name, *remote_start(version))["status"] == "Accepted"
    session.await_start(after=1)
    wait_until(
        lambda: open_transaction(stack, name) not in (None, "", stop["transaction"]), 60,
        "the second transaction has its id",
    )  # fmt: skip
    second = open_transaction(stack, name)
    assert csms.call(name, *remote_stop(version, second))["status"] == "Accepted"
    assert session.await_stop(after=1)["reason"] == "Remote"

    await_logged(stack.mongo, wire, name)
    assert_valid(wire.frames(name), version)
    assert not getattr(csms, "violations", [])
    assert_logged_once(stack.mongo, wire, name)


IN_A_YEAR = (datetime.now(UTC) + timedelta(days=365)).strftime("%Y-%m-%dT%H:%M:%SZ")
# (action, payload, what the answer is), in this order.
CONVERSATION_16 = [
    ("GetLocalListVersion", {}, {"listVersion": 0}),
    ("SendLocalList", {
        "listVersion": 3, "updateType": "Full",
        "localAuthorizationList": [{"idTag": "ANNA", "idTagInfo": {"status": "Accepted"}}],
    }, {"status": "Accepted"}),
    ("GetLocalListVersion", {}, {"listVersion": 3}),
    ("ReserveNow", {
        "connectorId": 1, "reservationId": 8, "idTag": "ANNA", "expiryDate": IN_A_YEAR,
    }, {"status": "Accepted"}),
    ("RemoteStartTransaction", {"connectorId": 1, "idTag": "BERT"}, {"status": "Rejected"}),
    ("CancelReservation", {"reservationId": 8}, {"status": "Accepted"}),
    ("CancelReservation", {"reservationId": 8}, {"status": "Rejected"}),
    ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": {
        "chargingProfileId": 5, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative", "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1}],
        },
    }}, {"status": "Accepted"}),
    ("ClearChargingProfile", {"id": 6}, {"status": "Unknown"}),
    ("TriggerMessage", {"requestedMessage": "MeterValues"}, {"status": "Accepted"}),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}, {"status": "Accepted"}),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["python_csms", "strict_csms"])
def test_lists_reservations_and_triggers(kind, request, stack, fresh_name):
    csms = request.getfixturevalue(kind)
    wire, name = csms.wire, fresh_name("conversation")
    stack.console.create([station_fields(name, csms.url, "1.6")])
    wire.await_call(name, "StatusNotification", where=lambda p: p["connectorId"] == 1)
    for action, payload, expected in CONVERSATION_16:
        assert csms.call(name, action, payload) == expected, action
    question = {"connectorId": 1, "duration": 60, "chargingRateUnit": "A"}
    answer = csms.call(name, "GetCompositeSchedule", question)
    schedule = answer["chargingSchedule"]
    period = {"startPeriod": 0, "limit": 16.1, "numberPhases": 3}
    [told] = schedule["chargingSchedulePeriod"]
    assert {**told, "limit": float(told["limit"])} == period  # `ocpp` hands it out as a decimal
    assert csms.call(name, "ClearChargingProfile", {"id": 5}) == {"status": "Accepted"}
    reserved = {"connectorId": 1, "status": "Reserved"}
    wire.await_call(name, "StatusNotification", where=lambda p: reserved.items() <= p.items())
    wire.await_call(name, "MeterValues", where=lambda p: p["connectorId"] == 1)
    wire.await_call(name, "Heartbeat")
    await_logged(stack.mongo, wire, name)
    assert_valid(wire.frames(name), "1.6")
    assert not getattr(csms, "violations", [])


def open_transaction(stack, station: str) -> str | None:
    connectors = stack.console.command(station, "state")["connectors"]
    return connectors[0]["transaction"]
