"""Block N: monitors are set, listed and cleared, and events come from what really changes."""

import json

import pytest

from chargepoint.common.switching import carried_over
from chargepoint.timing.times import iso, seconds_of
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import Csms, booted, config_of

INTERVAL = ({"name": "OCPPCommCtrlr"}, {"name": "OfflineThreshold"})
KEY = "OCPPCommCtrlr.OfflineThreshold"
STATE = (
    {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
    {"name": "AvailabilityState"},
)
EV = {"soc": 50, "target_soc": 80}


def monitor(csms: Csms, kind: str, value: float, at=INTERVAL, severity: int = 5, **more) -> dict:
    item = {"type": kind, "value": value, "severity": severity, **more}
    item |= {"component": at[0], "variable": at[1]}
    answer = csms.call("SetVariableMonitoring", {"setMonitoringData": [item]})
    return answer["setMonitoringResult"][0]


def seen(csms: Csms) -> list[dict]:
    return [event for told in csms.sent("NotifyEvent") for event in told["eventData"]]


def report(csms: Csms, **wanted) -> list[dict]:
    before = len(csms.sent("NotifyMonitoringReport"))
    csms.call("GetMonitoringReport", {"requestId": 7, **wanted})
    return csms.sent("NotifyMonitoringReport")[before:]


@pytest.mark.proves("NotifyEvent", "SetVariableMonitoring")
@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_a_threshold_is_told_when_passed_and_when_left(version):
    csms = booted(version=version)
    set_to = monitor(csms, "UpperThreshold", 500)
    assert (set_to["status"], set_to["id"]) == ("Accepted", 1)
    for value in ("600", "700", "400"):
        assert csms.set(KEY, value) == "Accepted"
    first, second = seen(csms)
    assert (first["actualValue"], first["trigger"]) == ("600", "Alerting")
    assert "cleared" not in first
    assert (second["actualValue"], second["cleared"]) == ("400", True)
    assert first["variableMonitoringId"] == 1
    assert first["eventNotificationType"] == "CustomMonitor"
    assert first["eventId"] < second["eventId"]
    assert ("severity" in first) == (version == "2.1")


def test_a_value_already_beyond_the_threshold_is_told_at_once():
    csms = booted()
    monitor(csms, "LowerThreshold", 100)
    assert [event["actualValue"] for event in seen(csms)] == ["60"]


def test_a_delta_monitor_sees_the_connectors_state_change():
    csms = booted()
    assert monitor(csms, "Delta", 0, STATE)["status"] == "Accepted"
    csms.command("plug", connector=1, ev=EV)
    csms.command("plug", connector=2, ev=EV)
    (event,) = seen(csms)
    assert (event["trigger"], event["actualValue"]) == ("Delta", "Occupied")


def test_a_transaction_monitor_speaks_only_in_a_transaction_and_names_it():
    csms = booted()
    monitor(csms, "Periodic", 10, STATE, transaction=True)
    csms.pass_time(25)
    assert seen(csms) == []
    csms.command("plug", connector=1, ev=EV)
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.pass_time(10)
    (event,) = seen(csms)
    assert event["trigger"] == "Periodic"
    assert event["transactionId"] == csms.events[0]["transactionInfo"]["transactionId"]


@pytest.mark.proves("ClearVariableMonitoring")
def test_periodic_monitors_tell_until_they_are_cleared():
    csms = booted()
    monitor(csms, "Periodic", 10)
    monitor(csms, "PeriodicClockAligned", 60)
    csms.pass_time(60)
    ids = [event["variableMonitoringId"] for event in seen(csms)]
    assert (ids.count(1), ids.count(2)) == (6, 1)
    answer = csms.call("ClearVariableMonitoring", {"id": [1, 2, 3]})
    statuses = [entry["status"] for entry in answer["clearMonitoringResult"]]
    assert statuses == ["Accepted", "Accepted", "NotFound"]
    csms.pass_time(600)
    assert len(seen(csms)) == 7
    assert block(csms.station, "monitoring").monitors is None


@pytest.mark.parametrize(
    ("kind", "value", "more", "status"),
    [
        ("Delta", 1, {"at": ({"name": "No"}, {"name": "Enabled"})}, "UnknownComponent"),
        ("Delta", 1, {"at": ({"name": "TxCtrlr"}, {"name": "No"})}, "UnknownVariable"),
        ("UpperThreshold", 1, {"at": STATE}, "UnsupportedMonitorType"),
        ("Delta", 1, {"at": ({"name": "ClockCtrlr"}, {"name": "DateTime"})},
         "UnsupportedMonitorType"),
        ("UpperThreshold", -5, {}, "Rejected"),
        ("Delta", -1, {}, "Rejected"),
        ("Delta", -1, {"at": STATE}, "Rejected"),
        ("Periodic", 0, {}, "Rejected"),
        ("Delta", 1, {"id": 77}, "Rejected"),
    ],
)  # fmt: skip
def test_what_cannot_be_monitored_is_refused(kind, value, more, status):
    csms = booted()
    assert monitor(csms, kind, value, **more)["status"] == status
    assert block(csms.station, "monitoring").monitors is None


def test_the_same_type_and_severity_twice_is_a_duplicate_but_an_id_replaces():
    csms = booted()
    monitor(csms, "UpperThreshold", 500)
    assert monitor(csms, "UpperThreshold", 600)["status"] == "Duplicate"
    assert monitor(csms, "UpperThreshold", 600, severity=6)["id"] == 2
    assert monitor(csms, "UpperThreshold", 800, id=1)["status"] == "Accepted"
    assert monitor(csms, "Delta", 1, STATE, id=1)["status"] == "Rejected"
    (part,) = report(csms)
    values = [entry["value"] for entry in part["monitor"][0]["variableMonitoring"]]
    assert sorted(values) == [600, 800]


@pytest.mark.proves("GetMonitoringReport", "NotifyMonitoringReport")
@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_a_monitoring_report_is_filtered_by_criteria_and_variable(version):
    csms = booted(version=version)
    nothing = csms.call("GetMonitoringReport", {"requestId": 1})
    assert nothing == {"status": "EmptyResultSet"}
    monitor(csms, "UpperThreshold", 500)
    monitor(csms, "Periodic", 500)
    monitor(csms, "Delta", 1, STATE)
    (part,) = report(csms, monitoringCriteria=["PeriodicMonitoring"])
    (line,) = part["monitor"]
    assert [entry["type"] for entry in line["variableMonitoring"]] == ["Periodic"]
    (part,) = report(csms, componentVariable=[{"component": {"name": "connector"}}])
    assert [line["variable"]["name"] for line in part["monitor"]] == ["AvailabilityState"]
    assert (part["seqNo"], part["tbc"], part["requestId"]) == (0, False, 7)


@pytest.mark.proves("SetMonitoringLevel", "MonitoringCtrlr.ActiveMonitoringLevel")
def test_the_monitoring_level_silences_what_is_less_severe():
    csms = booted()
    monitor(csms, "Delta", 0, severity=6)
    assert csms.call("SetMonitoringLevel", {"severity": 5}) == {"status": "Accepted"}
    csms.set(KEY, "70")
    assert seen(csms) == []
    # N07.FR.18: changed since the last time that the CSMS was told.
    csms.call("SetMonitoringLevel", {"severity": 6})
    csms.set(KEY, "80")
    assert [event["actualValue"] for event in seen(csms)] == ["70", "80"]
    assert csms.call("SetMonitoringLevel", {"severity": 10})["status"] == "Rejected"


def test_a_boundary_that_was_passed_in_silence_is_told_when_the_level_allows_it():
    csms = booted()
    monitor(csms, "UpperThreshold", 500, severity=7)
    csms.call("SetMonitoringLevel", {"severity": 5})
    csms.set(KEY, "600")
    csms.set(KEY, "400")
    csms.set(KEY, "700")
    csms.call("SetMonitoringLevel", {"severity": 9})
    (event,) = seen(csms)
    assert (event["actualValue"], "cleared" in event) == ("700", False)


@pytest.mark.proves("SetMonitoringBase", "MonitoringCtrlr.ActiveMonitoringBase")
def test_monitoring_bases_bring_and_take_the_preconfigured_and_custom_monitors():
    csms = booted()
    assert csms.station.model.value("MonitoringCtrlr.ActiveMonitoringBase") == "HardWiredOnly"
    monitor(csms, "Delta", 0)
    csms.call("SetMonitoringBase", {"monitoringBase": "All"})
    origins = [m.origin for m in block(csms.station, "monitoring").monitors.values()]
    assert origins == ["CustomMonitor", "PreconfiguredMonitor", "PreconfiguredMonitor"]
    csms.command("plug", connector=2, ev=EV)
    assert seen(csms)[-1]["eventNotificationType"] == "PreconfiguredMonitor"
    assert csms.station.model.value("MonitoringCtrlr.ActiveMonitoringBase") == "All"
    csms.call("SetMonitoringBase", {"monitoringBase": "FactoryDefault"})
    origins = [m.origin for m in block(csms.station, "monitoring").monitors.values()]
    assert origins == ["PreconfiguredMonitor", "PreconfiguredMonitor"]
    csms.call("SetMonitoringBase", {"monitoringBase": "HardWiredOnly"})
    assert block(csms.station, "monitoring").monitors is None


def test_a_preconfigured_monitor_that_the_csms_replaced_is_custom_until_the_factory_default():
    csms = booted()
    csms.call("SetMonitoringBase", {"monitoringBase": "All"})
    number = min(block(csms.station, "monitoring").monitors)
    assert monitor(csms, "Delta", 1, STATE, severity=4, id=number)["status"] == "Accepted"
    csms.call("SetMonitoringBase", {"monitoringBase": "All"})  # leaves it
    assert len(block(csms.station, "monitoring").monitors) == 2
    kept = block(csms.station, "monitoring").monitors[number]
    assert (kept.origin, kept.severity) == (
        "CustomMonitor", 4,
    )  # fmt: skip
    csms.call("SetMonitoringBase", {"monitoringBase": "FactoryDefault"})
    kept = block(csms.station, "monitoring").monitors[number]
    assert (kept.origin, kept.severity) == (
        "PreconfiguredMonitor", 7,
    )  # fmt: skip


def test_monitors_go_and_come_with_their_connectors():
    csms = booted()
    csms.call("SetMonitoringBase", {"monitoringBase": "All"})
    monitor(csms, "Periodic", 10, ({"name": "EVSE", "evse": {"id": 2}}, {"name": "Power"}))
    config = csms.config
    csms.perform(csms.station.reconfigure(config_of(connectors=config.connectors[:1]), csms.now))
    assert len(block(csms.station, "monitoring").monitors) == 1
    csms.pass_time(30)
    assert seen(csms) == []
    csms.perform(csms.station.reconfigure(config, csms.now))
    assert len(block(csms.station, "monitoring").monitors) == 2


@pytest.mark.parametrize(
    ("threshold", "told"),
    [(500, [("650", False)]), (700, [("650", True)]), (650, [("650", True)])],
)
def test_a_changed_threshold_is_looked_at_anew(threshold, told):
    csms = booted()
    monitor(csms, "UpperThreshold", 600)
    csms.set(KEY, "650")
    del csms.calls[:]
    monitor(csms, "UpperThreshold", threshold, id=1)
    assert [(e["actualValue"], e.get("cleared", False)) for e in seen(csms)] == told


def test_a_threshold_that_was_not_passed_and_is_not_now_tells_nothing_when_changed():
    csms = booted()
    monitor(csms, "UpperThreshold", 600)
    monitor(csms, "UpperThreshold", 700, id=1)
    assert seen(csms) == []


def test_a_passed_threshold_that_is_removed_is_not_told_to_be_cleared():
    csms = booted()
    monitor(csms, "UpperThreshold", 600)
    csms.set(KEY, "650")
    csms.call("ClearVariableMonitoring", {"id": [1]})
    csms.set(KEY, "100")
    assert len(seen(csms)) == 1


POWER = ({"name": "EVSE", "evse": {"id": 1}}, {"name": "Power"})


def test_the_power_of_an_evse_is_measured_and_seen_without_being_announced():
    csms = booted()
    assert monitor(csms, "UpperThreshold", 30_000, POWER)["status"] == "Rejected"
    assert monitor(csms, "UpperThreshold", 5_000, POWER)["status"] == "Accepted"
    csms.command("start-transaction", connector=1)
    csms.pass_time(30)
    (event,) = seen(csms)
    assert 5_000 < float(event["actualValue"]) < 23_000
    csms.command("stop-transaction", connector=1)
    csms.pass_time(30)
    assert seen(csms)[-1]["cleared"] is True


def test_what_is_left_out_offline_is_told_when_the_link_is_back():
    csms = booted()
    monitor(csms, "UpperThreshold", 5_000, POWER, severity=8)
    monitor(csms, "Delta", 0, STATE, severity=8)
    csms.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    csms.disconnect()
    csms.command("start-transaction", connector=1)
    csms.pass_time(60)
    csms.connect()
    told = {event["variable"]["name"]: event for event in seen(csms)}
    assert set(told) == {"Power", "AvailabilityState"}
    assert "cleared" not in told["Power"]


def test_a_value_that_becomes_empty_is_a_change_too():
    csms = booted()
    place = ({"name": "AuthCtrlr"}, {"name": "MasterPassGroupId"})
    csms.set("AuthCtrlr.MasterPassGroupId", "GROUP")
    monitor(csms, "Delta", 1, place)
    csms.set("AuthCtrlr.MasterPassGroupId", "")
    assert [event["actualValue"] for event in seen(csms)] == [""]


def test_numbers_of_events_are_not_used_twice_whatever_is_lost():
    csms = booted()
    monitor(csms, "Periodic", 10)
    csms.pass_time(10)
    changes = [e for e in csms.station.wake(csms.now + 10) if type(e).__name__ == "Changed"]
    assert [change.urgency for change in changes] == ["soon"]


def test_aligned_monitors_follow_the_clock_that_the_csms_sets():
    csms = booted()
    monitor(csms, "PeriodicClockAligned", 3600)
    # By the CSMS's clock it is half past when it answers the Heartbeat.
    ahead = 1_800 - (csms.now + csms.interval) % 3_600
    csms.answers["Heartbeat"] = lambda _: {"currentTime": iso(csms.now + ahead)}
    csms.pass_time(csms.interval)
    csms.pass_time(1_800 - 1)
    assert seen(csms) == []
    csms.pass_time(2)
    (event,) = seen(csms)
    assert seconds_of(event["timestamp"]) % 3_600 < 1


def test_a_periodic_monitor_does_not_drift_and_goes_on_in_step_after_a_restart():
    csms = booted()
    start = csms.now
    monitor(csms, "Periodic", 10)
    for late in (10.4, 20.4):
        csms.now = start + late
        csms.perform(csms.station.wake(csms.now))
    assert block(csms.station, "monitoring").monitors[1].due == start + 30
    csms.restart().connect()
    assert block(csms.station, "monitoring").monitors[1].due == start + 30


def test_an_id_is_told_only_of_a_monitor_that_was_set():
    csms = booted()
    assert "id" not in monitor(csms, "Delta", -1, id=5)


def test_a_report_is_asked_for_with_no_more_variables_than_a_message_holds():
    csms = booted()
    asked = [{"component": {"name": "TxCtrlr"}}] * 101
    answer = csms.call("GetMonitoringReport", {"requestId": 1, "componentVariable": asked})
    assert answer[0] == "OccurrenceConstraintViolation"


def test_a_fault_is_told_by_itself_and_again_when_it_has_gone():
    csms = booted()
    csms.command("fault", connector=1, error_code="GroundFailure")
    csms.command("fault", connector=1, error_code="NoError")
    came, went = seen(csms)
    assert (came["variable"]["name"], came["actualValue"]) == ("Problem", "true")
    assert came["techCode"] == "GroundFailure"
    assert came["eventNotificationType"] == "HardWiredNotification"
    assert (went["actualValue"], went["cleared"]) == ("false", True)


@pytest.mark.proves("MonitoringCtrlr.OfflineQueuingSeverity")
def test_offline_events_are_kept_by_their_severity_and_sent_later_also_after_a_restart():
    csms = booted()
    monitor(csms, "Periodic", 10, severity=6)
    csms.disconnect()
    csms.command("fault", connector=1, error_code="GroundFailure")
    csms.pass_time(25)
    csms.restart().connect()
    assert [event["variable"]["name"] for event in seen(csms)] == ["Problem"]
    csms.pass_time(10)
    assert len(seen(csms)) == 2  # the monitor goes on after the restart
    numbers = [event["eventId"] for event in seen(csms)]
    assert len(set(numbers)) == 2


def test_an_event_whose_call_was_lost_with_the_link_is_sent_again():
    csms = booted()
    csms.answers["NotifyEvent"] = None
    csms.command("fault", connector=1, error_code="GroundFailure")
    csms.disconnect()
    csms.answers["NotifyEvent"] = {}
    csms.connect()
    first, second = seen(csms)
    assert first == second


def test_monitors_outlive_a_reset_and_a_change_to_2_1():
    csms = booted()
    monitor(csms, "UpperThreshold", 500)
    csms.call("Reset", {"type": "Immediate"})
    csms.connect()
    csms.set(KEY, "600")
    assert len(seen(csms)) == 1
    saved, _ = carried_over(csms.station.snapshot(), "2.1")
    newer = Csms(config_of("2.1"), json.loads(json.dumps(saved))).connect()
    (part,) = report(newer)
    (entry,) = part["monitor"][0]["variableMonitoring"]
    assert (entry["value"], entry["eventNotificationType"]) == (500, "CustomMonitor")


@pytest.mark.proves("MonitoringCtrlr.Enabled")
def test_disabled_monitoring_says_nothing():
    csms = booted()
    monitor(csms, "Delta", 0)
    csms.set("MonitoringCtrlr.Enabled", "false")
    csms.set(KEY, "70")
    assert seen(csms) == []


def test_too_many_monitors_in_one_message_are_a_call_error():
    csms = booted()
    answer = csms.call("ClearVariableMonitoring", {"id": list(range(101))})
    assert answer[0] == "OccurrenceConstraintViolation"
