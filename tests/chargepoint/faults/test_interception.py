"""Breakpoints on stations of every version: hold, release, edit, drop and answer, either way."""

import json

import pytest

from chargepoint.core.commands import CommandRejected
from tests.chargepoint.faults.bench import VERSIONS, Bench


@pytest.fixture(params=VERSIONS)
def bench(request) -> Bench:
    return Bench(request.param).connect()


def held(bench: Bench) -> list[dict]:
    return bench.do("interception")["held"]


def hold_heartbeat(bench: Bench, **more) -> dict:
    bench.do("add-breakpoint", action="Heartbeat", kind="Call", direction="sent", **more)
    bench.heartbeat()
    [frame] = held(bench)
    return frame


def test_a_held_call_is_in_the_log_and_not_on_the_wire(bench):
    frame = hold_heartbeat(bench)
    assert (frame["direction"], frame["kind"], frame["action"]) == ("sent", "Call", "Heartbeat")
    assert bench.actions.count("Heartbeat") == 0
    assert [f.text for f in bench.marked("held")] == [frame["text"]]
    assert bench.station.snapshot()["faults"]["held"] == 1


def test_a_released_call_goes_on_and_its_answer_is_taken(bench):
    frame = hold_heartbeat(bench, count=1)
    bench.pass_time(20)
    bench.do("release", id=frame["id"])
    assert bench.actions.count("Heartbeat") == 1
    assert bench.marked("held 20.0 s, released by hand")
    assert bench.frames_of("Heartbeat", "CallResult")
    assert bench.station.tap is None


def test_the_stations_own_timeout_stands_still_while_its_call_is_held(bench):
    frame = hold_heartbeat(bench, hold_seconds=600)
    bench.csms.answers["Heartbeat"] = None
    bench.pass_time(300)
    assert bench.station.calls.flight is not None
    bench.do("release", id=frame["id"])
    bench.pass_time(29)
    assert bench.station.calls.flight is not None
    bench.pass_time(2)
    assert (
        bench.station.calls.flight is None
        or bench.station.calls.flight.unique_id != frame["unique_id"]
    )


def test_a_call_that_is_dropped_by_hand_times_out(bench):
    frame = hold_heartbeat(bench, count=1)
    bench.do("drop", id=frame["id"])
    assert bench.marked("dropped by hand")
    bench.pass_time(40)
    bench.still_works()


def test_a_call_that_is_edited_goes_out_as_edited_and_the_original_is_kept(bench):
    frame = hold_heartbeat(bench)
    text = f'[2,"{frame["unique_id"]}","DataTransfer",{{"vendorId":"me"}}]'
    bench.csms.answers["DataTransfer"] = {"currentTime": "2030-01-01T00:00:00Z"}
    bench.do("release", id=frame["id"], text=text)
    [sent] = bench.marked("edited by hand")
    assert (sent.text, sent.action) == (text, "DataTransfer")
    assert frame["text"] in [f.text for f in bench.marked("held")]


def test_an_edit_may_be_no_frame_at_all(bench):
    frame = hold_heartbeat(bench)
    bench.watch_only("nonsense")
    bench.do("release", id=frame["id"], text="[nonsense")
    [sent] = bench.marked("edited by hand")
    assert (sent.kind, sent.text) == ("Invalid", "[nonsense")
    bench.do("clear-breakpoint")
    bench.pass_time(40)
    bench.still_works()


def test_the_station_gets_the_answer_that_was_written_by_hand(bench):
    frame = hold_heartbeat(bench, count=1)
    bench.do("answer", id=frame["id"], payload={"currentTime": "2026-09-21T15:00:00Z"})
    assert bench.actions.count("Heartbeat") == 0
    [answer] = bench.marked("answered by hand")
    assert (answer.direction, answer.kind, answer.error) == ("received", "CallResult", "")
    assert bench.station.calls.flight is None
    bench.still_works()


