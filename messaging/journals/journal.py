"""A write-ahead journal in memory-mapped files: records survive kill -9 with no syscall each.

Layout: `<root>/<owner>/owner.lock` is held by flock for as long as the owner lives, and beside it
stand numbered segments, each preallocated, so that a full disk shows itself as an error when a
segment is made and never as SIGBUS when one is written. A segment is a header (magic, and how far
its records were accepted), then framed records (see records.py). A record's prefix is written
after its payload, so a process killed between the two leaves a zero length: the end.

Accepted means that Redis has them. A segment of which all was accepted is held until it is stored
too, for a Redis may lose its data, and until `settled` says that what it tells of its writer's
stations is kept elsewhere: until then whoever resumes them reads it (see reading.py).

`era` beside the segments names the Redis that has all that was accepted (see log_queue.py), and
`accepted`, made at its owner's end or by who replayed it, says that nothing else is left.

One thread appends; one other thread may take batches through a Cursor and release them.
"""

import contextlib
import fcntl
import itertools
import logging
import os
import secrets
import time
import zlib
from collections import deque
from collections.abc import Callable
from pathlib import Path

from messaging.journals.segments import HEADER, Batch, Cursor, HeldFile, Segment, Stretch
from messaging.records import KEPT, PREFIX

log = logging.getLogger(__name__)

