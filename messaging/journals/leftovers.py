"""Journals left by processes that died: found by their free lock, read back, later removed.

A journal of which all was accepted stays for KEPT_SECONDS, marked: the worker that takes over the
stations of the dead one reads their states in it (see reading.py), and should Redis lose its data
before it is stored, it is replayed from its start.
"""

import contextlib
import fcntl
import logging
import mmap
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from messaging.journals.journal import ACCEPTED, ERA
from messaging.journals.segments import HEADER, MAGIC, joined, sound_end
from messaging.records import PREFIX

log = logging.getLogger(__name__)

# Longer than the taking of all of a worker's stations lasts, and their first snapshots after it.
KEPT_SECONDS = 300.0
KEPT_BYTES = 128 * 1024 * 1024  # of all that were accepted; the oldest go first
Era = Callable[[], str]


class Leftover:
    """A dead owner's journal, held by its lock so that only one process replays it."""

    def __init__(self, directory: Path, lock: int):
        self.directory = directory
        self._lock = lock

    def batches(self, most_records: int, most_bytes: int) -> Iterator[bytes]:
        """Yield what was not accepted, in order; a batch counts as accepted once passed."""
        for path in sorted(self.directory.glob("*.wal")):
            yield from _segment_batches(path, most_records, most_bytes)

    def begin(self, era: str) -> None:
        """Have all of it replayed where what was accepted went to another Redis than this."""
        before = _era_of(self.directory)
        if not era or before == era:
            return
        if before:
            for path in sorted(self.directory.glob("*.wal")):
                _rewind(path)
            (self.directory / ACCEPTED).unlink(missing_ok=True)
        (self.directory / ERA).write_text(era)

    def keep(self, era: str) -> None:
        """All batches were accepted: mark it, unless Redis lost data meanwhile; let go of it."""
        if not era or _era_of(self.directory) == era:
            (self.directory / ACCEPTED).touch()
        self.close()

    def remove(self) -> None:
        """Delete the files and let go of the lock: all batches were accepted."""
        for path in sorted(self.directory.glob("*.wal")):
            path.unlink(missing_ok=True)
        for name in (ACCEPTED, ERA, "owner.lock"):
            (self.directory / name).unlink(missing_ok=True)
        try:
            self.directory.rmdir()
        except OSError as error:
            log.warning("Could not remove %s: %s", self.directory, error)
        self.close()

    def close(self) -> None:
        """Let go of the lock; what is still there is replayed by a later process."""
        os.close(self._lock)


def no_era() -> str:
    """Of a queue that cannot lose what it has accepted."""
    return ""


def batches(root: Path, most_records: int, most_bytes: int, era: Era = no_era) -> Iterator[bytes]:
    """Yield what dead processes left under `root`, a journal after the other.

    `era()` names the Redis that takes the batches; it raises where there is none.

    A batch counts as accepted once the next one is asked for; a journal of which all was accepted
    is kept for a while, for who takes over its stations. Closing the generator leaves the rest,
    which a later process replays.
    """
    remove_old(root)
    for leftover in claim(root, era()):
        log.info("Replaying the journal %s.", leftover.directory.name)
        try:
            leftover.begin(era())
            yield from leftover.batches(most_records, most_bytes)
            leftover.keep(era())
        except OSError as error:
            log.error("Could not replay %s: %s", leftover.directory, error)
            leftover.close()
        except BaseException:
            leftover.close()
            raise


def remain(root: Path, era: str = "") -> bool:
    """Whether a dead process's journal is still there: it could not be replayed."""
    for leftover in claim(root, era):
        leftover.close()
        return True
    return False


def claim(root: Path, era: str = "") -> Iterator[Leftover]:
    """Yield each journal under `root` whose owner is dead, locked for the caller; not those that
    the Redis of this era has accepted."""
    if not root.is_dir():
        return
    for directory in sorted(p for p in root.iterdir() if p.is_dir()):
        if _is_accepted(directory, era):
            continue
        if directory.name.startswith(".") and not _older_than(directory, 60):
            continue  # its owner may be about to lock it
        fd = _lock(directory)
        if fd is None:
            continue
        if _is_accepted(directory, era):
            os.close(fd)  # replayed between our look and our lock
            continue
        yield Leftover(directory, fd)


def remove_old(root: Path, seconds: float = KEPT_SECONDS, most_bytes: int = KEPT_BYTES) -> None:
    """Remove accepted journals that nobody needs any longer."""
    ages = []
    for marked in root.glob(f"*/{ACCEPTED}"):
        with contextlib.suppress(OSError):
            ages.append((time.time() - marked.stat().st_mtime, marked.parent))
    held = 0
    for age, directory in sorted(ages):
        held += _bytes_of(directory)
        # A wall clock that jumps makes an age of hours or below nothing: no harm either way.
        if age <= seconds and held <= most_bytes:
            continue
        fd = _lock(directory)
        if fd is not None:
            Leftover(directory, fd).remove()


def _era_of(directory: Path) -> str:
    try:
        return (directory / ERA).read_text()
    except (OSError, UnicodeDecodeError):
        return ""


def _is_accepted(directory: Path, era: str) -> bool:
    if not (directory / ACCEPTED).exists():
        return False
    before = _era_of(directory)
    return not before or not era or before == era


def _rewind(path: Path) -> None:
    with path.open("r+b") as file:
        if file.read(len(MAGIC)) == MAGIC:
            file.seek(0)
            file.write(HEADER.pack(MAGIC, HEADER.size))


def _bytes_of(directory: Path) -> int:
    total = 0
    for path in directory.glob("*.wal"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def _lock(directory: Path) -> int | None:
    """Take the journal's lock; None where its owner lives, or where it is none any more."""
    try:
        fd = os.open(directory / "owner.lock", os.O_RDWR)
    except OSError:
        return None  # not a journal, or another process has just finished with it
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)  # its owner lives
        return None
    if not (directory / "owner.lock").exists():
        os.close(fd)  # removed between our open and our lock
        return None
    return fd


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
        end = sound_end(view, offset)
        while offset < end:
            data, count, offset = joined(view, offset, end, most_records, most_bytes)
            if not count:
                break
            yield data
            HEADER.pack_into(view, 0, MAGIC, offset)
        if offset + PREFIX.size <= size and PREFIX.unpack_from(view, offset)[0]:
            log.warning("%s ends in a torn record at byte %d: it is left out.", path, offset)
