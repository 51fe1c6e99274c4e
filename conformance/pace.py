"""No more cases at a time than the machine bears: how late the loop is says so.

Stations, engine and CSMS share one loop. Where it gets to run too late, a step's time is over
before the other side has had its turn, and the verdict would be on the machine.
"""

from __future__ import annotations

import asyncio
import time

EVERY = 0.05  # seconds between two looks
LATE = 0.15  # seconds that the loop may be late for another case to begin
FORGETS = 0.8  # what is left of a lateness at the next look
LONGEST = 20.0  # seconds that a case waits for its beginning


class Pace:
    """`watch` in a task; `come` before each case."""

    def __init__(self) -> None:
        self.late = 0.0  # seconds

    async def watch(self) -> None:
        while True:
            due = time.monotonic() + EVERY
            await asyncio.sleep(EVERY)
            self.note(time.monotonic() - due)

    def note(self, late: float) -> None:
        self.late = max(late, self.late * FORGETS)

    async def come(self) -> None:
        """Until the loop is in time again, or for LONGEST."""
        limit = time.monotonic() + LONGEST
        while self.late > LATE and time.monotonic() < limit:  # noqa: ASYNC110 - it only eases off
            await asyncio.sleep(EVERY)
