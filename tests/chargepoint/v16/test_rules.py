"""Rules that span blocks: registration, spelling, short statuses, ids, a queue with a backlog."""

import pytest

from chargepoint.config import StationConfig
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import Send
from chargepoint.timing.times import iso
from chargepoint.versions import make_station
from tests.chargepoint.peer import Peer


def unregistered(status):
    peer = Peer()
    peer.answers["BootNotification"] = lambda p: {
        "status": status, "currentTime": iso(peer.now), "interval": 60}  # fmt: skip
    return peer.connect()


def test_a_pending_station_lets_itself_be_configured_but_not_be_used():
    peer = unregistered("Pending")
    assert peer.call("GetConfiguration", {"key": ["BlinkRepeat"]})[0] == 3
    for action, payload in [
        ("RemoteStartTransaction", {"idTag": "A", "connectorId": 1}),
        ("RemoteStopTransaction", {"transactionId": 1}),
    ]:
        assert peer.call(action, payload, action[:20])[2] == {"status": "Rejected"}


def test_a_rejected_station_serves_no_call():
    peer = unregistered("Rejected")
    assert peer.call("GetConfiguration", {})[2] == "SecurityError"
    assert peer.call("Nonsense", {}, "c2")[2] == "NotImplemented"
    peer.answers["BootNotification"] = lambda p: {
        "status": "Accepted", "currentTime": iso(peer.now), "interval": 60}  # fmt: skip
    peer.pass_time(61)
    assert peer.call("GetConfiguration", {}, "c3")[0] == 3


def test_the_case_of_a_key_does_not_matter():
    peer = Peer(configuration={"AcmeKey": "1"}).connect()
    assert peer.call("ChangeConfiguration", {"key": "blinkREPEAT", "value": "9"})[2] == {
        "status": "Accepted"}  # fmt: skip
    answer = peer.call("GetConfiguration", {"key": ["BLINKREPEAT", "acmekey"]}, "c2")[2]
    assert [(e["key"], e["value"]) for e in answer["configurationKey"]] == [
        ("BlinkRepeat", "9"), ("AcmeKey", "1")]  # fmt: skip
    assert "unknownKey" not in answer


def test_the_case_of_an_id_tag_does_not_matter():
    peer = Peer(configuration={"LocalPreAuthorize": "true"}).connect()
    peer.do("start-transaction", connector=1, id_tag="Abc")
    peer.do("authorize", connector=1, id_tag="aBC")
    peer.do("start-transaction", connector=2, id_tag="ABC")
    assert len(peer.calls("StopTransaction")) == 1
    assert len(peer.calls("Authorize")) == 1  # the second time from the cache
    assert len(peer.calls("StartTransaction")) == 2


def test_an_operators_key_that_the_protocol_cannot_carry_is_not_shown():
    peer = Peer(configuration={"k" * 60: "v", "": "v"}).connect()
    answer = peer.call("GetConfiguration", {})
    assert answer[0] == 3
    assert all(0 < len(entry["key"]) <= 50 for entry in answer[2]["configurationKey"])


def test_meter_values_do_not_put_a_status_off_for_ever():
    keys = {"MinimumStatusDuration": "90", "MeterValueSampleInterval": "30"}
    peer = Peer(configuration=keys).connect()
    peer.do("start-transaction", connector=1)
    peer.pass_time(100)
    assert peer.statuses() == ["Available", "Charging"]


def test_a_fault_is_told_at_once_whatever_the_minimum_duration():
    peer = Peer(configuration={"MinimumStatusDuration": "90"}).connect()
    peer.do("fault", connector=1, error_code="GroundFailure")
    assert peer.statuses() == ["Available", "Faulted"]


