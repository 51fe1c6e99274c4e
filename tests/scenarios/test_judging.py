"""The verdict on a CSMS that breaks its specification, whichever way the station reads."""

from __future__ import annotations

import asyncio
import time

import pytest

from scenarios.engine import judging, searching
from scenarios.engine.execution import Plan
from scenarios.engine.steps import expecting
from scenarios.engine.strand import StepFailed, Strand
from scenarios.rules.patterns import Frame
from scenarios.watch.rules import LEVELS, RULES, policy_of
from scenarios.watch.wire import WireWatch
from tests.scenarios.test_waits import LATER, NOW, SOON, frame, order, strand  # noqa: F401

BROKEN = "FormationViolation: 'x' was unexpected"
KINDLY = "read kindly: unknown field 'x', left out"
GOOD = {"status": "Accepted", "currentTime": "2026-11-28T20:18:00Z", "interval": 300}
QUICK = {"settle_ms": 0, "clock_skew": "off"}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "STORING", 0.0)
    monkeypatch.setattr(searching, "TRANSIT", 0.0)
    monkeypatch.setattr(searching, "LOOK_BACK", (0.0, 0.01, 0.02))


def watching(strand: Strand, **policy) -> Strand:  # noqa: F811
    strand.inbox.watch = WireWatch("1.6", policy_of(QUICK, policy))
    return strand


def answer(
    payload: dict = GOOD, error: str = "", mark: str = "", kind: str = "CallResult"
) -> Frame:
    made = frame(1, "BootNotification", kind, direction="received", payload=payload)
    return made._replace(error=error, mark=mark)


def breach(**more) -> dict:
    row = {"action": "BootNotification", "kind": "CallResult", "what": "x: null, left out",
           "count": 1, "last": NOW - 1, "read": True, "detail": ""}  # fmt: skip
    return row | more


@pytest.mark.parametrize("level", LEVELS)
def test_one_level_for_all_is_that_of_each_rule(level: str) -> None:
    policy = policy_of(dict.fromkeys(RULES, next(one for one in LEVELS if one != level)), level)
    assert {policy.level(rule, "Reset") for rule in RULES} == {level}


def test_what_a_run_says_of_the_watch_goes_before_what_its_scenario_does() -> None:
    content = {
        "steps": [], "cleanup": [], "variables": {},
        "watch": {"schema": "off", "late": "warn"}, "run_watch": {"schema": "fail"},
    }  # fmt: skip
    plan = Plan.of_document({
        "_id": "e1", "content": content, "stations": ["CP1"], "stagger_ms": 0,
        "start_stations": False, "seed": 1,
    })  # fmt: skip
    levels = [plan.policy.level(rule, "BootNotification") for rule in ("schema", "late")]
    assert levels == ["fail", "warn"]


@pytest.mark.parametrize(("error", "mark"), [("", ""), (BROKEN, ""), (BROKEN, KINDLY)])
async def test_what_breaks_the_specification_satisfies_no_step(
    strand: Strand,  # noqa: F811
    error: str,
    mark: str,
) -> None:
    """Though the station did not look, as at answers to what an operator crafted."""
    strand.inbox.put(answer({**GOOD, "x": 1}, error, mark))
    with pytest.raises(StepFailed) as failed:
        await expecting.expect(strand, order(LATER, action="BootNotification", kind="CallResult"))
    assert "The answer to BootNotification breaks its schema" in failed.value.message
    # It came all the same: what must not come has.
    with pytest.raises(StepFailed):
        await expecting.expect_none(
            strand, order(SOON, action="BootNotification", kind="CallResult")
        )


@pytest.mark.parametrize(
    "good",
    [
        answer(),
        answer(error="SecurityError", kind="CallError"),
        frame(1, "Reset", direction="received", payload={"type": "Soft"}),
        answer({**GOOD, "x": 1}, BROKEN, "malformed"),  # by a fault of ours
    ],
)
async def test_the_rest_does(strand: Strand, good: Frame) -> None:  # noqa: F811
    strand.inbox.put(good)
    await expecting.expect(strand, order(LATER, action=good.action, kind=good.kind))


async def test_who_asks_for_the_mark_gets_it(strand: Strand) -> None:  # noqa: F811
    strand.inbox.put(answer({**GOOD, "x": 1}, BROKEN, KINDLY))
    await expecting.expect(strand, order(LATER, action="BootNotification", mark="read kindly"))


@pytest.mark.parametrize(
    "policy", [{"schema": "warn"}, {"schema": "off"},
               {"allow": [{"rule": "schema", "action": "BootNotification"}]}],
)  # fmt: skip
async def test_what_a_scenario_lets_pass_satisfies_its_steps(
    strand: Strand,  # noqa: F811
    policy: dict,
) -> None:
    watching(strand, **policy).inbox.put(answer({**GOOD, "x": 1}))
    await expecting.expect(strand, order(LATER, action="BootNotification", kind="CallResult"))


