"""How glibc's allocator holds the memory of a process of ours.

By itself it gives up to eight heaps a core to threads that allocate beside one another, and keeps
what it has once had in large pieces. Here threads take turns anyhow, by the interpreter's lock, and
the large pieces, batches of the log and what packs them, come and go once a second: see
docs/decisions/0033-memory.md.
"""

from __future__ import annotations

import contextlib
import ctypes
import os

HEAPS = 1
LARGE = 256 * 1024  # bytes; a piece of this size goes back to the system when it is free
SPARE = 256 * 1024  # bytes at the end of the heap that are kept for what comes

# For a process that is started with it, whatever it is written in.
ENVIRONMENT = {
    "MALLOC_ARENA_MAX": str(HEAPS), "MALLOC_MMAP_THRESHOLD_": str(LARGE),
    "MALLOC_TRIM_THRESHOLD_": str(SPARE),
}  # fmt: skip
# The same by mallopt(3).
_PARAMETERS = {
    "MALLOC_ARENA_MAX": (-8, HEAPS), "MALLOC_MMAP_THRESHOLD_": (-3, LARGE),
    "MALLOC_TRIM_THRESHOLD_": (-1, SPARE),
}  # fmt: skip


def save() -> None:
    """Have one heap and keep little of what is free, where the environment says nothing else.

    Call it before threads allocate. With another allocator nothing happens.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for name, given in _PARAMETERS.items():
            if name not in os.environ:
                mallopt(*given)
