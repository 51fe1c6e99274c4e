"""Held frames as pure decisions: bounded in number, size and time, and never lost by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoint.tap.desk import HELD_AT_MOST, HELD_CHARACTERS, Desk, breakpoint_of
from tests.chargepoint.faults.frames import START, call, fault, result, streams, tap_with, walk


def watched(*faults, **wanted):
    tap = tap_with(*faults)
    tap.desk = Desk()
    tap.desk.breakpoints.append(breakpoint_of(1, START, **wanted))
    tap.last_id = 10
    return tap


@given(streams(), st.integers(1, 30), st.sampled_from(["", "Call", "CallResult"]))
def test_a_forgotten_breakpoint_loses_nothing_and_releases_in_time(stream, hold, kind):
    frames, gaps = stream
    tap = watched(hold_seconds=hold, kind=kind)
    on, told = walk(tap, frames, gaps)
    assert sorted(f.unique_id for f in on) == sorted(f.unique_id for f in frames)
    assert {f.mark for f in told} <= {"held"}
    for frame in on:
        if not kind or frame.kind == kind:
            assert frame.mark == f"held {hold}.0 s, time limit"
        else:
            assert frame.mark == ""


def test_what_does_not_fit_passes_by():
    tap = watched(action="MeterValues", direction="sent")
    frames = [call(1, action="MeterValues"), call(2), call(3, "received", "MeterValues")]
    passed = [p.frame.unique_id for f in frames for p in tap.offer(f, START) if p.goes_on]
    assert passed == ["u2", "u3"]


def test_a_count_is_how_many_are_held():
    tap = watched(count=2)
    passed = [p.goes_on for n in range(4) for p in tap.offer(call(n), START)]
    assert passed == [False, False, True, True]


def test_no_more_than_so_many_are_held():
    tap = watched()
    passages = [p for n in range(HELD_AT_MOST + 2) for p in tap.offer(call(n), START)]
    assert [p.goes_on for p in passages].count(True) == 2
    assert passages[-1].frame.mark == "not held: too many are"


def test_no_more_than_so_much_is_held():
    tap = watched()
    large = call(1)._replace(text="x" * (HELD_CHARACTERS - 10))
    assert not tap.offer(large, START)[0].goes_on
    assert tap.offer(call(2), START)[0].goes_on


def test_faults_befall_a_received_frame_before_it_is_held_and_a_sent_one_only_if_it_is_not():
    tap = watched(fault("wrong-id", kind="Call"), action="Heartbeat")
    tap.offer(call(1), START)
    tap.offer(call(2, "received"), START)
    own, theirs = tap.desk.held.values()
    assert '"u1"' in own.frame.text
    assert '"xu2"' in theirs.frame.text
    [passage] = tap.let_go(own, own.frame, "released by hand", START + 2)
    assert '"u1"' in passage.frame.text
    assert passage.frame.mark == "held 2.0 s, released by hand"


def test_a_released_frame_does_not_overtake_what_is_delayed():
    tap = watched(fault("latency", delay_ms=1000, kind="CallResult"), kind="Call")
    tap.offer(call(1), START)
    tap.offer(result(2), START)
    [held] = tap.desk.held.values()
    assert tap.let_go(held, held.frame, "released by hand", START + 0.5) == []
    assert [p.frame.unique_id for p in tap.due(START + 1)] == ["u2", "u1"]


@pytest.mark.parametrize(
    "wrong", [{"count": 0}, {"seconds": 0}, {"hold_seconds": -1}, {"hold_seconds": 90_000},
              {"direction": "up"}, {"kind": "Shout"}, {"seconds": float("nan")}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_a_sentence(wrong):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        breakpoint_of(1, START, **wrong)
