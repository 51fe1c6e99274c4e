"""Whose step a worker carries out, in a place that outlives it.

One frame may end a process: by a crash of an extension, by memory, by a loop without end. A mapped
file of the process says whose step is under way; writing it costs two small copies. Whoever finds
the file of a dead process knows whom to suspect, and an empty one acquits everybody.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger(__name__)

SIZE = 256  # bytes: an identity is at most 48 characters
FOLDER = "handling"  # beside the journals

Slot = bytearray | mmap.mmap


def label_of(identity: str) -> bytes:
    """What stands in the slot while a step of this station is carried out."""
    return identity.encode()[: SIZE - 1] + b"\0"


class HandlingFile:
    """This process's own slot. Without a disk it is in memory, and nobody will ever know."""

    def __init__(self, root: Path, worker: str) -> None:
        self._path: Path | None = root / FOLDER / worker
        self.slot: Slot = bytearray(SIZE)
        self._lock: int | None = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._claim()
        except OSError as error:
            log.error("what is handled cannot be kept in %s: %s", self._path, error)

    def _claim(self) -> None:
        # Locked before its name can be seen by who looks for the dead.
        hidden = self._path.with_name(f".{self._path.name}")
        fd = os.open(hidden, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.posix_fallocate(fd, 0, SIZE)
        self.slot = mmap.mmap(fd, SIZE)
        hidden.rename(self._path)
        self._lock = fd

    def close(self) -> None:
        """The process ends in order."""
        if self._lock is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None


def left_by_the_dead(root: Path) -> Iterator[tuple[str, str]]:
    """(worker, identity) of each that died; "" where it was in the midst of no station's step.

    A file is removed when the next is asked for: what was found counts once it is kept.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue  # its owner is about to give it its name
        try:
            fd = os.open(path, os.O_RDWR)
        except OSError:
            continue
        try:
            if not _free(fd):
                continue  # its owner lives
            identity = os.pread(fd, SIZE, 0).partition(b"\0")[0].decode(errors="replace")
            yield path.name, identity
            path.unlink(missing_ok=True)
        finally:
            os.close(fd)


def _free(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
