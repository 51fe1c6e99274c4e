"""What a run's record says of its steps, and steps that hold others: in memory, in no time."""

from __future__ import annotations

from tests.scenarios.inprocess.running import Case, play

BEAT = {"type": "expect", "timeout": 20_000, "params": {
    "direction": "sent", "action": "Heartbeat", "kind": "Call"}}  # fmt: skip
NEVER = {"type": "expect", "timeout": 100, "optional": True, "params": {"action": "Reset"}}


def put(name: str, value: object) -> dict:
    return {"type": "set", "params": {"variables": {name: value}}}


def is_so(**known: object) -> dict:
    conditions = [{"value": f"${name}", "is": value} for name, value in known.items()]
    return {"type": "assert", "params": {"conditions": conditions}}


def test_a_step_that_passed_names_the_frame_that_matched() -> None:
    outcome = play(Case([BEAT]))
    assert outcome.state == "passed", outcome.message
    [step] = outcome.log.steps
    beats = [made.id for made in outcome.shell.log if made.action == "Heartbeat"]
    assert step["frame"] in beats


def test_an_obligation_is_shown_by_a_step_that_passed() -> None:
    shown, missed = ({**step, "obligation": name} for step, name in ((BEAT, "G02"), (NEVER, "B12")))
    outcome = play(Case([shown, missed]))
    assert (outcome.state, outcome.log.unmet) == ("passed", ["B12"])
    assert outcome.message == "Not exercised: B12"


def test_what_branches_have_set_is_known_after_them() -> None:
    branches = {"type": "parallel", "params": {"branches": [[put("a", 1)], [put("b", 2), BEAT]]}}
    outcome = play(Case([branches, is_so(a=1, b=2)]))
    assert outcome.state == "passed", outcome.message


def test_a_branch_that_fails_fails_the_run_and_ends_the_others() -> None:
    slow = {"type": "delay", "params": {"duration": 3_600_000}}
    branches = {"type": "parallel", "params": {"branches": [[slow], [is_so(station="CP-2")]]}}
    outcome = play(Case([branches]))
    assert (outcome.state, "CP-2" in outcome.message) == ("failed", True)
    assert outcome.seconds < 3600


def test_a_station_is_stopped_and_started_in_the_words_of_the_predecessor() -> None:
    def step(action: str, condition: str) -> list[dict]:
        return [
            {"type": "api_call", "params": {"action": action}},
            {"type": "wait_condition", "timeout": 30_000, "params": {"condition": condition}},
        ]

    outcome = play(Case([
        *step("stop_station", "station_disconnected"), *step("start_station", "station_accepted"),
    ]))  # fmt: skip
    assert outcome.state == "passed", outcome.message
    boots = [made for made in outcome.shell.log if made.action == "BootNotification"]
    assert len([made for made in boots if made.kind == "Call"]) == 2


def test_chance_is_the_same_again() -> None:
    pause = {"type": "delay", "params": {"duration": {"min": 0, "max": 1_000_000}}}
    first, second = (play(Case([pause, pause])) for _ in range(2))
    assert first.state == "passed", first.message
    assert first.seconds == second.seconds
