"""Journals left by processes that died: found by their free lock, read back, removed."""

import fcntl
import logging
import mmap
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from messaging.journal import HEADER, MAGIC
from messaging.records import PREFIX

log = logging.getLogger(__name__)


class Leftover:
    """A dead owner's journal, held by its lock so that only one process replays it."""

    def __init__(self, directory: Path, lock: int):
        self.directory = directory
        self._lock = lock

    def batches(self, most_records: int, most_bytes: int) -> Iterator[bytes]:
        """Yield what was not accepted, in order; a batch counts as accepted once passed."""
        for path in sorted(self.directory.glob("*.wal")):
            yield from _segment_batches(path, most_records, most_bytes)

    def remove(self) -> None:
        """Delete the files and let go of the lock: all batches were accepted."""
        for path in sorted(self.directory.glob("*.wal")):
            path.unlink(missing_ok=True)
        (self.directory / "owner.lock").unlink(missing_ok=True)
        try:
            self.directory.rmdir()
        except OSError as error:
            log.warning("Could not remove %s: %s", self.directory, error)
        self.close()

    def close(self) -> None:
        """Let go of the lock; what is still there is replayed by a later process."""
        os.close(self._lock)


def claim(root: Path) -> Iterator[Leftover]:
    """Yield each journal under `root` whose owner is dead, locked for the caller."""
    if not root.is_dir():
        return
    for directory in sorted(p for p in root.iterdir() if p.is_dir()):
        if directory.name.startswith(".") and not _older_than(directory, 60):
            continue  # its owner may be about to lock it
        try:
            fd = os.open(directory / "owner.lock", os.O_RDWR)
        except OSError:
            continue  # not a journal, or another process has just finished with it
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)  # its owner lives
            continue
        if not (directory / "owner.lock").exists():
            os.close(fd)  # removed between our open and our lock
            continue
        yield Leftover(directory, fd)


def _older_than(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime > seconds
    except OSError:
        return False


def _segment_batches(path: Path, most_records: int, most_bytes: int) -> Iterator[bytes]:
    size = path.stat().st_size
    if size < HEADER.size:
        return
    with path.open("r+b") as file, mmap.mmap(file.fileno(), size) as view:
        magic, offset = HEADER.unpack_from(view, 0)
        if magic != MAGIC:
            if any(view[: HEADER.size]):
                log.error("%s is not a message journal: it is left out.", path)
            return
        offset = min(max(offset, HEADER.size), size)
        while True:
            end, _ = _whole_records(view, offset, most_records, most_bytes)
            if end == offset:
                break
            yield view[offset:end]
            offset = end
            HEADER.pack_into(view, 0, MAGIC, offset)
        if offset + PREFIX.size <= size and PREFIX.unpack_from(view, offset)[0]:
            log.warning("%s ends in a torn record at byte %d: it is left out.", path, offset)


def _whole_records(view: mmap.mmap, start: int, most: int, most_bytes: int) -> tuple[int, int]:
    """Return the end and the number of the whole records from `start`, within the limits."""
    offset, count, size = start, 0, len(view)
    while count < most and offset + PREFIX.size <= size:
        length, crc = PREFIX.unpack_from(view, offset)
        following = offset + PREFIX.size + length
        if not length or following > size or (count and following - start > most_bytes):
            break
        if zlib.crc32(view[offset + PREFIX.size : following]) != crc:
            break
        offset = following
        count += 1
    return offset, count