def test_ids_are_short_and_never_repeat():
    stations = [Peer().station for _ in range(2)]
    ids = {station.calls.new_id() for station in stations for _ in range(500)}
    assert len(ids) >= 500  # both have the same seed
    assert max(map(len, ids)) <= 36
    prefixes = set()
    for _ in range(50):
        prefixes.add(make_station(StationConfig("A", "1.6"), None, 0.0).calls.new_id())
    assert len(prefixes) == 50


def test_with_a_backlog_before_it_a_started_transaction_charges_at_once():
    keys = {"TransactionMessageRetryInterval": "3600"}
    peer = Peer(configuration=keys).connect()
    peer.do("start-transaction", connector=1)
    peer.answers["StopTransaction"] = ["InternalError", "", {}]
    peer.do("stop-transaction", connector=1)
    peer.do("start-transaction", connector=2)
    peer.pass_time(60)
    assert peer.statuses(2)[-1] == "Charging"
    assert len(peer.calls("StartTransaction")) == 1
    peer.answers["StopTransaction"] = {}
    peer.pass_time(3600)
    assert len(peer.calls("StartTransaction")) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_late_answer_to_a_start_that_was_repeated_is_not_taken_twice(when):
    keys = {"TransactionMessageRetryInterval": "5"}
    peer = Peer(configuration=keys, call_timeout=10.0).connect()
    peer.answers["StartTransaction"] = None
    peer.do("start-transaction", connector=1)
    first = peer.unanswered[-1]
    result = {"transactionId": 55, "idTagInfo": {"status": "Accepted"}}
    peer.pass_time(11 if when == "before" else 16)
    peer.feed([3, first[1], result])
    assert "ignored" in peer.received[-1].error
    peer.pass_time(10)
    second = peer.unanswered[-1]
    assert second[1] != first[1]
    assert second[3] == first[3]


def test_what_is_sent_is_never_two_calls_at_once():
    peer = Peer().connect()
    peer.answers = dict.fromkeys(peer.answers)
    effects = []
    for name, args in [("plug", {}), ("authorize", {"connector": 2}), ("unplug", {})]:
        effects += peer.station.command(name, args, peer.now)[1]
    peer.pass_time(25)
    calls = [e.frame for e in effects if type(e) is Send and e.frame.kind == "Call"]
    assert len(calls) == 1


def test_a_pending_station_keeps_its_own_calls_back():
    peer = unregistered("Pending")
    peer.do("data-transfer", vendor_id="ACME")
    peer.pass_time(30)
    assert peer.actions() == ["BootNotification"]
    peer.answers["BootNotification"] = lambda p: {
        "status": "Accepted", "currentTime": iso(peer.now), "interval": 60}  # fmt: skip
    peer.pass_time(31)
    assert "DataTransfer" in peer.actions()


def test_without_a_link_data_transfer_is_refused():
    with pytest.raises(CommandRejected):
        Peer().do("data-transfer", vendor_id="ACME")


@pytest.mark.proves("AuthorizationCacheEnabled", "LocalAuthorizeOffline")
@pytest.mark.parametrize("key", ["LocalAuthorizeOffline", "AuthorizationCacheEnabled"])
def test_offline_the_cache_is_asked_only_where_the_keys_allow(key):
    peer = Peer(configuration={key: "false"}).connect()
    peer.do("authorize", id_tag="KNOWN", connector=2)
    peer.pass_time(100)
    peer.drop()
    assert peer.do("authorize", id_tag="KNOWN", connector=1)["authorization"] == "Invalid"


def test_a_cached_tag_ends_with_its_expiry_date():
    peer = Peer().connect()
    info = {"status": "Accepted", "expiryDate": iso(peer.now + 200)}
    peer.answers["Authorize"] = {"idTagInfo": info}
    peer.do("authorize", id_tag="KNOWN", connector=2)
    peer.pass_time(100)
    peer.drop()
    assert peer.do("authorize", id_tag="KNOWN", connector=1)["authorization"] == "Accepted"
    peer.pass_time(101)
    assert peer.do("authorize", id_tag="KNOWN", connector=2)["authorization"] == "Invalid"
