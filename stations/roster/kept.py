"""The roster: of every station what lists, filters, search, order, counts and the map need.

Each process that is asked keeps its own in memory, read once and then brought up to date, before
each answer, by the marks of what was written since. See docs/decisions/0059-a-roster.md.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bson import ObjectId

from runtime.stores import STORE_ERRORS
from stations.orders import named
from stations.roster import marks

COLUMNS = (
    "identity", "name", "make", "vendor", "model", "serial", "ocpp_version", "csms_url", "tags",
    "template_id", "enabled", "running", "held_back", "autostart", "latitude", "longitude",
    "updated",
)  # fmt: skip
# Values that many rows have alike are kept once.
_SHARED = ("make", "vendor", "model", "ocpp_version", "csms_url", "held_back")
# Seconds after which all is read again, for what others wrote past our connections; of a LARGE
# fleet as many times longer as it is larger.
AGE = 300.0
AGE_ALONE = 2.0  # the same without Redis
LARGE = 20_000  # rows, of which to read all takes seconds
MANY = 1000  # written ones: of a large fleet to read them takes a moment too
A_LOOK = 0.5  # seconds that a page of a large fleet waits for what was just written
KEEPS_UP = 5.0  # seconds between two looks of a web process at what was written
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """One state of the roster: the rows as they were at `place` of the marks, or later.

    place is None where no Redis told it; read: when all of the table was, by the monotonic clock.
    """

    rows: Mapping[str, Row]
    order: list[Row]
    place: bytes | None
    read: float

    @classmethod
    def of(cls, rows: Mapping[str, Row], place: bytes | None, read: float) -> Kept:
        """With the order by identity."""
        return cls(rows, [rows[name] for name in sorted(rows)], place, read)

    @property
    def is_old(self) -> bool:
        """Whether what others wrote past our connections is to be looked for."""
        return time.monotonic() - self.read > AGE * max(1.0, len(self.order) / LARGE)

    @property
    def age(self) -> float:
        return time.monotonic() - self.read


class Roster:
    """Rows are documents with COLUMNS and `_id`; nobody changes one, a new one takes its place.

    Nobody waits for another's Redis or MongoDB: each brings the state that it finds up to date and
    puts it there for the next. Which of two comes last does not matter, for each knows its place.
    """

    def __init__(self) -> None:
        self._kept: Kept | None = None
        self._lock = threading.Lock()  # of the two below; never held while a store is asked
        self._readings: dict[bytes | None, Future[Kept]] = {}
        self._renewal: Future[None] | None = None  # that one thread is at

    def rows(self, patience: float | None = None) -> list[Row]:
        """All, by identity. Not to be changed. Raises STORE_ERRORS where MongoDB is away.

        patience: seconds; of a LARGE fleet of which much was written, the rows as they were before
        are given when it takes longer. None: as they are, however long it takes.
        """
        known = self._kept
        place = known.place if known is not None else None
        try:
            if place is None:
                # Before the rows are read: what is written meanwhile is read once more.
                place, written = marks.here(), marks.Written(whole=True)
            else:
                place, written = marks.since(place)
        except STORE_ERRORS:
            # No Redis: nobody tells what was written, so what is here holds for a moment only.
            if known is None or known.age > AGE_ALONE:
                known = self._whole(place)
            return known.order
        is_much = written.whole or len(written) > MANY
        if patience is not None and is_much and known is not None and len(known.order) > LARGE:
            with suppress(TimeoutError):
                self._renew_beside(self.rows).result(patience)
            return self._kept.order
        if written.whole:
            return self._whole(place).order
        if place != known.place:
            known = self._kept = _changed(known, written, place)
        if known.is_old:
            self._renew_beside(lambda: self._whole(marks.here()))
        return known.order

    def keep_up(self) -> bool:
        """Read what was written since the last look, before somebody asks for it; whether there was
        anything. Without Redis, which tells it, nothing is read. Raises STORE_ERRORS."""
        known = self._kept
        if known is None or known.place is None:
            marks.here()
        elif marks.since(known.place)[0] == known.place and not known.is_old:
            return False
        self.rows()
        return True

    def _whole(self, place: bytes | None) -> Kept:
        """All read anew; who asks at the same place meanwhile has the same reading."""
        with self._lock:
            reading = self._readings.get(place)
            is_mine = reading is None
            if is_mine:
                reading = self._readings[place] = Future()
        if is_mine:
            try:
                self._kept = Kept.of(read_all(), place, time.monotonic())
                reading.set_result(self._kept)
            except BaseException as error:
                reading.set_exception(error)
                raise
            finally:
                with self._lock:
                    del self._readings[place]
        return reading.result()

    def _renew_beside(self, work: Callable[[], object]) -> Future[None]:
        """Have a thread do it, unless one is at such work; done when that is."""
        with self._lock:
            if self._renewal is not None:
                return self._renewal
            renewal = self._renewal = Future()
        threading.Thread(target=self._renew, args=(work, renewal), daemon=True).start()
        return renewal

    def _renew(self, work: Callable[[], object], renewal: Future[None]) -> None:
        try:
            with suppress(*STORE_ERRORS):  # whoever asks next tries again
                work()
        finally:
            self._renewal = None
            renewal.set_result(None)


def _changed(known: Kept, written: marks.Written, place: bytes) -> Kept:
    """With the rows that were written as they are now."""
    if not written:
        return replace(known, place=place)
    names = set(written.identities)
    if written.keys:
        names |= {name for name, row in known.rows.items() if row["_id"] in written.keys}
    found = {row["identity"]: _slim(row) for row in _some(names, written.keys)}
    rows = {name: row for name, row in known.rows.items() if name not in names}
    return Kept.of(rows | found, place, known.read)


def _some(names: set[str], keys: set[ObjectId]) -> Iterable[Row]:
    yield from named.rows(names, *COLUMNS)
    yield from named.of_keys(keys, *COLUMNS)


def read_all() -> dict[str, Row]:
    """By identity."""
    found = named.every(*COLUMNS)
    shared: dict[str, str] = {}
    return {row["identity"]: _slim(row, shared) for row in found}


def _slim(row: dict[str, Any], shared: dict[str, str] | None = None) -> Row:
    shared = {} if shared is None else shared
    for name in _SHARED:
        if isinstance(value := row.get(name), str):
            row[name] = shared.setdefault(value, value)
    return row


ROSTER = Roster()


def read_early(goes_on: bool) -> None:
    """Read the rows before anybody asks for them, of a large fleet the work of seconds; `goes_on`:
    also what is written later, each KEEPS_UP. A large order writes more rows than a page should
    wait for, and than there are marks."""
    threading.Thread(target=_read_early, args=(goes_on,), daemon=True).start()


def _read_early(goes_on: bool) -> None:
    while True:
        with suppress(*STORE_ERRORS):
            ROSTER.keep_up()
        if not goes_on:
            return
        time.sleep(KEEPS_UP)
