"""Steps that wait, on an inbox, a log and states in memory: what satisfies them, and what does not.

Nothing here waits for a time that matters: what is there is there before the step begins.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import time
from typing import Any

import pytest

from messaging.records import id_at
from scenarios.engine import searching
from scenarios.engine.clock import Clock
from scenarios.engine.recording import StationLog
from scenarios.engine.steps import expecting, waits
from scenarios.engine.steps.table import TABLE
from scenarios.engine.strand import Order, Services, StepFailed, Strand, Subject
from scenarios.engine.stream import Inbox
from scenarios.rules.patterns import Frame

SOON, LATER = 0.05, 30.0  # seconds: of a wait that is to end without a frame, and with one
NOW = time.time() - 100  # so that frames of some seconds after it are there already


def frame(moment: float, action: str = "Heartbeat", kind: str = "Call", **more: Any) -> Frame:
    """A frame that was recorded so many seconds after NOW."""
    uid, payload = more.pop("uid", "u1"), more.pop("payload", {})
    parts = {
        "Call": [2, uid, action, payload], "CallResult": [3, uid, payload],
        "CallError": [4, uid, "GenericError", "no", {}],
    }  # fmt: skip
    direction = more.pop("direction", "sent")
    identity = id_at(NOW + moment) + "00000000"
    return Frame(identity, direction, kind, action, uid, json.dumps(parts[kind]), "")


class Log:
    """In the place of the log of messages."""

    def __init__(self) -> None:
        self.kept: list[Frame] = []
        self.asked = 0

    async def frames(self, station: str, after: str, pattern: Any) -> list[Frame]:
        """As the store is asked: of the pattern's direction and actions only."""
        self.asked += 1
        later = [made for made in self.kept if made.id > after]
        if pattern is None:
            return later
        named = {action for action, _ in pattern.actions}
        way = pattern.direction
        return [m for m in later if way in ("", m.direction) and (not named or m.action in named)]

    async def last_boot(self, station: str) -> str:
        return ""


class States:
    """In the place of the hot states: the one that is there, or none."""

    def __init__(self) -> None:
        self.state: dict | None = None

    async def wait(self, station: str, fits: Any, seconds: float) -> dict | None:
        return self.state if self.state is not None and fits(self.state) else None

    async def read(self, stations: list[str]) -> dict[str, dict | None]:
        return dict.fromkeys(stations, self.state)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "STORING", 0.0)
    monkeypatch.setattr(searching, "TRANSIT", 0.0)
    monkeypatch.setattr(searching, "LOOK_BACK", (0.0, 0.01, 0.02))


@pytest.fixture
def strand() -> Strand:
    """The run began at NOW, and so did the live stream."""
    services = Services(None, Log(), States(), None)
    subject = Subject("CP1", "1.6", [1, 2])
    begin = id_at(NOW)
    inbox = Inbox(begin)
    inbox.ahead, inbox._measured = 0.0, time.time() + 3600
    return Strand(
        services, subject, StationLog("e", "CP1"), inbox, random.Random(1), {}, begin, begin, begin
    )


def order(timeout: float = LATER, **params: Any) -> Order:
    step = {"type": "expect", "params": params}
    return Order("expect", params, step, timeout)


async def expect(strand: Strand, timeout: float = LATER, **params: Any) -> str:
    """The id of the frame that satisfied the step."""
    return (await expecting.expect(strand, order(timeout, **params)))[1]


async def failure(strand: Strand, timeout: float = SOON, **params: Any) -> str:
    with pytest.raises(StepFailed) as failed:
        await expecting.expect(strand, order(timeout, **params))
    return failed.value.message


# --- expect --------------------------------------------------------------------------------------


async def test_each_step_is_satisfied_by_a_frame_of_its_own(strand: Strand) -> None:
    made = [frame(number) for number in (1, 2, 3)]
    for each in made:
        strand.inbox.put(each)
    assert [await expect(strand, action="Heartbeat") for _ in made] == [each.id for each in made]
    assert "No" in await failure(strand, action="Heartbeat")


async def test_the_frame_at_the_place_itself_does_not_count(strand: Strand) -> None:
    strand.inbox.put(made := frame(1))
    strand.cursor = made.id
    assert "No" in await failure(strand, action="Heartbeat")


async def test_a_failure_tells_of_the_last_frame_that_was_about_right(strand: Strand) -> None:
    for number in (1, 2, 3):
        strand.inbox.put(frame(number, payload={"n": number}))
    told = await failure(strand, action="Heartbeat", payload={"n": 9})
    assert "n is 3, not 9" in told


