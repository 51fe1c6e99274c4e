"""TriggerMessage: each message that can be asked for (1.6 3.13 and 5.17)."""

import pytest

from chargepoint.timing.times import iso
from tests.chargepoint.peer import Peer


@pytest.fixture
def peer():
    return Peer().connect()


def trigger(peer, message, **more):
    return peer.call("TriggerMessage", {"requestedMessage": message, **more})[2]["status"]


def test_a_boot_notification_is_no_reboot(peer):
    before = len(peer.actions())
    peer.answers["BootNotification"] = {
        "status": "Accepted", "currentTime": iso(peer.now), "interval": 20,
    }  # fmt: skip
    assert trigger(peer, "BootNotification") == "Accepted"
    assert peer.actions()[before:] == ["BootNotification"]
    peer.pass_time(41)
    assert peer.actions()[before:] == ["BootNotification", "Heartbeat", "Heartbeat"]


def test_a_triggered_boot_that_is_not_answered_changes_nothing(peer):
    peer.answers["BootNotification"] = None
    trigger(peer, "BootNotification")
    peer.pass_time(400)
    assert len(peer.calls("BootNotification")) == 2
    assert peer.station.registration == "Accepted"
    assert peer.calls("Heartbeat")


def test_a_triggered_boot_may_take_the_acceptance_away(peer):
    peer.answers["BootNotification"] = {
        "status": "Pending", "currentTime": iso(peer.now), "interval": 30,
    }  # fmt: skip
    trigger(peer, "BootNotification")
    assert peer.station.registration == "Pending"


def test_a_heartbeat(peer):
    assert trigger(peer, "Heartbeat") == "Accepted"
    assert peer.actions()[-1] == "Heartbeat"


@pytest.mark.proves("TriggerMessage")
@pytest.mark.parametrize(
    ("more", "numbers"),
    [({}, [0, 1, 2]), ({"connectorId": 0}, [0]), ({"connectorId": 2}, [2])],
)
def test_statuses(peer, more, numbers):
    before = len(peer.calls("StatusNotification"))
    assert trigger(peer, "StatusNotification", **more) == "Accepted"
    told = peer.calls("StatusNotification")[before:]
    assert [note["connectorId"] for note in told] == numbers


def test_meter_values_in_and_out_of_a_transaction(peer):
    peer.do("start-transaction", connector=1)
    assert trigger(peer, "MeterValues") == "Accepted"
    first, second = peer.calls("MeterValues")
    assert (first["connectorId"], first["transactionId"]) == (1, 101)
    assert second["connectorId"] == 2
    assert "transactionId" not in second
    values = first["meterValue"][0]["sampledValue"]
    assert {value["context"] for value in values} == {"Trigger"}
    assert "Power.Active.Import" in {value.get("measurand") for value in values}


def test_meter_values_without_any_measurand_configured():
    peer = Peer(configuration={"MeterValuesSampledData": "SoC"}).connect()
    assert trigger(peer, "MeterValues", connectorId=1) == "Accepted"
    assert len(peer.calls("MeterValues")[0]["meterValue"][0]["sampledValue"]) == 1


@pytest.mark.parametrize(
    ("message", "number", "expected"),
    [
        ("StatusNotification", 3, "Rejected"),
        ("MeterValues", 0, "Rejected"),
        ("MeterValues", -1, "Rejected"),
    ],
)
def test_what_cannot_be_sent(peer, message, number, expected):
    more = {} if number is None else {"connectorId": number}
    before = len(peer.actions())
    assert trigger(peer, message, **more) == expected
    assert len(peer.actions()) == before


def test_a_pending_station_sends_what_is_asked_for():
    peer = Peer()
    peer.answers["BootNotification"] = {
        "status": "Pending", "currentTime": iso(peer.now), "interval": 300,
    }  # fmt: skip
    peer.connect()
    assert trigger(peer, "StatusNotification", connectorId=1) == "Accepted"
    assert trigger(peer, "BootNotification") == "Accepted"
    assert peer.actions() == ["BootNotification", "StatusNotification", "BootNotification"]
    peer.answers["BootNotification"]["status"] = "Accepted"
    trigger(peer, "BootNotification")
    assert peer.station.registration == "Accepted"
    assert peer.statuses(2) == ["Available"]
