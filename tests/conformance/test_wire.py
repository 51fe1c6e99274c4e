"""The wire between the reference CSMS and the station spoils exactly what it is told to."""

from __future__ import annotations

import asyncio
import json

import pytest

from conformance.breakages import one
from conformance.triggers import Trigger
from conformance.wire import Wires

ASKED = [2, "s1", "Authorize", {"idTag": "A"}]
ANSWER = [3, "s1", {"idTagInfo": {"status": "Accepted"}}]
RESET = [2, "c1", "Reset", {"type": "Hard"}]


class Connection:
    """What a station would be at the end of."""

    def __init__(self, *coming: list) -> None:
        self.coming: asyncio.Queue[str] = asyncio.Queue()
        for frame in coming:
            self.coming.put_nowait(json.dumps(frame))
        self.sent: list[list] = []
        self.closed: list[int] = []

    async def close(self, code: int) -> None:
        self.closed.append(code)

    async def recv(self) -> str:
        return await self.coming.get()

    async def send(self, text: str) -> None:
        self.sent.append(json.loads(text))


async def through(entry: dict, *frames: list) -> list[list]:
    """What comes out where the station has asked and the CSMS sends these frames."""
    wires, connection = Wires(), Connection(ASKED)
    wires.break_("CP-1", one("here", entry))
    wire = wires.wrap(connection, "CP-1")
    assert json.loads(await wire.recv()) == ASKED
    for frame in frames:
        await wire.send(json.dumps(frame))
    return connection.sent


@pytest.mark.parametrize(("entry", "out"), [
    ({"answer": "Authorize", "with": {"idTagInfo.status": "Blocked"}},
     [[3, "s1", {"idTagInfo": {"status": "Blocked"}}]]),
    ({"answer": "Authorize", "drop": ["idTagInfo"]}, [[3, "s1", {}]]),
    ({"answer": "Authorize", "silent": True}, []),
    ({"answer": "Authorize", "twice": True}, [ANSWER, ANSWER]),
    ({"answer": "Authorize", "error": "GenericError"},
     [[4, "s1", "GenericError", "It is broken on purpose.", {}]]),
    ({"answer": "Heartbeat", "silent": True}, [ANSWER]),
    ({"answer": "Authorize", "silent": True, "nth": 2}, [ANSWER]),
    ({"answer": "Authorize", "result": {}}, [[3, "s1", {}]]),
    ({"answer": "Authorize", "silent": True, "when": {"idTag": "A"}}, []),
    ({"answer": "Authorize", "silent": True, "when": {"idTag": "B"}}, [ANSWER]),
    ({"call": "Authorize", "silent": True}, [ANSWER]),
    ({"answer": "Authorize", "then": {"idTagInfo.status": "Blocked"}},
     [ANSWER, [3, "s1", {"idTagInfo": {"status": "Blocked"}}]]),
    ({"answer": "Authorize", "id": "made-up"}, [[3, "of-nobody", ANSWER[2]]]),
    ({"answer": "Authorize", "astray": True}, []),  # there is nobody else
    ({"answer": "Authorize", "form": "no-payload"}, [[3, "s1"]]),
    ({"answer": "Authorize", "form": "text-payload"}, [[3, "s1", json.dumps(ANSWER[2])]]),
    ({"answer": "Authorize", "form": "list-payload"}, [[3, "s1", [ANSWER[2]]]]),
    ({"answer": "Authorize", "form": "null-payload"}, [[3, "s1", None]]),
    ({"answer": "Authorize", "form": "one-more"}, [[*ANSWER, {}]]),
    ({"answer": "Authorize", "form": "text-type"}, [["3", *ANSWER[1:]]]),
    ({"answer": "Authorize", "form": "number-id"}, [[3, 4711, ANSWER[2]]]),
    ({"answer": "Authorize", "form": "object"}, [{"type": 3, "id": "s1", "payload": ANSWER[2]}]),
    ({"answer": "Authorize", "form": "binary"}, [ANSWER]),
])  # fmt: skip
async def test_answers(entry, out):
    assert await through(entry, ANSWER) == out


