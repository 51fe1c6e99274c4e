"""A station that goes from 1.6 to 2.0.1 to 2.1 and back keeps its meters and its tokens."""

import copy
import json

import pytest

from chargepoint.common.switching import carried_over
from chargepoint.config import ConnectorConfig
from chargepoint.hardware.states import State
from chargepoint.timing.times import iso
from tests.chargepoint.inside import block
from tests.chargepoint.peer import Peer
from tests.chargepoint.v201.csms import Csms, config_of

QUIET = {"EmulatorCtrlr.AutoPlug": "false"}
OUTLETS = (ConnectorConfig(1, 1), ConnectorConfig(2, 2))
NEVER = "2100-01-01T00:00:00.000Z"


def switched(snapshot, version, now):
    saved, updates = carried_over(json.loads(json.dumps(snapshot)), version)
    config = config_of(version, configuration=QUIET, connectors=OUTLETS)
    return Csms(config, saved, now).connect(), updates


def in_16():
    peer = Peer(configuration={"EmulatorAutoPlug": "false"}).connect()
    entries = [
        {"idTag": "04A1B2C3", "idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}},
        {"idTag": "Thief", "idTagInfo": {"status": "Blocked", "expiryDate": NEVER}},
    ]
    peer.call("SendLocalList", {
        "listVersion": 7, "updateType": "Full", "localAuthorizationList": entries,
    })  # fmt: skip
    peer.do("plug", connector=1)
    peer.do("start-transaction", connector=1, id_tag="ANNA")
    peer.pass_time(1800)
    return peer


def test_meters_cars_and_tokens_go_on_from_1_6_to_2_0_1_to_2_1_and_back():
    peer = in_16()
    peer.station.power_off(peer.now)
    before = peer.station.connectors[1].meter_wh
    assert before > 5000
    csms, _ = switched(peer.station.snapshot(), "2.0.1", peer.now)
    for version in ("2.0.1", "2.1"):
        station = csms.station
        assert version == station.VERSION
        assert station.connectors[1].meter_wh == before
        assert station.connectors[1].state is State.CONNECTED
        assert csms.call("GetLocalListVersion", {}) == {"versionNumber": 7}
        listed = block(station, "authorization").listed
        assert listed({"idToken": "04a1b2c3", "type": "ISO14443"}) == [
            "Accepted", None, "keycode:family",
        ]  # fmt: skip
        assert (
            block(station, "authorization").listed({"idToken": "thief", "type": "KeyCode"})[0]
            == "Blocked"
        )
        assert (
            block(station, "authorization").cache.status(
                {"idToken": "ANNA", "type": "KeyCode"}, csms.now
            )
            == "Accepted"
        )
        csms, updates = switched(station.snapshot(), "2.1", csms.now)
        assert updates == []
    saved, _ = carried_over(csms.station.snapshot(), "1.6")
    assert saved["local_list"] == {
        "04a1b2c3": ["Accepted", "", "family"], "thief": ["Blocked", NEVER, ""],
    }  # fmt: skip
    assert saved["cache"]["anna"][0] == "Accepted"


def test_an_open_transaction_of_1_6_ends_in_the_record():
    peer = in_16()
    peer.station.power_off(peer.now)
    last = [s for s in peer.sessions if s["state"] == "active"][-1]
    _, [update] = switched(peer.station.snapshot(), "2.0.1", peer.now + 9000)
    assert update["id"] == last["id"]
    assert update["rev"] > last["rev"]
    assert (update["state"], update["reason"], update["ocpp"]) == ("ended", "Other", "1.6")
    assert update["ended"] == peer.now
    assert update["energy_wh"] == update["meter_stop"] - update["meter_start"] > 5000
    assert set(update) == set(last)


def test_an_open_transaction_that_has_no_number_yet_ends_without_one():
    peer = in_16()
    peer.station.power_off(peer.now)
    snapshot = copy.deepcopy(peer.station.snapshot())
    snapshot["saved"]["sessions"][0]["transaction_id"] = None
    _, [update] = switched(snapshot, "2.0.1", peer.now)
    assert update["transaction_id"] == ""


@pytest.mark.parametrize(("before", "after"), [("2.0.1", "2.1"), ("2.1", "2.0.1")])
def test_an_open_transaction_of_2_x_ends_in_the_record(before, after):
    csms = Csms(config_of(before, configuration=QUIET, connectors=OUTLETS)).connect()
    csms.command("start-transaction", connector=2)
    csms.pass_time(1800)
    last = csms.sessions[-1]
    fresh, [update] = switched(csms.station.snapshot(), after, csms.now)
    assert (update["id"], update["transaction_id"]) == (last["id"], last["transaction_id"])
    assert update["rev"] == last["rev"] + 1
    assert set(update) == set(last)
    assert fresh.events == []  # the new version knows nothing of it
    fresh.command("start-transaction", connector=2)
    assert fresh.events[0]["eventType"] == "Started"


def test_faults_and_unavailability_stay():
    csms = Csms(config_of("2.0.1", configuration=QUIET, connectors=OUTLETS)).connect()
    csms.command("plug", connector=1)
    csms.command("fault", connector=1, error_code="GroundFailure")
    csms.command("availability", connector=2, operative=False)
    saved, _ = carried_over(csms.station.snapshot(), "1.6")
    assert [c["state"] for c in saved["connectors"]] == ["FaultedConnected", "Unavailable"]
    assert saved["connectors"][0]["error"][0] == "GroundFailure"


def test_tokens_that_1_6_cannot_name_stay_behind():
    csms = Csms(config_of("2.1", configuration=QUIET)).connect()
    info = {"status": "NoCredit", "cacheExpiryDateTime": iso(csms.now + 60)}
    entries = [
        {"idToken": {"idToken": name, "type": "Central"}, "idTokenInfo": info}
        for name in ("short", "x" * 30)
    ]
    csms.call("SendLocalList", {
        "versionNumber": 1, "updateType": "Full", "localAuthorizationList": entries,
    })  # fmt: skip
    saved, _ = carried_over(csms.station.snapshot(), "1.6")
    assert saved["local_list"] == {"short": ["Invalid", iso(csms.now + 60), ""]}


@pytest.mark.parametrize(("length", "kept"), [(512, 1), (513, 0)])
def test_a_message_as_long_as_2_0_1_allows_goes_with_the_station(length, kept):
    csms = Csms(config_of("2.1", configuration=QUIET, connectors=OUTLETS)).connect()
    content = {"format": "UTF8", "content": "x" * length}
    message = {"id": 1, "priority": "NormalCycle", "message": content}
    assert csms.call("SetDisplayMessage", {"message": message})["status"] == "Accepted"
    older, _ = switched(csms.station.snapshot(), "2.0.1", csms.now)
    older.call("GetDisplayMessages", {"requestId": 1})
    assert len(older.sent("NotifyDisplayMessages")) == kept
