"""A station lives on through each fault, in every OCPP version, and says in the log what was done.

The stations here do the same by their commands; each version has its CSMS in memory.
"""

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.effects import Cut, Dial, Freeze, Noted, Received, Send
from chargepoint.timing.times import iso, seconds_of
from tests.chargepoint.faults.bench import VERSIONS, Bench


@pytest.fixture(params=VERSIONS)
def bench(request) -> Bench:
    return Bench(request.param).connect()


def test_a_healthy_station_has_no_tap_and_saves_nothing_of_faults(bench):
    assert bench.station.tap is None
    snapshot = bench.station.snapshot()
    assert "faults" not in snapshot
    assert "faults" not in snapshot["saved"]


def test_a_dropped_call_times_out_and_the_next_one_passes(bench):
    bench.do("add-fault", fault="drop", direction="sent", action="Heartbeat", count=1)
    bench.heartbeat()
    [dropped] = bench.marked("dropped")
    assert (dropped.direction, dropped.action) == ("sent", "Heartbeat")
    assert bench.actions.count("Heartbeat") == 0
    bench.pass_time(40)
    assert bench.station.tap is None
    bench.heartbeat()
    assert bench.actions.count("Heartbeat") == 1


def test_a_dropped_call_of_the_csms_never_reaches_the_station(bench):
    bench.do("add-fault", fault="drop", direction="received", action="ClearCache", count=1)
    assert bench.call("ClearCache", {}) is None
    assert bench.marked("dropped")[0].direction == "received"
    assert bench.call("ClearCache", {}) is not None


def test_an_answer_that_is_kept_back_has_had_its_effect(bench):
    bench.do("add-fault", fault="no-answer", direction="sent", action="ChangeAvailability")
    assert bench.call("ChangeAvailability", bench.inoperative) is None
    assert bench.marked("dropped: no answer")[0].kind == "CallResult"
    assert bench.status() == "Unavailable"


def test_a_delayed_call_is_sent_in_its_time(bench):
    bench.do("add-fault", fault="latency", direction="sent", action="Heartbeat", delay_ms=1500)
    asked = bench.now
    bench.heartbeat(settle=False)
    assert bench.actions.count("Heartbeat") == 0
    bench.pass_time(2)
    assert bench.actions.count("Heartbeat") == 1
    [frame] = bench.marked("delayed 1500 ms")
    assert frame.time == asked + 1.5
    answer = bench.frames_of("Heartbeat", "CallResult")[-1]
    assert answer.latency == pytest.approx(1.5)


def test_a_delayed_answer_of_the_csms_is_taken_in_its_time(bench):
    bench.do("add-fault", fault="latency", direction="received", delay_ms=900)
    bench.heartbeat(settle=False)
    assert not bench.marked("delayed")
    bench.pass_time(1)
    [frame] = bench.marked("delayed 900 ms")
    assert (frame.direction, frame.kind, frame.action) == ("received", "CallResult", "Heartbeat")


def test_a_duplicate_answer_of_the_csms_is_ignored(bench):
    bench.do("add-fault", fault="duplicate", direction="received", kind="CallResult", count=1)
    bench.heartbeat()
    [frame] = bench.marked("duplicate")
    assert "ignored" in frame.error
    bench.still_works()


def test_a_call_sent_twice_is_answered_twice_and_the_station_goes_on(bench):
    bench.do("add-fault", fault="duplicate", direction="sent", kind="Call", count=1)
    bench.heartbeat()
    assert bench.actions.count("Heartbeat") == 2
    bench.still_works()


def test_a_duplicate_call_of_the_csms_is_answered_twice(bench):
    bench.do("add-fault", fault="duplicate", direction="received", kind="Call", count=1)
    bench.call("ClearCache", {})
    assert len(bench.frames_of("ClearCache", "CallResult")) == 2


@pytest.mark.parametrize("form", ["cut-off", "not-json", "not-an-array", "wrong-type-id",
                                  "extra-element", "wrong-types"])  # fmt: skip
def test_a_malformed_frame_either_way_does_not_stop_the_station(bench, form):
    bench.do("add-fault", fault="malformed", form=form, count=1, kind="CallResult",
             direction="received")  # fmt: skip
    bench.heartbeat()
    assert bench.marked(f"malformed: {form}")
    bench.pass_time(40)
    bench.still_works()
    bench.do("add-fault", fault="malformed", form=form, count=1, kind="Call", direction="sent")
    bench.heartbeat()
    assert len(bench.marked(f"malformed: {form}")) == 2
    bench.pass_time(40)
    bench.still_works()


def test_an_answer_under_another_id_is_nobodys(bench):
    bench.do("add-fault", fault="wrong-id", direction="received", count=1)
    bench.heartbeat()
    [frame] = bench.marked("wrong id")
    assert "no Call waits" in frame.error
    bench.pass_time(40)
    bench.still_works()


