"""A small file system of its own for the journals, and a filler that leaves no byte of it free.

Mounted in a mount namespace of this process and its children: whatever becomes of us, it goes away
with the last of them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 0x4000, 1 << 18
SIZE = 512 * 2**20  # bytes: above what `health` wants free
CHUNK = 1 << 16


class SmallDisk:
    """`missing` says why there is none, "" where it is mounted. Make it before any thread."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir(parents=True, exist_ok=True)
        self.missing = self._mount()

    def _mount(self) -> str:
        libc = ctypes.CDLL(None, use_errno=True)
        options = f"size={SIZE}".encode()
        steps = (
            lambda: libc.unshare(CLONE_NEWNS),
            lambda: libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None),
            lambda: libc.mount(b"tmpfs", str(self.place).encode(), b"tmpfs", 0, options),
        )
        for step in steps:
            if step():
                return f"a tmpfs cannot be mounted: {os.strerror(ctypes.get_errno())}"
        return ""

    @property
    def _filler(self) -> Path:
        return self.place / "filler"

    def fill(self) -> int:
        """Take all that is free; returns bytes."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (CHUNK, 512):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))
            return file.tell()

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        if not self.missing:
            ctypes.CDLL(None).umount2(str(self.place).encode(), 2)  # MNT_DETACH
            self.missing = "closed"
