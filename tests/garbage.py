"""The collection of garbage in a process of tests: none until all is imported, and of that none.

Two thousand modules are a million objects that live to the end; each full collection looked at all
of them: an eighth of the CPU of the core's tests. Of what tests make themselves it is as rare as
in a charge point worker: another tenth.
"""

from __future__ import annotations

import gc

gc.disable()


def settle() -> None:
    """Call it with the tests collected."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    gc.enable()
