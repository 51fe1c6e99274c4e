"""Stamps: the order of a station's snapshots, comparable as plain strings.

A stamp is 15 digits of epoch, a dot and 9 digits of version. The epoch grows each time a shard
changes hands, so anything a new owner writes is newer than anything an old owner can still write.
Redis (in Lua) and MongoDB (`$lt`) compare stamps as strings, hence the zero padding.
"""

from typing import Any

import msgpack
import msgspec

STAMP_SIZE = 25
NO_STAMP = ""  # sorts before every stamp


def make_stamp(epoch: int, version: int) -> str:
    """`epoch`: unix ms of the take, `version`: the station's change counter (below 1e9)."""
    return f"{epoch:015d}.{version:09d}"


def split_stamp(stamp: str) -> tuple[int, int]:
    """(epoch, version) of a snapshot's stamp "epoch.version".

    Raises ValueError for any other text.
    """
    epoch, version = stamp.split(".")
    return int(epoch), int(version)


def pack_state(stamp: str, snapshot: dict[str, Any]) -> bytes:
    """The value under a state key."""
    return stamp.encode() + msgspec.msgpack.encode(snapshot)


def unpack_state(value: bytes) -> tuple[str, dict[str, Any]]:
    """Inverse of pack_state."""
    return value[:STAMP_SIZE].decode(), msgpack.unpackb(value[STAMP_SIZE:], strict_map_key=False)