def test_the_station_gets_the_error_that_was_written_by_hand(bench):
    frame = hold_heartbeat(bench, count=1)
    bench.do("answer", id=frame["id"], code="InternalError", description="by hand")
    [answer] = bench.marked("answered by hand")
    assert (answer.kind, answer.error) == ("CallError", "InternalError")


def hold_call(bench: Bench) -> dict:
    bench.do("add-breakpoint", action="ClearCache", kind="Call", direction="received")
    assert bench.call("ClearCache", {}) is None
    [frame] = held(bench)
    return frame


def answers(bench: Bench) -> list[list]:
    frames = [json.loads(f.text) for f in bench.log if f.direction == "sent"]
    return [frame for frame in frames if frame[1] == "c1"]


def test_a_held_call_of_the_csms_reaches_the_station_when_it_is_released(bench):
    frame = hold_call(bench)
    bench.do("release", id=frame["id"])
    assert [a[0] for a in answers(bench)] == [3]
    assert [f.action for f in bench.marked("released by hand")] == ["ClearCache"]


def test_an_edited_call_of_the_csms_is_taken_as_edited(bench):
    frame = hold_call(bench)
    bench.do("release", id=frame["id"], text='[2,"c1","NoSuchThing",{}]')
    assert answers(bench)[0][:3] == [4, "c1", "NotImplemented"]


def test_the_csms_gets_the_answer_that_was_written_by_hand_and_the_station_no_call(bench):
    frame = hold_call(bench)
    bench.do("answer", id=frame["id"], payload={"status": "Rejected"})
    assert answers(bench) == [[3, "c1", {"status": "Rejected"}]]
    assert [f.action for f in bench.log if f.action == "ClearCache" and f.kind == "Call"] == []


def test_the_answer_of_the_station_can_be_held_too(bench):
    bench.do("add-breakpoint", action="ClearCache", kind="CallResult", direction="sent")
    assert bench.call("ClearCache", {}) is None
    [frame] = held(bench)
    with pytest.raises(CommandRejected, match="Only a Call|with a code"):
        bench.do("answer", id=frame["id"], payload={})
    bench.do("release", id=frame["id"])
    assert answers(bench)


def test_the_answer_of_the_csms_can_be_held_and_edited(bench):
    bench.do("add-breakpoint", action="Heartbeat", kind="CallResult", direction="received")
    bench.heartbeat()
    [frame] = held(bench)
    bench.pass_time(45)  # longer than the station would have waited
    text = json.dumps([3, frame["unique_id"], {"currentTime": "2026-09-21T18:00:00Z"}])
    bench.do("release", id=frame["id"], text=text)
    [taken] = bench.marked("edited by hand")
    assert (taken.action, taken.error) == ("Heartbeat", "")


def test_all_are_released_in_their_order(bench):
    bench.do("add-breakpoint", kind="Call", direction="received")
    for number in range(3):
        bench.perform(bench.station.received(f'[2,"n{number}","ClearCache",{{}}]', bench.now))
    bench.do("release")
    taken = [f.unique_id for f in bench.log if f.direction == "received" and f.kind == "Call"]
    assert taken == ["n0", "n1", "n2"]


def test_what_is_released_behind_a_reset_is_not_written_on_the_closing_link(bench):
    bench.do("add-breakpoint", kind="Call", direction="received")
    bench.do("add-breakpoint", action="Heartbeat", kind="Call", direction="sent")
    assert bench.call("Reset", bench.hard_reset) is None
    bench.heartbeat()
    assert len(held(bench)) == 2
    bench.do("release")
    assert [f.action for f in bench.marked("released by hand; dropped")] == ["Heartbeat"]
    assert bench.actions.count("Heartbeat") == 0


def test_a_held_frame_goes_on_by_itself_at_the_time_limit(bench):
    hold_heartbeat(bench, hold_seconds=25, count=1)
    bench.pass_time(26)
    assert bench.actions.count("Heartbeat") == 1
    assert bench.marked("held 25.0 s, time limit")
    assert bench.station.tap is None