def test_what_is_under_way_when_the_link_breaks_is_lost_and_marked(bench):
    bench.do("add-fault", fault="latency", delay_ms=60_000)
    bench.heartbeat(settle=False)
    bench.drop()
    [lost] = bench.marked("dropped: the link was lost")
    assert lost.action == "Heartbeat"


def test_a_delayed_answer_is_written_before_the_station_closes_the_link(bench):
    bench.do("add-fault", fault="latency", delay_ms=60_000, direction="sent")
    answer = bench.call("Reset", bench.hard_reset)
    assert answer is not None


def test_faults_survive_the_worker(bench):
    bench.do("add-fault", fault="drop", action="Heartbeat", direction="sent", count=2)
    bench.do("clock", offset_seconds=100, follow=False)
    bench.heartbeat()
    bench.restart()
    shown = bench.do("faults")
    assert [rule["count"] for rule in shown["frames"]] == [1]
    assert shown["clock"]["off_seconds"] == pytest.approx(100, abs=1.1)
    bench.connect()
    bench.heartbeat()
    assert bench.do("faults")["frames"] == []


def test_faults_are_listed_and_cleared(bench):
    first = bench.do("add-fault", fault="drop", action="A", seed=7)
    bench.do("add-fault", fault="latency", delay_ms=5, action="B")
    assert first["seed"] == 7
    listed = bench.do("faults")["frames"]
    assert [rule["fault"] for rule in listed] == ["drop", "latency"]
    assert bench.station.snapshot()["faults"]["frames"] == listed
    bench.do("clear-fault", id=first["id"])
    assert [rule["fault"] for rule in bench.do("faults")["frames"]] == ["latency"]
    with pytest.raises(CommandRejected, match="There is no fault"):
        bench.do("clear-fault", id=99)
    bench.do("clear-fault")
    assert bench.station.tap is None


def test_a_connector_fault_is_listed_too(bench):
    bench.do("fault", connector=1, error_code="GroundFailure", info="wet", vendor_error_code="E7")
    assert bench.do("faults")["connectors"] == [
        {"connector": 1, "error_code": "GroundFailure", "info": "wet", "vendor_error_code": "E7",
         "vendor_id": ""}
    ]


# --- the clock ---------------------------------------------------------------------------------


def stamped(bench: Bench) -> float:
    """The station's time as the timestamp of a StatusNotification shows it, less the real one."""
    return seconds_of(bench.stamp()) - bench.now


def test_a_clock_that_is_off_shows_in_timestamps_until_the_next_heartbeat(bench):
    bench.do("clock", offset_seconds=-3600)
    assert stamped(bench) == pytest.approx(-3600, abs=0.01)
    bench.heartbeat()
    assert stamped(bench) == pytest.approx(0, abs=0.01)


def test_a_clock_that_follows_nobody_stays_off_over_a_boot(bench):
    bench.do("clock", offset_seconds=500, follow=False)
    bench.heartbeat()
    bench.drop()
    bench.connect()
    assert stamped(bench) == pytest.approx(500, abs=0.01)
    bench.do("clock")
    assert stamped(bench) == pytest.approx(0, abs=0.01)


def test_a_drift_adds_up_and_starts_again_from_each_heartbeat(bench):
    bench.interval(100_000)
    bench.do("clock", ppm=1000)
    bench.pass_time(3600)
    assert stamped(bench) == pytest.approx(3.6, abs=0.05)
    bench.heartbeat()
    assert stamped(bench) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("ppm", [-20_000, 20_000])
def test_clock_aligned_values_are_aligned_by_the_drifting_clock(bench, ppm):
    bench.aligned_every(900)
    bench.do("clock", offset_seconds=100, ppm=ppm, follow=False)
    bench.meter_values.clear()
    bench.pass_time(3 * 3600)
    times = sorted({seconds_of(stamp) for stamp in bench.meter_values})
    assert len(times) == pytest.approx(12 * (1 + ppm / 1e6), abs=1)
    assert all(time % 900 == 0 for time in times)


# --- half-open ---------------------------------------------------------------------------------


def test_a_half_open_link_takes_nothing_until_it_is_healed(bench):
    bench.do("half-open")
    assert bench.effects_of(Freeze) == [Freeze(True)]
    bench.heartbeat()
    assert bench.marked("dropped: half-open")
    assert bench.call("ClearCache", {}) is None
    bench.do("heal")
    assert bench.effects_of(Freeze) == [Freeze(True), Freeze(False)]
    bench.pass_time(40)
    bench.still_works()
    assert bench.station.tap is None


def test_a_half_open_link_heals_by_itself_after_its_seconds(bench):
    bench.do("half-open", seconds=20)
    bench.pass_time(21)
    assert bench.effects_of(Freeze) == [Freeze(True), Freeze(False)]


