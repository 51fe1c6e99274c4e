"""Block N in 2.1: monitors with streams (N11-N15), and the monitors of a target value."""

import json

import pytest

from chargepoint.common.switching import carried_over
from chargepoint.timing.times import seconds_of
from chargepoint.v21.monitoring.streams import STREAMS_AT_MOST
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import Csms, booted, config_of

POWER = ({"name": "EVSE", "evse": {"id": 1}}, {"name": "Power"})
STATE = (
    {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
    {"name": "AvailabilityState"},
)
EV = {"soc": 50, "target_soc": 80}


@pytest.fixture
def csms():
    return booted(version="2.1")


def data(kind: str, value: float, at=POWER, severity: int = 5, **more) -> dict:
    item = {"type": kind, "value": value, "severity": severity, **more}
    return {**item, "component": at[0], "variable": at[1]}


def monitor(csms: Csms, *args, **more) -> dict:
    """`stream`: the parameters of its stream."""
    if "stream" in more:
        more["periodicEventStream"] = more.pop("stream")
    asked = {"setMonitoringData": [data(*args, **more)]}
    return csms.call("SetVariableMonitoring", asked)["setMonitoringResult"][0]


def sent(csms: Csms) -> list[dict]:
    return [payload for action, payload in csms.sends if action == "NotifyPeriodicEventStream"]


def sizes(csms: Csms) -> list[int]:
    return [len(payload["data"]) for payload in sent(csms)]


def events(csms: Csms) -> list[dict]:
    return [event for told in csms.sent("NotifyEvent") for event in told["eventData"]]


def listed(csms: Csms) -> list[dict]:
    return csms.call("GetPeriodicEventStream", {}).get("constantStreamData", [])


def adjusted(csms: Csms, number: int, **params) -> dict:
    return csms.call("AdjustPeriodicEventStream", {"id": number, "params": params})


# --- N11 and N15: opened, and filled ---------------------------------------------------------


@pytest.mark.proves(
    "GetPeriodicEventStream", "NotifyPeriodicEventStream", "OpenPeriodicEventStream"
)
def test_a_monitor_with_a_stream_opens_it_after_its_answer_and_reports_by_it(csms):
    assert monitor(csms, "Periodic", 1, stream={"interval": 10, "values": 30})["id"] == 1
    told = {"id": 1, "variableMonitoringId": 1, "params": {"interval": 10, "values": 30}}
    assert csms.sent("OpenPeriodicEventStream") == [{"constantStreamData": told}]
    assert listed(csms) == [told]
    csms.pass_time(30)
    assert set(sizes(csms)) <= {9, 10}
    assert len(sizes(csms)) == 3
    assert events(csms) == []
    first, second = sent(csms)[0], sent(csms)[1]
    times = [seconds_of(first["basetime"]) + part["t"] for part in first["data"]]
    assert times[0] == seconds_of(first["basetime"])
    assert [b - a for a, b in zip(times, times[1:], strict=False)] == [1.0] * (len(times) - 1)
    assert seconds_of(second["basetime"]) == times[-1] + 1
    assert first["pending"] == 0


def test_as_many_values_as_asked_for_are_sent_at_once_and_the_interval_begins_anew(csms):
    monitor(csms, "Periodic", 1, stream={"interval": 6, "values": 4})
    csms.pass_time(16)
    assert sizes(csms) == [4, 4, 4, 4]
    monitor(csms, "Periodic", 5, severity=6, stream={"values": 2})
    del csms.sends[:]
    csms.call("ClearVariableMonitoring", {"id": [1]})
    csms.pass_time(40)
    assert [len(payload["data"]) for payload in sent(csms) if payload["id"] == 2] == [2, 2, 2, 2]


def test_a_send_does_not_wait_for_the_call_in_flight(csms):
    monitor(csms, "Periodic", 1, stream={"values": 2})
    csms.answers["Heartbeat"] = None
    csms.pass_time(csms.interval)
    assert csms.station.calls.flight.action == "Heartbeat"
    before = len(sent(csms))
    csms.pass_time(4)
    assert csms.station.calls.flight is not None
    assert len(sent(csms)) == before + 2


def test_a_delta_monitor_may_have_a_stream_too(csms):
    monitor(csms, "Delta", 1, STATE, stream={"values": 2})
    csms.command("plug", connector=1, ev=EV)
    assert sent(csms) == []
    csms.command("unplug", connector=1)
    (payload,) = sent(csms)
    assert [part["v"] for part in payload["data"]] == ["Occupied", "Available"]
    assert events(csms) == []


@pytest.mark.parametrize(
    ("kind", "value", "params", "reason"),
    [
        ("UpperThreshold", 5000, {"interval": 10}, "UnsupportedParam"),
        ("TargetDelta", 5000, {"interval": 10}, "UnsupportedParam"),
        ("Periodic", 1, {}, "MissingParam"),
        ("Periodic", 1, {"interval": 0, "values": 0}, "MissingParam"),
    ],
)
def test_a_stream_that_cannot_be_is_refused_with_its_monitor(csms, kind, value, params, reason):
    answer = monitor(csms, kind, value, stream=params)
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", reason)
    assert block(csms.station, "monitoring").monitors is None
    assert csms.sent("OpenPeriodicEventStream") == []


@pytest.mark.proves("MonitoringCtrlr.MaxPeriodicEventStreams")
def test_there_are_no_more_streams_than_the_variable_says(csms):
    items = [
        data("Periodic", 60, severity=n % 10, at=place, periodicEventStream={"values": 2})
        for place in (POWER, STATE, ({"name": "TxCtrlr"}, {"name": "TxStartPoint"}))
        for n in range(10)
    ]
    answer = csms.call("SetVariableMonitoring", {"setMonitoringData": items})
    results = answer["setMonitoringResult"]
    assert [r["status"] for r in results].count("Accepted") == STREAMS_AT_MOST
    assert results[-1]["statusInfo"]["reasonCode"] == "TooManyElements"
    assert len(listed(csms)) == STREAMS_AT_MOST
    # One that is there may be set anew all the same.
    again = monitor(csms, "Periodic", 30, id=1, severity=0, stream={"values": 3})
    assert again["status"] == "Accepted"
    assert len(listed(csms)) == STREAMS_AT_MOST
    asked = {"component": {"name": "MonitoringCtrlr"},
             "variable": {"name": "MaxPeriodicEventStreams"}}  # fmt: skip
    for version, told in (
        ("2.1", ("Accepted", str(STREAMS_AT_MOST))), ("2.0.1", ("UnknownVariable", None)),
    ):  # fmt: skip
        other = booted(version=version)
        (result,) = other.call("GetVariables", {"getVariableData": [asked]})["getVariableResult"]
        assert (result["attributeStatus"], result.get("attributeValue")) == told


@pytest.mark.parametrize("answer", [{"status": "Rejected"}, "NotSupported", {"status": "Maybe"}])
def test_without_the_csms_the_monitor_reports_by_notify_event(csms, answer):
    csms.answers["OpenPeriodicEventStream"] = answer
    monitor(csms, "Periodic", 1, stream={"interval": 10, "values": 30})
    csms.pass_time(20)
    assert sent(csms) == []
    assert len(events(csms)) == 20
    assert listed(csms) == []
    assert [error[2] for error in csms.result_errors] == (
        ["PropertyConstraintViolation"] if answer == {"status": "Maybe"} else []
    )


def test_what_was_seen_before_the_csms_refused_is_told_with_its_time(csms):
    csms.answers["OpenPeriodicEventStream"] = None
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    start = csms.now
    csms.pass_time(5)
    flying = csms.station.calls.flight.unique_id
    csms.perform(csms.station.received(json.dumps([3, flying, {"status": "Rejected"}]), csms.now))
    told = [seconds_of(event["timestamp"]) - start for event in events(csms)]
    assert told == [1, 2, 3, 4, 5]
    assert seconds_of(csms.sent("NotifyEvent")[0]["generatedAt"]) == csms.now
    assert {event["trigger"] for event in events(csms)} == {"Periodic"}


def test_the_monitoring_level_silences_a_stream_too(csms):
    monitor(csms, "Periodic", 1, severity=8, stream={"values": 2})
    csms.call("SetMonitoringLevel", {"severity": 5})
    csms.pass_time(10)
    assert sent(csms) == []


# --- N13: closed -----------------------------------------------------------------------------


@pytest.mark.proves("ClosePeriodicEventStream")
def test_a_cleared_monitor_sends_what_it_has_and_closes_its_stream(csms):
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    csms.pass_time(3)
    csms.call("ClearVariableMonitoring", {"id": [1]})
    assert sizes(csms) == [3]
    assert csms.sent("ClosePeriodicEventStream") == [{"id": 1}]
    csms.pass_time(60)
    assert sizes(csms) == [3]
    assert (block(csms.station, "streams").streams, listed(csms)) == (None, [])


def test_a_monitor_set_anew_without_a_stream_reports_by_notify_event(csms):
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    csms.pass_time(3)
    assert monitor(csms, "Periodic", 1, id=1)["status"] == "Accepted"
    assert csms.sent("ClosePeriodicEventStream") == [{"id": 1}]
    csms.pass_time(5)
    assert (sizes(csms), len(events(csms))) == ([3], 5)


def test_a_monitor_set_anew_with_other_parameters_gets_another_stream(csms):
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    monitor(csms, "Periodic", 2, id=1, stream={"values": 3})
    assert csms.sent("ClosePeriodicEventStream") == [{"id": 1}]
    (stream,) = listed(csms)
    assert (stream["variableMonitoringId"], stream["params"]) == (1, {"values": 3})
    assert stream["id"] != 1


def test_another_monitoring_base_closes_the_streams_of_what_it_takes_away(csms):
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    csms.call("SetMonitoringBase", {"monitoringBase": "HardWiredOnly"})
    assert csms.sent("ClosePeriodicEventStream") == [{"id": 1}]


def test_a_monitor_cleared_before_the_csms_has_opened_its_stream(csms):
    csms.answers["OpenPeriodicEventStream"] = None
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    csms.pass_time(3)
    flying = csms.station.calls.flight.unique_id
    csms.call("ClearVariableMonitoring", {"id": [1]})
    assert csms.sent("ClosePeriodicEventStream") == []
    csms.perform(csms.station.received(json.dumps([3, flying, {"status": "Accepted"}]), csms.now))
    assert sizes(csms) == [3]
    assert csms.sent("ClosePeriodicEventStream") == [{"id": 1}]
    assert block(csms.station, "streams").streams is None


def test_a_stream_ends_with_its_evse(csms):
    place = ({"name": "EVSE", "evse": {"id": 2}}, {"name": "Power"})
    monitor(csms, "Periodic", 1, place, stream={"interval": 10})
    fewer = config_of("2.1", connectors=csms.config.connectors[:1])
    csms.perform(csms.station.reconfigure(fewer, csms.now))
    assert csms.sent("ClosePeriodicEventStream") == [{"id": 1}]


# --- N14: adjusted ---------------------------------------------------------------------------


@pytest.mark.proves("AdjustPeriodicEventStream")
def test_an_adjusted_stream_sends_at_its_new_pace(csms):
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    csms.pass_time(8)
    assert adjusted(csms, 1, values=4) == {"status": "Accepted"}
    assert sizes(csms) == [4, 4]
    assert [payload["pending"] for payload in sent(csms)] == [4, 0]
    assert listed(csms)[0]["params"] == {"interval": 10, "values": 4}
    assert adjusted(csms, 1, interval=3, values=0) == {"status": "Accepted"}
    del csms.sends[:]
    csms.pass_time(9)
    assert len(sizes(csms)) == 3


def test_what_cannot_be_adjusted_is_refused(csms):
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    assert adjusted(csms, 9, interval=5)["statusInfo"]["reasonCode"] == "NotFound"
    assert adjusted(csms, 1, interval=0)["statusInfo"]["reasonCode"] == "MissingParam"
    assert listed(csms)[0]["params"] == {"interval": 10}


# --- offline, restart, reset, another version ------------------------------------------------


def test_offline_values_are_kept_by_their_severity_and_sent_in_parts_later(csms):
    monitor(csms, "Periodic", 1, stream={"interval": 60, "values": 4})
    monitor(csms, "Periodic", 1, severity=9, stream={"interval": 60, "values": 4})
    csms.disconnect()
    del csms.sends[:]
    csms.pass_time(10)
    csms.restart()  # what was kept outlives the worker
    csms.connect()
    assert {payload["id"] for payload in sent(csms)} == {1}
    assert sizes(csms) == [4, 4, 2]
    assert [payload["pending"] for payload in sent(csms)] == [6, 2, 0]
    assert len(csms.sent("OpenPeriodicEventStream")) == 2  # it was only the link that was lost


def test_a_stream_goes_on_after_a_restart_of_the_worker(csms):
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    csms.pass_time(5)
    csms.restart().connect()
    assert listed(csms)[0]["id"] == 1
    del csms.sends[:]
    csms.pass_time(20)
    assert sum(sizes(csms)) >= 15
    assert len(csms.sent("OpenPeriodicEventStream")) == 1


def test_after_a_reset_the_streams_of_the_monitors_are_opened_again(csms):
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    csms.call("Reset", {"type": "Immediate"})
    csms.connect()
    opened = csms.sent("OpenPeriodicEventStream")
    assert len(opened) == 2
    assert opened[0] == opened[1]
    csms.pass_time(10)
    assert sent(csms)


def test_what_was_to_be_opened_or_closed_when_the_link_was_lost_is_told_again(csms):
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    csms.answers["OpenPeriodicEventStream"] = csms.answers["ClosePeriodicEventStream"] = None
    csms.call("ClearVariableMonitoring", {"id": [1]})
    monitor(csms, "Periodic", 1, severity=6, stream={"interval": 10})
    csms.disconnect()
    csms.restart()
    csms.answers["OpenPeriodicEventStream"] = {"status": "Accepted"}
    csms.answers["ClosePeriodicEventStream"] = {}
    csms.connect()
    assert csms.sent("ClosePeriodicEventStream") == [{"id": 1}, {"id": 1}]
    assert len(listed(csms)) == 1
    assert len(block(csms.station, "streams").streams) == 1


def test_a_stream_that_the_csms_may_have_opened_is_closed_when_the_link_is_back(csms):
    csms.answers["OpenPeriodicEventStream"] = None
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    csms.call("ClearVariableMonitoring", {"id": [1]})
    csms.disconnect()
    csms.connect()
    assert len(csms.sent("OpenPeriodicEventStream")) == 1
    assert csms.sent("ClosePeriodicEventStream") == [{"id": 1}]
    assert block(csms.station, "streams").streams is None


def test_a_monitor_goes_on_in_2_0_1_without_its_stream_and_a_target_monitor_does_not(csms):
    monitor(csms, "Periodic", 1, stream={"interval": 10})
    monitor(csms, "TargetDelta", 1000)
    saved, _ = carried_over(csms.station.snapshot(), "2.0.1")
    older = Csms(config_of("2.0.1"), json.loads(json.dumps(saved))).connect()
    assert [m.type for m in block(older.station, "monitoring").monitors.values()] == ["Periodic"]
    older.pass_time(3)
    assert len(events(older)) == 3
    assert older.sends == []


def test_2_0_1_knows_neither_streams_nor_targets():
    old = booted(version="2.0.1")
    for item in (
        data("Periodic", 1, periodicEventStream={"values": 2}), data("TargetDelta", 1),
    ):  # fmt: skip
        answer = old.call("SetVariableMonitoring", {"setMonitoringData": [item]})
        assert answer[0] in ("FormatViolation", "PropertyConstraintViolation")
    assert old.call("GetPeriodicEventStream", {})[0] == "NotImplemented"


# --- monitors of a target value (N07.FR.22 and 23) -------------------------------------------


@pytest.mark.parametrize(("kind", "value"), [("TargetDelta", 3000), ("TargetDeltaRelative", 0.3)])
def test_a_target_monitor_sees_a_car_that_does_not_take_what_it_is_offered(csms, kind, value):
    assert monitor(csms, kind, value)["status"] == "Accepted"
    csms.command("start-transaction", connector=1)
    csms.pass_time(60)
    assert events(csms) == []  # it takes what it may
    csms.command("plug", connector=2, ev=EV)
    slow = csms.station.connectors[1]
    slow.ev.soc = slow.ev.target_soc = 100  # now it is full
    csms.pass_time(60)
    (event,) = events(csms)
    assert (event["trigger"], event["actualValue"], event["severity"]) == ("Alerting", "0", 5)
    csms.command("stop-transaction", connector=1)
    csms.pass_time(60)
    assert events(csms)[-1]["cleared"] is True


def test_what_has_no_target_has_no_such_monitor_and_reports_call_them_delta_monitors(csms):
    assert monitor(csms, "TargetDelta", 1, STATE)["status"] == "UnsupportedMonitorType"
    assert monitor(csms, "TargetDeltaRelative", -1)["status"] == "Rejected"
    monitor(csms, "TargetDelta", 1000)
    monitor(csms, "Periodic", 1000)
    csms.call("GetMonitoringReport", {"requestId": 1, "monitoringCriteria": ["DeltaMonitoring"]})
    (part,) = csms.sent("NotifyMonitoringReport")
    (entry,) = part["monitor"][0]["variableMonitoring"]
    assert (entry["type"], entry["eventNotificationType"]) == ("TargetDelta", "CustomMonitor")
