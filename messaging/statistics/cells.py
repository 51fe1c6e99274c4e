"""How many Calls of one action, how many failed, and how soon they were answered: a cell.

Cells of minutes, hours and stations can be added up, so whatever is asked for is a sum. Latencies
are counted in buckets whose bounds grow by 5 %, as DDSketch has it (Masson et al., VLDB 2019): a
percentile is right to 2.5 %, however small or large.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import compress

import msgspec

from messaging.keeping.catalog import FAILED, Sheet
from messaging.names import plain

GROWTH = 1.05
_LOG = math.log(GROWTH)
_HALF = 2 / (1 + GROWTH)  # of a bucket's bound: what is no farther from either end, in proportion
NO_ANSWER = "Timeout"
CALLS = ("Call", "Send")
# Whose Call it is, by the direction of the Call: frames are a station's.
STATION, CSMS = "station", "csms"
_CALLER = {"sent": STATION, "received": CSMS}
_CALLER_OF_ANSWER = {"received": STATION, "sent": CSMS}


class Cell(msgspec.Struct, array_like=True):
    """spent, low, high: microseconds; squares: of them, summed; buckets: {number: answers}."""

    calls: int = 0
    errors: int = 0
    spent: int = 0
    squares: float = 0.0
    low: int = -1
    high: int = -1
    buckets: dict[int, int] = {}

    def answered(self, latency: int) -> None:
        """In microseconds."""
        self.spent += latency
        self.squares += float(latency) * latency
        self.low = latency if self.low < 0 else min(self.low, latency)
        self.high = max(self.high, latency)
        number = bucket_of(latency)
        self.buckets[number] = self.buckets.get(number, 0) + 1

    def add(self, other: Cell) -> None:
        """Add another cell's figures: counts and times are summed, the least and the most kept
        (seconds)."""
        self.calls += other.calls
        self.errors += other.errors
        self.spent += other.spent
        self.squares += other.squares
        if other.low >= 0:
            self.low = other.low if self.low < 0 else min(self.low, other.low)
        self.high = max(self.high, other.high)
        for number, answers in other.buckets.items():
            self.buckets[number] = self.buckets.get(number, 0) + answers


# {station: {"<caller> <action>": cell}}
Table = dict[str, dict[str, Cell]]


def bucket_of(latency: int) -> int:
    """The bucket of a latency in microseconds: number n ends at GROWTH ** n."""
    return math.ceil(math.log(latency) / _LOG) if latency > 1 else 0


def table_of(sheets: Iterable[Sheet]) -> Table:
    """Count the messages of these sheets, each once, whatever came twice."""
    table: Table = defaultdict(lambda: defaultdict(Cell))
    seen: set[str] = set()
    for one in sheets:
        first = [identity not in seen for identity in one.ids]
        seen.update(one.ids)
        rows = zip(
            one.stations, one.directions, one.kinds, one.actions, one.flags, one.errors,
            one.latencies, strict=True,
        )  # fmt: skip
        for station, direction, kind, action, flags, error, latency in compress(rows, first):
            _count(
                table[one.names[station]], one.names[direction], one.names[kind],
                one.names[action], bool(flags & FAILED), one.names[error], latency,
            )  # fmt: skip
    return {station: dict(cells) for station, cells in table.items() if cells}


def _count(
    cells: dict[str, Cell], direction: str, kind: str, action: str, failed: bool, error: str,
    latency: int,
) -> None:  # fmt: skip
    is_call = kind in CALLS
    caller = (_CALLER if is_call else _CALLER_OF_ANSWER).get(direction)
    if caller is None and failed and error.startswith(NO_ANSWER):
        caller = STATION  # its own Call, which it has given up
    if caller is None or not action:
        return
    cell = cells[f"{caller} {plain(action)}"]
    cell.calls += is_call
    cell.errors += failed
    if not is_call and latency >= 0:
        cell.answered(latency)


def added(tables: Iterable[Table]) -> Table:
    """The sum, in cells of its own."""
    whole: Table = defaultdict(lambda: defaultdict(Cell))
    for table in tables:
        for station, cells in table.items():
            into = whole[station]
            for name, cell in cells.items():
                into[name].add(cell)
    return {station: dict(cells) for station, cells in whole.items()}


def together(cells: Iterable[Cell]) -> Cell:
    """One cell with the figures of all."""
    whole = Cell()
    for cell in cells:
        whole.add(cell)
    return whole


def told(cell: Cell) -> dict[str, int | float | None]:
    """The numbers of a cell: counts, and milliseconds or None where nothing was answered."""
    return {name: number_of(cell, name) for name in NUMBERS}


def number_of(cell: Cell, name: str) -> int | float | None:
    """One of NUMBERS, as `told` has it."""
    if name in _COUNTS:
        return _COUNTS[name](cell)
    return round(_TIMES[name](cell) / 1000, 3) if cell.buckets else None


def answers_of(cell: Cell) -> int:
    """How many there were."""
    return sum(cell.buckets.values())


def _deviation(cell: Cell) -> float:
    answers = answers_of(cell)
    mean = cell.spent / answers
    return math.sqrt(max(0.0, cell.squares / answers - mean * mean))


def percentile(cell: Cell, share: float) -> float:
    """Microseconds that this share of the answers did not exceed; of one answer at least."""
    wanted = max(1, math.ceil(share * sum(cell.buckets.values())))
    passed = 0
    for number in sorted(cell.buckets):
        passed += cell.buckets[number]
        if passed >= wanted:
            middle = GROWTH**number * _HALF if number else 1.0
            return min(max(middle, cell.low), cell.high)
    return float(cell.high)


_COUNTS: dict[str, Callable[[Cell], int]] = {
    "calls": lambda cell: cell.calls, "errors": lambda cell: cell.errors, "answers": answers_of,
}  # fmt: skip
_TIMES: dict[str, Callable[[Cell], float]] = {  # microseconds, of what has answers
    "min_ms": lambda cell: cell.low,
    "mean_ms": lambda cell: cell.spent / answers_of(cell),
    "p50_ms": lambda cell: percentile(cell, 0.5),
    "p95_ms": lambda cell: percentile(cell, 0.95),
    "p99_ms": lambda cell: percentile(cell, 0.99),
    "max_ms": lambda cell: cell.high,
    "deviation_ms": _deviation,
}
NUMBERS = (*_COUNTS, *_TIMES)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, dict[str, Cell]]).decode


def packed(table: Mapping[str, Mapping[str, Cell]]) -> bytes:
    return _encode(table)


def unpacked(data: bytes) -> Table:
    return _decode(data)
