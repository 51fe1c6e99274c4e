"""The wire watch by itself: frames in, findings out, where the frames of a life in memory
(test_broken_csms.py) do not come by. Each answer here is good but for what the test is about."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from chargepoint.timing.times import iso
from messaging.records import id_at
from scenarios.rules.patterns import Frame
from scenarios.watch import findings, wire
from scenarios.watch.rules import policy_of
from scenarios.watch.wire import WireWatch

BEGIN = 1_795_000_000.0
OWN = "0123456789-{}"  # as a station numbers its Calls
NO_ZONE = {"currentTime": "2026-11-18T11:06:40"}


def at(moment: float, number: int = 0) -> str:
    return f"{id_at(BEGIN + moment)}{number:08x}"


def sent(moment: float, uid: str, action: str = "Heartbeat", payload: Any = None, **more: Any):
    text = json.dumps([2, uid, action, payload or {}])
    return Frame(at(moment), "sent", "Call", action, uid, text, more.get("mark", ""))


def answer(moment: float, uid: str, payload: Any = None, action: str = "StatusNotification",
           **more: Any):  # fmt: skip
    text = json.dumps([3, uid, payload or {}])
    return Frame(at(moment), "received", "CallResult", action, uid, text, more.get("mark", ""),
                 more.get("error", ""))  # fmt: skip


def called(moment: float, uid: str, action: str = "ClearCache", payload: Any = None) -> Frame:
    text = json.dumps([2, uid, action, payload or {}])
    return Frame(at(moment), "received", "Call", action, uid, text, "")


def answered(moment: float, uid: str, action: str = "ClearCache") -> Frame:
    text = json.dumps([3, uid, {"status": "Accepted"}])
    return Frame(at(moment), "sent", "CallResult", action, uid, text, "")


def status(moment: float, number: int, **more: Any) -> Frame:
    payload = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    return sent(moment, OWN.format(number), "StatusNotification", payload, **more)


def watch(*frames: Frame, version: str = "1.6", **policy: Any) -> WireWatch:
    made = WireWatch(version, policy_of(policy))
    for frame in frames:
        made.eat(frame)
    return made


def rules(made: WireWatch) -> list[str]:
    return [found.rule for found in made.findings]


# --- Calls of the station ------------------------------------------------------------------------


def test_a_call_that_a_later_one_follows_within_its_time_was_given_up_with_its_link() -> None:
    made = watch(status(0, 1), status(28, 2), answer(28.1, OWN.format(2)))
    made.close(BEGIN + 100)
    assert rules(made) == []
    made.eat(answer(100, OWN.format(1)))  # and its answer is known all the same
    assert rules(made) == []


def test_one_that_is_followed_after_its_time_was_not_answered() -> None:
    made = watch(status(0, 1), status(30.01, 2), unanswered_ms=60_000, late="off")
    (found,) = made.findings
    assert (found.rule, found.action, found.frames) == (
        "unanswered", "StatusNotification", [at(0)],
    )  # fmt: skip


def test_what_an_operator_crafted_goes_beside_the_one_in_flight() -> None:
    crafted = sent(1, f"{OWN.format(2)}-crafted", "Heartbeat")
    made = watch(status(0, 1), crafted)
    made.close(BEGIN + 11)
    assert [found.action for found in made.findings] == ["StatusNotification", "Heartbeat"]
    made = watch(crafted, status(2, 3), answer(2.1, OWN.format(3)))
    made.close(BEGIN + 12)
    assert [found.action for found in made.findings] == ["Heartbeat"]


def test_a_boot_begins_a_life_of_its_own() -> None:
    boot = sent(5, OWN.format(2), "BootNotification", {"chargePointVendor": "V",
                                                       "chargePointModel": "M"})  # fmt: skip
    made = watch(status(0, 1), called(1, "1"), boot, called(6, "1"))
    assert rules(made) == []


def test_a_cut_that_the_run_made_is_held_against_nobody() -> None:
    made = watch(status(0, 1), called(1, "1"), answered(1, "1"))
    made.cut(BEGIN + 3)
    made.eat(called(5, "1"))
    made.close(BEGIN + 60)
    assert rules(made) == []
    made.eat(answered(5, "1"))
    made.eat(called(10, "1"))
    assert rules(made) == ["duplicate_id"]


def test_a_call_is_waited_for_until_its_answer_would_be_late() -> None:
    made = watch(status(1, 1))
    assert made.awaits(BEGIN) is None  # it was sent later
    assert made.awaits(BEGIN + 1) == pytest.approx(BEGIN + 11)
    made.close(BEGIN + 10.9)
    assert rules(made) == []
    made.close(BEGIN + 11)
    assert rules(made) == ["unanswered"]
    assert watch(status(1, 1), late="warn").awaits(BEGIN + 1) == pytest.approx(BEGIN + 31)


def test_what_was_asked_before_the_watch_began_is_no_stray() -> None:
    assert rules(watch(answer(0, OWN.format(1)))) == []
    told = "ignored: no Call waits for this id"
    assert rules(watch(answer(0, "x", action="", error=told))) == ["stray"]


@pytest.mark.parametrize("mark", ["dropped", "dropped: half-open", "held", "delayed; held"])
def test_what_never_left_waits_for_nothing(mark: str) -> None:
    made = watch(status(0, 1, mark=mark))
    made.close(BEGIN + 60)
    assert rules(made) == []


def test_a_call_that_went_twice_may_be_answered_twice() -> None:
    twice = [answer(0.2, OWN.format(1)), answer(0.3, OWN.format(1))]
    made = watch(status(0, 1), status(0, 1, mark="duplicate"), *twice)
    assert rules(made) == []
    made.eat(answer(0.4, OWN.format(1)))
    assert rules(made) == ["doubled"]


def test_a_stray_is_forgiven_for_each_frame_that_nobody_could_answer() -> None:
    spoilt = Frame(at(0), "sent", "Invalid", "", "", "[2,", "malformed: cut-off")
    stray = answer(1, "-1", action="", error="ignored: no Call waits for this id")
    made = watch(spoilt, spoilt, stray, stray)
    before = rules(made)
    for number in range(4):
        made.eat(stray._replace(id=at(2 + number)))
    assert (before, set(rules(made))) == ([], {"stray"})


# --- Calls of the CSMS ---------------------------------------------------------------------------


def test_an_overlap_is_certain_or_it_is_none() -> None:
    assert rules(watch(called(0, "1"), answered(0, "1"), called(0, "2"))) == []
    assert rules(watch(called(0, "1"), called(0.1, "2"))) == ["concurrent"]
    # A CSMS that has waited in vain may go on.
    assert rules(watch(called(0, "1"), called(5.1, "2"))) == []


def test_a_frame_that_came_while_the_link_closed_is_nobodys() -> None:
    gone = Frame(at(0), "received", "Invalid", "", "", "x", "", "ignored: the link is closing")
    assert rules(watch(gone)) == []


def test_a_call_result_error_of_2_1_is_found() -> None:
    text = json.dumps([5, "u", "FormatViolation", "no", {}])
    told = Frame(at(0), "received", "CallResultError", "GetVariables", "u", text, "")
    assert rules(watch(told, version="2.1")) == ["call_error"]


# --- findings ------------------------------------------------------------------------------------


def test_what_is_alike_is_one_finding_and_all_is_bounded() -> None:
    made = watch()
    for number in range(20):
        made.eat(sent(number, OWN.format(number)))
        made.eat(answer(number + 0.1, OWN.format(number), NO_ZONE, "Heartbeat"))
    (found,) = [each for each in made.findings if each.rule == "time_zone"]
    assert (found.count, len(found.frames)) == (20, findings.MOST_FRAMES)
    assert (found.first, found.last) == (BEGIN + 0.1, BEGIN + 19.1)
    for number in range(2 * findings.MOST_KINDS):
        made.eat(called(30 + number, f"c{number}", f"Unknown{number}"))
    assert len(made.findings) == findings.MOST_KINDS and made.findings.dropped
    for number in range(2 * wire.KEPT):
        made.eat(status(200 + number, number + 1000))
        made.eat(called(200 + number, f"d{number}", "ClearCache"))
    kept = (made._asked, made._open, made._theirs, made._pending)
    assert all(len(table) <= wire.KEPT for table in kept)


def test_a_call_error_that_a_step_asked_for_takes_no_other_one_back() -> None:
    made = watch()
    for number in (1, 2):
        uid = OWN.format(number)
        text = json.dumps([4, uid, "InternalError", "", {}])
        made.eat(sent(number, uid))
        made.eat(Frame(at(number + 0.1), "received", "CallError", "Heartbeat", uid, text, ""))
    made.allow(at(1.1))
    (found,) = made.findings
    assert (found.rule, found.count, found.frames) == ("call_error", 1, [at(2.1)])
    made.allow(at(2.1))
    assert rules(made) == []


def test_warnings_however_many_hide_no_failure() -> None:
    made = watch(unknown_action="warn", clock_skew="off")
    for number in range(2 * findings.MOST_KINDS):
        made.eat(called(number, f"c{number}", f"Unknown{number}"))
        made.eat(answered(number + 0.1, f"c{number}", f"Unknown{number}"))
    made.eat(sent(200, OWN.format(1)))
    made.eat(answer(200.1, OWN.format(1), NO_ZONE, "Heartbeat"))
    assert [each.rule for each in made.findings.of_level("fail")] == ["time_zone"]
    assert len(made.findings.of_level("warn")) == findings.MOST_KINDS


def test_a_sentence_quotes_no_secret() -> None:
    secret = {"key": "AuthorizationKey", "value": ["c0ffee"]}
    made = watch(called(0, "1", "ChangeConfiguration", secret))
    (found,) = made.findings
    assert found.rule == "schema" and "c0ffee" not in found.sentence


def test_a_run_says_more_than_its_scenario() -> None:
    both = policy_of(
        {"late": "off", "late_ms": 5, "allow": [{"rule": "stray"}]},
        {"late": "warn", "allow": [{"rule": "doubled", "action": "Reset"}]},
    )
    assert (both.level("late", ""), both.seconds("late_ms")) == ("warn", 0.005)
    assert both.level("stray", "x") == both.level("doubled", "Reset") == "allowed"
    assert both.level("doubled", "Heartbeat") == "fail"
    assert policy_of("off", {"schema": "fail"}).level("late", "") == "off"


def test_the_watch_needs_neither_django_nor_a_server() -> None:
    code = (
        "import sys, scenarios.watch.wire\n"
        "found = {'django', 'asyncio', 'redis', 'pymongo', 'channels'} & set(sys.modules)\n"
        "sys.exit(', '.join(found) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("speed", "took"), [(1, "1200.0"), (60, "20.0"), (200, "")])
def test_what_is_late_is_so_by_the_clock_of_the_wall(speed, took):
    policy = policy_of({"unanswered_ms": 2_000_000}).at_speed(speed)
    watch = WireWatch("1.6", policy)
    watch.eat(sent(0, "0123456789-1", "StatusNotification"))
    watch.eat(answer(1200, "0123456789-1"))
    late = [each["sentence"] for each in watch.findings.as_dicts() if each["rule"] == "late"]
    assert len(late) == bool(took)
    assert all(f"answered after {took} s, not within 10 s" in each for each in late)


# --- what it holds against earlier answers, and what it is told of the link ----------------------


def started(moment: float, number: int, connector: int) -> Frame:
    payload = {"connectorId": connector, "idTag": "A", "meterStart": 0, "timestamp": "2026-11-18T1"}
    return sent(moment, OWN.format(number), "StartTransaction", payload)


def test_one_transaction_id_for_two_transactions() -> None:
    given = {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
    first = (started(0, 1, 1), answer(0.1, OWN.format(1), given, "StartTransaction"))
    made = watch(*first, started(5, 2, 1), answer(5.1, OWN.format(2), given, "StartTransaction"))
    assert rules(made) == []  # the same once more is the same transaction
    made = watch(*first, started(5, 2, 2), answer(5.1, OWN.format(2), given, "StartTransaction"))
    (found,) = made.findings
    assert (found.rule, found.level, found.action) == ("transaction_id", "fail", "StartTransaction")
    assert "transactionId 7" in found.sentence


def test_a_clock_that_stands_still() -> None:
    beats = [frame for n in range(8) for frame in (
        sent(n, OWN.format(n)),
        answer(n + 0.1, OWN.format(n), {"currentTime": iso(BEGIN)}, "Heartbeat"),
    )]  # fmt: skip
    (found, *_) = watch(*beats).findings
    assert (found.rule, found.level) == ("clock_skew", "fail")
    assert "went on by 0.0 s" in found.sentence
    assert rules(watch(*beats, clock_skew="off")) == []


def test_a_link_that_the_csms_has_ended_is_a_warning() -> None:
    made = watch()
    made.closed("closed with 1011", BEGIN)
    (found,) = made.findings
    assert (found.rule, found.level) == ("link_closed", "warn")
    assert "closed with 1011" in found.sentence
