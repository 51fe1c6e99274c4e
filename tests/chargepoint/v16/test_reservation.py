"""Reservations: who gets the connector, until when, and what the CSMS is told (1.6 3.11, 5.13)."""

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso
from tests.chargepoint.peer import START, Peer


@pytest.fixture
def peer():
    return Peer(configuration={"EmulatorAutoPlug": "false"}).connect()


def reserve(peer, number=1, identity=1, tag="ANNA", seconds=600.0, **more):
    payload = {"connectorId": number, "reservationId": identity, "idTag": tag, **more}
    payload["expiryDate"] = iso(peer.now + seconds)
    return peer.call("ReserveNow", payload)[2]["status"]


def cancel(peer, identity=1):
    return peer.call("CancelReservation", {"reservationId": identity})[2]["status"]


def status_of(peer, number=1):
    return peer.station.snapshot()["connectors"][number - 1]["status"]


def start(peer, tag, number=1):
    return peer.do("start-transaction", connector=number, id_tag=tag)


@pytest.mark.proves("ReserveNow")
def test_a_reserved_connector_starts_for_its_tag_and_the_reservation_is_used_up(peer):
    assert reserve(peer) == "Accepted"
    assert peer.statuses() == ["Available", "Reserved"]
    with pytest.raises(CommandRejected, match="reserved for another"):
        start(peer, "BERT")
    start(peer, "anna")
    assert peer.calls("StartTransaction")[0]["reservationId"] == 1
    assert peer.statuses()[-2:] == ["Preparing", "Charging"]
    assert cancel(peer) == "Rejected"


def test_it_expires(peer):
    reserve(peer, seconds=100)
    peer.pass_time(99)
    assert status_of(peer) == "Reserved"
    peer.pass_time(1)
    assert peer.statuses()[-1] == "Available"
    start(peer, "BERT")
    assert "reservationId" not in peer.calls("StartTransaction")[0]


@pytest.mark.proves("CancelReservation")
def test_it_can_be_cancelled(peer):
    reserve(peer)
    assert cancel(peer) == "Accepted"
    assert cancel(peer) == "Rejected"
    assert peer.statuses()[-1] == "Available"


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (lambda p: p.do("plug", connector=1), "Occupied"),
        (lambda p: start(p, "BERT"), "Occupied"),
        (lambda p: p.do("fault", connector=1, error_code="GroundFailure"), "Faulted"),
        (lambda p: p.do("availability", connector=1, operative=False), "Unavailable"),
        (lambda p: reserve(p, identity=9), "Occupied"),
    ],
)
def test_what_stands_in_the_way(peer, prepare, expected):
    prepare(peer)
    assert reserve(peer) == expected
    assert reserve(peer, number=2) == "Accepted"


def test_what_makes_no_sense_is_rejected(peer):
    assert reserve(peer, number=3) == "Rejected"
    assert reserve(peer, seconds=-1) == "Rejected"
    assert status_of(peer) == "Available"


def test_the_same_id_again_replaces_it(peer):
    reserve(peer, tag="ANNA")
    assert reserve(peer, tag="BERT", seconds=50) == "Accepted"
    with pytest.raises(CommandRejected):
        start(peer, "ANNA")
    assert reserve(peer, number=2, tag="BERT") == "Accepted"  # moved
    assert (status_of(peer, 1), status_of(peer, 2)) == ("Available", "Reserved")
    assert cancel(peer) == "Accepted"
    assert status_of(peer, 2) == "Available"


def test_a_parent_lets_the_family_in(peer):
    reserve(peer, parentIdTag="HOME")
    peer.answers["Authorize"] = {"idTagInfo": {"status": "Accepted", "parentIdTag": "OTHER"}}
    assert start(peer, "BERT")["authorization"] == "Pending"
    assert not peer.calls("StartTransaction")
    peer.answers["Authorize"] = {"idTagInfo": {"status": "Accepted", "parentIdTag": "home"}}
    start(peer, "CORA")
    assert peer.calls("StartTransaction")[0]["reservationId"] == 1


