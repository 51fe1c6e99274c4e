"""An event loop whose time passes at once: what would wait for an hour is done in no time.

Nothing in it may do real I/O. Where all wait for something that no timer brings, it says so.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

from scenarios.engine.clock import Clock

BEGIN = 1_795_000_000.0  # unix seconds


class _Leaping(selectors.SelectSelector):
    loop: TimelessLoop

    def select(self, timeout: float | None = None) -> list:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("all wait, and no timer runs")
            self.loop.passed += timeout
        return ready


class TimelessLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.passed = 0.0
        selector = _Leaping()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.passed


class LoopClock(Clock):
    """The time of a timeless loop."""

    def __init__(self, loop: TimelessLoop) -> None:
        self._loop = loop

    def time(self) -> float:
        return BEGIN + self._loop.passed

    def monotonic(self) -> float:
        return self._loop.passed


def run(work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        return runner.run(work)
