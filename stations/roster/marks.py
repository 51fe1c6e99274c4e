"""Which rows of stations were written, told to every process that keeps a roster of them.

A stream in Redis has an entry for each write, with the names of the rows where the write names
them. The entry is made by a listener on the database's connection, so that whatever writes by it
makes one: the ORM, a conditional update, a raw command. It comes after the write and before the
writer goes on: who reads the entry finds the row as written, and who wrote finds what he wrote.

A write that could not be told (no Redis) makes the next entry one for the whole table, and this is
tried with whatever its process asks of the database.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from bson import ObjectId
from pymongo.monitoring import CommandListener

from runtime.stores import STORE_ERRORS
from stations.orders.named import TABLE
from stations.state.keys import roster_key
from stations.state.snapshots import redis_client

# Commands on a collection that change no row; whatever else there is may.
READS = frozenset({
    "aggregate", "count", "createIndexes", "distinct", "explain", "find", "listIndexes",
})  # fmt: skip
KEPT = 1000  # entries; who is further behind reads the table
MOST_NAMED = 1000  # rows of an entry
AGAIN = 10.0  # seconds until what could not be told is tried once more
_FIELD = b"rows"
_pack, _unpack = msgspec.msgpack.encode, msgspec.msgpack.decode


@dataclass
class Written:
    """Rows by identity and by `_id`; `whole`: any of the table may be among them."""

    identities: set[str] = field(default_factory=set)
    keys: set[ObjectId] = field(default_factory=set)
    whole: bool = False

    def __len__(self) -> int:
        return len(self.identities) + len(self.keys)

    def add(self, row: Mapping[str, Any]) -> None:
        """What a filter, or a row, means: by its identity or `_id`, else the whole table."""
        for name, kind, into in (("identity", str, self.identities), ("_id", ObjectId, self.keys)):
            found = row.get(name)
            values = found.get("$in") if isinstance(found, Mapping) else [found]
            if values and all(isinstance(value, kind) for value in values):
                into.update(values)
                return
        if "$and" in row and (part := _naming(row["$and"])):
            self.add(part)
            return
        self.whole = True

    def entry(self) -> bytes:
        """As the stream has it; b"" for the whole table."""
        if self.whole or len(self) > MOST_NAMED:
            return b""
        return _pack([sorted(self.identities), [key.binary for key in self.keys]])

    def take(self, entry: bytes) -> None:
        """Add what an entry tells."""
        if not entry:
            self.whole = True
            return
        identities, keys = _unpack(entry)
        self.identities.update(identities)
        self.keys.update(map(ObjectId, keys))


def _naming(parts: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((part for part in parts if "_id" in part or "identity" in part), None)


def written_by(name: str, command: Mapping[str, Any]) -> Written | None:
    """Of a command to MongoDB; None where it writes no row of a station."""
    if name in READS or command.get(name) != TABLE:
        return Written(whole=True) if name in ("dropDatabase", "bulkWrite") else None
    written = Written()
    match name:
        case "insert":
            rows = command.get("documents")
        case "update":
            rows = [one["q"] for one in command["updates"]]
        case "delete":
            rows = [one["q"] for one in command["deletes"]]
        case "findAndModify":
            rows = [command["query"]]
        case _:
            rows = None
    if rows is None:
        return Written(whole=True)
    for row in rows:
        written.add(row)
    return written


class Marks(CommandListener):
    """Tells each write of the connection that it listens to."""

    def __init__(self) -> None:
        self._open: dict[int, Written] = {}
        self._untold = 0.0  # when it was tried last; 0: nothing is left to tell

    def started(self, event: Any) -> None:
        """As pymongo calls it."""
        written = written_by(event.command_name, event.command)
        if written is not None:
            self._open[event.request_id] = written

    def succeeded(self, event: Any) -> None:
        """As pymongo calls it."""
        if self._open and (written := self._open.pop(event.request_id, None)) is not None:
            self._tell(written)
        elif self._untold and time.monotonic() - self._untold > AGAIN:
            self._tell(Written())

    # A write whose answer was lost may have happened.
    failed = succeeded

    def _tell(self, written: Written) -> None:
        written.whole = written.whole or bool(self._untold)
        try:
            _put(written)
            self._untold = 0.0
        except STORE_ERRORS:
            self._untold = time.monotonic()


def _put(written: Written) -> bytes:
    entry = {_FIELD: written.entry()}
    return redis_client().xadd(roster_key(), entry, maxlen=KEPT, approximate=False)


def here() -> bytes:
    """The place in the stream where it ends now. Raises RedisError."""
    newest = redis_client().xrevrange(roster_key(), count=1)
    return newest[0][0] if newest else _put(Written())


def since(place: bytes) -> tuple[bytes, Written]:
    """(where the stream ends now, what was written since that place). Raises RedisError."""
    entries = redis_client().xrange(roster_key(), min=place)
    written = Written()
    if not entries or entries[0][0] != place:
        # It is too long ago, or this is another Redis, or one without its data.
        written.whole = True
        return here(), written
    for _, told in entries[1:]:
        written.take(told[_FIELD])
    return entries[-1][0], written
