"""Into how many shards the stations are divided, and which shard a station belongs to.

The number only grows, a shard at a time, by linear hashing (Litwin, 1980): shard n comes out of
one other, its parent, and takes about half of its stations. No other station changes its shard. A
worker divides a shard that it holds and then holds both, so a division by itself closes no link;
what moves to another worker afterwards is handed over as any shard.

The number in force is kept in Redis and raised by the script that divides (lease_scripts.py). The
number that is wanted is kept in MongoDB; workers divide until the one has reached the other.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db import connection

from stations.orders.spreading import Range, merged, range_of

MOST = 4096  # shards: each is a lease and a channel, at which its worker listens
_WANTED = "wanted"
_known: int | None = None


def shard_of(identity: str, number: int | None = None) -> int:
    """The shard of a station where there are so many; None: as many as this process knows of."""
    number = number or in_force()
    level = 1 << (number - 1).bit_length()
    shard = zlib.crc32(identity.encode()) & (level - 1)
    return shard if shard < number else shard & (level // 2 - 1)


def parent_of(shard: int) -> int:
    """The shard that this one comes out of; `shard` is above 0."""
    return shard - (1 << (shard.bit_length() - 1))


def ancestors(shard: int) -> Iterator[int]:
    """The shards that stations of this one belonged to when there were fewer, newest first."""
    while shard:
        shard = parent_of(shard)
        yield shard


class Share:
    """A worker's part of the stations at one moment: `identity in share`. A plain value, so that
    a thread which reads by it is not disturbed by a division."""

    __slots__ = ("_number", "_shards")

    def __init__(self, shards: Iterable[int], number: int | None = None) -> None:
        """number: of shards in force; None: as many as this process knows of."""
        self._shards = frozenset(shards)
        self._number = number or in_force()

    def __contains__(self, identity: str) -> bool:
        return shard_of(identity, self._number) in self._shards

    def ranges(self) -> list[Range]:
        """Of the column `spread`, in order."""
        return merged(range_of(shard, self._number) for shard in self._shards)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Share):
            return NotImplemented
        return (self._number, self._shards) == (other._number, other._shards)

    def __hash__(self) -> int:
        return hash((self._number, self._shards))


def by_shard(identities: Iterable[str], number: int | None = None) -> dict[int, list[str]]:
    """{shard: its identities} where there are so many; None: as many as this process knows of."""
    found: dict[int, list[str]] = defaultdict(list)
    number = number or in_force()
    for identity in identities:
        found[shard_of(identity, number)].append(identity)
    return found


# --- the number in force -----------------------------------------------------------------------


def in_force() -> int:
    """As many as this process was told last; until then CHARGE_POINT_SHARDS."""
    return _known or settings.CHARGE_POINT_SHARDS


def learn(answer: bytes | None) -> bool:
    """What Redis has under keys.shards_key(); True if this process thought otherwise."""
    global _known
    before = in_force()
    _known = int(answer) if answer else None
    return in_force() != before


# --- the number wanted -------------------------------------------------------------------------


def _collection() -> Any:
    """MongoDB collection `station_shards`: one document."""
    return connection.get_collection("station_shards")


def wanted() -> int:
    """The number that the workers are to reach; 0 where nobody has asked."""
    document = _collection().find_one({"_id": _WANTED})
    return document["number"] if document else 0


def want(number: int) -> int:
    """Have at least so many; returns what is wanted from now on. Fewer are never wanted."""
    _collection().update_one({"_id": _WANTED}, {"$max": {"number": number}}, upsert=True)
    return wanted()
