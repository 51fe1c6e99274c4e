"""Reservations: of an EVSE, of a kind of connector, of any; who may use them, and how they end."""

import pytest

from chargepoint.config import ConnectorConfig
from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso

from .csms import booted

QUIET = {"SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false"}


@pytest.fixture
def csms():
    return booted(configuration=QUIET)


def token(name):
    return {"idToken": name, "type": "KeyCode"}


def reserve(csms, identity=1, name="A", seconds=600, **more):
    payload = {"id": identity, "expiryDateTime": iso(csms.now + seconds), "idToken": token(name)}
    return csms.call("ReserveNow", {**payload, **more})["status"]


def statuses(csms):
    return [c["status"] for c in csms.station.snapshot()["connectors"]]


def updates(csms):
    return [
        (u["reservationId"], u["reservationUpdateStatus"])
        for u in csms.sent("ReservationStatusUpdate")
    ]


def refused(csms, **args):
    try:
        csms.command("start-transaction", **args)
    except CommandRejected as rejection:
        return rejection.code
    return None


@pytest.mark.proves("ReserveNow")
def test_a_reserved_evse_is_for_its_token_alone(csms):
    assert reserve(csms, 7, evseId=1) == "Accepted"
    assert statuses(csms) == ["Reserved", "Available"]
    assert csms.sent("StatusNotification")[-1]["connectorStatus"] == "Reserved"
    assert refused(csms, connector=1, id_tag="B") == "not_possible_now"
    remote = {"remoteStartId": 1, "evseId": 1, "idToken": token("B")}
    assert csms.call("RequestStartTransaction", remote)["status"] == "Rejected"
    csms.command("start-transaction", connector=1, id_tag="A")
    assert [e.get("reservationId") for e in csms.events] == [7, None]
    csms.pass_time(700)
    assert updates(csms) == []  # used, so it does not expire
    csms.command("stop-transaction", connector=1)
    csms.command("unplug", connector=1)
    assert statuses(csms) == ["Available", "Available"]


@pytest.mark.proves("ReservationStatusUpdate")
def test_an_unused_reservation_expires(csms):
    reserve(csms, 3, evseId=1, seconds=60)
    csms.pass_time(61)
    assert updates(csms) == [(3, "Expired")]
    assert statuses(csms)[0] == "Available"
    assert refused(csms, connector=1, id_tag="B") is None


@pytest.mark.proves("CancelReservation")
def test_cancelling(csms):
    reserve(csms, 3, evseId=1)
    assert csms.call("CancelReservation", {"reservationId": 4})["status"] == "Rejected"
    assert csms.call("CancelReservation", {"reservationId": 3})["status"] == "Accepted"
    assert (statuses(csms)[0], updates(csms)) == ("Available", [])


def test_the_same_id_replaces(csms):
    reserve(csms, 3, evseId=1)
    assert reserve(csms, 3, name="B", evseId=2) == "Accepted"
    assert statuses(csms) == ["Available", "Reserved"]


def test_any_of_the_group_may_use_it(csms):
    reserve(csms, 1, evseId=1, groupIdToken={"idToken": "G", "type": "Central"})
    group = {"groupIdToken": {"idToken": "H", "type": "Central"}}
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", **group}}
    csms.command("plug", connector=1)
    csms.command("authorize", connector=1, id_tag="B")  # asked: its group is not known yet
    assert csms.events == []
    group["groupIdToken"]["idToken"] = "G"
    csms.command("authorize", connector=1, id_tag="C")
    assert csms.events[0]["reservationId"] == 1


def test_a_remote_start_by_the_group(csms):
    group = {"idToken": "G", "type": "Central"}
    reserve(csms, 1, evseId=1, groupIdToken=group)
    remote = {"remoteStartId": 1, "evseId": 1, "idToken": token("B"), "groupIdToken": group}
    assert csms.call("RequestStartTransaction", remote)["status"] == "Accepted"
    csms.command("plug", connector=1)
    assert csms.events[0]["reservationId"] == 1


