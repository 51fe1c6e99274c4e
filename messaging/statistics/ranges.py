"""The times that statistics are told of, and of what each is put together."""

from __future__ import annotations

from typing import NamedTuple

from messaging.statistics.keeping import DAYS, HOURS, MINUTES, Level


class Range(NamedTuple):
    """levels: of what it is put together, the coarsest first."""

    label: str
    seconds: int
    levels: tuple[Level, ...]


RANGES = {
    "15m": Range("15 min", 900, (MINUTES,)),
    "1h": Range("1 h", 3600, (MINUTES,)),
    "6h": Range("6 h", 6 * 3600, (HOURS, MINUTES)),
    "24h": Range("24 h", 86_400, (HOURS, MINUTES)),
    "7d": Range("7 days", 7 * 86_400, (DAYS, HOURS, MINUTES)),
    "30d": Range("30 days", 30 * 86_400, (DAYS, HOURS, MINUTES)),
}


def spans_of(
    chosen: Range, now: float, late: float = 0.0
) -> tuple[float, list[tuple[Level, range]]]:
    """(unix time of its beginning, the numbers of each level), which part the time without a gap
    or an overlap: what is over in the coarser, the rest in the finer. `late`: it begins as it did
    so many seconds ago."""
    coarsest = chosen.levels[0].seconds
    begin = (int(now - late) - chosen.seconds) // coarsest * coarsest
    since, spans = begin, []
    for level in chosen.levels:
        last = level is MINUTES
        end = int(now) // level.seconds + last
        spans.append((level, range(begin // level.seconds, end)))
        begin = end * level.seconds
    return since, spans
