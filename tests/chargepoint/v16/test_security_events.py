"""SecurityEventNotification and ExtendedTriggerMessage (security whitepaper)."""

import pytest

from chargepoint.timing.times import iso
from tests.chargepoint.inside import block
from tests.chargepoint.peer import Peer


def telling(**answers) -> Peer:
    peer = Peer(configuration={"EmulatorSecurityEvents": "true"})
    peer.answers |= {"SecurityEventNotification": {}, **answers}
    return peer


@pytest.fixture
def peer():
    return telling().connect()


def told(peer):
    return [note["type"] for note in peer.calls("SecurityEventNotification")]


def logged(peer):
    return [kind for _, kind, _ in block(peer.station, "security").security_log()]


@pytest.mark.proves("EmulatorSecurityEvents")
def test_nothing_is_told_unless_the_extension_is_on():
    peer = Peer().connect()
    peer.call("Reset", {"type": "Hard"})
    peer.connect()
    assert told(peer) == []
    assert block(peer.station, "security").security_log() == []


@pytest.mark.proves("SecurityEventNotification")
def test_a_start_and_a_reset(peer):
    assert told(peer) == ["StartupOfTheDevice"]
    peer.call("Reset", {"type": "Hard"})
    peer.now += 3
    peer.connect()
    assert told(peer) == ["StartupOfTheDevice", "ResetOrReboot", "StartupOfTheDevice"]
    reset = peer.calls("SecurityEventNotification")[1]
    assert reset == {"type": "ResetOrReboot", "timestamp": iso(peer.now - 3), "techInfo": "Reset"}


def test_a_clock_that_is_set_far(peer):
    peer.answers["Heartbeat"] = lambda _: {"currentTime": iso(peer.now + 3600)}
    peer.pass_time(301)
    assert told(peer)[1:] == ["SettingSystemTime"]


def test_bad_frames_are_logged_once_a_minute_and_not_told(peer):
    for _ in range(5):
        peer.feed("no frame")
        peer.call("Reset", {"type": "Lukewarm"})
    assert logged(peer).count("InvalidMessages") == 1
    peer.pass_time(61)
    peer.feed("no frame")
    assert logged(peer).count("InvalidMessages") == 2
    assert "InvalidMessages" not in told(peer)


def test_an_action_that_is_not_known_is_no_invalid_message(peer):
    peer.call("MakeCoffee", {})
    assert "InvalidMessages" not in logged(peer)


def test_events_of_an_offline_station_wait_and_survive_a_restart(peer):
    peer.drop()
    block(peer.station, "security").security_event("TamperDetectionActivated", "door", peer.now)
    again = peer.crash()
    again.connect()
    assert told(again)[-1] == "TamperDetectionActivated"
    assert "events" not in again.station.snapshot()["saved"]["security"]


def test_an_event_that_is_not_answered_is_told_again():
    peer = telling(SecurityEventNotification=None).connect()
    peer.pass_time(30 + 60 + 1)
    assert told(peer) == ["StartupOfTheDevice"] * 2


def test_a_csms_that_does_not_know_the_action_is_spared_repetitions():
    refusal = ["NotImplemented", "", {}]
    peer = telling(SecurityEventNotification=refusal).connect()
    peer.pass_time(600)
    assert told(peer) == ["StartupOfTheDevice"]


def test_events_and_log_are_bounded(peer):
    peer.drop()
    security = block(peer.station, "security")
    for number in range(150):
        security.security_event("TamperDetectionActivated", str(number), peer.now)
    assert len(block(peer.station, "security").security_log()) == 100
    peer.connect()
    infos = [note.get("techInfo") for note in peer.calls("SecurityEventNotification")]
    assert infos[1:] == [str(number) for number in range(100, 150)]


def test_a_csms_that_secures_its_station_hears_of_events():
    peer = Peer()
    peer.answers["SecurityEventNotification"] = {}
    peer.connect()
    peer.call("ChangeConfiguration", {"key": "AuthorizationKey", "value": "k" * 20})
    peer.call("Reset", {"type": "Hard"})
    peer.connect()
    assert told(peer) == ["ResetOrReboot", "StartupOfTheDevice"]


# --- ExtendedTriggerMessage ----------------------------------------------------------------------


@pytest.mark.proves("ExtendedTriggerMessage")
@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("BootNotification", "BootNotification"),
        ("Heartbeat", "Heartbeat"),
        ("MeterValues", "MeterValues"),
        ("StatusNotification", "StatusNotification"),
        ("LogStatusNotification", "LogStatusNotification"),
        ("FirmwareStatusNotification", "SignedFirmwareStatusNotification"),
        ("SignChargePointCertificate", "SignCertificate"),
    ],
)
def test_each_message_can_be_asked_for(peer, message, action):
    peer.answers |= {
        "LogStatusNotification": {}, "SignedFirmwareStatusNotification": {},
        "SignCertificate": {"status": "Accepted"},
    }  # fmt: skip
    before = peer.actions().count(action)
    wanted = {"requestedMessage": message, "connectorId": 1}
    assert peer.call("ExtendedTriggerMessage", wanted)[2] == {"status": "Accepted"}
    assert peer.actions().count(action) == before + 1


def test_a_connector_that_is_not_there(peer):
    wanted = {"requestedMessage": "MeterValues", "connectorId": 9}
    assert peer.call("ExtendedTriggerMessage", wanted)[2] == {"status": "Rejected"}
