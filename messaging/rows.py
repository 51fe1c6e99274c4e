"""A message as viewers and the API see it, and the filters of the live stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from messaging.masking import masked, masked_error
from messaging.records import PASSING, FrameRecord, time_of, when

KINDS = (
    "Call", "CallResult", "CallError", "CallResultError", "Send", "Invalid", "Note", "Dropped",
)  # fmt: skip
DIRECTIONS = ("sent", "received")
LIVE_TEXT = 4096  # characters of a frame that go to viewers; the history has all of it

_encode = msgspec.json.Encoder().encode


def iso(moment: datetime) -> str:
    """A UTC time with milliseconds, as the API writes it: 2026-01-31T12:00:00.123Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Row:
    """One frame on its way to viewers; its JSON is made once for all of them."""

    __slots__ = ("_json", "_lower", "_masked", "record")

    def __init__(self, record: FrameRecord):
        self.record = record
        self._json: str | None = None
        self._lower: str | None = None
        self._masked: Row | None = None

    @property
    def masked(self) -> Row:
        """The row as those see it who may not see secrets; nearly always this one."""
        if self._masked is None:
            record = self.record
            text = masked(record.text, record.kind, record.action)
            error = masked_error(record.error, record.action)
            same = (text, error) == (record.text, record.error)
            hidden = record if same else msgspec.structs.replace(record, text=text, error=error)
            self._masked = self if same else Row(hidden)
        return self._masked

    @property
    def lower(self) -> str:
        if self._lower is None:
            self._lower = self.record.text.lower()
        return self._lower

    @property
    def json(self) -> str:
        if self._json is None:
            self._json = _encode(live_item(self.record)).decode()
        return self._json

    @property
    def failed(self) -> bool:
        return bool(self.record.error) or self.record.kind not in PASSING


def live_item(record: FrameRecord) -> dict:
    """The JSON object of a record; `cut` says that `text` is only its beginning, `cause` is there
    where there is one."""
    item = {
        "id": record.id,
        "station": record.station,
        "run": record.run,
        "seq": record.seq,
        "time": iso(when(time_of(record.id))),
        "direction": record.direction,
        "kind": record.kind,
        "action": record.action,
        "uid": record.uid,
        "text": record.text[:LIVE_TEXT],
        "cut": len(record.text) > LIVE_TEXT,
        "latency": None if record.latency is None else round(record.latency * 1000, 3),
        "error": record.error,
        "mark": record.mark,
        "bytes": len(record.text),
    }
    if record.cause:
        item["cause"] = record.cause
    return item


def document_item(made: Mapping) -> dict:
    """The JSON object of a MongoDB document of `messages`, with the whole text."""
    item = {name: made.get(name) for name in _PLAIN}
    item["id"] = made["_id"]
    item["mark"] = made.get("mark", "")
    item["cause"] = made.get("cause", "")
    # bson.Int64 is an int that not every encoder takes for one.
    item["run"], item["seq"] = int(made["run"]), int(made["seq"])
    item["time"] = iso(made["time"])
    item["cut"] = False
    return item


_PLAIN = (
    "station", "run", "seq", "direction", "kind", "action", "uid", "text", "latency", "error",
    "bytes",
)  # fmt: skip


class LiveFilter:
    """Which rows a viewer wants. Names as in the query of ws/messages; lists by comma."""

    NAMES = ("stationId", "direction", "messageType", "action", "text", "errorsOnly", "marked")

    def __init__(self, wishes: Mapping | None = None):
        wishes = wishes or {}
        self.stations = _names(wishes.get("stationId"))
        self.directions = _names(wishes.get("direction"))
        self.kinds = _names(wishes.get("messageType"))
        self.actions = _names(wishes.get("action"))
        self.text = str(wishes.get("text") or "").lower()[:500]
        self.errors_only = _wished(wishes.get("errorsOnly"))
        self.marked = _wished(wishes.get("marked"))
        if not self.directions <= set(DIRECTIONS):
            raise ValueError("direction is 'sent' or 'received'")
        if not self.kinds <= set(KINDS):
            raise ValueError(f"messageType is one or more of {', '.join(KINDS)}")
        self.everything = not any(
            (self.stations, self.directions, self.kinds, self.actions, self.text, self.errors_only,
             self.marked)
        )  # fmt: skip

    def as_dict(self) -> dict:
        return {
            "stationId": ",".join(sorted(self.stations)),
            "direction": ",".join(sorted(self.directions)),
            "messageType": ",".join(sorted(self.kinds)),
            "action": ",".join(sorted(self.actions)),
            "text": self.text,
            "errorsOnly": self.errors_only,
            "marked": self.marked,
        }

    def matches(self, row: Row) -> bool:
        """Whether a row is what the filter asks for; each part of it that is empty lets all
        pass."""
        record = row.record
        return (
            (not self.stations or record.station in self.stations)
            and (not self.directions or record.direction in self.directions)
            and (not self.kinds or record.kind in self.kinds)
            and (not self.actions or record.action in self.actions)
            and (not self.errors_only or row.failed)
            and (not self.marked or bool(record.mark or record.cause))
            and (not self.text or self.text in row.lower)
        )

    def select(self, rows: list[Row]) -> list[Row]:
        return rows if self.everything else [row for row in rows if self.matches(row)]


def _wished(value: object) -> bool:
    return str(value or "").lower() in ("1", "true", "yes")


def _names(value: str | Iterable[str] | None) -> frozenset[str]:
    parts = value.split(",") if isinstance(value, str) else list(value or ())
    if len(parts) > 200:
        raise ValueError("at most 200 names in one filter")
    return frozenset(str(part).strip() for part in parts if str(part).strip())