async def test_a_call_error_is_no_answer_unless_it_is_asked_for(strand: Strand) -> None:  # noqa: F811
    watching(strand)
    who = {"chargePointVendor": "V", "chargePointModel": "M"}
    strand.inbox.put(frame(0.5, "BootNotification", payload=who))
    strand.inbox.put(answer(kind="CallError"))
    await expecting.expect(strand, order(LATER, action="BootNotification", kind="Call"))
    for params in ({"answers": True}, {"action": "BootNotification", "direction": "received"}):
        with pytest.raises(StepFailed) as failed:
            await expecting.expect(strand, order(LATER, **params))  # not when the time is over
        assert 'it is the CallError GenericError "no"' in failed.value.message
    assert [found.rule for found in strand.inbox.watch.findings] == ["call_error"]
    await expecting.expect(strand, order(LATER, answers=True, kind="CallError"))
    assert not len(strand.inbox.watch.findings)  # what was asked for is no fault


async def test_what_was_read_kindly_before_the_run_fails_it(strand: Strand) -> None:  # noqa: F811
    watching(strand).origin = frame(-10).id
    rows = [breach(last=NOW - 60), breach(read=False), breach(last=NOW + 1)]
    strand.services.states.state = {"connected": True, "breaches": rows}
    watch = await judging.watched(strand)
    assert not len(watch.findings)  # of a boot before, refused, and such as the watch sees itself
    rows.append(breach())
    watch = await judging.watched(strand)
    (found,) = watch.findings
    assert (found.rule, found.level) == ("schema", "fail") and "x: null" in found.sentence


async def test_a_link_that_was_not_made_by_what_the_csms_chose(strand: Strand) -> None:  # noqa: F811
    why = "the CSMS chose no subprotocol; offered: ocpp1.6"
    strand.services.states.state = {"connected": False, "link": {"error": why}}
    (found,) = (await judging.watched(watching(strand))).findings
    assert found.rule == "subprotocol" and why in found.sentence


@pytest.mark.parametrize(("last", "cut", "found"), [
    (NOW + 60, False, ["link_closed"]),
    (NOW + 60, True, []),  # by a step
    (NOW - 60, False, []),  # before the run
])  # fmt: skip
async def test_a_link_that_the_csms_has_ended(
    strand: Strand,  # noqa: F811
    last: float,
    cut: bool,
    found: list[str],
) -> None:
    closed = {"times": 1, "last": last, "why": "closed with 1011"}
    strand.services.states.state = {"connected": True, "link": {"closed": closed}}
    watch = watching(strand).inbox.watch
    if cut:
        watch.cut(last)
    findings = (await judging.watched(strand)).findings
    assert [each.rule for each in findings] == found
    assert all("closed with 1011" in each.sentence for each in findings)


async def test_what_the_live_stream_lost_is_watched_in_the_log(strand: Strand) -> None:  # noqa: F811
    watching(strand)
    call, result = frame(1, "BootNotification"), answer()
    strand.inbox.put(call)
    strand.inbox.missed()
    strand.services.past.kept += [call, result]
    assert not len((await judging.watched(strand)).findings)
    strand.services.past.kept.clear()
    rules = {found.rule for found in (await judging.watched(strand)).findings}
    assert "unseen" in rules


async def test_a_watch_that_fails_costs_nobody_the_stream(strand: Strand) -> None:  # noqa: F811
    watching(strand).inbox.watch.eat = lambda frame: 1 / 0
    strand.inbox.put(answer())
    assert [found.rule for found in strand.inbox.watch.findings] == ["unseen"]
    assert len(strand.inbox.after(0)) == 1


# --- what nobody can answer any more --------------------------------------------------------------

UP, DOWN = {"connected": True}, {"connected": False}
WAITING = {"late_ms": LATER * 1000, "unanswered_ms": LATER * 1000}


@pytest.mark.parametrize(("state", "cut", "ends"), [
    (DOWN, True, True),  # the run has cut it
    (DOWN, False, False),  # the CSMS has: whether it answers after all is to be seen
    (UP, True, False),  # the station is back
    (None, True, False),  # nobody knows
])  # fmt: skip
async def test_who_cannot_be_answered_is_not_waited_for(
    strand: Strand,  # noqa: F811
    state: dict | None,
    cut: bool,
    ends: bool,
) -> None:
    watching(strand, **WAITING).inbox.put(frame(time.time() - NOW - 5))
    if cut:
        strand.inbox.cut()
    strand.services.states.state = state
    work = asyncio.create_task(judging.watched(strand))
    done, _ = await asyncio.wait([work], timeout=SOON if not ends else LATER / 2)
    assert bool(done) is ends
    if ends:
        assert not len((await work).findings)
    work.cancel()
