"""Of the snapshots of many stations at once what lists, counts and filters look at.

Redis alone is asked; see `stations.state.snapshots` for a station's whole state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

import msgspec

from stations.state import keys
from stations.state.snapshots import redis_client
from stations.state.stamps import STAMP_SIZE


class Outlet(TypedDict, total=False):
    id: int
    status: str
    power_w: float
    energy_wh: float
    error: str
    transaction: Any


class Seen(TypedDict, total=False):
    """Of a snapshot what is looked at; the rest is skipped and not even made."""

    connected: bool
    registration: str
    power_w: float
    connectors: list[Outlet]
    link: dict[str, Any] | None
    trouble: str
    last_message: float | None
    breaches: list[dict[str, Any]]


_decode = msgspec.msgpack.Decoder(Seen, strict=False).decode


def snapshots_of(rows: Iterable[Mapping[str, Any]]) -> list[Seen]:
    """Of the rows' stations, {} where Redis has none or one that cannot be read."""
    names = [keys.state_key(row["identity"]) for row in rows]
    return [_read(value) for value in redis_client().mget(names)]


def _read(value: bytes | None) -> Seen:
    try:
        return _decode(memoryview(value)[STAMP_SIZE:]) if value else {}
    except msgspec.MsgspecError:
        return {}
