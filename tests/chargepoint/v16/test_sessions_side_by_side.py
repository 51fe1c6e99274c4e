"""Several sessions, drivers and messages of 1.6 at once: none is taken for another."""

import json

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso, seconds_of
from chargepoint.v16.measurands import MEASURANDS
from tests.chargepoint.peer import Peer

QUIET = {"EmulatorAutoPlug": "false", "MeterValueSampleInterval": "0"}


def station(**keys):
    return Peer(configuration={**QUIET, **keys}).connect()


def start(peer, number=1, tag="ANNA"):
    peer.do("plug", connector=number, ev={"soc": 10, "battery_kwh": 500})
    return peer.do("start-transaction", connector=number, id_tag=tag)


def reserve(peer, number, identity, tag, **more):
    payload = {
        "connectorId": number, "reservationId": identity, "idTag": tag,
        "expiryDate": iso(peer.now + 3600), **more,
    }  # fmt: skip
    return peer.call("ReserveNow", payload, f"r{identity}{tag}")[2]["status"]


def status_of(peer, number=1):
    return peer.station.snapshot()["connectors"][number - 1]["status"]


def used(peer):
    return [(s["connectorId"], s.get("reservationId")) for s in peer.calls("StartTransaction")]


# --- sessions ------------------------------------------------------------------------------------


def test_a_stop_that_could_mean_two_sessions_ends_none():
    peer = station()
    start(peer, 1)
    start(peer, 2, "BERT")
    with pytest.raises(CommandRejected) as rejected:
        peer.do("stop-transaction")
    assert rejected.value.code == "no_transaction"
    assert peer.calls("StopTransaction") == []
    peer.do("stop-transaction", connector=2)
    peer.do("stop-transaction")
    assert [stop["idTag"] for stop in peer.calls("StopTransaction")] == ["BERT", "ANNA"]


def test_what_two_connectors_did_offline_is_told_with_the_ids_of_each():
    keys = {"AllowOfflineTxForUnknownId": "true", "MeterValueSampleInterval": "60"}
    peer = station(**keys)
    peer.drop()
    start(peer, 1)
    start(peer, 2, "BERT")
    peer.pass_time(150)
    peer.do("stop-transaction", connector=1)
    peer.connect()
    told = {(told["connectorId"], told["transactionId"]) for told in peer.calls("MeterValues")}
    assert told == {(1, 101), (2, 102)}
    assert [stop["transactionId"] for stop in peer.calls("StopTransaction")] == [101]


def test_the_record_of_a_session_that_ended_offline_gets_its_id():
    peer = station(AllowOfflineTxForUnknownId="true")
    peer.drop()
    start(peer)
    peer.pass_time(60)
    peer.do("stop-transaction", connector=1)
    peer.connect()
    revisions = [update["rev"] for update in peer.sessions]
    assert revisions == sorted(set(revisions))  # a record takes only what is newer
    last = peer.sessions[-1]
    assert (last["transaction_id"], last["state"]) == ("101", "ended")


