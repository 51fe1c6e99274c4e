"""The collection of garbage in a process of tests: none until all is imported, and of that none.

Two thousand modules are a million objects that live to the end; each full collection looked at all
of them: an eighth of the CPU of the core's tests.
"""

from __future__ import annotations

import gc

gc.disable()


def settle() -> None:
    """Call it with the tests collected."""
    gc.collect()
    gc.freeze()
    gc.enable()