def test_what_is_held_is_lost_with_the_link_and_the_breakpoint_lifted(bench):
    hold_heartbeat(bench)
    bench.drop()
    [lost] = bench.marked("dropped: the link was lost")
    assert lost.mark.startswith("held")
    assert bench.noted[-1].mark == "breakpoints lifted: the link was lost"
    bench.connect()
    assert bench.do("interception") == {"breakpoints": [], "held": []}
    bench.still_works()


def test_what_is_held_when_the_station_is_stopped_is_dropped_and_marked(bench):
    hold_heartbeat(bench)
    bench.perform(bench.station.power_off(bench.now))
    assert bench.marked("dropped: the link was lost")
    assert bench.station.tap is None


def test_a_breakpoint_does_not_outlive_the_worker(bench):
    hold_heartbeat(bench)
    bench.restart()
    assert bench.do("interception") == {"breakpoints": [], "held": []}


def test_a_boot_can_be_held_with_a_breakpoint_that_is_set_offline(bench):
    bench = Bench(bench.csms.config.version)
    bench.do("add-breakpoint", action="BootNotification", kind="Call")
    bench.connect()
    [frame] = held(bench)
    assert frame["action"] == "BootNotification"
    bench.do("release")
    assert bench.station.registration == "Accepted"


def test_breakpoints_are_listed_and_lifted(bench):
    first = bench.do("add-breakpoint", direction="sent", hold_seconds=5)
    bench.do("add-breakpoint", action="Heartbeat")
    assert [b["id"] for b in bench.do("interception")["breakpoints"]] == [1, 2]
    bench.do("clear-breakpoint", id=first["id"])
    with pytest.raises(CommandRejected, match="no breakpoint"):
        bench.do("clear-breakpoint", id=first["id"])
    bench.do("clear-breakpoint")
    assert bench.station.tap is None


@pytest.mark.parametrize(
    ("name", "args"),
    [("release", {"id": 9}), ("drop", {"id": 9}), ("answer", {"id": 9, "payload": {}}),
     ("release", {"text": "x"}), ("drop", {}), ("add-breakpoint", {"count": 0}),
     ("add-breakpoint", {"probability": 0.5})],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_leaves_no_tap(bench, name, args):
    with pytest.raises(CommandRejected) as refused:
        bench.do(name, **args)
    assert refused.value.message.endswith(".")
    bench.pass_time(1)
    bench.heartbeat()
    assert bench.station.tap is None


def test_an_answer_is_either_a_result_or_an_error(bench):
    frame = hold_heartbeat(bench)
    for args in ({}, {"payload": {}, "code": "X"}):
        with pytest.raises(CommandRejected, match="either payload or code"):
            bench.do("answer", id=frame["id"], **args)
    assert held(bench)


@pytest.mark.parametrize(("action", "payload"), [
    ("SetNetworkProfile", {}), ("InstallCertificate", {}),
    ("ChangeConfiguration", {"key": "emulatorSecureURL", "value": "wss://evil.example/"}),
    ("SetVariables", {"setVariableData": [{"component": {"name": "networkConfiguration"}}]}),
])  # fmt: skip
def test_no_edit_leads_the_stations_secrets_elsewhere(bench, action, payload):
    """Who holds a frame of the CSMS and puts another in its place speaks in the CSMS's name."""
    frame = hold_call(bench)
    text = json.dumps([2, "c1", action, payload])
    with pytest.raises(CommandRejected, match="secrets"):
        bench.do("release", id=frame["id"], text=text)
    assert held(bench)  # it waits on
    bench.do("release", id=frame["id"], text=text, leading=True)
    assert not held(bench)


def test_an_edit_of_another_setting_is_free(bench):
    frame = hold_call(bench)
    text = json.dumps([2, "c1", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "9"}])
    bench.do("release", id=frame["id"], text=text)
    assert not held(bench)


