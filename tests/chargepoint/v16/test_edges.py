"""What a sceptical CSMS developer tries at the edges of the rules."""

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso, seconds_of
from tests.chargepoint.peer import START, Peer
from tests.chargepoint.v16.charging import profile


@pytest.fixture
def peer():
    return Peer().connect()


def charging(peer, tag="ANNA", number=1):
    peer.do("plug", connector=number, ev={"soc": 10})
    peer.do("start-transaction", connector=number, id_tag=tag)
    return peer


def stops(peer):
    return peer.calls("StopTransaction")


# --- what came with an authorization ends with it -------------------------------------------------


def remote_start(peer, **more):
    payload = {"connectorId": 1, "idTag": "ANNA", **more}
    return peer.call("RemoteStartTransaction", payload)[2]["status"]


def inoperative(peer):
    peer.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    peer.call("ChangeAvailability", {"connectorId": 1, "type": "Operative"})


def fault(peer):
    peer.do("fault", connector=1, error_code="GroundFailure")
    peer.do("fault", connector=1, error_code="NoError")


@pytest.mark.parametrize("end", [inoperative, fault])
def test_a_profile_for_a_start_that_came_to_nothing_is_not_for_the_next(end):
    peer = Peer(configuration={"EmulatorAutoPlug": "false"}).connect()
    assert remote_start(peer, chargingProfile=profile(2000, 7, "TxProfile")) == "Accepted"
    end(peer)
    charging(peer, "BERT")
    peer.pass_time(10)
    assert peer.station.snapshot()["connectors"][0]["power_w"] > 10_000


@pytest.mark.parametrize("end", [inoperative, fault])
def test_the_emulated_driver_of_a_start_that_came_to_nothing_stays_away(peer, end):
    assert remote_start(peer) == "Accepted"
    end(peer)
    peer.do("authorize", connector=1, id_tag="BERT")
    peer.pass_time(30)
    assert peer.calls("StartTransaction") == []


def test_a_reservation_of_the_station_stands_again_when_its_connector_goes(peer):
    payload = {"connectorId": 0, "idTag": "ANNA", "reservationId": 5,
               "expiryDate": iso(peer.now + 3600)}  # fmt: skip
    assert peer.call("ReserveNow", payload)[2] == {"status": "Accepted"}
    peer.do("authorize", connector=1, id_tag="ANNA")
    peer.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    charging(peer, "ANNA", 2)
    assert peer.calls("StartTransaction")[-1]["reservationId"] == 5


# --- a stop by another idTag of the group (4.1, 4.10) ---------------------------------------------


def group(peer, **parents):
    """The CSMS's idTags, each with its parentIdTag; "" for one that has none."""

    def info(payload):
        parent = parents[payload["idTag"]]
        return {"status": "Accepted", **({"parentIdTag": parent} if parent else {})}

    peer.answers["Authorize"] = lambda p: {"idTagInfo": info(p)}
    peer.answers["StartTransaction"] = lambda p: {"transactionId": 9, "idTagInfo": info(p)}
    return charging(peer)


@pytest.mark.parametrize("cached", ["true", "false"])
def test_the_csms_is_asked_of_which_group_the_other_tag_is(cached):
    peer = Peer(configuration={"AuthorizationCacheEnabled": cached}).connect()
    group(peer, ANNA="FAMILY", BERT="Family")
    asked = len(peer.calls("Authorize"))
    assert peer.do("authorize", connector=1, id_tag="BERT")["authorization"] == "Pending"
    assert peer.calls("Authorize")[asked:] == [{"idTag": "BERT"}]
    [stop] = stops(peer)
    assert (stop["idTag"], stop["reason"]) == ("BERT", "Local")


def test_the_tag_that_started_stops_without_being_asked_for(peer):
    group(peer, ANNA="FAMILY")
    asked = len(peer.calls("Authorize"))
    peer.do("authorize", connector=1, id_tag="anna")
    assert len(stops(peer)) == 1 and len(peer.calls("Authorize")) == asked


@pytest.mark.parametrize("parent", ["", "OTHERS"])
def test_a_tag_of_another_group_stops_nothing(peer, parent):
    group(peer, ANNA="FAMILY", BERT=parent)
    peer.do("authorize", connector=1, id_tag="BERT")
    assert stops(peer) == []
    assert peer.statuses()[-1] == "Charging"


def test_a_blocked_tag_of_the_group_stops_nothing(peer):
    group(peer, ANNA="FAMILY")
    blocked = {"status": "Blocked", "parentIdTag": "FAMILY"}
    peer.answers["Authorize"] = {"idTagInfo": blocked}
    for _ in range(2):  # unknown, then known from the cache
        peer.do("authorize", connector=1, id_tag="BERT")
    assert stops(peer) == []


