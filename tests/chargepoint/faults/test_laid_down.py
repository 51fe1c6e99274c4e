"""Answers that an operator has laid down: the CSMS gets them, and the station does nothing."""

from __future__ import annotations

import json

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.effects import Close
from tests.chargepoint.faults.bench import Bench
from tests.chargepoint.peer import Peer

VERSIONS = ("1.6", "2.0.1", "2.1")


@pytest.fixture(params=VERSIONS)
def bench(request) -> Bench:
    bench = Bench(request.param)
    bench.connect()
    return bench


def ask(bench: Bench) -> list:
    """The frame by which the station answers a Reset."""
    before = len(bench.log)
    payload = {"type": "Soft" if bench.old else "OnIdle"}
    text = json.dumps([2, f"c{before}", "Reset", payload])
    bench.perform(bench.station.received(text, bench.now))
    answers = [json.loads(frame.text) for frame in bench.log[before:] if frame.direction == "sent"]
    return next(frame for frame in answers if frame[0] in (3, 4) and frame[1] == f"c{before}")


def laid_down(station, now: float) -> list[dict]:
    return station.command("faults", {}, now)[0]["answers"]


def test_the_next_call_is_answered_so_and_the_one_after_by_the_station(bench):
    told = bench.do("respond", action="Reset", payload={"status": "Rejected"})
    assert told["count"] == 1 and told["action"] == "Reset"
    assert ask(bench)[2] == {"status": "Rejected"}
    assert not laid_down(bench.station, bench.now)
    assert not [effect for effect in bench.effects if type(effect) is Close]
    assert ask(bench)[2]["status"] == "Accepted"


def test_by_a_callerror_and_by_what_is_no_answer(bench):
    bench.do("respond", action="Reset", code="InternalError", description="smoke", count=2)
    assert [ask(bench)[2:4] for _ in range(2)] == [["InternalError", "smoke"]] * 2
    bench.watch_only("Perhaps")
    bench.do("respond", action="Reset,ClearCache", payload={"status": "Perhaps"})
    assert ask(bench)[2] == {"status": "Perhaps"}
    assert bench.log[-1].mark.startswith("laid down, and breaks its schema")


def test_it_outlives_a_restart_ends_in_time_and_is_cleared_as_a_fault():
    peer = Peer()
    peer.do("respond", action="Reset", payload={"status": "Rejected"}, seconds=60)
    peer.restart()
    (kept,) = laid_down(peer.station, peer.now)
    assert kept["payload"] == {"status": "Rejected"}
    assert peer.do("clear-fault", id=kept["id"]) == {"cleared": [kept["id"]]}
    assert not laid_down(peer.station, peer.now)
    peer.do("respond", action="Reset", payload={"status": "Rejected"}, seconds=60)
    assert not laid_down(peer.station, peer.now + 61)


@pytest.mark.parametrize(
    "args",
    [
        {"action": "Reset"},
        {"action": "", "payload": {}},
        {"action": "Reset", "payload": {}, "code": "X"},
        {"action": "Reset", "payload": []},
        {"action": "Reset", "payload": {"x": "y" * 70_000}},
        {"action": "Reset", "payload": {}, "count": 0},
        {"action": "Reset", "payload": {}, "seconds": -1},
        {"action": "Reset", "payload": {}, "colour": "blue"},
    ],
)
def test_what_makes_no_sense_is_refused(args):
    peer = Peer()
    with pytest.raises(CommandRejected) as refused:
        peer.do("respond", **args)
    assert refused.value.code == "invalid_arguments"