def test_an_answer_about_one_driver_does_not_stop_the_next():
    peer = station()
    group = {"idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}}
    peer.answers["Authorize"] = group
    peer.answers["StartTransaction"] = {"transactionId": 9, **group}
    start(peer)
    peer.answers["Authorize"] = None
    assert peer.do("authorize", connector=1, id_tag="BERT")["authorization"] == "Pending"
    asked = peer.unanswered[-1]
    peer.do("stop-transaction", connector=1)
    # The Authorize is still in flight, so a driver of the list begins the next transaction.
    listed = {"idTag": "CORA", "idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}}
    update = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [listed]}
    assert peer.call("SendLocalList", update)[2]["status"] == "Accepted"
    peer.call("ChangeConfiguration", {"key": "LocalPreAuthorize", "value": "true"}, "c2")
    assert peer.do("authorize", connector=1, id_tag="CORA")["authorization"] == "Accepted"
    peer.feed([3, asked[1], group])
    assert len(peer.calls("StartTransaction")) == 2
    assert len(peer.calls("StopTransaction")) == 1


# --- what the CSMS has said of an idTag -----------------------------------------------------------


def test_what_the_answer_to_a_stop_says_of_the_tag_counts_from_then_on():
    peer = station()
    start(peer)
    peer.answers["StopTransaction"] = {"idTagInfo": {"status": "Blocked"}}
    peer.do("stop-transaction", connector=1)
    peer.drop()
    assert peer.do("authorize", connector=1, id_tag="ANNA")["authorization"] == "Invalid"


def test_an_error_in_answer_to_authorize_is_no_permission():
    peer = station(AllowOfflineTxForUnknownId="true")
    peer.answers["Authorize"] = ["InternalError", "no database", {}]
    start(peer)
    assert peer.calls("StartTransaction") == []


def test_a_full_cache_forgets_what_was_seen_longest_ago():
    peer = station(AllowOfflineTxForUnknownId="true")
    peer.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
    for number in range(1001):
        peer.do("authorize", connector=1, id_tag=f"T{number}")
    peer.drop()
    assert peer.do("authorize", connector=1, id_tag="T1000")["authorization"] == "Invalid"
    assert peer.do("authorize", connector=1, id_tag="T0")["authorization"] == "Accepted"


# --- reservations --------------------------------------------------------------------------------


def test_a_reservation_that_waits_for_its_car_is_not_used_at_another_connector():
    peer = station()
    assert reserve(peer, 0, 1, "ANNA") == "Accepted"
    for number in (1, 2):
        peer.do("authorize", connector=number, id_tag="ANNA")
    for number in (2, 1):
        peer.do("plug", connector=number)
    assert used(peer) == [(2, None), (1, 1)]


def test_the_last_connector_without_a_name_is_for_the_reservation_of_any():
    peer = station()
    reserve(peer, 1, 1, "CORA")
    assert reserve(peer, 0, 2, "ANNA") == "Accepted"
    with pytest.raises(CommandRejected, match="reserved for another"):
        start(peer, 2, "BERT")
    peer.do("start-transaction", connector=2, id_tag="ANNA")
    assert used(peer) == [(2, 2)]


def test_who_has_a_reservation_need_not_be_of_anothers_family():
    peer = station()
    reserve(peer, 0, 1, "ANNA")
    reserve(peer, 0, 2, "BERT", parentIdTag="HOME")
    start(peer, 1, "ANNA")
    assert used(peer) == [(1, 1)]


def test_a_reservation_stands_again_where_a_fault_comes_before_the_car():
    peer = station()
    reserve(peer, 1, 1, "ANNA")
    peer.do("authorize", connector=1, id_tag="ANNA")
    peer.do("fault", connector=1, error_code="GroundFailure")
    peer.do("fault", connector=1, error_code="NoError")
    assert status_of(peer) == "Reserved"
    with pytest.raises(CommandRejected):
        start(peer, 1, "BERT")
    peer.do("start-transaction", connector=1, id_tag="ANNA")
    assert used(peer) == [(1, 1)]


# --- resets --------------------------------------------------------------------------------------


def reset(peer, kind="Hard"):
    peer.closes.clear()
    peer.call("Reset", {"type": kind}, f"reset{peer.now}")


def broken(peer, is_broken=True):
    code = "ResetFailure" if is_broken else "NoError"
    peer.do("fault", connector=1, error_code=code)


def test_a_soft_reset_does_not_wait_for_ever_for_a_silent_csms():
    peer = station()
    start(peer)
    peer.answers["StopTransaction"] = None
    reset(peer, "Soft")
    assert peer.closes == []
    peer.pass_time(15)
    assert len(peer.closes) == 1


def test_a_reset_that_fails_is_tried_again_as_often_as_the_key_says():
    peer = station(ResetRetries="1")
    broken(peer)
    reset(peer)
    peer.pass_time(7)  # the one that was allowed has failed as well
    broken(peer, False)
    peer.pass_time(60)
    assert peer.closes == []


def test_each_reset_has_all_its_tries():
    peer = station(ResetRetries="1")
    for _ in range(2):
        broken(peer)
        reset(peer)
        peer.pass_time(2)
        broken(peer, False)
        peer.pass_time(4)
        assert len(peer.closes) == 1
        peer.pass_time(5)
        peer.connect()


def test_a_long_session_keeps_its_first_value():
    peer = station(
        MeterValueSampleInterval="1", MeterValuesSampledData="",
        StopTxnSampledData="Energy.Active.Import.Register",
    )  # fmt: skip
    start(peer)
    peer.pass_time(700)
    peer.do("stop-transaction", connector=1)
    data = peer.calls("StopTransaction")[0]["transactionData"]
    contexts = [value["sampledValue"][0]["context"] for value in data]
    assert (contexts[0], contexts[-1]) == ("Transaction.Begin", "Transaction.End")
    assert 200 < len(data) <= 501
    times = [seconds_of(v["timestamp"]) for v in data]
    gaps = [later - time for time, later in zip(times[1:-1], times[2:-1], strict=False)]
    assert set(gaps) == {2.0}


def test_a_session_of_a_day_with_many_measurands_fits_into_a_frame():
    peer = station(
        MeterValueSampleInterval="1", MeterValuesSampledData="",
        StopTxnSampledData=",".join(sorted(MEASURANDS)[:15]),
    )  # fmt: skip
    start(peer)
    peer.pass_time(43_000)
    peer = peer.crash()
    peer.connect()
    peer.pass_time(400)
    peer.do("stop-transaction", connector=1)
    data = peer.calls("StopTransaction")[0]["transactionData"]
    assert data[0]["sampledValue"][0]["context"] == "Transaction.Begin"
    assert sum(len(v["sampledValue"]) for v in data) <= 540
    assert len(json.dumps(data)) < 80_000