MIB = 1024 * 1024
SMALL = MIB // 2  # bytes of a segment while little comes: each is in memory whole
SOON = 60.0  # seconds; what is full in less is followed by one of full size
DISK_EVERY = 1.0  # seconds between two tries of a disk that has refused a segment
ERA, ACCEPTED = "era", "accepted"


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
        self._numbers = itertools.count(1)
        self._spare: Segment | None = None
        self._on_disk = True
        self._next_try = 0.0  # of the disk, monotonic seconds
        self._root, self._owner = root, owner
        self.directory: Path | None = None
        self._lock: int | None = None
        self._segments: deque[Segment] = deque()
        self._held: deque[HeldFile] = deque()  # accepted; both threads may take from its left
        self._stored = (0, 0)  # number of a segment, and how far it and all before it are stored
        self._era: tuple[Path | None, str] = (None, "")
        # time.monotonic() of the newest moment before which all states are kept elsewhere.
        self.settled: Callable[[], float] = time.monotonic
        self._begun = time.monotonic()  # when the current one was
        self.current = self._create(min(SMALL, segment_bytes))
        self._segments.append(self.current)

    def _claim(self) -> Path:
        """Make this process's directory, locked before its name can be seen by a replayer."""
        name = f"{self._owner}-{os.getpid()}-{secrets.token_hex(4)}"
        hidden, final = self._root / f".{name}", self._root / name
        hidden.mkdir(parents=True)
        fd = os.open(hidden / "owner.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            hidden.rename(final)
        except OSError:
            os.close(fd)
            raise
        if self._lock is not None:
            os.close(self._lock)  # of a directory that somebody removed
        self.directory, self._lock = final, fd
        return final

    def _say_memory_only(self, error: OSError) -> None:
        if not self._on_disk:
            return
        self._on_disk = False
        log.error(
            "The message journal cannot write to %s (%s). Messages are kept in memory only, up to"
            " %d MiB, and would be lost in a crash: free some space there or set JOURNAL_DIR.",
            self.directory or self._root,
            error.strerror or error,
            self._memory_bytes // MIB,
        )

    @property
    def bytes(self) -> int:
        """Bytes set aside for segments, spare included."""
        spare = self._spare
        kept = (*tuple(self._segments), *tuple(self._held))
        return sum(s.size for s in kept) + (spare.size if spare else 0)

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

    def append_kept(self, state: bytes, records: list[bytes]) -> bool:
        """Keep a state, which no cursor yields, and the records of the same event: all or none.

        The first prefix is written last, so a process killed before leaves none of them.
        """
        total = sum(PREFIX.size + len(payload) for payload in (state, *records))
        if self.current.end + total > self.current.size and not self._rotate(total):
            return False
        segment = self.current
        start = segment.end
        end = start + PREFIX.size + len(state)
        segment.map[start + PREFIX.size : end] = state
        for payload in records:
            body = end + PREFIX.size
            segment.map[body : body + len(payload)] = payload
            PREFIX.pack_into(segment.map, end, len(payload), zlib.crc32(payload))
            end = body + len(payload)
        PREFIX.pack_into(segment.map, start, len(state) | KEPT, zlib.crc32(state))
        segment.end = end
        self.appended += len(records)
        return True

    def cursor(self) -> Cursor:
        """Return a reader that starts at the end of what was appended so far."""
        cursor = Cursor(self.current)
        cursor.taken = self.appended
        return cursor

    def _rotate(self, length: int) -> bool:
        size = max(self._next_size(), HEADER.size + PREFIX.size + length)
        spare, self._spare = self._spare, None
        if spare is None or spare.size < size:
            self._discard(spare)
            self._make_room(size)
            spare = self._create(size)
        if spare is None:
            return False
        old, self.current = self.current, spare
        self._begun = time.monotonic()
        self._segments.append(spare)
        old.next = spare
        old.sealed_at = time.monotonic()
        old.sealed = True
        return True

    def prepare(self) -> None:
        """Make the next segment ahead of need; called off the appending thread."""
        if self._spare is None and self.current.end > self.current.size // 2:
            size = self._next_size()
            self._make_room(size)
            self._spare = self._create(size)

    def _next_size(self) -> int:
        """Bytes of the segment after the current one, by how soon that one is full."""
        if time.monotonic() - self._begun < SOON:
            return self._segment_bytes
        return min(SMALL, self._segment_bytes)

    def _create(self, size: int) -> Segment | None:
        """Make a segment on disk, else in memory; None at the limit."""
        first = not hasattr(self, "current")
        held = 0 if first else self.bytes
        if held + size > self._most_bytes:
            return None
        if (segment := self._create_on_disk(size)) is not None:
            return segment
        if not first:
            in_memory = sum(s.size for s in tuple(self._segments) if s.path is None)
            if in_memory + size > self._memory_bytes:
                return None
        return Segment(None, size)

    def _create_on_disk(self, size: int) -> Segment | None:
        """None where the disk refuses it, or has refused one just before.

        On a full disk a segment is allocated in part before it fails: done for each record, that
        alone would keep the appending thread busy.
        """
        if time.monotonic() < self._next_try:
            return None
        number = next(self._numbers)
        try:
            directory = self.directory
            if directory is None or not directory.is_dir():
                directory = self._claim()
            segment = Segment(directory / f"{number:08d}.wal", size, number)
        except OSError as error:
            self._next_try = time.monotonic() + DISK_EVERY
            while self._held:  # the disk may be full of them
                self._discard_held()
            self._say_memory_only(error)
            return None
        if not self._on_disk:
            self._on_disk = True
            log.warning("The message journal writes to %s again.", directory)
        return segment

    def release(self, batch: Batch) -> None:
        """Note that a batch, and all before it, is in safe hands; removes what is used up."""
        self.accept(batch)
        self.store(batch.stretch())

    def accept(self, batch: Batch) -> None:
        """Note that Redis has a batch, and all before it."""
        batch.segment.mark_released(batch.end)
        while len(self._segments) > 1:
            first = self._segments[0]
            if first is batch.segment and batch.end < first.end:
                return
            if not first.sealed:
                return
            self._segments.popleft()
            if first.path is not None:
                held = HeldFile(first.path, first.size, first.sealed_at, first.number, first.end)
                self._held.append(held)
            if first is batch.segment:
                return

    def store(self, stretch: Stretch | None) -> None:
        """Note that a batch, and all before it, is stored; removes what nobody needs any more."""
        if stretch is not None:
            self._stored = stretch.number, stretch.end
        settled = self.settled()
        while self._held and self._is_over(self._held[0], settled):
            self._discard_held()

    def _is_over(self, held: HeldFile, settled: float) -> bool:
        return held.sealed_at < settled and (held.number, held.end) <= self._stored

    def write_era(self, era: str) -> None:
        """Note which Redis has all that was accepted so far."""
        if self.directory is None or self._era == (self.directory, era):
            return
        try:
            (self.directory / ERA).write_text(era)
        except OSError as error:
            log.debug("The era is not written: %s", error)  # the disk tells it with the segments
        else:
            self._era = self.directory, era

    def _make_room(self, size: int) -> None:
        """New records matter more than accepted ones that a resumed station might want."""
        while self._held and self.bytes + size > self._most_bytes:
            self._discard_held()

    def _discard_held(self) -> None:
        with contextlib.suppress(IndexError):  # the other thread was quicker
            self._held.popleft().path.unlink(missing_ok=True)

    @staticmethod
    def _discard(segment: Segment | None) -> None:
        if segment is not None and segment.path is not None:
            segment.path.unlink(missing_ok=True)

    def close(self, *, empty: bool, accepted: bool = False) -> None:
        """Let go of the lock; with `empty`, all was stored and the files go too; with `accepted`,
        they are there for the case that Redis loses its data."""
        if self.directory is None or self._lock is None:
            return
        self._discard(self._spare)
        if accepted and not empty:
            with contextlib.suppress(OSError):
                (self.directory / ACCEPTED).touch()
        if empty:
            while self._held:
                self._discard_held()
            for segment in self._segments:
                self._discard(segment)
            for name in (ERA, "owner.lock"):
                (self.directory / name).unlink(missing_ok=True)
            try:
                self.directory.rmdir()
            except OSError:
                log.warning("The journal directory %s was not empty.", self.directory)
        os.close(self._lock)
        self._lock = None