async def test_what_the_live_stream_lost_is_found_in_the_log(strand: Strand) -> None:
    step = asyncio.create_task(expect(strand, action="BootNotification"))
    await asyncio.sleep(0)
    strand.services.past.kept.append(lost := frame(1, "BootNotification"))
    strand.inbox.missed()
    assert await asyncio.wait_for(step, LATER / 2) == lost.id  # and not when the time is over


async def test_without_a_gap_the_log_is_not_asked_while_it_waits(strand: Strand) -> None:
    strand.inbox.put(frame(1))
    await expect(strand, action="Heartbeat")
    assert strand.services.past.asked == 0


async def test_what_was_before_the_live_stream_is_found_in_the_log(strand: Strand) -> None:
    strand.inbox.since = id_at(NOW + 10)
    strand.services.past.kept.append(before := frame(1, "BootNotification"))
    task = asyncio.create_task(expect(strand, action="BootNotification"))
    assert await asyncio.wait_for(task, LATER / 2) == before.id


@pytest.mark.parametrize(
    ("between", "again", "found"),
    [
        ("BootNotification", {"n": 1}, True),
        ("Heartbeat", {"n": 1}, False),  # the link is the same: the first one is not answered
        ("BootNotification", {"n": 2}, False),  # another Call
    ],
)
async def test_the_answer_to_what_a_reboot_cut_off_is_that_to_its_repetition(
    strand: Strand, between: str, again: dict, found: bool
) -> None:
    strand.inbox.put(frame(1, "StopTransaction", uid="a", payload={"n": 1}))
    await expect(strand, action="StopTransaction")
    strand.inbox.put(frame(2, between, uid="b"))
    strand.inbox.put(frame(3, "StopTransaction", uid="c", payload=again))
    answer = frame(4, "StopTransaction", "CallResult", uid="c", direction="received")
    strand.inbox.put(answer)
    if found:
        assert await expect(strand, answers=True) == answer.id
    else:
        assert "No answer" in await failure(strand, answers=True)


async def test_a_reboot_that_another_step_has_seen_cuts_off_all_the_same(strand: Strand) -> None:
    """In any order: the boot has satisfied its step before this one looks back."""
    action = "StopTransaction"
    strand.inbox.put(frame(1, action, uid="a", payload={"n": 1}))
    strand.inbox.put(frame(2, "BootNotification", uid="b"))
    await expect(strand, action="BootNotification", order="any")
    await expect(strand, action=action, order="any")
    strand.inbox.put(frame(3, action, uid="c", payload={"n": 1}))
    answer = frame(4, action, "CallResult", uid="c", direction="received")
    strand.inbox.put(answer)
    assert await expect(strand, answers=True, order="any") == answer.id


async def test_a_boot_that_is_told_again_is_no_answer_to_the_first(strand: Strand) -> None:
    """The link was not cut between them: the CSMS has not answered."""
    strand.inbox.put(frame(1, "BootNotification", uid="a"))
    await expect(strand, action="BootNotification")
    strand.inbox.put(frame(2, "BootNotification", uid="b"))
    strand.inbox.put(frame(3, "BootNotification", "CallResult", uid="b", direction="received"))
    assert "No answer to BootNotification came" in await failure(strand, answers=True)


@pytest.mark.parametrize("named", [{}, {"action": "StopTransaction"}])
async def test_what_is_told_again_is_followed_through_a_gap_too(
    strand: Strand, named: dict
) -> None:
    """The live stream has lost the reboot, and the log has it."""
    strand.inbox.put(frame(1, "StopTransaction", uid="a", payload={"n": 1}))
    await expect(strand, action="StopTransaction")
    answer = frame(4, "StopTransaction", "CallResult", uid="c", direction="received")
    lost = [frame(2, "BootNotification", uid="b"),
            frame(3, "StopTransaction", uid="c", payload={"n": 1})]  # fmt: skip
    step = asyncio.create_task(expect(strand, answers=True, kind="CallResult", **named))
    await asyncio.sleep(0)
    strand.services.past.kept += [*lost, answer]
    strand.inbox.put(lost[1])
    strand.inbox.put(answer)
    strand.inbox.missed()
    assert await asyncio.wait_for(step, LATER / 2) == answer.id


async def test_what_came_before_an_act_is_not_what_it_brought_about(strand: Strand) -> None:
    """However shortly before: that clocks differ is no reason to take it."""
    now = time.time() - NOW
    strand.inbox.put(frame(now, "BootNotification"))
    strand.acted(strand.here())
    assert "No BootNotification" in await failure(strand, action="BootNotification")
    strand.inbox.put(after := frame(now + 0.001, "BootNotification"))
    assert await expect(strand, action="BootNotification") == after.id


