"""What a meter shows that is not exact, and what a faulted connector says of itself."""

import json
from statistics import fmean

import pytest

from tests.chargepoint.peer import Peer

CAR = {"soc": 5, "battery_kwh": 1000, "max_power_kw": 22}


def charging(variance=0.0, **keys):
    keys = {"EmulatorAutoPlug": "false", **keys}
    peer = Peer(configuration=keys, meter_variance=variance).connect()
    peer.do("plug", connector=1, ev=CAR)
    peer.do("start-transaction", connector=1)
    return peer


def sample(peer):
    return peer.station.connectors[1].sample(peer.now)


def test_values_vary_to_both_sides_of_the_true_one_and_from_moment_to_moment():
    peer = charging(variance=0.05)
    powers, volts = [], []
    for _ in range(300):
        peer.pass_time(7)
        seen = sample(peer)
        powers.append(seen.power_w / 22_000)
        volts.append(seen.voltage_v)
    assert len(set(powers)) > 290 and len(set(volts)) > 290
    assert 0.95 <= min(powers) < 0.96 and 1.04 < max(powers) <= 1.05
    assert fmean(powers) == pytest.approx(1.0, abs=0.01)


def test_the_register_is_exact_and_what_is_asked_twice_is_answered_alike():
    peer = charging(variance=0.05)
    peer.pass_time(3600)
    assert sample(peer).energy_wh == pytest.approx(22_000)
    assert sample(peer) == sample(peer)


def notes(peer):
    return [n for n in peer.calls("StatusNotification") if n["connectorId"] == 1]


def test_a_vendors_code_is_of_its_fault_alone():
    peer = charging()
    peer.do("fault", connector=1, error_code="OtherError", info="hot", vendor_error_code="X-17")
    assert (notes(peer)[-1]["vendorErrorCode"], notes(peer)[-1]["info"]) == ("X-17", "hot")
    peer.do("fault", connector=1, error_code="NoError")
    peer.do("stop-transaction", connector=1)
    assert all("vendorErrorCode" not in note for note in notes(peer)[-2:])
    peer.do("fault", connector=1, error_code="GroundFailure")
    assert notes(peer)[-1]["errorCode"] == "GroundFailure"
    assert not {"vendorErrorCode", "info"} & notes(peer)[-1].keys()


def resumed(saved):
    """What the next worker's station tells of connector 1 where it is asked."""
    again = Peer(saved=json.loads(json.dumps(saved)), vendor="Volt & Co").connect()
    asked = {"requestedMessage": "StatusNotification", "connectorId": 1}
    assert again.call("TriggerMessage", asked)[2] == {"status": "Accepted"}
    return notes(again)[-1]


def test_a_vendors_id_is_that_of_the_fault_or_the_stations_vendor():
    peer = Peer(vendor="Volt & Co").connect()
    peer.do("fault", connector=1, vendor_error_code="X-17")
    assert notes(peer)[-1]["vendorId"] == "Volt & Co"
    peer.do("fault", connector=1, vendor_error_code="X-18", vendor_id="com.acme")
    told = notes(peer)[-1]
    assert (told["vendorErrorCode"], told["vendorId"]) == ("X-18", "com.acme")
    again = resumed(peer.station.snapshot()["saved"])
    assert (again["vendorErrorCode"], again["vendorId"]) == ("X-18", "com.acme")
    peer.do("fault", connector=1, vendor_id="com.acme")
    assert notes(peer)[-1]["vendorId"] == "com.acme" and "vendorErrorCode" not in notes(peer)[-1]
    peer.do("fault", connector=1, vendor_error_code="y" * 60, vendor_id="z" * 300)
    assert [len(notes(peer)[-1][name]) for name in ("vendorErrorCode", "vendorId")] == [50, 255]
    peer.do("fault", connector=1)
    assert not {"vendorErrorCode", "vendorId"} & notes(peer)[-1].keys()


def test_a_fault_that_was_saved_before_there_was_a_vendors_id_is_told_as_it_was():
    peer = Peer(vendor="Volt & Co").connect()
    peer.do("fault", connector=1, error_code="OtherError", info="hot", vendor_error_code="X-17")
    saved = peer.station.snapshot()["saved"]
    assert '["OtherError", "X-17", "hot"]' in json.dumps(saved)  # as it was written then
    told = resumed(saved)
    assert (told["info"], told["vendorErrorCode"], told["vendorId"]) == ("hot", "X-17", "Volt & Co")


def test_a_faulted_connector_offers_nothing():
    peer = charging(MeterValueSampleInterval="10", MeterValuesSampledData="Power.Offered")
    peer.pass_time(10)
    peer.do("fault", connector=1, error_code="GroundFailure")
    peer.pass_time(10)
    peer.do("fault", connector=1, error_code="NoError")
    peer.pass_time(10)
    told = [
        float(call["meterValue"][0]["sampledValue"][0]["value"])
        for call in peer.calls("MeterValues")
        if call["meterValue"][0]["sampledValue"][0]["context"] == "Sample.Periodic"
    ]
    assert told == [22_000, 0, 22_000]
    assert sample(peer).offered_w == 22_000
