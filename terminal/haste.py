"""Faster than the wall clock: the time of this process, of its stations and of what waits in it.

The event loop counts `speed` seconds for each that passes, so heartbeats, meter values, sessions
and the pauses of a scenario take so much less. What the CSMS is given to answer in stays as it is
written, in seconds of the wall. A station's clock cannot follow the CSMS's then: it is set once,
and what it sends is dated ahead.
"""

from __future__ import annotations

import argparse
import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

from stations.worker.clock import Clock as WorkerClock
from terminal.rows import Unusable

MOST = 100.0
T = TypeVar("T")


def add_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="N",
        help=f"the stations' clock runs N times as fast as the wall's, up to {MOST:g}; for a CSMS "
        "that takes times ahead of its own (default: 1)",
    )  # fmt: skip


def check(speed: float) -> float:
    """Raises Unusable."""
    if not 1.0 <= speed <= MOST:
        raise Unusable(f"--speed takes a number from 1 to {MOST:g}.")
    return speed


class Hurried:
    """In the places of stations.worker.clock.Clock and of scenarios.engine.clock.Clock.

    speed: seconds told for each that passes.
    """

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._ahead = time.time() - self.monotonic()

    def monotonic(self) -> float:
        """As the loop of `run` counts."""
        return time.monotonic() * self.speed

    def time(self) -> float:
        """Unix seconds: the wall's when this was made."""
        return self.monotonic() + self._ahead

    now = time

    def follow_wall_clock(self) -> None:
        """It does not."""


def clock_of(speed: float) -> WorkerClock | Hurried:
    """For the stations of this process."""
    return WorkerClock() if speed == 1.0 else Hurried(speed)


class _Selector(selectors.DefaultSelector):
    """Waits a `speed`th of what the loop says."""

    speed = 1.0

    def select(self, timeout: float | None = None) -> list:
        return super().select(timeout and timeout / self.speed)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, speed: float) -> None:
        self._speed = speed
        selector = _Selector()
        selector.speed = speed
        super().__init__(selector)

    def time(self) -> float:
        return time.monotonic() * self._speed


def run(work: Coroutine[Any, Any, T], speed: float = 1.0) -> T:
    """As asyncio.run, in a loop that is so fast."""
    if speed == 1.0:
        return uvloop.run(work)
    with asyncio.Runner(loop_factory=lambda: _Loop(speed)) as runner:
        return runner.run(work)
