"""Tests of a CSMS with stations of the emulator: `pytest --ocpp-csms ws://127.0.0.1:9000/ocpp`."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def test_a_station_is_in_service_and_asked_for_heartbeats(ocpp_station):
    boot = next(frame for frame in ocpp_station.frames if frame.kind == "CallResult")
    assert boot.payload["interval"] > 0
    assert ocpp_station.state()["registration"] == "Accepted"


def test_a_session_is_numbered_and_ends(ocpp_station):
    ocpp_station.start(connector=1, id_tag="TAG-VALID")
    started = ocpp_station.wait_for("StartTransaction", kind="CallResult")
    ocpp_station.stop(connector=1)
    stopped = ocpp_station.wait_for("StopTransaction", kind="Call")
    assert stopped.payload["transactionId"] == started.payload["transactionId"]


@pytest.mark.parametrize("tag", ["TAG-BLOCKED", "TAG-EXPIRED"])
def test_who_may_not_charge_is_told_so(ocpp_station, tag):
    ocpp_station.authorize(tag)
    answer = ocpp_station.wait_for("Authorize", kind="CallResult")
    assert answer.payload["idTagInfo"]["status"] != "Accepted"


def test_what_it_cannot_know_it_refuses_by_a_call_error(ocpp_station):
    answer = ocpp_station.call("MakeCoffee", {"sugar": 2})
    assert answer.kind == "CallError"
    assert answer.payload["code"] in ("NotImplemented", "NotSupported")


def test_two_stations_are_two(ocpp_stations):
    first, second = ocpp_stations(), ocpp_stations(version="2.0.1")
    assert first.call("Heartbeat").payload["currentTime"]
    assert second.call("Heartbeat").payload["currentTime"]


def test_the_smoke_suite_passes(ocpp_suite):
    ocpp_suite(HERE / "smoke.json", options=["--parallel", "2"]).assert_passed()
