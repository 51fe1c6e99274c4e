"""What a CSMS can make a station keep is bounded, and so is what a snapshot costs."""

import json

import pytest

from chargepoint.core.calls import CALLS_AT_MOST, QUEUE_AT_MOST
from chargepoint.v201.monitoring.requests import MONITORS_AT_MOST
from tests.chargepoint.bounds.steps import Steps
from tests.chargepoint.inside import block
from tests.chargepoint.peer import Peer
from tests.chargepoint.v201.csms import booted
from tests.chargepoint.v201.profiles import DEFAULT, profile, set_profile

PADDED = {"vendorId": "x", "padding": "x" * 900_000}
VERSIONS = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


@VERSIONS
def test_what_is_kept_is_kept_without_custom_data(version):
    csms = booted(version=version)
    before = len(json.dumps(csms.saved()))
    made = profile(6000, 1, DEFAULT)
    made["customData"] = made["chargingSchedule"][0]["customData"] = {**PADDED, "padding": "x" * 9}
    assert set_profile(csms, 1, made | {"customData": PADDED}) == "Accepted"
    message = {"format": "UTF8", "content": "hello"}
    info = {"id": 1, "priority": "NormalCycle", "message": message, "customData": PADDED}
    assert csms.call("SetDisplayMessage", {"message": info})["status"] == "Accepted"
    token = {"idToken": "T1", "type": "Central", "customData": PADDED}
    started = csms.call("RequestStartTransaction", {"remoteStartId": 1, "idToken": token})
    assert started["status"] == "Accepted"
    csms.pass_time(10)
    assert len(json.dumps(csms.saved())) < before + 5000


@VERSIONS
def test_a_token_or_a_profile_too_large_to_keep_is_rejected(version):
    csms = booted(version=version)
    more = [{"additionalIdToken": "x" * 36, "type": "x" * 50} for _ in range(5000)]
    token = {"idToken": "T1", "type": "Central", "additionalInfo": more}
    answer = csms.call("RequestStartTransaction", {"remoteStartId": 1, "idToken": token})
    assert answer["statusInfo"]["reasonCode"] == "TooLargeElement"
    costs = [{"startValue": 1.5, "cost": [{"costKind": "CarbonDioxideEmission", "amount": 123456}]}]
    entries = [
        {"relativeTimeInterval": {"start": n, "duration": 1}, "consumptionCost": costs * 3}
        for n in range(1000)
    ]
    made = profile(6000, 1, DEFAULT)
    made["chargingSchedule"][0]["salesTariff"] = {"id": 1, "salesTariffEntry": entries}
    answer = csms.call("SetChargingProfile", {"evseId": 1, "chargingProfile": made})
    assert answer["statusInfo"]["reasonCode"] == "TooLargeElement"


@VERSIONS
def test_there_are_so_many_monitors_at_most(version):
    csms = booted(version=version)
    variables = [
        (v.component, v.name) for v in csms.station.model.CATALOGUE.variables
        if v.kind == "integer" and not v.instance and "[" not in v.component
    ]  # fmt: skip
    statuses = []
    for severity in range(10):
        items = [
            {"value": 10, "type": "Periodic", "severity": severity, "component": {"name": c},
             "variable": {"name": n}}
            for c, n in variables[:40]
        ]  # fmt: skip
        results = csms.call("SetVariableMonitoring", {"setMonitoringData": items})
        statuses += [r["status"] for r in results["setMonitoringResult"]]
    assert statuses.count("Accepted") == MONITORS_AT_MOST
    assert len(block(csms.station, "monitoring").monitors) <= MONITORS_AT_MOST + len(
        csms.station.outlets
    )


def test_calls_that_are_triggered_and_never_answered_do_not_gather():
    peer = Peer().connect()
    peer.answers["Heartbeat"] = peer.answers["StatusNotification"] = None
    trigger = [2, "t", "TriggerMessage", {"requestedMessage": "Heartbeat"}]
    for _ in range(3 * CALLS_AT_MOST):
        peer.feed(trigger)
    assert len(peer.station.calls._calls) <= CALLS_AT_MOST
    with Steps(20 * CALLS_AT_MOST):
        peer.feed(trigger)


def test_transactions_whose_messages_nobody_takes_are_not_begun_without_end():
    """1.6: RemoteStartTransaction and UnlockConnector by turns, StartTransaction never answered."""
    peer = Peer().connect()
    peer.answers["StartTransaction"] = None
    start, statuses = {"connectorId": 1, "idTag": "TAG1"}, []
    while len(statuses) < QUEUE_AT_MOST and "Rejected" not in statuses:
        statuses.append(peer.call("RemoteStartTransaction", start)[2]["status"])
        peer.pass_time(3)
        peer.call("UnlockConnector", {"connectorId": 1})
        peer.pass_time(3)
    assert (statuses[0], statuses[-1]) == ("Accepted", "Rejected")
    assert QUEUE_AT_MOST <= len(peer.station.calls.queued) <= QUEUE_AT_MOST + 2


@VERSIONS
def test_a_csms_that_takes_no_event_cannot_begin_transactions_without_end(version):
    csms = booted(version=version)
    csms.answers["TransactionEvent"] = None
    token, answers = {"idToken": "T1", "type": "Central"}, []
    while len(answers) < QUEUE_AT_MOST and (not answers or answers[-1]["status"] == "Accepted"):
        start = {"remoteStartId": len(answers), "evseId": 1, "idToken": token}
        answers.append(csms.call("RequestStartTransaction", start))
        csms.pass_time(3)
        running = csms.station.outlets[1].transaction
        if running is not None:
            csms.call("RequestStopTransaction", {"transactionId": running.id})
        csms.pass_time(3)
    assert len(answers) > 1
    assert answers[-1]["statusInfo"]["reasonCode"] == "OutOfStorage"
    assert QUEUE_AT_MOST <= len(csms.station.calls.queued) <= QUEUE_AT_MOST + 10
