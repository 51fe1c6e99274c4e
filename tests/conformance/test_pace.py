"""No more cases at a time than the machine bears."""

from __future__ import annotations

import asyncio

from conformance import pace
from conformance.pace import EVERY, LATE, Pace


async def test_a_loop_in_time_lets_cases_begin():
    async with asyncio.timeout(EVERY):
        await Pace().come()


async def test_a_late_loop_lets_none_begin_until_it_is_in_time():
    made = Pace()
    made.note(2 * LATE)
    coming = asyncio.create_task(made.come())
    await asyncio.wait([coming], timeout=3 * EVERY)
    assert not coming.done()
    while made.late > LATE:
        made.note(0.0)
    await asyncio.wait_for(coming, 5.0)


async def test_it_waits_for_no_ever(monkeypatch):
    monkeypatch.setattr(pace, "LONGEST", 2 * EVERY)
    made = Pace()
    made.note(60.0)
    await asyncio.wait_for(made.come(), 5.0)
    assert made.late > LATE


async def test_a_loop_that_is_held_up_is_late():
    made = Pace()
    watching = asyncio.create_task(made.watch())
    await asyncio.sleep(0)
    pace.time.sleep(EVERY + 2 * LATE)
    await asyncio.sleep(2 * EVERY)
    assert made.late > LATE
    watching.cancel()
