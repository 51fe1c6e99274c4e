"""Segments of the journal: mapped files of framed records, and reading on in them."""

import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from messaging.records import KEPT, LENGTH, PREFIX

MAGIC = b"OCPPWAL1"
HEADER = struct.Struct("<8sQ")


class Segment:
    """A mapped stretch of the journal; `path` is None for one that lives in memory only."""

    __slots__ = ("end", "map", "next", "number", "path", "sealed", "sealed_at", "size")

    def __init__(self, path: Path | None, size: int, number: int = 0):
        self.path = path
        self.number = number
        self.size = size
        self.map = mmap.mmap(-1, size) if path is None else _new_file(path, size)
        self.map[: HEADER.size] = HEADER.pack(MAGIC, HEADER.size)
        self.end = HEADER.size
        self.sealed = False
        self.sealed_at = 0.0  # time.monotonic()
        self.next: Segment | None = None

    def mark_released(self, offset: int) -> None:
        """Note in the header that records before `offset` need no replay."""
        HEADER.pack_into(self.map, 0, MAGIC, offset)


def _new_file(path: Path, size: int) -> mmap.mmap:
    """Create and map a preallocated file; raises OSError where the space is not there."""
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        os.posix_fallocate(fd, 0, size)
        return mmap.mmap(fd, size, flags=mmap.MAP_SHARED | mmap.MAP_POPULATE)
    except (OSError, ValueError):
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)


class HeldFile(NamedTuple):
    """An accepted segment that is no longer mapped."""

    path: Path
    size: int
    sealed_at: float
    number: int
    end: int


class Stretch(NamedTuple):
    """Where the records of a batch stand in a segment's file."""

    path: Path
    number: int
    start: int
    end: int

    def read(self) -> bytes | None:
        """The batch once more; None where its file is gone."""
        try:
            with (
                self.path.open("rb") as file,
                mmap.mmap(file.fileno(), self.end, access=mmap.ACCESS_READ) as view,
            ):
                most = self.end - self.start
                return joined(view, self.start, self.end, most, most)[0]
        except (OSError, ValueError):
            return None


class Batch:
    """Some whole records in order: their bytes, how many, and where they stand."""

    __slots__ = ("count", "data", "end", "segment", "start")

    def __init__(self, data: bytes, count: int, segment: Segment, start: int, end: int):
        self.data = data
        self.count = count
        self.segment = segment
        self.start = start
        self.end = end

    def stretch(self) -> Stretch | None:
        """None where it is in memory only."""
        segment = self.segment
        if segment.path is None:
            return None
        return Stretch(segment.path, segment.number, self.start, self.end)


class Cursor:
    """Reads a journal's records in the order they were appended."""

    def __init__(self, segment: Segment):
        self._segment = segment
        self._offset = segment.end
        self.taken = 0

    def take(self, most_records: int, most_bytes: int) -> Batch | None:
        """Return the next records of one segment, at least one if any is there."""
        while True:
            segment = self._segment
            sealed = segment.sealed  # read before `end`: nothing is appended once it is true
            end = segment.end
            start = self._offset
            data, count, self._offset = joined(segment.map, start, end, most_records, most_bytes)
            if count:
                self.taken += count
                return Batch(data, count, segment, start, self._offset)
            if not sealed or segment.next is None:
                return None
            self._segment, self._offset = segment.next, HEADER.size

    def skip_to(self, segment: Segment, taken: int) -> None:
        """Leave out all that is not yet read: `taken` records end where this segment does."""
        self._segment, self._offset, self.taken = segment, segment.end, taken


def joined(
    view: mmap.mmap, start: int, end: int, most_records: int, most_bytes: int
) -> tuple[bytes, int, int]:
    """The records from `start` that are for a batch, how many, and where the next ones stand.

    Kept ones among them are left out: each would cut a batch, and one batch costs as much as
    hundreds of records.
    """
    parts: list[bytes] = []
    offset = run = start
    count = size = 0
    while offset < end and count < most_records:
        length = PREFIX.unpack_from(view, offset)[0]
        following = offset + PREFIX.size + (length & LENGTH)
        if length & KEPT:
            parts.append(view[run:offset])
            run = following
        else:
            size += following - offset
            if count and size > most_bytes:
                break
            count += 1
        offset = following
    parts.append(view[run:offset])
    return b"".join(parts), count, offset


def sound_end(view: mmap.mmap, start: int) -> int:
    """Where the whole records from `start` end, in a segment whose writer may have died in one."""
    end = start
    for length, crc, body, following in _framed(view, start):
        if not length & KEPT and zlib.crc32(view[body:following]) != crc:
            break
        end = following
    return end


def payloads(view: mmap.mmap) -> Iterator[bytes]:
    """Of every whole record of a segment, kept ones included; none of what is no segment."""
    if len(view) < HEADER.size or HEADER.unpack_from(view, 0)[0] != MAGIC:
        return
    for _, crc, body, following in _framed(view, HEADER.size):
        payload = view[body:following]
        if zlib.crc32(payload) != crc:
            return
        yield payload


def _framed(view: mmap.mmap, start: int) -> Iterator[tuple[int, int, int, int]]:
    """(length with its marks, checksum, begin, end) of each record that the file has room for."""
    offset = start
    while offset + PREFIX.size <= len(view):
        length, crc = PREFIX.unpack_from(view, offset)
        body = offset + PREFIX.size
        offset = body + (length & LENGTH)
        if not length or offset > len(view):
            return
        yield length, crc, body, offset