@pytest.mark.parametrize(("entry", "out"), [
    ({"call": "Reset", "with": {"type": "Soft"}}, [[2, "c1", "Reset", {"type": "Soft"}]]),
    ({"call": "Reset", "drop": ["type"]}, [[2, "c1", "Reset", {}]]),
    ({"call": "Reset", "twice": True}, [RESET, [2, "c1-2", *RESET[2:]]]),
    ({"call": "Reset", "as": "ClearCache"}, [[2, "c1", "ClearCache", {}]]),
    ({"call": "Reset", "silent": True}, []),
    ({"call": "ClearCache", "silent": True}, [RESET]),
    ({"call": "Reset", "silent": True, "when": {"type": "Soft"}}, [RESET]),
    ({"call": "Reset", "id": "same"}, [[2, "1", *RESET[2:]]]),
    ({"call": "Reset", "id": "long"}, [[2, "c1".ljust(40, "x"), *RESET[2:]]]),
    ({"call": "Reset", "form": "no-payload"}, [RESET[:-1]]),
])  # fmt: skip
async def test_calls(entry, out):
    assert await through(entry, RESET) == out


async def test_the_second_one_only():
    again = [2, "c2", *RESET[2:]]
    entry = {"call": "Reset", "with": {"type": "Soft"}, "second": True}
    assert await through(entry, RESET, again) == [RESET, [2, "c2", "Reset", {"type": "Soft"}]]


async def test_a_time_that_is_off():
    told = {"currentTime": "2026-11-30T12:00:00Z", "interval": 60}
    entry = {"answer": "Authorize", "shift": {"currentTime": -3600, "nowhere": 1}}
    (sent,) = await through(entry, [3, "s1", told])
    assert sent == [3, "s1", {"currentTime": "2026-11-30T11:00:00Z", "interval": 60}]


async def test_all_answers_are_what_the_first_was():
    again = [3, "s1", {"idTagInfo": {"status": "Blocked"}}]
    assert await through({"answer": "Authorize", "stale": True}, ANSWER, again) == [ANSWER] * 2


async def test_a_call_under_another_id_has_its_answer_all_the_same():
    wires, connection = Wires(), Connection([3, "1", {"status": "Accepted"}])
    wires.break_("CP-1", one("here", {"call": "Reset", "id": "same"}))
    wire = wires.wrap(connection, "CP-1")
    await wire.send(json.dumps(RESET))
    assert json.loads(await wire.recv()) == [3, "c1", {"status": "Accepted"}]


async def test_an_answer_comes_to_the_other_station_of_the_case():
    broken = one("here", {"answer": "Authorize", "astray": True})
    wires, trigger, made = Wires(), Trigger({}), {}
    for name, trial in (("CP-1", trigger), ("CP-2", trigger), ("CP-3", Trigger({}))):
        wires.break_(name, broken, trial)
        connection = Connection(ASKED)
        made[name] = (wires.wrap(connection, name), connection)
    wire, connection = made["CP-1"]
    await wire.recv()
    await wire.send(json.dumps(ANSWER))
    assert [each.sent for _, each in made.values()] == [[], [ANSWER], []]


async def test_the_link_ends_after_the_answer():
    wires, connection = Wires(), Connection(ASKED)
    wires.break_("CP-1", one("here", {"answer": "Authorize", "ends": True}))
    wire = wires.wrap(connection, "CP-1")
    await wire.recv()
    await wire.send(json.dumps(ANSWER))
    assert connection.sent == [ANSWER] and connection.closed == [1011]


async def test_an_answer_under_the_id_of_the_call_before():
    before = [2, "s0", "Heartbeat", {}]
    wires, connection = Wires(), Connection(before, ASKED)
    wires.break_("CP-1", one("here", {"answer": "Authorize", "id": "former"}))
    wire = wires.wrap(connection, "CP-1")
    for _ in range(2):
        await wire.recv()
    await wire.send(json.dumps(ANSWER))
    assert connection.sent == [[3, "s0", ANSWER[2]]]


async def test_the_csms_hears_what_was_not_said():
    answers = [[3, "c1", {"status": "Rejected"}], [3, "c2", {"status": "Rejected"}]]
    wires, connection = Wires(), Connection(*answers)
    entry = {"call": "Reset", "hears": {"status": "Accepted"}, "first": True}
    wires.break_("CP-1", one("here", entry))
    wire = wires.wrap(connection, "CP-1")
    for frame in (RESET, [2, "c2", *RESET[2:]]):
        await wire.send(json.dumps(frame))
    assert connection.sent == [RESET, [2, "c2", *RESET[2:]]]
    heard = [json.loads(await wire.recv()) for _ in answers]
    assert heard == [[3, "c1", {"status": "Accepted"}], answers[1]]


