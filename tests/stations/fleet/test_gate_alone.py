"""The gate by itself: what is held is carried out in order, once, and only while it may be."""

from __future__ import annotations

import asyncio
import time

import pytest

from stations.worker import gate as gates
from stations.worker.gate import Gate


class Link:
    """A station's link, of which it is known whether it is read."""

    def __init__(self) -> None:
        self.paused = False

    def pause(self, paused: bool) -> None:
        self.paused = paused


class Station:
    """As a consumer; what it does goes through the gate."""

    def __init__(self, gate: Gate, done: list) -> None:
        self.gate, self.done = gate, done
        self.gone, self.link = False, Link()

    def do(self, what: object) -> None:
        if self.gate.shut():
            self.gate.hold(self, self.do, what)
        elif callable(what):
            what()
        else:
            self.done.append(what)


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def done():
    return []


def shut(gate: Gate) -> None:
    gate.open_until(time.monotonic() - 1)


def thaw(gate: Gate) -> None:
    gate.open_until(time.monotonic() + 600)


async def turns(count: int) -> None:
    """So many turns of the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_much_that_was_held_is_done_in_turns_and_what_comes_meanwhile_after_it(
    gate, done, monkeypatch
):
    monkeypatch.setattr(gates, "DRAIN", 2)
    station = Station(gate, done)
    shut(gate)
    for number in range(7):
        station.do(number)
    assert done == [] and station.link.paused
    thaw(gate)
    await turns(1)
    assert done == [0, 1] and gate.shut()
    station.do("late")
    async with asyncio.timeout(60):
        await gate.opened()
    assert done == [*range(7), "late"]
    assert not station.link.paused
    station.do("later")
    assert done[-1] == "later"


async def test_one_station_whose_step_fails_keeps_no_other_silent(gate, done, caplog):
    stations = [Station(gate, done) for _ in range(3)]
    shut(gate)
    stations[0].do(1)
    stations[1].do(lambda: {}["nothing"])
    stations[2].do(2)
    thaw(gate)
    async with asyncio.timeout(60):
        await gate.opened()
    assert done == [1, 2]
    assert "was not carried out" in caplog.text
    assert not any(station.link.paused for station in stations)


async def test_a_freeze_while_it_is_carried_out_holds_the_rest(gate, done):
    station = Station(gate, done)
    shut(gate)
    for what in (1, lambda: shut(gate), 2, 3):
        station.do(what)
    thaw(gate)
    await turns(5)
    assert done == [1] and gate.shut() and station.link.paused
    thaw(gate)
    async with asyncio.timeout(60):
        await gate.opened()
    assert done == [1, 2, 3]


async def test_what_is_held_for_a_station_that_is_lost_is_not_done(gate, done):
    ours, lost = Station(gate, done), Station(gate, done)
    shut(gate)
    for station, what in ((ours, 1), (lost, 2), (ours, 3)):
        station.do(what)
    lost.gone = True
    thaw(gate)
    async with asyncio.timeout(60):
        await gate.opened()
    assert done == [1, 3]


async def test_the_rest_of_a_step_comes_before_the_next_one(gate, done):
    """A step finds the gate shut once more in its midst, and is held again from there."""
    station = Station(gate, done)

    def two_parts() -> None:
        done.append("first part")
        shut(gate)
        station.do("second part")

    shut(gate)
    station.do(two_parts)
    station.do("next")
    thaw(gate)
    await turns(1)
    assert done == ["first part"]
    thaw(gate)
    async with asyncio.timeout(60):
        await gate.opened()
    assert done == ["first part", "second part", "next"]


async def test_who_waits_for_the_gate_lets_the_others_run(gate):
    shut(gate)
    waiting = asyncio.create_task(gate.opened())
    await turns(5)
    assert not waiting.done()
    gate.hold(Station(gate, []), lambda: None)
    thaw(gate)
    async with asyncio.timeout(60):
        await waiting
