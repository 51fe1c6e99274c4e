"""Reset of the station and of one EVSE, at once and on idle, and when it fails (B11, B12)."""

import pytest

from chargepoint.timing.times import iso

from .csms import booted


@pytest.fixture(params=["2.0.1", "2.1"])
def csms(request):
    return booted(version=request.param)


def reset(csms, kind="Immediate", **more):
    return csms.call("Reset", {"type": kind, **more})["status"]


def statuses(csms, evse):
    told = csms.sent("StatusNotification")
    return [s["connectorStatus"] for s in told if s["evseId"] == evse]


# --- one EVSE ------------------------------------------------------------------------------------


def test_an_idle_evse_is_away_for_a_moment_and_the_station_stays(csms):
    assert reset(csms, evseId=1) == "Accepted"
    assert statuses(csms, 1) == ["Available", "Unavailable"]
    csms.pass_time(5)
    assert statuses(csms, 1) == ["Available", "Unavailable", "Available"]
    assert statuses(csms, 2) == ["Available"]
    assert csms.closes == [] and len(csms.sent("BootNotification")) == 1
    assert csms.saved().get("resets") is None


@pytest.mark.parametrize("evse", [0, 3])
def test_an_evse_that_there_is_not(csms, evse):
    answer = csms.call("Reset", {"type": "Immediate", "evseId": evse})
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", "UnknownEvse")


