"""The time as the engine asks it: handed in, so that a run may go by another clock."""

from __future__ import annotations

import time


class Clock:
    """The host's clocks.

    speed: seconds that they tell for each that passes: what the CSMS is given is as many times so
    long by them.
    """

    speed = 1.0

    def time(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that only go on; asyncio's timers count the same ones."""
        return time.monotonic()