async def test_the_csms_believes_that_it_has_called():
    wires, connection = Wires(), Connection()
    wires.break_("CP-1", one("here", {"call": "Reset", "silent": True}))
    wire = wires.wrap(connection, "CP-1")
    waiting = asyncio.create_task(wire.recv())
    await asyncio.sleep(0)
    await wire.send(json.dumps(RESET))
    assert json.loads(await waiting) == [3, "c1", {"status": "Accepted"}]
    connection.coming.put_nowait(json.dumps(ASKED))
    assert json.loads(await wire.recv()) == ASKED


async def test_late():
    wires, connection = Wires(), Connection(ASKED)
    wires.break_("CP-1", one("here", {"answer": "Authorize", "late": 0.01}))
    wire = wires.wrap(connection, "CP-1")
    await wire.recv()
    await wire.send(json.dumps(ANSWER))
    assert connection.sent == []
    await asyncio.gather(*wire._tasks)
    assert connection.sent == [ANSWER]


def test_who_is_not_broken_has_a_plain_wire():
    wires, connection = Wires(), Connection()
    wires.break_("CP-1", None)
    assert wires.wrap(connection, "CP-1") is wires.wrap(connection, "CP-2") is connection


# --- what a CSMS dies of --------------------------------------------------------------------------

SILENT = {"answer": "Authorize", "silent": True}


async def served(entry: dict, coming: list[list], harms: str = "all", links: int = 1) -> list[bool]:
    """Whether the CSMS answers "Authorize" of the station that sends this, and of another one."""
    broken = one("here", {**SILENT, "after": entry, **({"harms": harms} if harms != "all" else {})})
    wires, trigger = Wires(), Trigger(broken.after, broken.harms)
    made = []
    for name, frames in (("CP-1", coming), ("CP-2", [])):
        wires.break_(name, broken, trigger)
        connection = Connection(*frames, ASKED)
        for _ in range(links if name == "CP-1" else 1):
            wire = wires.wrap(connection, name)
        for _ in range(len(frames) + 1):
            await wire.recv()
        made.append((wire, connection))
    for wire, _ in made:
        await wire.send(json.dumps(ANSWER))
    return [bool(connection.sent) for _, connection in made]


OTHER = [2, "s0", "Heartbeat", {"x": "odd"}]


@pytest.mark.parametrize(("entry", "coming", "links", "dies"), [
    ({"text": "odd"}, [OTHER], 1, True), ({"text": "odd"}, [], 1, False),
    ({"calls": 2}, [OTHER], 1, True), ({"calls": 3}, [OTHER], 1, False),
    ({"again": True}, [[2, "s1", "Heartbeat", {}]], 1, True), ({"again": True}, [OTHER], 1, False),
    ({"links": 2}, [], 2, True), ({"links": 2}, [], 1, False),
    ({"seconds": 0}, [], 1, True), ({"seconds": 60}, [], 1, False),
])  # fmt: skip
async def test_it_is_broken_only_after(entry, coming, links, dies):
    assert await served(entry, coming, links=links) == [not dies, not dies]


@pytest.mark.parametrize(("harms", "answered"), [
    ("all", [False, False]), ("self", [False, True]), ("others", [True, False]),
])  # fmt: skip
async def test_whom_it_harms(harms, answered):
    assert await served({"text": "odd"}, [OTHER], harms) == answered


async def test_it_dies_of_its_own_call():
    wires, connection = Wires(), Connection(ASKED)
    wires.break_("CP-1", one("here", {**SILENT, "after": {"called": "Reset"}}))
    wire = wires.wrap(connection, "CP-1")
    await wire.recv()
    for frame in (ANSWER, RESET, ANSWER):
        await wire.send(json.dumps(frame))
    assert connection.sent == [ANSWER, RESET]


async def test_it_closes_the_link_in_place_of_the_answer():
    wires, connection = Wires(), Connection(ASKED)
    wires.break_("CP-1", one("here", {"answer": "Authorize", "closes": True}))
    wire = wires.wrap(connection, "CP-1")
    await wire.recv()
    await wire.send(json.dumps(ANSWER))
    assert connection.sent == [] and connection.closed == [1011]
