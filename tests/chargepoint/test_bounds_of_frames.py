"""Frames, timers and the queue at their bounds: what fits just so is taken, and in its order."""

import pytest

from chargepoint.core.calls import QUEUE_AT_MOST
from chargepoint.timing.times import iso, next_mark
from tests.chargepoint.peer import START, Peer

KEYS = {
    "EmulatorAutoPlug": "false", "MeterValueSampleInterval": "1",
    "MeterValuesSampledData": "Energy.Active.Import.Register",
}  # fmt: skip


@pytest.fixture
def peer():
    return Peer(configuration={"EmulatorAutoPlug": "false"}).connect()


# --- frames --------------------------------------------------------------------------------------


@pytest.mark.parametrize("details", [[], [{}], [{"why": 1}]])
def test_a_call_error_is_one_with_and_without_details(peer, details):
    peer.answers["Authorize"] = None
    peer.do("authorize", connector=1, id_tag="ANNA")
    peer.received.clear()
    peer.feed([4, peer.unanswered[-1][1], "GenericError", "no", *details])
    [frame] = peer.received
    assert (frame.kind, frame.action, frame.error) == ("CallError", "Authorize", "GenericError")


@pytest.mark.parametrize(("length", "kind"), [(1, 3), (36, 3), (37, 4)])
def test_an_id_has_up_to_36_characters(peer, length, kind):
    answer = peer.call("GetLocalListVersion", {}, "x" * length)
    assert answer[0] == kind


def test_while_pending_triggered_calls_go_one_after_the_other():
    peer = Peer()
    peer.answers["BootNotification"] = {
        "status": "Pending", "currentTime": iso(START), "interval": 600,
    }  # fmt: skip
    peer.connect()
    peer.answers["Heartbeat"] = peer.answers["StatusNotification"] = None
    peer.call("TriggerMessage", {"requestedMessage": "Heartbeat"}, "t0")
    for number in (1, 2):
        asked = {"requestedMessage": "StatusNotification", "connectorId": number}
        peer.call("TriggerMessage", asked, f"t{number}")
    assert peer.actions() == ["BootNotification", "Heartbeat"]
    peer.feed([3, peer.unanswered[-1][1], {"currentTime": iso(START)}])
    assert peer.actions() == ["BootNotification", "Heartbeat", "StatusNotification"]
    peer.feed([3, peer.unanswered[-1][1], {}])
    assert [note["connectorId"] for note in peer.calls("StatusNotification")] == [1, 2]


@pytest.mark.parametrize("interval", [0, -5])
def test_a_csms_that_names_no_interval_is_not_flooded_with_boots(interval):
    peer = Peer()
    peer.answers["BootNotification"] = lambda _: {
        "status": "Pending", "currentTime": iso(peer.now), "interval": interval,
    }  # fmt: skip
    peer.connect()
    assert peer.station.deadline == peer.now + 60
    peer.pass_time(61)
    assert len(peer.calls("BootNotification")) == 2


# --- timers --------------------------------------------------------------------------------------


def test_what_was_due_earlier_is_done_earlier_however_late_the_station_wakes(peer):
    for number, seconds in ((1, 300), (2, 100)):
        payload = {"connectorId": number, "reservationId": number, "idTag": "ANNA"}
        peer.call("ReserveNow", {**payload, "expiryDate": iso(peer.now + seconds)}, f"r{number}")
    before = len(peer.calls("StatusNotification"))
    peer.now += 1000  # its worker was held up
    peer.take(peer.station.wake(peer.now))
    told = peer.calls("StatusNotification")[before:]
    assert [(note["connectorId"], note["status"]) for note in told] == [
        (2, "Available"), (1, "Available"),
    ]  # fmt: skip


@pytest.mark.parametrize("seconds", [700, 900, 7000, 50_000, 86_400, 100_000])
def test_midnight_is_a_mark_of_every_interval(seconds):
    midnight = START // 86_400 * 86_400
    time, marks = midnight + 1, []
    while time < midnight + 2 * 86_400:
        time = next_mark(time, seconds)
        marks.append(time - midnight)
    assert {86_400, 2 * 86_400} <= set(marks)
    wanted = {n * seconds for n in range(1, 86_400 // seconds + 1)} | {86_400}
    assert {mark for mark in marks if mark <= 86_400} == wanted


# --- a queue that a long time offline has filled (1.6, 3.7) ---------------------------------------


def offline(peer):
    """Meter values without an answer, for longer than the queue has room."""
    longest = 0
    for _ in range(QUEUE_AT_MOST + 300):
        peer.pass_time(1)
        longest = max(longest, len(peer.station.calls.queued))
    return longest


def test_a_full_queue_lets_every_second_meter_value_go_and_nothing_else():
    peer = Peer(configuration=KEYS).connect()
    peer.do("plug", connector=1, ev={"soc": 5, "battery_kwh": 1000})
    peer.do("start-transaction", connector=1)
    first = len(peer.sent)
    peer.drop()
    assert offline(peer) <= QUEUE_AT_MOST
    peer.do("stop-transaction", connector=1)
    peer.connect()
    told = [frame for frame in peer.sent[first:] if frame[0] == 2]
    values = [frame[3]["meterValue"][0]["timestamp"] for frame in told if frame[2] == "MeterValues"]
    assert values[0] == iso(START + 1)  # the first value stays
    assert values == sorted(set(values))
    assert QUEUE_AT_MOST // 2 < len(values) < QUEUE_AT_MOST
    assert [frame[2] for frame in told].count("StopTransaction") == 1
    assert told[-1][2] in ("StopTransaction", "StatusNotification")