def test_at_once_ends_the_transaction_of_that_evse_only(csms):
    csms.command("start-transaction", connector=1)
    csms.command("start-transaction", connector=2)
    assert reset(csms, evseId=1) == "Accepted"
    ended = [e for e in csms.events if e["eventType"] == "Ended"]
    assert [e["evse"]["id"] for e in ended] == [1]
    assert ended[0]["triggerReason"] == "ResetCommand"
    assert ended[0]["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    csms.pass_time(5)
    assert csms.station.outlets[2].transaction is not None
    assert statuses(csms, 1)[-1] != "Unavailable"


def test_on_idle_waits_for_its_transaction_also_over_a_restart(csms):
    csms.command("start-transaction", connector=1)
    assert reset(csms, "OnIdle", evseId=1) == "Scheduled"
    assert reset(csms, "OnIdle", evseId=2) == "Accepted"
    csms.pass_time(10)
    assert "Unavailable" not in statuses(csms, 1)
    csms.restart().connect()
    csms.command("stop-transaction", connector=1)
    assert csms.events[-1]["transactionInfo"]["stoppedReason"] == "Local"
    csms.pass_time(0)
    assert statuses(csms, 1)[-1] == "Unavailable"
    csms.restart().connect()
    csms.pass_time(5)
    assert statuses(csms, 1)[-1] != "Unavailable"
    assert len(csms.sent("BootNotification")) == 1


def test_an_evse_that_is_made_inoperative_meanwhile_stays_so(csms):
    reset(csms, evseId=1)
    change = {"operationalStatus": "Inoperative", "evse": {"id": 1}}
    assert csms.call("ChangeAvailability", change)["status"] == "Accepted"
    csms.pass_time(10)
    assert statuses(csms, 1)[-1] == "Unavailable"
    reset(csms, evseId=1)
    csms.pass_time(10)
    assert statuses(csms, 1)[-1] == "Unavailable"  # B11: it persists


@pytest.mark.proves("EVSE.AllowReset")
def test_it_says_that_its_evses_can_be_reset(csms):
    asked = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AllowReset"}}
    [got] = csms.call("GetVariables", {"getVariableData": [asked]})["getVariableResult"]
    assert got["attributeValue"] == "true"


# --- the station ---------------------------------------------------------------------------------


def test_nobody_begins_while_a_reset_is_scheduled(csms):
    csms.command("start-transaction", connector=1)
    assert reset(csms, "OnIdle") == "Scheduled"
    assert statuses(csms, 2)[-1] == "Unavailable"
    start = {"remoteStartId": 1, "idToken": {"idToken": "a", "type": "Central"}, "evseId": 2}
    assert csms.call("RequestStartTransaction", start)["status"] == "Rejected"
    csms.command("stop-transaction", connector=1)
    csms.pass_time(1)
    assert not csms.station.connected
    csms.connect()
    assert csms.sent("BootNotification")[-1]["reason"] == "ScheduledReset"
    assert statuses(csms, 2)[-1] == "Available"


def test_what_was_unavailable_before_a_reset_is_so_after_it(csms):
    change = {"operationalStatus": "Inoperative", "evse": {"id": 2}}
    csms.call("ChangeAvailability", change)
    reset(csms)
    csms.connect()
    assert statuses(csms, 2)[-1] == "Unavailable"


def test_a_reset_that_fails_is_tried_so_often_and_then_given_up(csms):
    assert csms.set("OCPPCommCtrlr.ResetRetries", "2") == "Accepted"
    csms.command("fault", connector=1, error_code="ResetFailure")
    assert reset(csms) == "Accepted"
    csms.pass_time(60)
    assert csms.station.connected and csms.closes == []
    csms.command("fault", connector=1, error_code="NoError")
    csms.pass_time(60)
    assert csms.closes == []


def test_a_reset_succeeds_when_the_failure_goes_between_the_tries(csms):
    csms.command("fault", connector=1, error_code="ResetFailure")
    reset(csms)
    csms.pass_time(7)
    csms.command("fault", connector=1, error_code="NoError")
    csms.pass_time(5)
    assert len(csms.closes) == 1
    csms.connect()
    assert csms.sent("BootNotification")[-1]["reason"] == "RemoteReset"


def test_a_worker_that_dies_during_the_reset_knows_why_it_boots(csms):
    reset(csms)
    csms.restart().connect()
    assert csms.sent("BootNotification")[-1]["reason"] == "RemoteReset"
    reset(csms)
    csms.command("power-cut", seconds=1)
    csms.pass_time(2)
    csms.connect()
    assert csms.sent("BootNotification")[-1]["reason"] == "PowerUp"


# --- GetBaseReport -------------------------------------------------------------------------------


def lines(csms, base):
    seen = len(csms.sent("NotifyReport"))
    assert csms.call("GetBaseReport", {"requestId": 9, "reportBase": base})["status"] == "Accepted"
    return [line for part in csms.sent("NotifyReport")[seen:] for line in part["reportData"]]


def test_the_three_inventories_differ(csms):
    summary = lines(csms, "SummaryInventory")
    places = [(line["component"]["name"], line["component"].get("evse")) for line in summary]
    assert places == [
        ("ChargingStation", None),
        ("EVSE", {"id": 1}), ("Connector", {"id": 1, "connectorId": 1}),
        ("EVSE", {"id": 2}), ("Connector", {"id": 2, "connectorId": 1}),
    ]  # fmt: skip
    configuration = lines(csms, "ConfigurationInventory")
    kinds = {line["variableAttribute"][0]["mutability"] for line in configuration}
    assert kinds == {"ReadWrite", "WriteOnly"}
    full = lines(csms, "FullInventory")
    assert all(line in full for line in summary)
    assert len(summary) < len(configuration) < len(full)


def test_the_summary_tells_of_what_is_out_of_order(csms):
    csms.command("fault", connector=2, error_code="GroundFailure")
    told = {
        (line["component"]["name"], line["component"].get("evse", {}).get("id"),
         line["variable"]["name"]): line["variableAttribute"][0]["value"]
        for line in lines(csms, "SummaryInventory")
    }  # fmt: skip
    assert told["Connector", 2, "AvailabilityState"] == "Faulted"
    assert told["Connector", 1, "AvailabilityState"] == "Available"
    assert told["Connector", 2, "Problem"] == "true"
    assert ("Connector", 1, "Problem") not in told


def test_what_has_ended_before_a_reset_on_idle_is_kept_from_the_next_driver(csms):
    """B12: nobody is to begin where the station waits for another's end."""
    csms.set("EmulatorCtrlr.AutoPlug", "false")
    for connector in (1, 2):
        csms.command("start-transaction", connector=connector)
    assert reset(csms, "OnIdle") == "Scheduled"
    csms.pass_time(30)
    csms.command("stop-transaction", connector=1)
    csms.command("unplug", connector=1)
    told = csms.sent("StatusNotification")[-1]
    assert (told["evseId"], told["connectorStatus"]) == (1, "Unavailable")
    assert told["timestamp"] == iso(csms.now)
    assert csms.closes == []
    csms.command("stop-transaction", connector=2)
    csms.command("unplug", connector=2)
    csms.pass_time(1)
    assert len(csms.closes) == 1