class Commands:
    """Each command has the station send the frame that is named for it."""

    def __init__(self, strand: Strand, **frames: str) -> None:
        self._strand, self._frames = strand, frames

    async def command(self, station: str, name: str, args: dict, timeout: float) -> dict:
        action = self._frames[name.replace("-", "_")]
        self._strand.inbox.put(frame(time.time() - NOW, action, uid=name))
        return {}


COMMANDED = {"stop_transaction": "StopTransaction", "unplug": "StatusNotification"}
STOP = {"type": "stop-transaction", "params": {"connector": 1}}
UNPLUG = {"type": "unplug", "params": {"connector": 1}}


def test_a_branch_knows_what_its_strand_knows(strand: Strand) -> None:
    strand.table, strand.taken, strand.driver = TABLE, {"f"}, object()
    strand.call, strand.called, strand.calling = "c", "f", ("Reset", {})
    strand.cursor, strand.act, strand.variables = "3", "2", {"a": 1}
    made = strand.branch("1.", b=2)
    own = {"path": "1.", "variables": {"a": 1, "b": 2}}
    for each in dataclasses.fields(Strand):
        if each.name != "rng":
            expected = own.get(each.name, getattr(strand, each.name))
            assert getattr(made, each.name) == expected, each.name
    assert made.tally is strand.tally and made.others is strand.others
    assert made.taken is strand.taken


@pytest.mark.parametrize(("between", "found"), [
    ([], True),
    ([{"type": "expect_none", "timeout": 20, "params": {"action": "Reset"}}], False),
    ([{"type": "delay", "params": {"duration": 1}}], False),
])  # fmt: skip
async def test_commands_in_a_row_are_one_act(strand: Strand, between: list, found: bool) -> None:
    strand.services.commander, strand.table = Commands(strand, **COMMANDED), TABLE
    ended = {"type": "expect", "timeout": 20, "params": {"action": "StopTransaction"}}
    work = strand.run([STOP, *between, UNPLUG, ended])
    if found:
        await work
    else:
        with pytest.raises(StepFailed):
            await work


async def test_where_frames_come_at_once_nothing_is_waited_for_beyond_the_time(
    strand: Strand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "STORING", LATER)
    monkeypatch.setattr(searching, "TRANSIT", LATER)
    strand.services.at_once = True
    async with asyncio.timeout(LATER / 2):
        await failure(strand, SOON, action="Reset")
        await expecting.expect_none(strand, order(SOON, action="Reset"))


async def test_an_answer_is_the_answer_to_the_call_that_matched(strand: Strand) -> None:
    strand.inbox.put(frame(1, "Authorize", uid="a"))
    good = {"idTagInfo": {"status": "Accepted"}}
    strand.inbox.put(
        frame(2, "Authorize", "CallResult", uid="b", direction="received", payload=good)
    )
    strand.inbox.put(frame(3, "Authorize", uid="a"))
    answer = frame(4, "Authorize", "CallResult", uid="a", direction="received", payload=good)
    strand.inbox.put(answer)
    await expect(strand, action="Authorize", kind="Call")
    assert await expect(strand, answers=True) == answer.id


async def test_a_call_that_is_looked_back_for_has_its_answer_before_what_matched_since(
    strand: Strand,
) -> None:
    action = "StatusNotification"
    answer = frame(2, action, "CallResult", uid="a", direction="received")
    for each in (frame(1, action, uid="a"), answer, frame(3, "Heartbeat", uid="b")):
        strand.inbox.put(each)
    await expect(strand, action="Heartbeat", kind="Call")
    await expect(strand, action=action, kind="Call", since="start")
    assert await expect(strand, answers=True) == answer.id
    assert "No answer" in await failure(strand, answers=True)  # it satisfies one step


async def test_who_waits_in_vain_is_told_that_the_csms_has_ended_the_link(strand: Strand) -> None:
    told = {"times": 1, "last": NOW + 5, "why": "closed with 1011"}
    strand.services.states.state = {"connected": True, "link": {"state": "open", "closed": told}}
    said = await failure(strand, action="Reset")
    assert "the CSMS has ended the link: closed with 1011." in said
    strand.begin = id_at(NOW + 6)  # that was before the run
    assert "ended the link" not in await failure(strand, action="Reset")


async def test_an_answer_without_a_call_is_a_fault_of_the_scenario(strand: Strand) -> None:
    assert "No Call has matched yet" in await failure(strand, answers=True)


