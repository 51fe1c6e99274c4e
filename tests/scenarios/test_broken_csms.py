"""No false green: every shipped scenario passes on a CSMS that is right, and a CSMS that is broken
in any of some 150 ways is caught, by the rule that is about it. In memory, in a time of its own."""

from __future__ import annotations

import asyncio
import json

import pytest

from scenarios.engine.recording import StationLog
from scenarios.seeding import BUILTIN
from scenarios.watch.rules import RULES
from tests.scenarios.inprocess.broken import MUTANTS, calls, life, to, told
from tests.scenarios.inprocess.running import Case, play
from tests.scenarios.inprocess.shell import Link, Shell
from tests.system.csms_2x import call_verbatim

VERSIONS = ("1.6", "2.0.1", "2.1")


@pytest.mark.parametrize(("case", "rule"), [pytest.param(c, r, id=name) for name, c, r in MUTANTS])
def test_a_csms_that_is_broken_in_one_way_is_caught(case: Case, rule: str) -> None:
    outcome = play(case)
    assert outcome.state == "failed", outcome.message
    assert rule in outcome.rules, outcome.message
    assert f"[{rule}]" in outcome.message


def test_every_rule_has_a_csms_that_breaks_it() -> None:
    rest = {"not_supported", "unseen", "link_closed"}  # not the CSMS's fault, or none
    assert {rule for _, _, rule in MUTANTS} == set(RULES) - rest
    assert len(MUTANTS) >= 150 and len({name for name, _, _ in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_everyday_life_on_the_good_one_finds_nothing(version: str) -> None:
    outcome = play(Case(life(version), version))
    assert (outcome.state, outcome.log.findings) == ("passed", [])
    started = {made.action for made in outcome.shell.log if made.kind == "CallResult"}
    wanted = {"StartTransaction", "StopTransaction"} if version == "1.6" else {"TransactionEvent"}
    assert {"Heartbeat", "Authorize", "StatusNotification", "DataTransfer", *wanted} <= started


def test_a_run_fails_of_whose_stations_one_was_deleted() -> None:
    outcome = play(Case(life("1.6"), deleted=("CP-2",)))
    said = "1 of 2 stations failed. There is no such station any more."
    assert (outcome.state, outcome.message) == ("failed", said)


def test_a_run_fails_by_a_cleanup_that_does() -> None:
    reset = {"type": "expect", "timeout": 300, "params": {"action": "Reset"}}
    outcome = play(Case([{"type": "delay", "params": {"duration": 10}}], cleanup=[reset]))
    assert outcome.state == "failed"
    assert outcome.message.startswith("The cleanup failed: ") and "Reset" in outcome.message


# --- the shipped scenarios -----------------------------------------------------------------------


async def _operator(shell: Shell) -> None:
    """What a CSMS's operator does in remote-start and reservation: once the car is there, or once
    the run waits for the reservation."""
    version = shell.config.version
    old = version == "1.6"
    token = {"idToken": "REMOTE", "type": "ISO14443"}
    await asyncio.sleep(3)
    side = shell.link.side
    if old:
        await call_verbatim(side, "RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1})
    else:
        asked = {"idToken": token, "remoteStartId": 5, "evseId": 1}
        await call_verbatim(side, "RequestStartTransaction", asked)
    await asyncio.sleep(5)
    state = shell.snapshot()["connectors"][0]["transaction"]
    stop = ("RemoteStopTransaction", int(state)) if old else ("RequestStopTransaction", state)
    await call_verbatim(side, stop[0], {"transactionId": stop[1]})


async def _reserver(shell: Shell) -> None:
    old = shell.config.version == "1.6"
    await asyncio.sleep(1)
    side, until = shell.link.side, "2027-06-01T00:00:00Z"
    if old:
        await call_verbatim(
            side,
            "ReserveNow",
            {"connectorId": 1, "expiryDate": until, "idTag": "RESERVED", "reservationId": 3},
        )
    else:
        await call_verbatim(side, "ReserveNow", {
            "id": 3, "expiryDateTime": until, "evseId": 1,
            "idToken": {"idToken": "RESERVED", "type": "ISO14443"}})  # fmt: skip


ACTS = {"remote-start": _operator, "reservation": _reserver}
SHORT = {
    "load-1h": {"seconds": 120, "sessions_per_hour": 120, "energy_kwh_min": 0.1,
                "energy_kwh_max": 0.2, "faults_per_hour": 30, "fault_seconds_max": 60},
    "load": {"sessions_per_hour": 120, "energy_kwh_min": 0.1, "energy_kwh_max": 0.2},
}  # fmt: skip
SHIPPED = [json.loads(path.read_text()) for path in sorted(BUILTIN.glob("*.json"))]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("document", SHIPPED, ids=lambda made: made["scenarioId"])
def test_every_shipped_scenario_passes_on_the_good_one(document: dict, version: str) -> None:
    slug = document["scenarioId"]
    endless = slug == "load"
    outcome = play(Case(
        document["steps"], version, acts=ACTS.get(slug), cleanup=document.get("cleanup", []),
        variables=document.get("variables", {}) | SHORT.get(slug, {}),
        watch=document.get("watch"), up=slug != "station-boot-cycle",
        cancel_after=300 if endless else None,
    ))  # fmt: skip
    assert outcome.state == ("cancelled" if endless else "passed"), outcome.message
    assert outcome.log.findings == []


# --- what is told, and when ----------------------------------------------------------------------


def session(*, answers: dict) -> list[dict]:
    return [
        {"type": "start-transaction", "params": {"connector": 1}},
        {"type": "expect", "timeout": 15000, "params": {
            "direction": "sent", "action": "StartTransaction", "kind": "Call"}},
        {"type": "expect", "timeout": 30000, "params": {"answers": True, **answers}},
    ]  # fmt: skip


def mutant(name: str) -> Case:
    return next(case for known, case, _ in MUTANTS if known == name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("1.6-StartTransaction-call-error", 'the CallError InternalError "out of order"'),
        ("1.6-StartTransaction-no-id", '"transactionId" is a required property'),
        ("1.6-StartTransaction-id-text", 'transactionId: "7" is not of type "integer"'),
    ],
)
@pytest.mark.parametrize("lenient", [True, False])
def test_a_wrong_answer_fails_at_once_with_what_came(name: str, words: str, lenient: bool) -> None:
    outcome = play(Case(session(answers={}), breaking=mutant(name).breaking, lenient=lenient))
    assert outcome.state == "failed" and words in outcome.message
    assert outcome.seconds < 5
    seen = outcome.log.steps[-1]["seen"][-1]
    assert seen["id"] == outcome.log.frame and seen["action"] == "StartTransaction"


@pytest.mark.parametrize("way", ["call-error", "no-interval", "form"])
def test_a_state_that_waits_for_a_wrong_answer_fails_at_once(way: str) -> None:
    name = "1.6-form-no-json" if way == "form" else f"1.6-BootNotification-{way}"
    breaking = mutant(name).breaking
    if way == "form":
        breaking = to("BootNotification", lambda frame: told("[3,"))
    steps = [{"type": "start"}, {"type": "wait_condition", "timeout": 60000, "params": {
        "condition": "station_accepted"}}]  # fmt: skip
    outcome = play(Case(steps, breaking=breaking, up=False, lenient=False))
    assert outcome.state == "failed" and outcome.seconds < 20
    assert "and an answer was wrong" in outcome.message and "On the wire: " in outcome.message


def test_a_state_that_comes_though_an_answer_was_wrong_is_there() -> None:
    """A lenient station reads it, and the run fails at its end."""
    steps = [{"type": "start"}, {"type": "wait_condition", "timeout": 60000, "params": {
        "condition": "station_accepted"}}]  # fmt: skip
    breaking = mutant("1.6-BootNotification-naive").breaking
    outcome = play(Case(steps, breaking=breaking, up=False))
    assert [step["state"] for step in outcome.log.steps] == ["passed", "passed"]
    assert outcome.state == "failed" and outcome.rules == {"time_zone"}


def test_a_doubled_answer_fails_a_run_whose_steps_all_passed() -> None:
    case = Case(session(answers={}), breaking=mutant("1.6-StartTransaction-doubled").breaking)
    outcome = play(case)
    assert [step["state"] for step in outcome.log.steps] == ["passed"] * 3
    assert outcome.state == "failed"
    assert outcome.message == "StartTransaction was answered 2 times [doubled]."


def test_an_answer_that_is_doubled_after_the_last_step_fails_the_run() -> None:
    def breaking(frame: list, link: Link) -> list:
        later = [0.0, 0.4] if link.asked.get(frame[1]) == "StartTransaction" else [0.0]
        return [(pause, json.dumps(frame)) for pause in later]

    assert "[doubled]" in play(Case(session(answers={}), breaking=breaking)).message


def test_an_answer_that_the_station_does_not_look_at_is_looked_at() -> None:
    """The answer to a Call that an operator crafted: no station checks its schema."""
    transfer = {"action": "DataTransfer", "payload": {"vendorId": "v"}}
    steps = [
        {"type": "message", "params": transfer},
        {"type": "expect", "params": {"direction": "sent", "action": "DataTransfer"}},
        {"type": "expect", "params": {"answers": True}},
    ]
    assert play(Case(steps)).state == "passed"
    outcome = play(Case(steps, breaking=mutant("1.6-DataTransfer-no-status").breaking))
    assert '"status" is a required property [schema]' in outcome.message


def test_a_call_error_that_was_provoked_is_none_of_the_csmss_faults() -> None:
    wrong = {"type": "message", "params": {"action": "DataTransfer", "payload": {"vendor": "v"}}}
    steps = [
        wrong,
        {"type": "expect", "params": {"direction": "sent", "action": "DataTransfer"}},
        {"type": "expect", "params": {"answers": True, "kind": "CallError"}},
    ]
    outcome = play(Case(steps))
    assert (outcome.state, outcome.log.findings) == ("passed", [])
    # Nor where nobody asked for it: the Call was none that could be answered otherwise.
    outcome = play(Case([wrong, {"type": "delay", "params": {"duration": 1000}}]))
    assert (outcome.state, outcome.log.findings) == ("passed", [])
    assert "CallError" in {made.kind for made in outcome.shell.log}


@pytest.mark.parametrize(
    ("watch", "state", "level"),
    [
        ({}, "failed", "fail"),
        ({"doubled": "warn"}, "passed", "warn"),
        ({"doubled": "off"}, "passed", None),
        ("warn", "passed", "warn"),
        ({"allow": [{"rule": "doubled", "action": "StartTransaction"}]}, "passed", "allowed"),
        ({"allow": [{"rule": "doubled", "action": "Heartbeat"}]}, "failed", "fail"),
        ({"allow": [{"rule": "doubled"}]}, "passed", "allowed"),
    ],
)
def test_a_scenario_says_what_fails_warns_and_passes(
    watch: dict | str, state: str, level: str | None
) -> None:
    breaking = mutant("1.6-StartTransaction-doubled").breaking
    outcome = play(Case(session(answers={}), breaking=breaking, watch=watch))
    assert outcome.state == state
    assert [found["level"] for found in outcome.log.findings] == [level] * (level is not None)


def test_what_is_found_is_told_while_the_run_goes_on() -> None:
    seen: list[int] = []

    async def act(shell: Shell) -> None:
        await asyncio.sleep(60)
        (watch,) = [inbox.watch for inbox in shell.stream._inboxes["CP-1"]]
        log = StationLog("e", "CP-1")
        log.watch = watch
        log.look_at_watch()
        seen.append(len(log.findings))
        log.dirty = False
        log.look_at_watch()
        seen.append(log.dirty)

    breaking = mutant("1.6-StartTransaction-doubled").breaking
    assert play(Case(life("1.6"), breaking=breaking, acts=act)).state == "failed"
    assert seen == [1, False]


def test_limits_are_a_scenarios_to_set() -> None:
    late = mutant("1.6-Heartbeat-late").breaking
    assert play(Case(life("1.6"), breaking=late, watch={"late_ms": 20000})).state == "passed"
    skewed = mutant("1.6-Heartbeat-ahead").breaking
    assert play(Case(life("1.6"), breaking=skewed, watch={"skew_ms": 600000})).state == "failed"


def test_what_is_optional_and_not_served_is_a_warning() -> None:
    def breaking(frame: list, link: Link) -> list:
        if link.asked.get(frame[1]) == "SecurityEventNotification":
            return [(0.0, json.dumps([4, frame[1], "NotSupported", "", {}]))]
        return [(0.0, json.dumps(frame))]

    event = {"type": "Invalid", "timestamp": "2026-11-28T00:00:00Z"}
    steps = [
        {"type": "message", "params": {"action": "SecurityEventNotification", "payload": event}},
        {"type": "delay", "params": {"duration": 1000}},
    ]
    outcome = play(Case(steps, breaking=breaking))
    assert outcome.state == "passed"
    assert [found["rule"] for found in outcome.of_level("warn")] == ["not_supported"]


def test_a_csms_that_is_wrong_is_told_before_what_the_run_itself_could_not_do() -> None:
    steps = [
        {"type": "message", "params": {"action": "DataTransfer", "payload": {"vendorId": "v"}}},
        {"type": "delay", "params": {"duration": 1000}},
        {"type": "csms", "params": {"call": "Reset"}},
    ]
    outcome = play(Case(steps))
    assert (outcome.state, outcome.log.erred, outcome.rules) == ("failed", True, set())
    outcome = play(Case(steps, breaking=mutant("1.6-DataTransfer-no-status").breaking))
    assert (outcome.state, outcome.log.erred, outcome.rules) == ("failed", False, {"schema"})


def test_a_csms_that_acts_well_is_not_blamed() -> None:
    acts = calls("GetConfiguration", {"key": ["HeartbeatInterval"]})
    outcome = play(Case(life("1.6"), acts=acts))
    assert (outcome.state, outcome.log.findings) == ("passed", [])


def test_what_a_fault_of_ours_has_spoilt_is_held_against_nobody() -> None:
    for fault in ("duplicate", "wrong-id", "malformed", "drop", "reorder"):
        for direction in ("sent", "received"):
            rule = {"fault": fault, "direction": direction, "count": 3, "seed": 3}
            steps = [{"type": "add-fault", "params": rule}, *life("1.6")]
            outcome = play(Case(steps))
            assert outcome.log.findings == [], (fault, direction)


# --- without a verdict ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ([{"type": "plug", "versions": ["2.0.1", "2.1"]}],
         "None of its steps is for OCPP 1.6: they are for 2.0.1 and 2.1."),
        ([{"type": "delay", "params": {"duration": 1}},
          {"type": "expect", "versions": ["2.1"], "params": {"action": "TransactionEvent"}}],
         "Nothing that it expects is for OCPP 1.6: that is for 2.1."),
        ([{"type": "if", "params": {"conditions": [{"value": 1, "is": 1}], "steps": [
            {"type": "plug", "versions": ["2.1"]}]}}],
         "None of its steps is for OCPP 1.6: they are for 2.1."),
    ],
)  # fmt: skip
def test_what_is_not_for_the_station_has_no_verdict(steps: list[dict], sentence: str) -> None:
    outcome = play(Case(steps))
    assert (outcome.state, outcome.message) == ("skipped", sentence)


def test_an_action_of_another_version_is_told_before_any_time_has_passed() -> None:
    steps = [{"type": "expect", "params": {"direction": "sent", "action": "StartTransaction"}}]
    outcome = play(Case(steps, "2.0.1"))
    told = "StartTransaction is OCPP 1.6; this station speaks 2.0.1."
    assert outcome.message == told and outcome.seconds < 1
