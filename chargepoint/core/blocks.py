"""The blocks of a station, and how they speak with one another: part of every Station."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from chargepoint.core.block import Block, Event, Fold, Gather, Question
from chargepoint.core.tables import Order, Tables
from chargepoint.timekeeping import Timekeeping


class Blocks(Timekeeping):
    """A version gives its table of rows: name -> class. A name that is replaced keeps its place.

    blocks  by row; None for a guest that is not there; the last is the station itself
    """

    __slots__ = ("blocks",)

    ROWS: ClassVar[dict[str, type[Block]]] = {}
    ORDER: ClassVar[Order] = {}  # where a topic is not heard in the order of the rows
    TABLES: ClassVar[Tables]
    HANDLERS: ClassVar[dict[str, str]] = {}  # action of the CSMS -> method, to look at
    COMMANDS: ClassVar[dict[str, str]] = {}  # an operator's command -> method, to look at

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        tables = cls.TABLES = Tables(cls, cls.ROWS, cls.ORDER)
        tables.take_named(cls)
        cls.HANDLERS = {name: method.__name__ for name, (_, method) in tables.actions.items()}
        cls.COMMANDS = {name: method.__name__ for name, (_, method) in tables.commands.items()}

    # --- who is there ------------------------------------------------------------------------

    def move_in(self) -> None:
        """Make the residents."""
        tables = self.TABLES
        self.blocks: list[Any] = [None] * len(tables.classes)
        self.blocks.append(self)
        for row in tables.residents:
            self._make(row)

    def restore_blocks(self, saved: dict[str, Any], now: float) -> None:
        """All take up their state, and then set their timers, in the order of the rows."""
        for key, row in self.TABLES.wakers.items():
            if key in saved and self.blocks[row] is None:
                self._make(row)
        present = [block for block in self.blocks[:-1] if block is not None]
        for block in present:
            block.restore(saved, now)
        for block in present:
            block.resume(now)

    def saved_blocks(self) -> dict[str, Any]:
        saved: dict[str, Any] = {}
        secrets: dict[str, Any] = {}
        for block in self.blocks[:-1]:
            if block is not None and (kept := block.saved()):
                secrets |= kept.pop("secrets", {})
                saved |= kept
        return saved | ({"secrets": secrets} if secrets else {})

    def _make(self, row: int) -> Any:
        tables, blocks = self.TABLES, self.blocks
        kind = tables.classes[row]
        block = kind(self, *[blocks[need] for need in tables.needs[row]])
        if kind.KEEPS:
            blocks[row] = block
        return block

    def at(self, row: int) -> Any:
        """The block of a row, made if it is a guest that is not there; -1: the station."""
        block = self.blocks[row]
        if block is None:
            block = self._make(row)
            block.restore({}, 0.0)
        return block

    def block(self, name: str) -> Any:
        """The block of that name. A guest is made for it: reach it so at the moment of use."""
        return self.at(self.TABLES.numbers[name])

    def there(self, name: str) -> Any:
        """The same, None where it is not there: where one that is not would have nothing to say."""
        return self.blocks[self.TABLES.numbers[name]]

    # --- what is told and asked --------------------------------------------------------------

    def tell(self, event: Event, *what: Any) -> None:
        for row, hear, wakes in self.TABLES.topics.get(event, ()):
            block = self.blocks[row]
            if block is None:
                if not wakes:
                    continue
                block = self.at(row)
            hear(block, *what)

    def ask(self, question: Question, *what: Any) -> Any:
        """The first answer that is one; else the last that was given, None where nobody is."""
        answer = None
        for row, reply, wakes in self.TABLES.topics.get(question, ()):
            block = self.blocks[row]
            if block is None:
                if not wakes:
                    continue
                block = self.at(row)
            answer = reply(block, *what)
            if answer is not None and answer is not False and answer != "":
                return answer
        return answer

    def fold(self, fold: Fold, value: Any, *what: Any) -> Any:
        for row, change, wakes in self.TABLES.topics.get(fold, ()):
            block = self.blocks[row]
            if block is None:
                if not wakes:
                    continue
                block = self.at(row)
            value = change(block, value, *what)
        return value

    def gather(self, gather: Gather, *what: Any) -> dict[str, Any]:
        parts: dict[str, Any] = {}
        for row, give, wakes in self.TABLES.topics.get(gather, ()):
            block = self.blocks[row]
            if block is None:
                if not wakes:
                    continue
                block = self.at(row)
            parts.update(give(block, *what))
        return parts

    def data_transfer(self, payload: dict[str, Any], now: float) -> dict[str, Any]:
        """The answer to a DataTransfer, by the block that serves its vendor and message."""
        served, vendor = self.TABLES.transfers, payload["vendorId"]
        key = (vendor, payload.get("messageId", ""))
        found = served.get(key) or served.get((vendor, ""))
        if found is not None:
            return found[1](self.at(found[0]), payload, now)
        known = any(name == vendor for name, _ in served)
        return {"status": "UnknownMessageId" if known else "UnknownVendorId"}

    def of_variable(self, kind: str, key: str) -> Callable[..., Any] | None:
        """The method, bound, that one of the blocks has for a variable or its component."""
        found = self.TABLES.variables.get((kind, key))
        if found is None:
            found = self.TABLES.variables.get((kind, key.partition(".")[0]))
        return None if found is None else found[1].__get__(self.at(found[0]))
