"""BootNotification and Heartbeat (1.6 sections 4.2 and 4.6)."""

import pytest

from chargepoint.effects import Noted
from chargepoint.timing.times import iso
from tests.chargepoint.peer import START, Peer


def boot(status, interval, peer):
    return lambda p: {"status": status, "currentTime": iso(peer.now), "interval": interval}


@pytest.mark.proves("BootNotification", "Heartbeat", "StatusNotification")
def test_an_accepted_station_reports_every_status_then_beats():
    peer = Peer(vendor="ACME", model="One", serial="S1", firmware="1.2").connect()
    assert peer.calls("BootNotification") == [{
        "chargePointVendor": "ACME", "chargePointModel": "One",
        "chargePointSerialNumber": "S1", "firmwareVersion": "1.2",
    }]  # fmt: skip
    assert [(n["connectorId"], n["status"]) for n in peer.calls("StatusNotification")] == [
        (0, "Available"), (1, "Available"), (2, "Available")]  # fmt: skip
    peer.pass_time(901)
    assert len(peer.calls("Heartbeat")) == 3


@pytest.mark.proves("HeartbeatInterval")
def test_the_interval_of_the_answer_becomes_the_heartbeat_interval():
    peer = Peer()
    peer.answers["BootNotification"] = boot("Accepted", 17, peer)
    peer.connect()
    key = peer.call("GetConfiguration", {"key": ["HeartbeatInterval"]})[2]["configurationKey"][0]
    assert key == {"key": "HeartbeatInterval", "readonly": False, "value": "17"}
    peer.pass_time(35)
    assert len(peer.calls("Heartbeat")) == 2


@pytest.mark.parametrize(("interval", "wait"), [(25, 25), (0, 60)])
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_a_station_not_accepted_sends_nothing_but_boots_at_the_interval(status, interval, wait):
    peer = Peer()
    peer.answers["BootNotification"] = boot(status, interval, peer)
    peer.connect()
    peer.do("plug", connector=1)
    peer.pass_time(wait - 1)
    assert peer.actions() == ["BootNotification"]
    peer.answers["BootNotification"] = boot("Accepted", 300, peer)
    peer.pass_time(2)
    assert peer.actions()[:3] == ["BootNotification", "BootNotification", "StatusNotification"]
    assert peer.statuses(1) == ["Preparing"]


def test_a_pending_station_answers_calls():
    peer = Peer()
    peer.answers["BootNotification"] = boot("Pending", 60, peer)
    peer.connect()
    assert peer.call("ChangeConfiguration", {"key": "BlinkRepeat", "value": "5"})[2] == {
        "status": "Accepted"}  # fmt: skip


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_a_new_link_within_the_interval_changes_nothing_of_the_answer(status):
    peer = Peer()
    peer.answers["BootNotification"] = boot(status, 60, peer)
    peer.connect()
    peer.drop()
    peer.connect()
    kind, _, said, *_ = peer.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    if status == "Rejected":
        assert (kind, said) == (4, "SecurityError")
        assert peer.actions() == ["BootNotification"]
    else:
        assert said == {"status": "Accepted"}
        assert peer.actions() == ["BootNotification", "Heartbeat"]


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_who_is_accepted_no_longer_says_nothing_on_the_next_link_either(status):
    peer = Peer().connect()
    peer.answers["BootNotification"] = boot(status, 60, peer)
    peer.call("TriggerMessage", {"requestedMessage": "BootNotification"})
    before = len(peer.actions())
    peer.do("plug", connector=1)
    peer.drop()
    peer.connect()
    assert peer.actions()[before:] == []
    peer.answers["BootNotification"] = boot("Accepted", 300, peer)
    peer.pass_time(61)
    assert peer.actions()[before : before + 2] == ["BootNotification", "StatusNotification"]


def test_an_unanswered_boot_is_repeated():
    peer = Peer(call_timeout=10.0)
    peer.answers["BootNotification"] = None
    peer.connect()
    peer.pass_time(10 + 60 + 1)
    assert len(peer.calls("BootNotification")) == 2


def test_a_lost_link_is_no_reboot():
    peer = Peer().connect()
    peer.drop()
    peer.do("plug", connector=2)
    peer.now += 5
    peer.connect()
    assert peer.actions().count("BootNotification") == 1
    assert peer.statuses(2) == ["Available", "Preparing"]
    assert peer.statuses(1) == ["Available"]


def test_time_stamps_follow_the_clock_of_the_csms():
    peer = Peer()
    peer.answers["BootNotification"] = lambda p: {
        "status": "Accepted", "currentTime": iso(START + 3600), "interval": 300}  # fmt: skip
    peer.connect()
    assert peer.calls("StatusNotification")[0]["timestamp"] == iso(START + 3600)


def test_one_call_in_flight_and_a_timeout_frees_the_place():
    peer = Peer(call_timeout=10.0)
    peer.answers["StatusNotification"] = None
    peer.connect()
    assert peer.actions() == ["BootNotification", "StatusNotification"]
    peer.pass_time(10.5)
    assert peer.actions() == ["BootNotification", "StatusNotification", "StatusNotification"]


def test_ids_differ_after_a_restart():
    peer = Peer().connect()
    ids = {frame[1] for frame in peer.sent if frame[0] == 2}
    again = peer.crash()
    again.sent = []
    again.connect()
    again.pass_time(301)
    assert ids.isdisjoint({frame[1] for frame in again.sent if frame[0] == 2})


def test_a_call_that_has_no_answer_in_time_is_noted_in_the_log():
    peer = Peer(call_timeout=10.0)
    peer.answers["BootNotification"] = None
    peer.connect()
    assert [each for each in peer.station.wake(peer.now + 9.9) if type(each) is Noted] == []
    noted = [each.frame for each in peer.station.wake(peer.now + 10) if type(each) is Noted]
    assert [(frame.kind, frame.direction, frame.action) for frame in noted] == [
        ("Note", "", "BootNotification")
    ]
    assert noted[0].error == "Timeout: no answer to BootNotification in 10 s"
