"""The time as the engine asks it: handed in, so that a run may go by another clock."""

from __future__ import annotations

import time


class Clock:
    """The host's clocks."""

    def time(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that only go on; asyncio's timers count the same ones."""
        return time.monotonic()
