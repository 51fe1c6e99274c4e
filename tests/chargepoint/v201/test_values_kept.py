"""Meter values of transactions and of idle EVSEs (J01, J02): when, how many, of what time."""

import json

import pytest

from chargepoint.config import ConnectorConfig
from chargepoint.timing.times import iso, seconds_of
from chargepoint.v201.variables.table import MEASURANDS

from .csms import booted

QUIET = {"SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false"}
ENDED = "SampledDataCtrlr.TxEndedMeasurands"
EVERY = "SampledDataCtrlr.TxEndedInterval"


@pytest.fixture(params=["2.0.1", "2.1"])
def csms(request):
    return booted(version=request.param, configuration=QUIET)


def contexts(values):
    return [value["sampledValue"][0]["context"] for value in values]


def ended(csms, connector=1):
    csms.command("stop-transaction", connector=connector)
    assert csms.events[-1]["eventType"] == "Ended"
    return csms.events[-1].get("meterValue", [])


def times_of(values, context="Sample.Periodic"):
    return [seconds_of(v["timestamp"]) for v in values if contexts([v]) == [context]]


# --- what the Ended event carries (E06, J02) -----------------------------------------------------


@pytest.mark.proves("SampledDataCtrlr.TxEndedInterval")
def test_the_end_tells_of_the_begin_and_at_an_interval_of_what_was_between(csms):
    """TxEndedInterval: "0 ... only the values taken at the start and end of a transaction"."""
    csms.command("start-transaction", connector=1)
    begun = csms.now
    csms.pass_time(190)
    csms.restart().connect()
    csms.pass_time(10)
    values = ended(csms)
    assert contexts(values) == ["Transaction.Begin", "Transaction.End"]
    assert [v["timestamp"] for v in values] == [iso(begun), iso(csms.now)]
    first, last = (v["sampledValue"][0]["value"] for v in values)
    assert first == 0 and last == pytest.approx(11_000 / 18, abs=1)
    assert csms.set(EVERY, "60") == "Accepted"
    csms.command("start-transaction", connector=2)
    csms.pass_time(70)
    csms.restart().connect()
    csms.pass_time(120)
    values = ended(csms, connector=2)
    assert contexts(values) == [
        "Transaction.Begin", *["Sample.Periodic"] * 3, "Transaction.End",
    ]  # fmt: skip


def test_without_measurands_nothing_is_kept_and_nothing_told(csms):
    """TxEndedMeasurands: left empty, no sampled measurands are in the Ended event."""
    assert csms.set(ENDED, "") == "Accepted"
    csms.set(EVERY, "1")
    csms.command("start-transaction", connector=1)
    csms.pass_time(30)
    assert csms.station.outlets[1].transaction.ended_values == []
    assert ended(csms) == []


def test_a_transaction_of_a_day_keeps_its_first_value_and_an_even_course(csms):
    csms.set(ENDED, ",".join(MEASURANDS))
    csms.set(EVERY, "1")
    csms.command("start-transaction", connector=1)
    begun = csms.now
    csms.pass_time(43_000)
    csms.restart().connect()
    csms.pass_time(43_400)
    values = ended(csms)
    assert times_of(values[:1], "Transaction.Begin") == [begun]
    told = contexts(values)
    assert (told.count("Transaction.Begin"), told.count("Transaction.End")) == (1, 1)
    assert sum(len(v["sampledValue"]) for v in values) <= 530
    assert len(json.dumps(csms.events[-1])) < 80_000
    times = times_of(values)
    gaps = [later - time for time, later in zip(times, times[1:], strict=False)]
    assert len(times) >= 8 and len(set(gaps)) == 1
    assert times[-1] > csms.now - 2 * gaps[0]


def test_values_of_the_clock_and_of_the_interval_are_thinned_alike(csms):
    for controller in ("SampledDataCtrlr", "AlignedDataCtrlr"):
        csms.set(f"{controller}.TxEndedInterval", "60")
    csms.pass_time(7)
    csms.command("start-transaction", connector=1)
    csms.pass_time(86_400)
    values = ended(csms)
    periodic, aligned = times_of(values), times_of(values, "Sample.Clock")
    assert abs(len(periodic) - len(aligned)) <= 2 and 100 < len(periodic) < 260
    assert {t % 60 for t in aligned} == {0}
    stamps = [seconds_of(v["timestamp"]) for v in values]
    assert stamps == sorted(stamps)


# --- clock-aligned values (J01) ------------------------------------------------------------------


@pytest.mark.proves("MeterValues", "AlignedDataCtrlr.Interval")
def test_idle_evses_tell_their_values_by_the_clock(csms):
    assert csms.set("AlignedDataCtrlr.Interval", "5") == "Accepted"
    csms.pass_time(11)
    told = csms.sent("MeterValues")
    assert [t["evseId"] for t in told] == [1, 2, 1, 2]
    assert contexts(v for t in told for v in t["meterValue"]) == ["Sample.Clock"] * 4


@pytest.mark.proves("AlignedDataCtrlr.SendDuringIdle")
@pytest.mark.parametrize("silent", [True, False])
def test_aligned_values_during_idle_alone_or_always(csms, silent):
    """J01.FR.20, SendDuringIdle: true, "SHALL NOT send clock aligned meter values when a
    transaction is ongoing"; with no EVSE named, when any is ongoing on the station."""
    assert csms.set("AlignedDataCtrlr.SendDuringIdle", str(silent).lower()) == "Accepted"
    assert csms.set("AlignedDataCtrlr.Interval", "3") == "Accepted"
    csms.command("start-transaction", connector=1)
    csms.pass_time(7)
    events = [e for e in csms.events if e["triggerReason"] == "MeterValueClock"]
    told = [t["evseId"] for t in csms.sent("MeterValues")]
    assert (len(events), told) == ((0, []) if silent else (2, [2, 2]))
    csms.command("stop-transaction", connector=1)
    csms.pass_time(3)
    assert [t["evseId"] for t in csms.sent("MeterValues")[len(told) :]] == [1, 2]


def test_a_value_bears_the_time_of_the_mark_however_late_it_is_read(csms):
    csms.set("AlignedDataCtrlr.Interval", "900")
    csms.set("AlignedDataCtrlr.TxEndedInterval", "900")
    csms.command("start-transaction", connector=1)
    mark = (csms.now // 900 + 1) * 900
    csms.now = mark + 2.345
    csms.perform(csms.station.wake(csms.now))
    idle, event = csms.sent("MeterValues")[-1], csms.events[-1]
    assert event["triggerReason"] == "MeterValueClock"
    assert event["timestamp"] == iso(csms.now)
    for told in (idle, event):
        assert [v["timestamp"] for v in told["meterValue"]] == [iso(mark)]
    assert times_of(ended(csms), "Sample.Clock") == [mark]


def test_an_idle_evse_of_two_connectors_tells_its_values_once():
    outlets = (ConnectorConfig(1, 1), ConnectorConfig(2, 1), ConnectorConfig(3, 2))
    keys = {"AlignedDataCtrlr.Interval": "900"}
    csms = booted(configuration=QUIET | keys, connectors=outlets)
    csms.pass_time(900)
    assert [told["evseId"] for told in csms.sent("MeterValues")] == [1, 2]
    csms.command("start-transaction", connector=2)
    csms.pass_time(900)
    assert [told["evseId"] for told in csms.sent("MeterValues")] == [1, 2, 2]
