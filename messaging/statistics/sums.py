"""The sum of what is settled of a range, so that each minute only what is new is added to it.

A sum is right as long as each of its documents is still wanted in the version in which it was read
(keeping.VERSIONS): one that was made anew, or a range that begins later, has all of it read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from messaging.statistics.cells import Table, added
from messaging.statistics.keeping import Level, read, version_of

SETTLES = 300.0  # seconds after which a time that is over is hardly counted again


class Sum(NamedTuple):
    """versions: of what it is the sum of, by keeping.version_of. Not to be changed."""

    versions: Mapping[str, bytes]
    table: Table


class Sums:
    """Of one look. `kept`: the sum of what is settled, when `add` has returned.

    before    what was kept of the last look, None where nothing was
    versions  as they were before anything else was read
    """

    def __init__(self, before: Sum | None, versions: Mapping[str, bytes], now: float) -> None:
        self._before, self._versions, self._now = before, versions, now
        self.kept = Sum({}, {})

    def without(self, wanted: list[tuple[Level, int]]) -> list[tuple[Level, int]]:
        """Those that the sum does not have; all where it is not right any more."""
        names = {version_of(level, number) for level, number in wanted}
        if self._before is not None and all(
            name in names and self._versions.get(name) == version
            for name, version in self._before.versions.items()
        ):
            self.kept = self._before
        return [one for one in wanted if version_of(*one) not in self.kept.versions]

    def add(self, rows: Iterable[tuple[Level, int, dict]]) -> Table:
        """The whole sum, with these documents; neither it nor `kept` shares cells with another."""
        settled: dict[str, bytes] = {}
        old: list[Table] = []
        new: list[Table] = []
        for level, number, row in rows:
            name = version_of(level, number)
            version = self._versions.get(name)
            if version and (number + 1) * level.seconds <= self._now - SETTLES:
                settled[name] = version
                old.append(read(row))
            else:
                new.append(read(row))
        if old:
            versions = {**self.kept.versions, **settled}
            self.kept = Sum(versions, added([self.kept.table, *old]))
        return added([self.kept.table, *new])
