"""How soon the CSMS answered, by action, over all stations of a case; and limits on it.

    {"BootNotification": {"p95_ms": 2000, "p99_ms": 5000}, "*": {"p50_ms": 500, "least": 100}}

"*" is every action together; `least` is how many answers there must be for a verdict.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from scenarios.rules.values import is_number
from scenarios.rules.words import check_action
from terminal.rows import Unusable
from terminal.suites.reading import object_at

ANY = "*"
PERCENTILES = {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99, "max_ms": 100}
LEAST = "least"
LONGEST_MS = 600_000


def limits_at(where: str, case: Mapping[str, Any]) -> dict[str, Any]:
    """The limits of a case, whose values may be variables still. Raises Unusable."""
    found = object_at(where, case, "limits")
    for action, limits in found.items():
        if action != ANY and (why := check_action(action)):
            raise Unusable(f"limits of {where}: {why}")
        if not isinstance(limits, Mapping) or not limits:
            raise Unusable(f'limits of {where}: give {action} as {{"p95_ms": 2000}}.')
        if strange := sorted(set(limits) - {*PERCENTILES, LEAST}):
            known = ", ".join((*PERCENTILES, LEAST))
            raise Unusable(f"limits of {where} have {', '.join(strange)}; known are {known}.")
    return {action: dict(limits) for action, limits in found.items()}


def checked(where: str, name: str, value: Any) -> float:
    """A limit's value. Raises Unusable."""
    if not is_number(value) or not 0 <= value <= LONGEST_MS:
        raise Unusable(f"{where}: give {name} as a number from 0 to {LONGEST_MS}.")
    return value


class Latencies:
    """Seconds from a station's Call to its answer; also to a CallError, which is one too."""

    def __init__(self) -> None:
        self._by_action: dict[str, list[float]] = defaultdict(list)

    def put(self, action: str, seconds: float) -> None:
        self._by_action[action].append(seconds)

    def table(self) -> dict[str, dict[str, float]]:
        """By action, and "*" for all: how many, and their percentiles in ms."""
        everything = sorted(value for some in self._by_action.values() for value in some)
        if not everything:
            return {}
        rows = {action: sorted(some) for action, some in sorted(self._by_action.items())}
        return {name: _row(some) for name, some in {ANY: everything, **rows}.items()}

    def verdict(self, limits: Mapping[str, Mapping[str, float]]) -> list[str]:
        """A sentence for each limit that does not hold."""
        table = self.table()
        return [why for action, some in limits.items() for why in _broken(action, some, table)]


def percentile(ordered: list[float], percent: int) -> float:
    """Nearest rank: the least value that so many of a hundred are not above."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def _row(ordered: list[float]) -> dict[str, float]:
    values = {name: percentile(ordered, percent) for name, percent in PERCENTILES.items()}
    return {"count": len(ordered)} | {n: round(v * 1000, 1) for n, v in values.items()}


def _broken(
    action: str, limits: Mapping[str, float], table: Mapping[str, Mapping[str, float]]
) -> Iterable[str]:
    what = "Calls" if action == ANY else action
    row = table.get(action)
    if row is None:
        yield f"No {'Call' if action == ANY else action} was answered: nothing was measured."
        return
    for name, most in limits.items():
        if name == LEAST:
            if row["count"] < most:
                yield f"Only {row['count']} {what} were answered, not {most:g}."
        elif row[name] > most:
            words = "at the longest" if name == "max_ms" else f"at {name.removesuffix('_ms')}"
            yield (
                f"{what}: answered after {row[name]:g} ms {words} of {row['count']}, "
                f"more than {most:g} ms."
            )
