"""Which of a worker's stations are to run by their rows, at the cost of what was written.

All of the worker's share is read at first and every AGE seconds, for what others wrote past our
connections; in between the marks of what was written tell which rows to read
(stations/roster/marks.py), and what comes to the share is read when it comes. So a fleet that
nobody changes costs its workers nothing to look at.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from typing import NamedTuple

from runtime.stores import STORE_ERRORS
from stations.orders import named
from stations.orders.sharding import Share
from stations.orders.spreading import without
from stations.roster import marks

AGE = 300.0  # seconds after which all is read again
_SHOWN = ("revision", "enabled", "running", "held_back", "ordered")


class Wish(NamedTuple):
    """What a row says of whether and as what its station runs."""

    identity: str
    pk: str
    revision: int
    is_enabled: bool
    is_running: bool
    held_back: str  # why, "" where it is not
    ordered: int  # number of the last order that was written to it

    @classmethod
    def of(cls, row: dict) -> Wish:
        return cls(
            row["identity"], str(row["_id"]), row["revision"], row["enabled"], row["running"],
            row["held_back"], row["ordered"],
        )  # fmt: skip


def wishes(names: Collection[str]) -> Iterator[Wish]:
    """Of those of the stations that there are."""
    return map(Wish.of, named.rows(names, *_SHOWN) if names else ())


class Desired:
    """Of one worker, for its thread that reads the database."""

    def __init__(self) -> None:
        self._kept: dict[str, Wish] = {}
        self._ordered: dict[str, Wish | None] = {}  # of orders; None: there is no such row
        self._share: Share | None = None
        self._place: bytes | None = None  # of the marks; None: unknown, all is read next time
        self._read = 0.0  # monotonic

    def runnable(self, share: Share, standing: Collection[str] = ()) -> list[Wish]:
        """Those of the share that are to run by their rows as they are now, and those that
        `standing` names beside them. Raises STORE_ERRORS where MongoDB is away."""
        place, written = self._place, marks.Written(whole=True)
        is_due = self._share is None or time.monotonic() - self._read > AGE
        try:
            if place is None or is_due:
                place = marks.here()  # before the rows are read
            else:
                place, written = marks.since(place)
        except STORE_ERRORS:
            place = None  # nobody tells what was written
        if place is None or written.whole:
            self._read_all(share)
        else:
            if written:
                self._read_some(share, written)
            if share != self._share:
                self._read_gained(share)
        self._read_ordered(share, standing)
        self._place = place
        return [*self._kept.values(), *(wish for wish in self._ordered.values() if wish)]

    def _read_all(self, share: Share) -> None:
        self._place = None  # if it fails
        self._ordered = {}
        found = map(Wish.of, named.runnable(share.ranges(), *_SHOWN))
        self._kept = {wish.identity: wish for wish in found if wish.identity in share}
        self._share, self._read = share, time.monotonic()

    def _read_gained(self, share: Share) -> None:
        gained = without(share.ranges(), self._share.ranges())
        kept = {name: wish for name, wish in self._kept.items() if name in share}
        if gained:
            found = map(Wish.of, named.runnable(gained, *_SHOWN))
            kept |= {wish.identity: wish for wish in found if wish.identity in share}
        self._kept, self._share = kept, share

    def _read_some(self, share: Share, written: marks.Written) -> None:
        keys = {str(key) for key in written.keys}
        names = {name for name in written.identities if name in share}
        if keys:
            known = [*self._kept.values(), *(wish for wish in self._ordered.values() if wish)]
            names |= {wish.identity for wish in known if wish.pk in keys}
        found = list(wishes(names))
        found += map(Wish.of, named.of_keys(written.keys, *_SHOWN))
        kept = {name: wish for name, wish in self._kept.items() if name not in names}
        for wish in found:
            if wish.is_enabled and wish.is_running and wish.identity in share:
                kept[wish.identity] = wish
        names.update(wish.identity for wish in found)
        self._kept = kept
        self._ordered = {n: wish for n, wish in self._ordered.items() if n not in names}

    def _read_ordered(self, share: Share, standing: Collection[str]) -> None:
        wanted = {name for name in standing if name in share and name not in self._kept}
        known = {name: self._ordered[name] for name in wanted if name in self._ordered}
        new = wanted - set(known)
        self._ordered = known | dict.fromkeys(new) | {w.identity: w for w in wishes(new)}
