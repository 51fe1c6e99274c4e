"""TransactionEvents reach the CSMS in order, once, without a gap, whatever happens."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chargepoint.core.commands import CommandRejected

from .csms import Csms, booted, config_of


def assert_no_gaps(events):
    """Each transaction: numbers 0, 1, 2 ..., Started first, Ended last, time not running back."""
    by_id = {}
    for event in events:
        by_id.setdefault(event["transactionInfo"]["transactionId"], []).append(event)
    for parts in by_id.values():
        assert [e["seqNo"] for e in parts] == list(range(len(parts)))
        assert parts[0]["eventType"] == "Started"
        assert all(e["eventType"] == "Updated" for e in parts[1:-1])
        assert [e["timestamp"] for e in parts] == sorted(e["timestamp"] for e in parts)


def test_offline_events_wait_and_are_marked():
    csms = booted()
    csms.command("start-transaction", connector=1)
    csms.disconnect()
    csms.pass_time(300)
    csms.command("stop-transaction", connector=1)
    seen = len(csms.events)
    csms.pass_time(60)
    assert len(csms.events) == seen == 2
    csms.connect()
    assert_no_gaps(csms.events)
    assert [e.get("offline", False) for e in csms.events] == [False] * 2 + [True] * 6
    assert csms.events[-1]["eventType"] == "Ended"


def test_a_whole_session_offline_by_a_remembered_token():
    csms = booted()
    csms.command("start-transaction", connector=1)
    csms.command("stop-transaction", connector=1)
    csms.command("unplug", connector=1)
    csms.disconnect()
    assert csms.command("start-transaction", connector=1)["authorization"] == "Accepted"
    csms.pass_time(60)
    csms.command("stop-transaction", connector=1)
    csms.connect()
    assert_no_gaps(csms.events)
    assert len({e["transactionInfo"]["transactionId"] for e in csms.events}) == 2
    assert csms.sent("Authorize") == [csms.sent("Authorize")[0]]


def test_an_unknown_token_offline():
    csms = booted()
    csms.disconnect()
    before = csms.saved()
    with pytest.raises(CommandRejected) as refused:
        csms.command("start-transaction", connector=1, id_tag="stranger")
    assert refused.value.code == "not_authorized"
    assert csms.saved() == before  # no car was plugged in for it
    csms = booted(configuration={"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"})
    csms.disconnect()
    csms.command("start-transaction", connector=1, id_tag="stranger")
    csms.answers["TransactionEvent"] = lambda p: (
        {"idTokenInfo": {"status": "Invalid"}} if "idToken" in p else {}
    )
    csms.connect()
    assert csms.story()[-1][:2] == ("Ended", "Deauthorized")
    assert_no_gaps(csms.events)


def test_a_restart_in_mid_transaction_goes_on_with_the_next_number():
    csms = booted()
    csms.command("start-transaction", connector=1)
    csms.pass_time(90)
    csms.restart().connect()
    csms.pass_time(90)
    csms.command("stop-transaction", connector=1)
    assert_no_gaps(csms.events)
    # In step with the start: at 60 before the restart, at 120 and 180 after it.
    assert [t for _, t, _ in csms.story()].count("MeterValuePeriodic") == 3
    assert len(csms.sent("BootNotification")) == 1  # the station itself did not restart
    values = csms.events[-1]["meterValue"][-1]["sampledValue"]
    assert values[0]["value"] == pytest.approx(11_000 * 180 / 3600, abs=1)
    assert [s["rev"] for s in csms.sessions] == list(range(1, len(csms.sessions) + 1))


def test_what_was_awaited_is_awaited_after_a_restart():
    csms = booted(configuration={"SampledDataCtrlr.TxUpdatedInterval": "0"})
    csms.command("plug", connector=1, ev={"soc": 50, "target_soc": 51})
    csms.command("start-transaction", connector=1)
    csms.command("authorize", connector=2, id_tag="second")
    csms.restart().connect()
    csms.pass_time(119)
    assert csms.station.outlets[2].token is not None
    csms.pass_time(3600)
    assert csms.station.outlets[2].token is None  # nobody plugged in
    assert csms.story()[-1] == ("Updated", "ChargingStateChanged", "SuspendedEV")


def test_power_off_keeps_the_transaction_but_gives_no_energy():
    csms = booted()
    csms.command("start-transaction", connector=1)
    csms.pass_time(90)
    csms.perform(csms.station.power_off(csms.now))
    saved = csms.saved()
    csms.now += 3600
    csms.restart(saved).connect()
    assert [b["reason"] for b in csms.sent("BootNotification")] == ["PowerUp", "PowerUp"]
    csms.pass_time(90)
    csms.command("stop-transaction", connector=1)
    assert_no_gaps(csms.events)
    values = csms.events[-1]["meterValue"][-1]["sampledValue"]
    assert values[0]["value"] == pytest.approx(11_000 * 180 / 3600, abs=1)


def test_an_event_whose_answer_was_lost_is_sent_again_the_same():
    csms = booted()
    csms.answers["TransactionEvent"] = None
    csms.command("start-transaction", connector=1)
    assert len(csms.events) == 1
    csms.disconnect()
    csms.answers["TransactionEvent"] = {}
    csms.connect()
    assert csms.events[0] == csms.events[1]
    assert_no_gaps(csms.events[1:])


@pytest.mark.proves(
    "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]",
    "OCPPCommCtrlr.MessageAttempts[TransactionEvent]",
)  # fmt: skip
def test_refused_events_are_tried_again_with_growing_pauses_then_given_up():
    csms = booted(
        configuration={
            "OCPPCommCtrlr.MessageAttempts[TransactionEvent]": "3",
            "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]": "10",
            "SampledDataCtrlr.TxUpdatedInterval": "0",
        }
    )
    csms.answers["TransactionEvent"] = "InternalError"
    csms.command("start-transaction", connector=1)
    assert len(csms.events) == 1
    csms.pass_time(10)
    assert [e["seqNo"] for e in csms.events] == [0, 0]
    csms.pass_time(19)
    assert len(csms.events) == 2
    csms.answers["TransactionEvent"] = lambda p: "InternalError" if p["seqNo"] == 0 else {}
    csms.pass_time(1)
    assert [e["seqNo"] for e in csms.events] == [0, 0, 0, 1]
    csms.command("stop-transaction", connector=1)
    assert csms.events[-1]["eventType"] == "Ended"


def test_no_answer_counts_as_an_attempt():
    csms = booted(configuration={"OCPPCommCtrlr.MessageTimeout[Default]": "5"})
    csms.answers["TransactionEvent"] = None
    csms.command("start-transaction", connector=1)
    csms.pass_time(4)
    csms.answers["TransactionEvent"] = {}
    csms.pass_time(1 + 29)
    assert len(csms.events) == 1
    csms.pass_time(1)
    assert_no_gaps(csms.events[1:])


def test_the_queue_survives_a_restart_while_offline():
    csms = booted()
    csms.command("start-transaction", connector=1)
    csms.disconnect()
    csms.pass_time(120)
    csms.restart()
    csms.pass_time(120)
    csms.command("stop-transaction", connector=1)
    csms.restart().connect()
    assert_no_gaps(csms.events)
    assert csms.events[-1]["eventType"] == "Ended"
    assert csms.call("GetTransactionStatus", {}) == {"messagesInQueue": False}


def test_a_full_queue_takes_no_more_meter_values_and_still_has_no_gap():
    csms = booted(configuration={"SampledDataCtrlr.TxUpdatedInterval": "1"})
    csms.command("start-transaction", connector=1)
    csms.disconnect()
    csms.pass_time(1500)
    csms.command("stop-transaction", connector=1)
    csms.connect()
    assert len(csms.events) == 2 + 1000 + 1
    assert_no_gaps(csms.events)


steps = st.lists(
    st.sampled_from(
        ["plug", "unplug", "card", "other card", "connect", "disconnect", "restart", "reboot",
         "wait", "wait long", "fault", "clear", "silent", "loud", "remote stop", "reset"]
    ),
    max_size=40,
)  # fmt: skip
points = st.sampled_from(["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"])


@settings(max_examples=150, deadline=None)
@given(steps, points, points)
@example(
    ["restart", "plug", "restart", "wait long", "unplug", "plug"], "EVConnected", "EVConnected"
)
def test_any_history_gives_whole_transactions(history, start, stop):
    configuration = {
        "TxCtrlr.TxStartPoint": start,
        "TxCtrlr.TxStopPoint": stop,
        # A given-up message would be a gap that the specification wants.
        "OCPPCommCtrlr.MessageAttempts[TransactionEvent]": "1000",
        "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]": "1",
    }
    csms = Csms(config_of(configuration=configuration)).connect()
    taken = {}

    def take(payload):
        taken[payload["transactionInfo"]["transactionId"], payload["seqNo"]] = payload
        return {}

    csms.answers["TransactionEvent"] = take
    for step in history:
        try:
            _do(csms, step, take)
        except CommandRejected:
            continue
    csms.answers["TransactionEvent"] = take
    if not csms.station.connected:
        csms.connect()
    csms.pass_time(2000)
    assert csms.station.calls.queued == []
    assert_no_gaps(taken.values())
    ended = [e for e in taken.values() if e["eventType"] == "Ended"]
    running = [o for o in csms.station.outlets.values() if o.transaction is not None]
    assert len({t for t, _ in taken}) == len(ended) + len(running)
    for session in {s["id"] for s in csms.sessions}:
        revs = [s["rev"] for s in csms.sessions if s["id"] == session]
        assert revs == list(range(1, len(revs) + 1))


def _do(csms, step, take):
    match step:
        case "plug" | "unplug":
            csms.command(step, connector=1)
        case "card":
            csms.command("authorize", connector=1, id_tag="04A1B2C3")
        case "other card":
            csms.command("authorize", id_tag="other")
        case "connect":
            if not csms.station.connected:
                csms.connect()
        case "disconnect":
            csms.disconnect()
        case "restart":
            csms.restart()
        case "reboot":
            csms.perform(csms.station.power_off(csms.now))
            csms.restart()
        case "wait":
            csms.pass_time(7)
        case "wait long":
            csms.pass_time(4000)
        case "fault":
            csms.command("fault", connector=1, error_code="GroundFailure")
        case "clear":
            csms.command("fault", connector=1, error_code="NoError")
        case "silent":
            csms.answers["TransactionEvent"] = None
        case "loud":
            csms.answers["TransactionEvent"] = take
        case "remote stop":
            outlet = csms.station.outlets[1]
            if outlet.transaction is not None and csms.station.connected:
                csms.call("RequestStopTransaction", {"transactionId": outlet.transaction.id})
        case "reset":
            csms.command("reset", kind="Hard")