def test_an_answer_that_comes_after_the_transaction_stops_no_other(peer):
    group(peer, ANNA="FAMILY", BERT="FAMILY")
    answer, peer.answers["Authorize"] = peer.answers["Authorize"], None
    peer.do("authorize", connector=1, id_tag="BERT")
    asked = peer.unanswered[-1]
    peer.do("stop-transaction", connector=1)
    peer.do("unplug", connector=1)
    peer.answers["Authorize"] = answer
    peer.feed([3, asked[1], answer(asked[3])])
    charging(peer)
    assert len(stops(peer)) == 1


def test_without_a_group_nobody_else_is_asked(peer):
    charging(peer)
    with pytest.raises(CommandRejected):
        peer.do("authorize", connector=1, id_tag="BERT")


# --- clocks, keys, restarts -----------------------------------------------------------------------


def test_an_expiry_date_is_by_the_clock_of_the_csms():
    ahead = 7200.0
    peer = Peer()
    peer.answers["BootNotification"] = lambda _: {
        "status": "Accepted", "currentTime": iso(peer.now + ahead), "interval": 3600,
    }  # fmt: skip
    peer.connect()
    info = {"status": "Accepted", "expiryDate": iso(START + ahead + 60)}
    peer.answers["Authorize"] = {"idTagInfo": info}
    peer.do("authorize", connector=2, id_tag="ANNA")
    peer.pass_time(61)
    peer.drop()
    assert peer.do("authorize", connector=1, id_tag="ANNA")["authorization"] == "Invalid"


def test_a_light_of_more_than_all_is_rejected(peer):
    for value, status in (("100", "Accepted"), ("101", "Rejected"), ("0", "Accepted")):
        payload = {"key": "LightIntensity", "value": value}
        assert peer.call("ChangeConfiguration", payload)[2] == {"status": status}


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_a_reset_at_the_station_itself_is_a_reboot(peer, kind):
    charging(peer)
    peer.do("reset", kind=kind)
    peer.pass_time(5)
    peer.connect()
    assert [stop["reason"] for stop in stops(peer)] == ["Reboot"]


def test_a_reset_that_was_accepted_comes_though_its_worker_dies(peer):
    charging(peer)
    peer.answers["StopTransaction"] = None
    assert peer.call("Reset", {"type": "Soft"})[2] == {"status": "Accepted"}
    again = peer.crash()
    again.answers["StopTransaction"] = {}
    again.connect()
    again.pass_time(5)
    if not again.station.connected:
        again.connect()
    assert again.actions().count("BootNotification") == 2
    assert [stop["reason"] for stop in stops(again)][-1] == "SoftReset"


@pytest.mark.parametrize("seconds", [900, 420, 50_000])
def test_clock_aligned_values_are_counted_from_midnight(seconds):
    """9.1.6: "evenly spaced aggregation intervals per day, starting at 00:00:00"."""
    peer = Peer(configuration={"ClockAlignedDataInterval": str(seconds)}).connect()
    peer.pass_time(2 * 86_400)
    values = [p["meterValue"][0] for p in peer.calls("MeterValues") if p["connectorId"] == 1]
    since = [round(seconds_of(value["timestamp"]) % 86_400) for value in values]
    a_day = -(-86_400 // seconds)
    assert 0 in since and len(set(since)) == a_day
    assert all(offset % seconds == 0 for offset in since)


# --- interruptions (7.33) -------------------------------------------------------------------------


def contexts(meter_values):
    return [value["sampledValue"][0]["context"] for value in meter_values]


@pytest.mark.parametrize("what", ["fault", "cable"])
def test_an_interruption_is_measured_at_its_begin_and_end(what):
    keys = {"StopTxnSampledData": "Energy.Active.Import.Register",
            "StopTransactionOnEVSideDisconnect": "false"}  # fmt: skip
    peer = charging(Peer(configuration=keys).connect())
    peer.pass_time(10)
    if what == "fault":
        peer.do("fault", connector=1, error_code="GroundFailure")
        peer.do("fault", connector=1, error_code="OverVoltage")  # no second begin
    else:
        peer.do("unplug", connector=1)
    peer.pass_time(10)
    peer = peer.crash()
    peer.connect()
    if what == "fault":
        peer.do("fault", connector=1, error_code="NoError")
    else:
        peer.do("plug", connector=1)
    peer.do("stop-transaction", connector=1)
    told = ["Interruption.Begin", "Interruption.End"]
    assert contexts(m for p in peer.calls("MeterValues") for m in p["meterValue"]) == told
    data = contexts(stops(peer)[-1]["transactionData"])
    assert data == ["Transaction.Begin", *told, "Transaction.End"]


def test_with_sampling_off_an_interruption_is_not_measured():
    peer = charging(Peer(configuration={"MeterValueSampleInterval": "0"}).connect())
    fault(peer)
    assert peer.calls("MeterValues") == []
