"""The column `spread`: a number of a station by which a shard's rows are one stretch of an index.

A shard has the identities whose CRC ends in certain bits (sharding.py). With its bits the other
way round they are a range, however many shards there are.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import models

BITS = 32
END = 1 << BITS
# From `first` up to, not with, `end`.
Range = tuple[int, int]
EVERYTHING: Range = (0, END)


def spread_of(identity: str) -> int:
    """From 0 up to, not with, END."""
    return _backwards(zlib.crc32(identity.encode()), BITS)


def _backwards(number: int, bits: int) -> int:
    return int(f"{number:0{bits}b}"[::-1], 2) if bits else 0


def range_of(shard: int, number: int) -> Range:
    """Of one of so many shards."""
    bits = (number - 1).bit_length()
    # Where it has not been divided at this level yet it has a bit less, so twice as much.
    if bits and shard < 1 << (bits - 1) and shard + (1 << (bits - 1)) >= number:
        bits -= 1
    first = _backwards(shard, bits) << (BITS - bits)
    return first, first + (END >> bits)


def merged(ranges: Iterable[Range]) -> list[Range]:
    """In order, with those in one that touch."""
    found: list[Range] = []
    for first, end in sorted(ranges):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((first, end))
    return found


def without(ranges: Iterable[Range], others: Iterable[Range]) -> list[Range]:
    """What is in the ranges and not in the others."""
    left = merged(ranges)
    for first, end in others:
        left = [
            part
            for old, last in left
            for part in ((old, min(last, first)), (max(old, end), last))
            if part[0] < part[1]
        ]
    return left


def pieces(ranges: Iterable[Range], number: int) -> Iterator[Range]:
    """The same in parts, each at most so large that `number` of them would be EVERYTHING."""
    step = -(-END // max(1, number))
    for first, end in ranges:
        while first < end:
            yield first, min(first + step, end)
            first += step


class SpreadField(models.BigIntegerField):
    """Written with each row that is inserted. None: by a version that did not know it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"null": True, "default": None, "editable": False, **options})

    def pre_save(self, model_instance: models.Model, add: bool) -> int:
        """As Django asks for what is to be stored."""
        spread = spread_of(model_instance.identity)
        setattr(model_instance, self.attname, spread)
        return spread