def test_a_reservation_of_any_evse_holds_the_last_one(csms):
    assert reserve(csms, 1) == "Accepted"
    assert statuses(csms) == ["Available", "Available"]
    csms.command("start-transaction", connector=1, id_tag="B")
    # H01.FR.18: as many places are left as there are reservations.
    assert statuses(csms)[1] == "Reserved"
    told = csms.sent("StatusNotification")[-1]
    assert (told["evseId"], told["connectorStatus"]) == (2, "Reserved")
    assert refused(csms, connector=2, id_tag="C") == "not_possible_now"
    csms.command("start-transaction", connector=2, id_tag="A")
    assert csms.events[-2]["reservationId"] == 1


def test_as_many_reservations_as_there_are_evses(csms):
    assert [reserve(csms, 1), reserve(csms, 2, "B"), reserve(csms, 3, "C")] == [
        "Accepted", "Accepted", "Occupied",
    ]  # fmt: skip
    assert statuses(csms) == ["Reserved", "Reserved"]
    csms.call("CancelReservation", {"reservationId": 2})
    assert statuses(csms) == ["Available", "Available"]


def test_a_kind_of_connector(csms):
    assert reserve(csms, 1, connectorType="cCCS2") == "Accepted"
    assert statuses(csms) == ["Available", "Reserved"]
    assert reserve(csms, 2, connectorType="cG105") == "Rejected"
    assert refused(csms, connector=1, id_tag="B") is None


def test_both_connectors_of_a_reserved_evse_are_reserved():
    outlets = (ConnectorConfig(1, 1), ConnectorConfig(2, 1), ConnectorConfig(3, 2))
    csms = booted(configuration=QUIET, connectors=outlets)
    reserve(csms, 1, evseId=1)
    assert statuses(csms) == ["Reserved", "Reserved", "Available"]


@pytest.mark.parametrize(
    ("prepare", "status"),
    [
        (lambda c: c.command("plug", connector=1), "Occupied"),
        (lambda c: c.command("fault", connector=1, error_code="GroundFailure"), "Faulted"),
        (lambda c: c.command("availability", connector=1, operative=False), "Unavailable"),
        (lambda c: c.set("ReservationCtrlr.Enabled", "false"), "Rejected"),
        (lambda c: reserve(c, 9, "Z", evseId=1), "Occupied"),
    ],
)
def test_what_stands_against_it(csms, prepare, status):
    prepare(csms)
    assert reserve(csms, evseId=1) == status


def test_what_cannot_be_reserved(csms):
    assert reserve(csms, evseId=9) == "Rejected"
    assert reserve(csms, seconds=-1, evseId=1) == "Rejected"
    csms.set("ReservationCtrlr.NonEvseSpecific", "false")
    assert reserve(csms) == "Rejected"
    assert reserve(csms, evseId=1) == "Accepted"


@pytest.mark.parametrize("what", ["fault", "availability"])
def test_a_reserved_evse_that_breaks_loses_its_reservation(csms, what):
    reserve(csms, 5, evseId=1)
    if what == "fault":
        csms.command("fault", connector=1, error_code="GroundFailure")
        csms.command("fault", connector=1, error_code="NoError")
    else:
        evse = {"id": 1}
        csms.call("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": evse})
        csms.call("ChangeAvailability", {"operationalStatus": "Operative", "evse": evse})
    assert updates(csms) == [(5, "Removed")]
    assert statuses(csms)[0] == "Available"


def test_a_driver_who_does_not_plug_in_keeps_the_reservation(csms):
    reserve(csms, 5, evseId=1)
    csms.command("authorize", connector=1, id_tag="A")
    csms.pass_time(121)
    assert statuses(csms)[0] == "Reserved"
    csms.pass_time(600)
    assert updates(csms) == [(5, "Expired")]


def test_reservations_survive_a_crash_and_expire_in_the_dark(csms):
    reserve(csms, 5, evseId=1)
    csms.restart().connect()
    assert statuses(csms)[0] == "Reserved"
    csms.disconnect()
    csms.pass_time(601)
    assert statuses(csms)[0] == "Available"
    csms.connect()
    assert updates(csms) == [(5, "Expired")]
