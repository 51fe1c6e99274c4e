"""A child that does not outlive its parent, however the parent ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
# Loaded here: after a fork only the call itself may happen.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(number: int = signal.SIGKILL, parent: int | None = None) -> None:
    """Ask the kernel for signal `number` when the parent dies. Call it in the child.

    parent  its process id where the caller knows it; a parent that died before this call sends
            nothing any more, so the child ends at once.
    """
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, number)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def adopt_orphans(wanted: bool = True) -> bool:
    """Have what is left by processes below this one become its children; False where it cannot."""
    return _libc is not None and _libc.prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0) == 0
