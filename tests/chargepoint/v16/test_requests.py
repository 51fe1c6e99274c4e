"""The Core Calls of the CSMS (1.6 section 5), each with its effect."""

import msgspec
import pytest

from chargepoint.v16.keys import KEYS
from tests.chargepoint.peer import Peer

NO_DRIVER = {"EmulatorAutoPlug": "false"}


@pytest.fixture
def peer():
    return Peer().connect()


def status(answer):
    return answer[2]["status"]


def value_of(peer, key):
    return peer.call("GetConfiguration", {"key": [key]})[2]["configurationKey"][0]["value"]


# --- configuration -------------------------------------------------------------------------------


@pytest.mark.proves("GetConfiguration")
def test_get_configuration_without_keys_shows_all_of_them():
    peer = Peer(configuration={"ISO15118PnCEnabled": "false"}).connect()
    answer = peer.call("GetConfiguration", {})[2]
    assert [entry["key"] for entry in answer["configurationKey"]] == list(KEYS)
    assert "unknownKey" not in answer


def test_get_configuration_names_unknown_keys(peer):
    answer = peer.call("GetConfiguration", {"key": ["BlinkRepeat", "Nope"]})[2]
    assert [entry["key"] for entry in answer["configurationKey"]] == ["BlinkRepeat"]
    assert answer["unknownKey"] == ["Nope"]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("HeartbeatInterval", "20", "Accepted"),
        ("HeartbeatInterval", "-1", "Rejected"),
        ("HeartbeatInterval", "soon", "Rejected"),
        ("AuthorizationCacheEnabled", "maybe", "Rejected"),
        ("MeterValuesSampledData", "Voltage,SoC", "Accepted"),
        ("MeterValuesSampledData", "Voltage,Charm", "Rejected"),
        ("ConnectorPhaseRotation", "1.RST,2.RTS", "Accepted"),
        ("ConnectorPhaseRotation", "1.XYZ", "Rejected"),
        ("TransactionMessageAttempts", "0", "Rejected"),
        ("NumberOfConnectors", "3", "Rejected"),
        ("Nope", "1", "NotSupported"),
    ],
)
def test_change_configuration(peer, key, value, expected):
    before = None if key == "Nope" else value_of(peer, key)
    assert status(peer.call("ChangeConfiguration", {"key": key, "value": value})) == expected
    if expected != "NotSupported":
        assert value_of(peer, key) == (value if expected == "Accepted" else before)


def test_every_default_fits_its_own_rule():
    peer = Peer(configuration={"ISO15118PnCEnabled": "true"}).connect()
    for name, key in KEYS.items():
        if not key.readonly and name != "AuthorizationKey":  # which has no default
            answer = peer.call("ChangeConfiguration", {"key": name, "value": key.default})
            assert status(answer) == "Accepted", name


@pytest.mark.proves("ChangeConfiguration", "WebSocketPingInterval")
def test_a_changed_key_survives_a_crash_and_acts_at_once(peer):
    peer.call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "7"})
    peer.pass_time(15)
    assert len(peer.calls("Heartbeat")) == 2
    peer.call("ChangeConfiguration", {"key": "WebSocketPingInterval", "value": "33"})
    assert peer.pings[-1] == 33
    again = peer.crash().connect()
    assert value_of(again, "HeartbeatInterval") == "7"


def test_an_operators_later_change_wins_over_what_the_csms_had_set(peer):
    peer.call("ChangeConfiguration", {"key": "BlinkRepeat", "value": "9"})
    config = msgspec.structs.replace(peer.config, configuration={"BlinkRepeat": "4"})
    peer.take(peer.station.reconfigure(config, peer.now))
    assert value_of(peer, "BlinkRepeat") == "4"


# --- remote start and stop -----------------------------------------------------------------------


@pytest.mark.proves("RemoteStartTransaction")
def test_remote_start_with_a_car_starts_at_once_without_authorize(peer):
    peer.do("plug", connector=2)
    start = {"idTag": "REMOTE", "connectorId": 2}
    assert status(peer.call("RemoteStartTransaction", start)) == "Accepted"
    assert peer.calls("StartTransaction")[0]["idTag"] == "REMOTE"
    assert peer.calls("Authorize") == []


@pytest.mark.proves("AuthorizeRemoteTxRequests")
def test_remote_start_authorizes_where_the_key_says_so():
    peer = Peer(configuration={"AuthorizeRemoteTxRequests": "true"}).connect()
    peer.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
    peer.do("plug", connector=1)
    assert (
        status(peer.call("RemoteStartTransaction", {"idTag": "R", "connectorId": 1})) == "Accepted"
    )
    assert peer.calls("Authorize") == [{"idTag": "R"}]
    assert peer.calls("StartTransaction") == []


def test_remote_start_without_a_car_waits_for_one():
    peer = Peer(configuration=NO_DRIVER).connect()
    peer.call("RemoteStartTransaction", {"idTag": "R", "connectorId": 1})
    peer.pass_time(30)
    assert peer.calls("StartTransaction") == []
    peer.do("plug", connector=1)
    assert len(peer.calls("StartTransaction")) == 1


@pytest.mark.proves("RemoteStopTransaction", "EmulatorAutoPlug")
def test_the_emulated_driver_plugs_in_after_a_remote_start_and_leaves_after_the_end(peer):
    peer.call("RemoteStartTransaction", {"idTag": "R", "connectorId": 1})
    peer.pass_time(60)
    peer.call("RemoteStopTransaction", {"transactionId": 101})
    peer.pass_time(10)
    assert peer.statuses() == ["Available", "Preparing", "Charging", "Finishing", "Available"]
    assert peer.calls("StopTransaction")[0]["reason"] == "Remote"
    assert "idTag" not in peer.calls("StopTransaction")[0]


