"""A write-ahead journal in memory-mapped files: records survive kill -9 with no syscall each.

Layout: `<root>/<owner>/owner.lock` is held by flock for as long as the owner lives, and beside it
stand numbered segments, each preallocated, so that a full disk shows itself as an error when a
segment is made and never as SIGBUS when one is written. A segment is a header (magic, and how far
its records were accepted), then framed records (see records.py). A record's prefix is written
after its payload, so a process killed between the two leaves a zero length: the end.

One thread appends; one other thread may take batches through a Cursor and release them.
"""

import fcntl
import logging
import mmap
import os
import secrets
import struct
import zlib
from collections import deque
from pathlib import Path

from messaging.records import PREFIX

log = logging.getLogger(__name__)

MAGIC = b"OCPPWAL1"
HEADER = struct.Struct("<8sQ")
MIB = 1024 * 1024


class Segment:
    """A mapped stretch of the journal; `path` is None for one that lives in memory only."""

    __slots__ = ("end", "map", "next", "path", "sealed", "size")

    def __init__(self, path: Path | None, size: int):
        self.path = path
        self.size = size
        self.map = mmap.mmap(-1, size) if path is None else _new_file(path, size)
        self.map[: HEADER.size] = HEADER.pack(MAGIC, HEADER.size)
        self.end = HEADER.size
        self.sealed = False
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


class Batch:
    """Some whole records in order: their bytes, how many, and where they end."""

    __slots__ = ("count", "data", "end", "segment")

    def __init__(self, data: bytes, count: int, segment: Segment, end: int):
        self.data = data
        self.count = count
        self.segment = segment
        self.end = end


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
            if self._offset < end:
                break
            if not sealed or segment.next is None:
                return None
            self._segment, self._offset = segment.next, HEADER.size
        start = offset = self._offset
        count = 0
        while offset < end and count < most_records:
            following = offset + PREFIX.size + PREFIX.unpack_from(segment.map, offset)[0]
            if count and following - start > most_bytes:
                break
            offset = following
            count += 1
        self._offset = offset
        self.taken += count
        return Batch(segment.map[start:offset], count, segment, offset)

    def skip_to_end(self, journal: "Journal") -> None:
        """Leave out all that is not yet read."""
        self._segment, self._offset = journal.current, journal.current.end
        self.taken = journal.appended


class Journal:
    """One live process's journal. `append` is for one thread only."""

    def __init__(
        self,
        root: Path,
        owner: str,
        *,
        segment_bytes: int = 4 * MIB,
        most_bytes: int = 256 * MIB,
        memory_bytes: int = 16 * MIB,
    ):
        self.appended = 0
        self._segment_bytes = segment_bytes
        # What dead processes left counts too, or a crash loop would fill the disk.
        left = sum(path.stat().st_size for path in root.glob("*/*.wal")) if root.is_dir() else 0
        self._most_bytes = max(most_bytes - left, 2 * segment_bytes)
        self._memory_bytes = max(memory_bytes, 2 * segment_bytes)
        self._number = 0
        self._spare: Segment | None = None
        self._on_disk = True
        self.directory, self._lock = self._claim(root, owner)
        self._segments: deque[Segment] = deque()
        self.current = self._create(segment_bytes)
        self._segments.append(self.current)

    def _claim(self, root: Path, owner: str) -> tuple[Path | None, int | None]:
        """Make this process's directory, locked before its name can be seen by a replayer."""
        name = f"{owner}-{os.getpid()}-{secrets.token_hex(4)}"
        hidden, final = root / f".{name}", root / name
        try:
            hidden.mkdir(parents=True)
            fd = os.open(hidden / "owner.lock", os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            hidden.rename(final)
        except OSError as error:
            self._say_memory_only(root, error)
            return None, None
        return final, fd

    def _say_memory_only(self, where: Path | None, error: OSError) -> None:
        if not self._on_disk:
            return
        self._on_disk = False
        log.error(
            "The message journal cannot write to %s (%s). Messages are kept in memory only, up to"
            " %d MiB, and would be lost in a crash: free some space there or set JOURNAL_DIR.",
            where,
            error.strerror or error,
            self._memory_bytes // MIB,
        )

    @property
    def bytes(self) -> int:
        """Bytes set aside for segments, spare included."""
        spare = self._spare
        return sum(s.size for s in tuple(self._segments)) + (spare.size if spare else 0)

    @property
    def on_disk(self) -> bool:
        """False while records are kept in memory only."""
        return self._on_disk

    def append(self, payload: bytes) -> bool:
        """Keep one encoded record; False where the journal is at its limit (nothing is kept)."""
        segment = self.current
        start = segment.end
        body = start + PREFIX.size
        end = body + len(payload)
        if end > segment.size:
            if not self._rotate(len(payload)):
                return False
            return self.append(payload)
        segment.map[body:end] = payload
        PREFIX.pack_into(segment.map, start, len(payload), zlib.crc32(payload))
        segment.end = end
        self.appended += 1
        return True

    def cursor(self) -> Cursor:
        """Return a reader that starts at the end of what was appended so far."""
        cursor = Cursor(self.current)
        cursor.taken = self.appended
        return cursor

    def _rotate(self, length: int) -> bool:
        size = max(self._segment_bytes, HEADER.size + PREFIX.size + length)
        spare, self._spare = self._spare, None
        if spare is None or spare.size < size:
            self._discard(spare)
            spare = self._create(size)
        if spare is None:
            return False
        old, self.current = self.current, spare
        self._segments.append(spare)
        old.next = spare
        old.sealed = True
        return True

    def prepare(self) -> None:
        """Make the next segment ahead of need; called off the appending thread."""
        if self._spare is None and self.current.end > self.current.size // 2:
            self._spare = self._create(self._segment_bytes)

    def _create(self, size: int) -> Segment | None:
        """Make a segment on disk, else in memory; None at the limit."""
        first = not hasattr(self, "current")
        held = 0 if first else self.bytes
        if held + size > self._most_bytes:
            return None
        if self.directory is not None:
            self._number += 1
            path = self.directory / f"{self._number:08d}.wal"
            try:
                segment = Segment(path, size)
            except OSError as error:
                self._say_memory_only(self.directory, error)
            else:
                if not self._on_disk:
                    self._on_disk = True
                    log.warning("The message journal writes to %s again.", self.directory)
                return segment
        if not first:
            in_memory = sum(s.size for s in tuple(self._segments) if s.path is None)
            if in_memory + size > self._memory_bytes:
                return None
        return Segment(None, size)

    def release(self, batch: Batch) -> None:
        """Note that a batch, and all before it, is in safe hands; removes what is used up."""
        batch.segment.mark_released(batch.end)
        while len(self._segments) > 1:
            first = self._segments[0]
            if first is batch.segment and batch.end < first.end:
                return
            if not first.sealed:
                return
            self._discard(self._segments.popleft())
            if first is batch.segment:
                return

    @staticmethod
    def _discard(segment: Segment | None) -> None:
        if segment is not None and segment.path is not None:
            segment.path.unlink(missing_ok=True)

    def close(self, *, empty: bool) -> None:
        """Let go of the lock; with `empty`, all was accepted and the files go too."""
        if self.directory is None or self._lock is None:
            return
        self._discard(self._spare)
        if empty:
            for segment in self._segments:
                self._discard(segment)
            (self.directory / "owner.lock").unlink(missing_ok=True)
            try:
                self.directory.rmdir()
            except OSError:
                log.warning("The journal directory %s was not empty.", self.directory)
        os.close(self._lock)
        self._lock = None