# --- whose frames they are -------------------------------------------------------------------

ADA, BOB = "ada, admin [1]", "bob, API [2]"


def by(bench: Bench, cause: str, name: str, **args) -> list:
    """The frames and notes that left because of this person's command."""
    result, effects = bench.station.command(name, args, bench.now, cause)
    bench.perform(effects)
    return [effect.frame for effect in effects if hasattr(effect, "frame")]


def test_who_crafts_a_frame_is_on_record_and_its_answer_is_nobodys(bench):
    bench.csms.answers["Heartbeat"] = {"currentTime": "2030-01-01T00:00:00Z"}
    [crafted] = by(bench, ADA, "message", action="Heartbeat")
    assert crafted.cause == ADA
    assert {frame.cause for frame in bench.log if frame != crafted} == {""}


def test_who_crafts_a_frame_is_on_record_also_where_a_fault_delays_it(bench):
    bench.do("add-fault", fault="latency", direction="sent", delay_ms=3000, count=1)
    by(bench, ADA, "message", text='[2,"mine","Heartbeat",{}]')
    bench.pass_time(5)
    [late] = [frame for frame in bench.log if '"mine"' in frame.text and frame.direction == "sent"]
    assert late.cause == ADA and "delayed" in late.mark


@pytest.mark.parametrize("edit", [None, "[nonsense"])
def test_who_lets_a_held_frame_go_is_on_record(bench, edit):
    frame = hold_heartbeat(bench, count=1)
    bench.watch_only("nonsense")
    given = {} if edit is None else {"text": edit}
    [gone] = [each for each in by(bench, ADA, "release", id=frame["id"], **given) if each.text]
    assert (gone.cause, gone.text) == (ADA, edit or frame["text"])
    assert [each.cause for each in bench.marked("held") if each.mark == "held"] == [""]


def test_who_drops_and_who_answers_a_frame_is_on_record(bench):
    frame = hold_heartbeat(bench, count=1)
    [dropped] = by(bench, ADA, "drop", id=frame["id"])
    assert dropped.cause == ADA
    bench.pass_time(40)
    frame = hold_heartbeat(bench, count=1)
    taken = by(bench, BOB, "answer", id=frame["id"], code="InternalError")
    answer = next(each for each in taken if each.kind == "CallError")
    assert answer.cause == BOB


def test_a_frame_of_the_csms_that_is_let_go_names_who_did(bench):
    bench.do("add-breakpoint", direction="received", kind="Call", count=1)
    bench.call("Reset", bench.hard_reset)
    [frame] = held(bench)
    taken = by(bench, ADA, "release", id=frame["id"])
    come = next(each for each in taken if each.direction == "received")
    assert (come.action, come.cause) == ("Reset", ADA)
    assert {each.cause for each in taken if each.direction == "sent"} == {""}


def test_who_crafted_what_another_lets_go_stays_named(bench):
    bench.do("add-breakpoint", direction="sent", action="DataTransfer", count=1)
    by(bench, ADA, "message", action="DataTransfer", payload={"vendorId": "v"})
    [frame] = held(bench)
    bench.csms.answers["DataTransfer"] = {"status": "Accepted"}
    [gone] = [each for each in by(bench, BOB, "release", id=frame["id"]) if each.text]
    assert gone.cause == f"{ADA}; {BOB}"


def test_notes_of_what_was_done_to_a_station_name_who_did_it(bench):
    [note] = by(bench, ADA, "add-breakpoint", action="Heartbeat")
    assert (note.kind, note.cause) == ("Note", ADA)


def test_nobody_names_another_by_the_arguments(bench):
    with pytest.raises(CommandRejected, match="no argument"):
        bench.station.command("message", {"text": "x", "cause": BOB}, bench.now, ADA)