def test_remote_start_is_rejected_where_nothing_is_free(peer):
    peer.do("start-transaction", connector=1)
    for number in (1, 9):
        answer = peer.call("RemoteStartTransaction", {"idTag": "R", "connectorId": number})
        assert status(answer) == "Rejected"
    peer.do("fault", connector=2, error_code="GroundFailure")
    assert status(peer.call("RemoteStartTransaction", {"idTag": "R"})) == "Rejected"


def test_remote_stop_of_an_unknown_transaction_is_rejected(peer):
    assert status(peer.call("RemoteStopTransaction", {"transactionId": 5})) == "Rejected"


# --- availability --------------------------------------------------------------------------------


@pytest.mark.proves("ChangeAvailability")
def test_an_idle_connector_goes_out_of_service_and_back(peer):
    out = {"connectorId": 1, "type": "Inoperative"}
    assert status(peer.call("ChangeAvailability", out)) == "Accepted"
    assert peer.statuses()[-1] == "Unavailable"
    assert (
        status(peer.call("RemoteStartTransaction", {"idTag": "R", "connectorId": 1})) == "Rejected"
    )
    assert status(peer.call("ChangeAvailability", {**out, "type": "Operative"})) == "Accepted"
    assert peer.statuses()[-1] == "Available"


def test_in_a_transaction_it_is_scheduled_even_over_a_crash(peer):
    peer.do("start-transaction", connector=1)
    out = {"connectorId": 1, "type": "Inoperative"}
    assert status(peer.call("ChangeAvailability", out)) == "Scheduled"
    assert peer.statuses()[-1] == "Charging"
    again = peer.crash().connect()
    again.do("stop-transaction", connector=1)
    assert again.statuses()[-1] == "Unavailable"


def test_connector_zero_is_the_whole_station(peer):
    answer = peer.call("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    assert status(answer) == "Accepted"
    assert [peer.statuses(n)[-1] for n in (0, 1, 2)] == ["Unavailable"] * 3
    assert (
        status(peer.call("ChangeAvailability", {"connectorId": 7, "type": "Operative"}))
        == "Rejected"
    )


# --- reset, unlock, cache, data transfer ---------------------------------------------------------


@pytest.mark.proves("Reset")
@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_a_reset_ends_transactions_for_its_reason_and_boots(peer, kind):
    peer.do("start-transaction", connector=1)
    assert status(peer.call("Reset", {"type": kind})) == "Accepted"
    peer.pass_time(2)
    assert [close.reconnect_after for close in peer.closes] == [3.0]
    peer.connect()
    assert peer.actions().count("BootNotification") == 2
    [stop] = peer.calls("StopTransaction")
    assert stop["reason"] == f"{kind}Reset"
    boots = [i for i, a in enumerate(peer.actions()) if a == "BootNotification"]
    told = peer.actions().index("StopTransaction")
    # A soft reset tells first; after a hard one the message waits for the boot.
    assert (told < boots[1]) == (kind == "Soft")


@pytest.mark.proves("UnlockConnector")
def test_unlock_stops_the_transaction(peer):
    peer.do("start-transaction", connector=1)
    assert status(peer.call("UnlockConnector", {"connectorId": 1})) == "Unlocked"
    assert peer.calls("StopTransaction")[0]["reason"] == "UnlockCommand"
    assert status(peer.call("UnlockConnector", {"connectorId": 9})) == "NotSupported"


def test_a_broken_lock_does_not_open(peer):
    peer.do("fault", connector=1, error_code="ConnectorLockFailure")
    assert status(peer.call("UnlockConnector", {"connectorId": 1})) == "UnlockFailed"


@pytest.mark.proves("ClearCache")
def test_clear_cache_forgets_who_was_known(peer):
    peer.do("authorize", connector=1, id_tag="KNOWN")
    peer.pass_time(100)
    assert status(peer.call("ClearCache", {})) == "Accepted"
    peer.drop()
    assert peer.do("authorize", connector=1, id_tag="KNOWN")["authorization"] == "Invalid"


@pytest.mark.proves("LocalPreAuthorize")
def test_local_pre_authorize_starts_without_asking():
    peer = Peer(configuration={"LocalPreAuthorize": "true"}).connect()
    peer.do("authorize", connector=1, id_tag="KNOWN")
    peer.pass_time(100)
    peer.do("authorize", connector=1, id_tag="KNOWN")
    assert len(peer.calls("Authorize")) == 1


@pytest.mark.proves("DataTransfer")
def test_data_transfer_both_ways(peer):
    assert status(peer.call("DataTransfer", {"vendorId": "Else"})) == "UnknownVendorId"
    assert status(peer.call("DataTransfer", {"vendorId": "Emulator"})) == "UnknownMessageId"
    peer.do("data-transfer", vendor_id="V", message_id="M", data="D")
    assert peer.calls("DataTransfer") == [{"vendorId": "V", "messageId": "M", "data": "D"}]


def test_a_crafted_frame_goes_out_as_it_is_and_its_answer_is_known(peer):
    sent = peer.do("message", text='[2,"mine","Heartbeat",{"x":1}]')
    assert sent["unique_id"] == "mine"
    assert peer.sent[-1] == [2, "mine", "Heartbeat", {"x": 1}]
    answer = peer.received[-1]
    assert (answer.action, answer.unique_id, answer.error) == ("Heartbeat", "mine", "")
    peer.do("message", text="not json")
    assert peer.station.connected