async def test_one_of_the_words_of_1_6_for_meter_values_is_enough(strand: Strand) -> None:
    strand.subject.version = "2.0.1"
    strand.inbox.put(made := frame(1, "TransactionEvent", payload={"meterValue": [{}]}))
    found = await expecting.wait_for_message(strand, order(action="MeterValues", direction="sent"))
    assert found[1] == made.id


class Stopped(Clock):
    """It was NOW when the step began, however long it took to begin."""

    def time(self) -> float:
        return NOW


async def test_a_deadline_is_by_the_frames_own_times(strand: Strand) -> None:
    strand.services.clock = strand.inbox.clock = Stopped()
    strand.inbox.put(frame(SOON + 0.001))
    told = await failure(strand, SOON, action="Heartbeat")
    assert "it came 0.001 s too late" in told
    strand.cursor = strand.begin
    strand.inbox.put(made := frame(SOON - 0.001, uid="u2"))
    assert await expect(strand, SOON, action="Heartbeat") == made.id


async def test_what_comes_in_time_and_reaches_us_late_counts(
    strand: Strand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "STORING", LATER)
    step = asyncio.create_task(expect(strand, SOON, action="Heartbeat"))
    made = frame(time.time() - NOW)
    await asyncio.sleep(3 * SOON)
    strand.inbox.put(made)
    assert await asyncio.wait_for(step, LATER / 2) == made.id


async def test_what_is_later_ends_the_wait_for_what_is_on_its_way(
    strand: Strand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "STORING", LATER)
    step = asyncio.create_task(failure(strand, SOON, action="Reset"))
    await asyncio.sleep(0)
    strand.inbox.put(frame(time.time() - NOW + 0.5))
    assert "No Reset came within 0.05 s" in await asyncio.wait_for(step, LATER / 2)


async def test_the_answer_is_in_time_from_its_call_on(strand: Strand) -> None:
    good = {"currentTime": "2026-11-28T20:18:00Z"}
    strand.inbox.put(frame(1))
    strand.inbox.put(answer := frame(1.25, kind="CallResult", direction="received", payload=good))
    await expect(strand, action="Heartbeat", kind="Call")
    assert await expect(strand, answers=True, within_ms=250) == answer.id
    strand.cursor = strand.called
    told = await failure(strand, answers=True, within_ms=249)
    assert "came 250 ms after its Call, not within 249 ms" in told


async def test_several_are_counted(strand: Strand) -> None:
    made = [frame(number, uid=f"u{number}") for number in (1, 2, 3)]
    for each in made:
        strand.inbox.put(each)
    assert await expect(strand, action="Heartbeat", count=3) == made[2].id
    strand.cursor = strand.begin
    told = await failure(strand, action="Heartbeat", count=4)
    assert "No Heartbeat, number 4 of 4, came" in told


async def test_in_any_order_each_frame_satisfies_one_step(strand: Strand) -> None:
    first, second = frame(0.01, "StatusNotification"), frame(0.02, "Authorize", uid="u2")
    for each in (first, second):
        strand.inbox.put(each)
    assert await expect(strand, action="Authorize", order="any") == second.id
    assert await expect(strand, action="StatusNotification", order="any") == first.id
    assert "No" in await failure(strand, action="Authorize", order="any")


async def test_the_next_one_is_the_one_or_none(strand: Strand) -> None:
    strand.inbox.put(frame(1, "StatusNotification"))
    strand.inbox.put(frame(2, "Authorize", uid="u2"))
    told = await failure(strand, LATER, action="Authorize", kind="Call", next=True)
    assert "another came first" in told
    assert await expect(strand, action="StatusNotification", kind="Call", next=True)
    assert await expect(strand, action="Authorize", kind="Call", next=True)


@pytest.mark.parametrize("name", ["expect", "expect_none"])
async def test_an_action_of_another_version_is_told_at_once(strand: Strand, name: str) -> None:
    strand.subject.version = "2.0.1"
    with pytest.raises(StepFailed) as failed:
        await getattr(expecting, name)(strand, order(LATER, action="StartTransaction"))
    told = "StartTransaction is OCPP 1.6; this station speaks 2.0.1."
    assert failed.value.message == told


async def test_a_wrong_answer_fails_at_once_and_says_what_came(strand: Strand) -> None:
    strand.inbox.put(frame(1, "Authorize", payload={"idTag": "T"}))
    answer = frame(1.5, "Authorize", "CallResult", direction="received",
                   payload={"idTagInfo": {"status": "Invalid"}})  # fmt: skip
    strand.inbox.put(answer)
    await expect(strand, action="Authorize", kind="Call")
    wanted = {"payload": {"idTagInfo.status": "Accepted"}}
    for params in ({"answers": True}, {"action": "Authorize", "direction": "received"}):
        with pytest.raises(StepFailed) as failed:
            await expecting.expect(strand, order(LATER, **wanted, **params))
        assert 'status is "Invalid", not "Accepted"' in failed.value.message
        assert failed.value.frame == answer.id
        assert failed.value.seen[-1]["text"] == answer.text