def test_offline_a_parent_that_is_not_known_does_not_help(peer):
    reserve(peer, parentIdTag="HOME")
    peer.drop()
    assert start(peer, "BERT")["authorization"] == "Invalid"
    start(peer, "ANNA")  # unknown too: the reservation is no authorization
    assert not peer.station.calls.queued


def test_connector_zero_keeps_one_of_them_free(peer):
    assert reserve(peer, number=0) == "Accepted"
    assert (status_of(peer, 1), status_of(peer, 2)) == ("Available", "Available")
    start(peer, "BERT", 1)
    with pytest.raises(CommandRejected, match="reserved for another"):
        start(peer, "CORA", 2)
    assert reserve(peer, number=2, identity=2) == "Occupied"
    start(peer, "ANNA", 2)
    assert [s.get("reservationId") for s in peer.calls("StartTransaction")] == [None, 1]


def test_connector_zero_needs_a_free_connector(peer):
    assert reserve(peer, number=1, identity=1) == "Accepted"
    assert reserve(peer, number=0, identity=2) == "Accepted"
    assert reserve(peer, number=0, identity=3) == "Occupied"
    peer.do("fault", connector=1, error_code="GroundFailure")
    peer.do("fault", connector=2, error_code="GroundFailure")
    assert reserve(peer, number=0, identity=4) == "Faulted"


def test_a_driver_who_never_plugs_in_leaves_the_reservation_in_place(peer):
    reserve(peer)
    peer.do("authorize", connector=1, id_tag="ANNA")
    assert status_of(peer) == "Preparing"
    assert reserve(peer, identity=1) == "Occupied"
    peer.pass_time(61)
    assert status_of(peer) == "Reserved"
    with pytest.raises(CommandRejected):
        start(peer, "BERT")


def test_a_fault_does_not_end_it_but_going_out_of_service_does(peer):
    reserve(peer)
    peer.do("fault", connector=1, error_code="GroundFailure")
    peer.do("fault", connector=1, error_code="NoError")
    assert status_of(peer) == "Reserved"
    peer.do("availability", connector=1, operative=False)
    peer.do("availability", connector=1, operative=True)
    assert status_of(peer) == "Available"
    assert cancel(peer) == "Rejected"


def test_a_car_may_stand_there_while_it_is_reserved(peer):
    reserve(peer, seconds=100)
    peer.do("plug", connector=1)
    assert status_of(peer) == "Reserved"
    peer.pass_time(100)
    assert status_of(peer) == "Preparing"


@pytest.mark.parametrize(
    ("tag", "number", "expected"),
    [("BERT", 1, "Rejected"), ("ANNA", 1, "Accepted"), ("BERT", 2, "Accepted")],
)
def test_remote_start_minds_the_reservation(peer, tag, number, expected):
    reserve(peer)
    payload = {"idTag": tag, "connectorId": number}
    assert peer.call("RemoteStartTransaction", payload)[2]["status"] == expected


def test_remote_start_without_a_connector_takes_the_reserved_one(peer):
    reserve(peer, number=2)
    peer.call("RemoteStartTransaction", {"idTag": "ANNA"})
    peer.do("plug", connector=2)
    assert peer.calls("StartTransaction")[0]["reservationId"] == 1


def test_it_survives_a_crash_and_expires_on_time(peer):
    reserve(peer, seconds=100)
    again = peer.crash()
    again.connect()
    assert status_of(again) == "Reserved"
    again.pass_time(100)
    assert status_of(again) == "Available"


def test_it_survives_a_reset(peer):
    reserve(peer)
    peer.do("authorize", connector=1, id_tag="ANNA")
    peer.call("Reset", {"type": "Hard"})
    peer.connect()
    assert status_of(peer) == "Reserved"


def test_the_expiry_date_is_by_the_clock_of_the_csms():
    peer = Peer()
    peer.answers["BootNotification"] = {
        "status": "Accepted", "currentTime": iso(START + 5000), "interval": 0,
    }  # fmt: skip
    peer.connect()
    assert reserve(peer, seconds=600) == "Rejected"
    assert reserve(peer, seconds=5100) == "Accepted"
    peer.pass_time(101)
    assert status_of(peer) == "Available"
