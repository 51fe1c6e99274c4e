"""When a station wants to be woken: a few named times, the earliest of which is its deadline.

A dict, not a heap: a station has one to five of them, and the worker's own heap orders stations.
"""

from math import ceil
from typing import Any

EARLY = 0.3  # of a tick: what counts from when it was done would else lose one when woken late


def on_tick(at: float, ticks: int) -> float:
    """The moment for what may wait: the next of so many ticks a second, never before `at`.

    `ticks` 0: `at` itself. To wake for one station costs a worker several times what the station's
    own work does, so what is not urgent is done at the same moments for all.
    """
    return ceil(at * ticks) / ticks if ticks else at


def near_tick(at: float, ticks: int) -> float:
    """The same, or a little early, for what counts its interval from when it was done last."""
    return ceil(at * ticks - EARLY) / ticks if ticks else at


class Timers:
    """`key` is a name, or (name, argument): at_<name>(now, argument) is called when it is due."""

    __slots__ = ("_timers",)

    def __init__(self) -> None:
        self._timers: dict[Any, float] = {}

    @property
    def deadline(self) -> float | None:
        """When `wake` is due; None if nothing is."""
        return min(self._timers.values()) if self._timers else None

    def set_timer(self, key: Any, at: float) -> None:
        """`key`: a name, or (name, argument); at_<name>(now, argument) is called."""
        self._timers[key] = at

    def clear_timer(self, key: Any) -> None:
        self._timers.pop(key, None)

    def has_timer(self, key: Any) -> bool:
        return key in self._timers

    def due(self, key: Any) -> float | None:
        """When the timer is due; None where it is not set."""
        return self._timers.get(key)

    def due_timers(self, now: float) -> list[Any]:
        due = [key for key, at in self._timers.items() if at <= now]
        if len(due) > 1:
            due.sort(key=self._timers.__getitem__)
        for key in due:
            del self._timers[key]
        return due