async def test_a_boot_that_is_pending_may_be_accepted_yet(strand: Strand) -> None:
    good = {"status": "Pending", "currentTime": "2026-11-28T20:18:00Z", "interval": 1}
    strand.inbox.put(frame(1, "BootNotification"))
    for moment, uid, status in ((1.5, "u1", "Pending"), (3, "u2", "Accepted")):
        more = {"uid": uid, "direction": "received", "payload": good | {"status": status}}
        strand.inbox.put(frame(moment, "BootNotification", "CallResult", **more))
    await expect(strand, action="BootNotification", kind="Call")
    wanted = {"direction": "received", "payload": {"status": "Accepted"}}
    assert await expect(strand, action="BootNotification", **wanted)


# --- expect_none ---------------------------------------------------------------------------------


async def test_what_came_while_nothing_was_to_come_satisfies_nothing_later(strand: Strand) -> None:
    strand.origin = strand.cursor = strand.inbox.since = id_at(NOW - 100)
    strand.inbox.put(frame(-50, "StatusNotification"))
    await expecting.expect_none(strand, order(SOON, action="BootNotification"))
    assert "No" in await failure(strand, action="StatusNotification")
    strand.inbox.put(after := frame(3600, "StatusNotification"))
    assert await expect(strand, action="StatusNotification") == after.id


async def test_nothing_is_what_must_come(strand: Strand) -> None:
    strand.inbox.put(frame(0.01, "BootNotification"))
    with pytest.raises(StepFailed, match="none should have"):
        await expecting.expect_none(strand, order(SOON, action="BootNotification"))


async def test_nothing_means_that_the_log_has_nothing_either(strand: Strand) -> None:
    strand.inbox.missed()
    strand.services.past.kept.append(frame(0.01, "BootNotification"))
    with pytest.raises(StepFailed, match="none should have"):
        await expecting.expect_none(strand, order(SOON, action="BootNotification"))


# --- states and conditions -----------------------------------------------------------------------


async def wait_for(strand: Strand, there: dict, **params: Any) -> str:
    """ "" where the state that is there satisfies the step, else why not."""
    strand.services.states.state = there
    try:
        await waits.wait_for_state(strand, order(SOON, **params))
    except StepFailed as failed:
        return failed.message
    return ""


@pytest.mark.parametrize(
    ("state", "wanted", "why"),
    [
        ({"connected": True, "registration": "Accepted"}, "accepted", ""),
        ({"connected": True, "registration": "Pending"}, "accepted", "its registration is Pending"),
        ({"connected": False, "registration": "Accepted"}, "accepted", "it is not connected"),
        ({"connected": True}, "connected", ""),
        ({"connected": True}, "disconnected", "it is connected"),
        ({"connected": False}, "disconnected", ""),
    ],
)
async def test_a_station_is_in_the_state_that_was_named(
    strand: Strand, state: dict, wanted: str, why: str
) -> None:
    told = await wait_for(strand, state, target="station", state=wanted)
    assert (why in told) if why else told == ""


async def test_the_connector_is_the_one_that_was_named(strand: Strand) -> None:
    state = {"connectors": [{"id": 1, "status": "Available"}, {"id": 2, "status": "Charging"}]}
    assert await wait_for(strand, state, connectorId=2, state="Charging") == ""
    assert 'it is "Available"' in await wait_for(strand, state, connectorId=1, state="Charging")
    assert "no such connector" in await wait_for(strand, state, connectorId=3, state="Charging")


@pytest.mark.parametrize(
    ("op", "holds"),
    [(">", False), (">=", True), ("==", True), ("<=", True), ("<", False), ("!=", False)],
)
async def test_a_field_is_compared_as_asked(strand: Strand, op: str, holds: bool) -> None:
    state = {"connectors": [{"id": 1, "status": "Charging", "energy_wh": 50}]}
    told = await wait_for(strand, state, connectorId=1, field="energy_wh", op=op, value=50)
    assert (told == "") == holds


def test_every_condition_must_hold(strand: Strand) -> None:
    good, bad = {"value": 1, "is": 1}, {"value": 2, "is": 1}
    assert waits.hold(strand, [good, good]) is None
    assert waits.hold(strand, [bad, good]) == "2 is 2, not 1"
    assert waits.hold(strand, [good, bad]) == "2 is 2, not 1"