def test_what_was_delayed_does_not_get_through_a_half_open_link(bench):
    bench.do("add-fault", fault="latency", delay_ms=3000, direction="sent")
    bench.heartbeat(settle=False)
    bench.do("half-open")
    bench.pass_time(4)
    assert bench.actions.count("Heartbeat") == 0
    assert bench.marked("dropped: half-open")[0].action == "Heartbeat"


def test_nothing_is_written_when_a_station_resets_over_a_half_open_link(bench):
    bench.do("add-fault", fault="latency", delay_ms=3000, direction="sent")
    bench.heartbeat(settle=False)
    bench.do("half-open")
    before = len([f for f in bench.log if f.direction == "sent"])
    bench.do("reset", kind="Hard")
    assert len([f for f in bench.log if f.direction == "sent"]) == before
    assert bench.marked("dropped: the link was lost")
    if bench.station.connected:
        bench.drop()
    bench.do("clear-fault")
    bench.connect()
    bench.still_works()


def test_half_open_ends_with_its_connection(bench):
    bench.do("half-open")
    bench.drop()
    bench.connect()
    bench.still_works()
    with pytest.raises(CommandRejected, match="not half-open"):
        bench.do("heal")


# --- power -------------------------------------------------------------------------------------


def test_a_power_cut_ends_the_transaction_for_power_loss_after_the_next_boot(bench):
    bench.charge()
    bench.pass_time(600)
    cut = bench.now
    energy = bench.station.connectors[1].meter_wh
    bench.do("power-cut", seconds=120)
    assert bench.effects_of(Cut) == [Cut()]
    before = len(bench.actions)
    bench.pass_time(119)
    assert bench.actions[before:] == []
    bench.pass_time(2)
    assert bench.effects_of(Dial) == [Dial(0.0)]
    bench.connect()
    assert bench.actions[before] == "BootNotification"
    assert bench.boot_reason() in (None, "PowerUp")
    reason, stamp = bench.end_of_transaction()
    assert reason == "PowerLoss"
    assert stamp == iso(cut)
    assert bench.station.connectors[1].meter_wh == pytest.approx(energy, abs=1)
    bench.still_works()


def test_without_power_there_are_no_timers_and_no_commands(bench):
    bench.charge()
    bench.do("power-cut")
    assert bench.station.deadline is None
    for name, args in (("plug", {}), ("reset", {}), ("message", {"text": "x"}), ("half-open", {})):
        with pytest.raises(CommandRejected, match="no power"):
            bench.do(name, **args)
    with pytest.raises(CommandRejected, match="no power already"):
        bench.do("power-cut")
    assert bench.do("faults")["power"] == "off"
    bench.do("power-on")
    assert bench.effects_of(Dial) == [Dial(0.0)]
    with pytest.raises(CommandRejected, match="has power"):
        bench.do("power-on")


def test_a_station_without_power_stays_dark_when_its_worker_dies(bench):
    bench.charge()
    bench.do("power-cut", seconds=300)
    bench.pass_time(100)
    bench.restart()
    assert bench.station.dark
    assert bench.station.deadline == pytest.approx(bench.now + 200)
    bench.pass_time(201)
    assert not bench.station.dark
    bench.connect()
    assert bench.end_of_transaction()[0] == "PowerLoss"


def test_a_driver_who_was_authorized_is_forgotten_by_a_power_cut(bench):
    bench.do("authorize", connector=1, id_tag="AABBCCDD")
    bench.do("power-cut", seconds=1)
    bench.pass_time(2)
    bench.connect()
    bench.do("plug", connector=1)
    assert bench.station.snapshot()["connectors"][0]["transaction"] is None


def test_faults_of_frames_survive_a_power_cut(bench):
    bench.do("add-fault", fault="drop", action="Heartbeat", direction="sent")
    bench.do("power-cut", seconds=1)
    bench.pass_time(2)
    bench.connect()
    bench.heartbeat()
    assert bench.marked("dropped")


def test_what_no_frame_shows_is_noted_in_the_log(bench):
    bench.do("clock", offset_seconds=5, ppm=10)
    bench.do("power-cut", seconds=30)
    bench.pass_time(31)
    notes = [frame.mark for frame in bench.noted if frame.kind == "Note"]
    assert notes == ["clock: +5 s, +10 ppm", "power cut, back in 30 s", "power is back"]


def test_a_station_with_a_tap_notes_each_frame_exactly_once(bench):
    bench.do("add-fault", fault="latency", delay_ms=1, action="Nothing")
    effects = bench.station.received('[2,"c","ClearCache",{}]', bench.now)
    assert [type(e) for e in effects if type(e) in (Send, Received, Noted)] == [Received, Send]
