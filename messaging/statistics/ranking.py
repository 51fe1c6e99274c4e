"""Which stations of a fleet have most of something: of their columns, not of a cell of each."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence

from messaging.statistics.columns import Whole

SHARES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}


def first(whole: Whole, sort: str, limit: int, seen: Sequence[int]) -> list[int]:
    """The places of those that come first by a number of cells.NUMBERS, the names' order where
    that is the same; what was never answered is the least. Percentiles are the same where they
    are in one bucket: 5 %."""
    names = whole.names
    values = _percentiles(whole, sort, limit, seen) if sort in SHARES else _VALUES[sort](whole)
    keys = ((-values[place], names[place], place) for place in seen)
    return [place for _, _, place in heapq.nsmallest(limit, keys)]


def _percentiles(whole: Whole, sort: str, limit: int, seen: Sequence[int]) -> list[int]:
    """The bucket that it is in, and one, of each place; 0 where it is not among the first.

    From the slowest answer down, for as long as there are fewer than wanted that have no more than
    their share of slower ones.
    """
    share, answers = SHARES[sort], whole.total("answers")
    left = [count - max(1, math.ceil(share * count)) + 1 if count else 0 for count in answers]
    buckets, found = [0] * len(left), 0
    for bucket, runs in whole.slowest():
        for places, owners, counts in runs:
            for owner, count in zip(owners, counts, strict=True):
                rest = left[place := places[owner]]
                if rest > 0:
                    left[place] = rest = rest - count
                    if rest <= 0:
                        buckets[place] = bucket + 1
                        found += 1
        if found >= limit:
            break
    return buckets


def _ms(microseconds: float) -> float:
    return round(microseconds / 1000, 3)


def _quickest(whole: Whole) -> list[float]:
    return [_ms(value) if value >= 0 else 0 for value in whole.least("low")]


def _slowest(whole: Whole) -> list[float]:
    return [_ms(value) if value >= 0 else 0 for value in whole.most("high")]


def _means(whole: Whole) -> list[float]:
    each = zip(whole.total("spent"), whole.total("answers"), strict=True)
    return [_ms(spent / answers) if answers else 0 for spent, answers in each]


def _deviations(whole: Whole) -> list[float]:
    totals = (whole.total(name) for name in ("spent", "squares", "answers"))
    return [
        _ms(math.sqrt(max(0.0, squares / answers - (spent / answers) ** 2))) if answers else 0
        for spent, squares, answers in zip(*totals, strict=True)
    ]


_VALUES: dict[str, Callable[[Whole], list]] = {
    "calls": lambda whole: whole.total("calls"),
    "errors": lambda whole: whole.total("errors"),
    "answers": lambda whole: whole.total("answers"),
    "min_ms": _quickest, "max_ms": _slowest, "mean_ms": _means, "deviation_ms": _deviations,
}  # fmt: skip
