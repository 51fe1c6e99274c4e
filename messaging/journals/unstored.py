"""Batches that Redis has and MongoDB may not: should Redis lose its data, they are put there again.

Their records still stand in the journal, and their ids are fixed, so a batch that is stored twice
changes nothing. One process's batches, for the one thread that hands them on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice

from messaging.journals.segments import Stretch

MOST = 20_000  # batches; beyond it the oldest count as stored: the journal has hardly room for more


class Handed:
    """A batch that the Redis of `era` has accepted under `name`."""

    __slots__ = ("era", "name", "stored", "stretch")

    def __init__(self, name: str, era: str, stretch: Stretch | None) -> None:
        self.name = name
        self.era = era
        self.stretch = stretch
        # What stands in memory only can be handed on once.
        self.stored = not name or stretch is None


class Unstored:
    """`release(stretch)` is called for each batch once it, and all before it, is stored."""

    def __init__(self, release: Callable[[Stretch | None], None]) -> None:
        self.era = ""  # of the Redis that was seen last
        self._handed: deque[Handed] = deque()
        self._release = release
        self._lost = 0  # batches of an era before

    def __len__(self) -> int:
        return len(self._handed)

    def add(self, name: str, era: str, stretch: Stretch | None) -> None:
        """Redis has taken a batch; without a name it cannot lose it."""
        self._see(era)
        self._handed.append(Handed(name, era, stretch))
        if len(self._handed) > MOST:
            self._handed[0].stored = True
        self._let_go()

    def names(self, most: int) -> list[str]:
        """The oldest of them."""
        return [handed.name for handed in islice(self._waiting(), most)]

    def look(self, era: str, stored: set[str]) -> None:
        """What the Redis of this era says: these of its batches are stored."""
        self._see(era)
        for handed in self._waiting():
            if handed.era == era and handed.name in stored:
                handed.stored = True
        self._let_go()

    def lost(self) -> Handed | None:
        """The oldest batch that another Redis had accepted than there is now."""
        if not self._lost:
            return None
        return next((handed for handed in self._waiting() if handed.era != self.era), None)

    def handed_again(self, handed: Handed, era: str) -> None:
        """A lost batch was accepted once more; without an era it is not to be had any more."""
        self._see(era or self.era)
        handed.era = era or self.era
        handed.stored = not era
        self._count_lost()
        self._let_go()

    @property
    def whole(self) -> bool:
        """Whether the Redis that was seen last has all that was accepted."""
        return not self._lost

    def _waiting(self) -> Iterator[Handed]:
        return (handed for handed in self._handed if not handed.stored)

    def _see(self, era: str) -> None:
        if era != self.era:
            self.era = era
            self._count_lost()

    def _count_lost(self) -> None:
        self._lost = sum(handed.era != self.era for handed in self._waiting())

    def _let_go(self) -> None:
        while self._handed and self._handed[0].stored:
            self._release(self._handed.popleft().stretch)
