"""The tables of a version, made from its rows when its class is made.

Every action, command, timer and key has one owner. Row -1 is the station itself, -2 and below are
its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from inspect import signature
from typing import Any

from chargepoint.core import block as marks
from chargepoint.core.block import Block, Event, Mark, Topic

STATION = -1
Entry = tuple[int, Callable[..., Any]]
Order = dict[Topic, tuple[str, ...]]
Hearer = tuple[int, Callable[..., Any], bool]  # row, function, whether a guest is made for it
SETS_AT_MOST = 200  # of guests whose tables are remembered


class TableError(TypeError):
    """The rows of a version contradict one another. Raised when the class is made."""


class Heard(dict[Topic, tuple[Hearer, ...]]):
    """topic -> its hearers, () where none of them is there and none is made for it.

    One for all stations of a version with the same guests: who has a topic that concerns nobody
    there, and that is most of them, is done after one look.

    savers: numbers of the rows that are there and save something, in the order of the rows
    """

    __slots__ = ("rows", "savers", "tables")

    def __init__(self, tables: Tables, rows: frozenset[int]) -> None:
        super().__init__()
        self.tables, self.rows = tables, rows
        self.savers = tuple(
            row for row in tables.ordered
            if (row < tables.residents or row in rows)
            and tables.classes[row].saved is not Block.saved
        )  # fmt: skip

    def __missing__(self, topic: Topic) -> tuple[Hearer, ...]:
        hearers = self.tables.topics.get(topic, ())
        there = any(
            wakes or row < self.tables.residents or row in self.rows for row, _, wakes in hearers
        )
        found = self[topic] = hearers if there else ()
        return found


class Tables:
    """names, classes, needs: of the rows by their numbers; needs are numbers of rows above.

    actions, commands, timers   name -> (row, function)
    got, failed                 (action, name of the row that called or "") -> (row, function)
    transfers                   (vendorId, messageId or "") -> (row, function)
    topics                      topic -> ((row, function, wakes), ...) in the order of hearing
    variables                   (READS, TAKES, REFUSES or VALUES, key) -> (row, function)
    residents                   how many there are: they have the numbers from 0 on
    ordered                     the numbers in the order of the rows
    wakers                      key of the saved state -> row of a guest
    beside                      row of a guest -> rows of those that are made with it
    """

    __slots__ = (
        "_heard", "actions", "beside", "classes", "commands", "failed", "got", "names", "needs",
        "numbers", "ordered", "residents", "timers", "topics", "transfers", "variables", "wakers",
    )  # fmt: skip

    def __init__(self, station: type, rows: dict[str, type[Block]], order: Order) -> None:
        # Residents have the first numbers: a station has a place for these, and for no other.
        self.names = tuple(sorted(rows, key=lambda name: rows[name].GUEST or not rows[name].KEEPS))
        self.classes = tuple(rows[name] for name in self.names)
        self.numbers = {name: number for number, name in enumerate(self.names)}
        self.ordered = tuple(self.numbers[name] for name in rows)
        self.needs = tuple(self._needed(name, rows) for name in self.names)
        self.residents = sum(not kind.GUEST and kind.KEEPS for kind in self.classes)
        self.actions: dict[str, Entry] = {}
        self.commands: dict[str, Entry] = {}
        self.timers: dict[str, Entry] = {}
        self.transfers: dict[tuple[str, str], Entry] = {}
        self.got: dict[tuple[str, str], Entry] = {}
        self.failed: dict[tuple[str, str], Entry] = {}
        self.variables: dict[tuple[str, str], Entry] = {}
        heard: dict[Topic, list[tuple[int, Callable, bool]]] = {}
        self._read(STATION, station, "", heard)
        for number, part in enumerate(station.PARTS):
            self._read(STATION - 1 - number, part, "", heard)
        for number in self.ordered:
            self._read(number, self.classes[number], self.names[number], heard)
        self.topics = {
            topic: tuple(self._ordered(topic, hearers, order.get(topic, ())))
            for topic, hearers in heard.items()
        }
        self.wakers = self._owned_keys()
        self.beside = self._companions()
        self._heard: dict[frozenset[int], Heard] = {}

    def match(self, station: type, told: dict[Topic, str], own: bool) -> None:
        """Raises TableError for an event that nobody hears, and for a hearer of what nobody tells.

        told: topic -> who; own: the class itself says what is UNHEARD, and is held to that.
        """
        name, heard, silent = station.__name__, set(self.topics), station.UNHEARD
        for topic, teller in told.items():
            if isinstance(topic, Event) and topic not in heard and topic not in silent:
                raise TableError(f"{topic} is told by {teller}: no row of {name} hears it")
        for topic, hearers in self.topics.items():
            if topic not in told:
                rows = ", ".join(self.names[row] if row >= 0 else "the core" for row, *_ in hearers)
                raise TableError(f"{topic} is heard by {rows} of {name}: nobody there tells it")
        for topic in silent if own else ():
            if topic in heard or topic not in told:
                why = "is heard" if topic in heard else "is told by nobody"
                raise TableError(f"{topic} is among what {name} leaves unheard, and {why}")

    def heard_with(self, guests: Iterable[int]) -> Heard:
        """topic -> its hearers, for a station with the guests of these rows."""
        rows = frozenset(guests)
        found = self._heard.get(rows)
        if found is None:
            if len(self._heard) >= SETS_AT_MOST:  # a station keeps the one that it has
                self._heard.clear()
            found = self._heard[rows] = Heard(self, rows)
        return found

    def answerer(self, answered: dict, action: str, owner: str) -> Entry | None:
        """answered: self.got or self.failed; owner: the row that called, "" for any."""
        found = answered.get((action, owner))
        return answered.get((action, "")) if found is None and owner else found

    def _needed(self, name: str, rows: dict[str, type[Block]]) -> tuple[int, ...]:
        """The rows that the constructor names beside the core."""
        wanted = list(signature(rows[name].__init__).parameters)[2:]
        above = list(rows)[: list(rows).index(name)]
        for other in wanted:
            if other not in above:
                raise TableError(f"{name} wants {other!r}, which is no row above it")
            if self.classes[self.numbers[other]].GUEST:
                raise TableError(f"{name} wants {other!r}, which may not be there")
        return tuple(self.numbers[other] for other in wanted)

    def _read(self, number: int, kind: type, name: str, heard: dict) -> None:
        for function, mark in marked(kind):
            entry = (number, function)
            match mark.kind:
                case marks.TOPIC:
                    wakes = mark.wakes or not getattr(kind, "KEEPS", True)
                    heard.setdefault(mark.key, []).append((*entry, wakes))
                case marks.ACTION:
                    self._own(self.actions, mark.key, entry)
                case marks.COMMAND:
                    self._own(self.commands, mark.key, entry)
                case marks.TIMER:
                    self._own(self.timers, mark.key, entry)
                case marks.TRANSFER:
                    self._own(self.transfers, mark.key, entry)
                case marks.GOT:
                    self._own(self.got, (mark.key, name if mark.own else ""), entry)
                case marks.FAILED:
                    self._own(self.failed, (mark.key, name if mark.own else ""), entry)
                case _:
                    self._own(self.variables, (mark.kind, mark.key), entry)

    def _own(self, table: dict, key: Any, entry: Entry) -> None:
        if key in table:
            raise TableError(f"{key!r} has two owners: {table[key]}, {entry}")
        table[key] = entry

    def _ordered(self, topic: Topic, hearers: list, first: tuple[str, ...]) -> list:
        names = [self.names[row] if row >= 0 else "" for row, *_ in hearers]
        if unknown := set(first) - set(names):
            raise TableError(f"{topic} is not heard by {sorted(unknown)}")
        place = {name: number for number, name in enumerate(first)}
        numbers = range(len(hearers))
        usual = sorted(numbers, key=lambda n: self._rank(hearers[n][0]))
        if topic.LATEST_FIRST:
            usual.reverse()
        ranked = sorted(usual, key=lambda n: place.get(names[n], len(first)))
        return [hearers[n] for n in ranked]

    def _rank(self, number: int) -> int:
        """The core and its parts come first."""
        return self.ordered.index(number) if number >= 0 else number

    def _owned_keys(self) -> dict[str, int]:
        owners: dict[str, int] = {}
        for number, kind in enumerate(self.classes):
            for key in kind.KEYS:
                if key in owners:
                    raise TableError(f"the saved key {key!r} has two owners")
                owners[key] = number
        return {key: row for key, row in owners.items() if self.classes[row].GUEST}

    def _companions(self) -> dict[int, tuple[int, ...]]:
        found: dict[int, tuple[int, ...]] = {}
        for number, kind in enumerate(self.classes):
            if not kind.BESIDE:
                continue
            other = self.numbers.get(kind.BESIDE)
            if other is None or not (kind.GUEST and self.classes[other].GUEST):
                why = "both have to be guests" if other is not None else "there is no such row"
                raise TableError(f"{self.names[number]} stands beside {kind.BESIDE!r}: {why}")
            found[other] = (*found.get(other, ()), number)
        return found


def marked(kind: type) -> Iterator[tuple[Callable[..., Any], Mark]]:
    """(function, mark) of each method that is marked in the class or where it overrides."""
    seen: dict[str, tuple[Mark, ...]] = {}
    for cls in reversed(kind.__mro__):
        for name, value in vars(cls).items():
            if found := getattr(value, "marks", ()):
                seen[name] = found
    for name, found in seen.items():
        for mark in found:
            yield getattr(kind, name), mark
