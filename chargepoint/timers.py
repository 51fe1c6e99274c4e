"""When a station wants to be woken: a few named times, the earliest of which is its deadline.

A dict, not a heap: a station has one to five of them, and the worker's own heap orders stations.
"""

from typing import Any


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

    def due_timers(self, now: float) -> list[Any]:
        due = [key for key, at in self._timers.items() if at <= now]
        due.sort(key=self._timers.__getitem__)
        for key in due:
            del self._timers[key]
        return due
