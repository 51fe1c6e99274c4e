"""The roster: of every station what lists, filters, search, order, counts and the map need.

Each process that is asked keeps its own in memory, read once and then brought up to date, before
each answer, by the marks of what was written since. See docs/decisions/0059-a-roster.md.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from bson import ObjectId
from django.db import connection

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
AGE = 300.0  # seconds after which all is read again, for what others wrote past our connections
AGE_ALONE = 2.0  # the same without Redis
Row = Mapping[str, Any]


class Roster:
    """Rows are documents with COLUMNS and `_id`; nobody changes one, a new one takes its place."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, Row] = {}
        self._order: list[Row] | None = None
        self._place: bytes | None = None  # in the marks; None: not to be relied on
        self._read = float("-inf")
        self._renewing = False

    def rows(self) -> list[Row]:
        """All, by identity. Not to be changed. Raises STORE_ERRORS where MongoDB is away."""
        with self._lock:
            self._follow()
            if self._order is None:
                self._order = [self._rows[name] for name in sorted(self._rows)]
            return self._order

    def _follow(self) -> None:
        if self._place is None:
            self._begin()
            return
        try:
            place, written = marks.since(self._place)
        except STORE_ERRORS:
            self._alone()
            return
        if written.whole:
            self._take(place, read_all())
        else:
            if written:
                self._change(written)
            self._place = place
        if time.monotonic() - self._read > AGE and not self._renewing:
            self._renewing = True
            threading.Thread(target=self._renew, daemon=True).start()

    def _begin(self) -> None:
        try:
            # Before the rows are read: what is written meanwhile is read once more.
            place = marks.here()
        except STORE_ERRORS:
            self._alone()
            return
        self._take(place, read_all())

    def _alone(self) -> None:
        """No Redis: nobody tells what was written, so what is here holds for a moment only."""
        self._place = None
        if time.monotonic() - self._read > AGE_ALONE:
            self._take(None, read_all())

    def _renew(self) -> None:
        try:
            place = marks.here()
            rows = read_all()
            with self._lock:
                self._take(place, rows)
        except STORE_ERRORS:
            return  # whoever asks next tries again
        finally:
            self._renewing = False

    def _take(self, place: bytes | None, rows: dict[str, Row]) -> None:
        self._rows, self._order, self._place = rows, None, place
        self._read = time.monotonic()

    def _change(self, written: marks.Written) -> None:
        names = set(written.identities)
        if written.keys:
            names |= {name for name, row in self._rows.items() if row["_id"] in written.keys}
        found = {row["identity"]: _slim(row) for row in _some(names, written.keys)}
        rows = dict(self._rows)
        for name in names - set(found):
            rows.pop(name, None)
        rows.update(found)
        self._rows, self._order = rows, None


def _some(names: set[str], keys: set[ObjectId]) -> Iterable[Row]:
    yield from named.rows(names, *COLUMNS)
    table, rest = connection.get_collection(named.TABLE), list(keys)
    for start in range(0, len(rest), named.CHUNK):
        part = {"_id": {"$in": rest[start : start + named.CHUNK]}}
        yield from table.find(part, dict.fromkeys(COLUMNS, 1))


def read_all() -> dict[str, Row]:
    """By identity."""
    found = connection.get_collection(named.TABLE).find({}, dict.fromkeys(COLUMNS, 1))
    shared: dict[str, str] = {}
    return {row["identity"]: _slim(row, shared) for row in found}


def _slim(row: dict[str, Any], shared: dict[str, str] | None = None) -> Row:
    shared = {} if shared is None else shared
    for name in _SHARED:
        if isinstance(value := row.get(name), str):
            row[name] = shared.setdefault(value, value)
    return row


ROSTER = Roster()


def read_early() -> None:
    """Read the rows before anybody asks for them, of a large fleet the work of seconds."""
    threading.Thread(target=_read_early, daemon=True).start()


def _read_early() -> None:
    with suppress(*STORE_ERRORS):
        ROSTER.rows()
