"""One cell of each of many stations, as columns: what a whole fleet is ranked by is read without
making a cell of each station.

A list of names says whose the cells are: its own where there is one document, or one that the
minutes of an hour have in common (names.py).
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import add
from typing import NamedTuple

import msgspec
from bson import Binary

from messaging.packing import compressed, decompressed
from messaging.statistics.cells import Cell

# {column: its type code, as array.array has them}; `numbers`: places in the list of names.
# `buckets`: those that have answers, the slowest first; then of each so many (`sizes`) `owners`,
# places too, and their `counts`.
_CODES = {
    "numbers": "I", "calls": "q", "errors": "q", "answers": "q", "spent": "q", "squares": "d",
    "low": "q", "high": "q", "buckets": "H", "sizes": "I", "owners": "I", "counts": "I",
}  # fmt: skip


class Columns(msgspec.Struct, array_like=True):
    """Each the bytes of an array, little-endian and compressed; `numbers` rise."""

    numbers: bytes
    calls: bytes
    errors: bytes
    answers: bytes
    spent: bytes
    squares: bytes
    low: bytes
    high: bytes
    buckets: bytes
    sizes: bytes
    owners: bytes
    counts: bytes

    @classmethod
    def of(cls, cells: Iterable[tuple[int, Cell]]) -> Columns:
        """Of the cells of these places, each once."""
        made = {name: array(code) for name, code in _CODES.items()}
        answers: dict[int, dict[int, int]] = {}
        for number, cell in sorted(cells, key=lambda each: each[0]):
            made["numbers"].append(number)
            made["calls"].append(cell.calls)
            made["errors"].append(cell.errors)
            made["answers"].append(sum(cell.buckets.values()))
            made["spent"].append(cell.spent)
            made["squares"].append(cell.squares)
            made["low"].append(cell.low)
            made["high"].append(cell.high)
            for bucket, count in cell.buckets.items():
                answers.setdefault(bucket, {})[number] = count
        for bucket in sorted(answers, reverse=True):
            made["buckets"].append(bucket)
            made["sizes"].append(len(answers[bucket]))
            made["owners"].extend(answers[bucket].keys())
            made["counts"].extend(answers[bucket].values())
        return cls(*map(_pressed, made.values()))

    def packed(self) -> Binary:
        return Binary(_encode(self))

    @classmethod
    def read(cls, data: bytes) -> Columns:
        """Undo `packed`."""
        return _decode(data)

    def column(self, name: str) -> array:
        """A key of _CODES."""
        values = array(_CODES[name])
        values.frombytes(decompressed(getattr(self, name)))
        if sys.byteorder == "big":
            values.byteswap()
        return values

    def runs(self) -> Iterator[tuple[int, array, array]]:
        """(bucket, who has answers in it, how many), the slowest bucket first."""
        owners, counts = self.column("owners"), self.column("counts")
        start = 0
        for bucket, size in zip(self.column("buckets"), self.column("sizes"), strict=True):
            yield bucket, owners[start : start + size], counts[start : start + size]
            start += size

    def cells(self, places: Collection[int]) -> dict[int, Cell]:
        """The cells of these places, as far as there are any."""
        found = [(at, n) for at, n in enumerate(self.column("numbers")) if n in places]
        if not found:
            return {}
        names = ("calls", "errors", "spent", "squares", "low", "high")
        plain = [self.column(name) for name in names]
        cells = {n: Cell(*(values[at] for values in plain), {}) for at, n in found}
        for bucket, owners, counts in self.runs():
            for owner, count in zip(owners, counts, strict=True):
                if owner in cells:
                    cells[owner].buckets[bucket] = count
        return cells


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Columns).decode


def _pressed(values: array) -> bytes:
    if sys.byteorder == "big":
        values.byteswap()
    return compressed(values.tobytes())


class Part(NamedTuple):
    """Columns whose numbers are places in `names`."""

    names: Sequence[str]
    columns: Sequence[Columns]


class Whole:
    """What these parts are together; a station's place is the same in all that it returns.

    names  of the places; a place may have no cell at all (`seen`)
    """

    def __init__(self, parts: Iterable[Part]) -> None:
        index: dict[str, int] = {}
        self._parts: list[tuple[Part, Sequence[int]]] = []
        for part in parts:
            places = [index.setdefault(name, len(index)) for name in part.names]
            self._parts.append((part, places))
        self.names = list(index)

    def seen(self) -> list[int]:
        """The places that have a cell."""
        there: set[int] = set()
        for part, places in self._parts:
            numbers: set[int] = set().union(*(each.column("numbers") for each in part.columns))
            there.update(map(places.__getitem__, numbers))
        return sorted(there)

    def total(self, name: str) -> list:
        """The sum of a column, of each place."""
        whole: list = [0] * len(self.names)
        for part, places in self._parts:
            sums: list = [0] * len(part.names)
            for columns in part.columns:
                values = columns.column(name)
                if not any(values):
                    continue
                if len(values) == len(sums):
                    sums = list(map(add, sums, values))
                    continue
                for number, value in zip(columns.column("numbers"), values, strict=True):
                    sums[number] += value
            for place, value in zip(places, sums, strict=True):
                whole[place] += value
        return whole

    def least(self, name: str) -> list[int]:
        """The least that is no less than 0, of each place; -1 where there is none."""
        whole = [-1] * len(self.names)
        for place, value in self._values(name):
            if value >= 0 and not 0 <= whole[place] <= value:
                whole[place] = value
        return whole

    def most(self, name: str) -> list[int]:
        """The greatest, of each place; -1 where there is none."""
        whole = [-1] * len(self.names)
        for place, value in self._values(name):
            if value > whole[place]:
                whole[place] = value
        return whole

    def _values(self, name: str) -> Iterator[tuple[int, int]]:
        """Of each cell: its place, and what stands in a column."""
        for part, places in self._parts:
            for columns in part.columns:
                numbers = map(places.__getitem__, columns.column("numbers"))
                yield from zip(numbers, columns.column(name), strict=True)

    def slowest(self) -> Iterator[tuple[int, list[tuple[Sequence[int], array, array]]]]:
        """The answers of one bucket after the other, the slowest first: of each part (the places
        of its numbers, whose they are, how many)."""
        runs = [(places, each.runs()) for part, places in self._parts for each in part.columns]
        following = [next(rest, None) for _, rest in runs]
        while buckets := [each[0] for each in following if each is not None]:
            slowest, some = max(buckets), []
            for at, each in enumerate(following):
                if each is not None and each[0] == slowest:
                    some.append((runs[at][0], each[1], each[2]))
                    following[at] = next(runs[at][1], None)
            yield slowest, some

    def cells(self, places: Collection[int]) -> dict[int, Cell]:
        """The cells of these places, as far as there are any."""
        found: dict[int, Cell] = {}
        for part, its_places in self._parts:
            wanted = {n: place for n, place in enumerate(its_places) if place in places}
            for columns in part.columns:
                for number, cell in columns.cells(wanted).items():
                    place = wanted[number]
                    if place in found:
                        found[place].add(cell)
                    else:
                        found[place] = cell
        return found
