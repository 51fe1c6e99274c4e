"""Packages that others import though nothing of ours uses what they are imported for.

structlog draws tracebacks by rich where that is installed, and Celery has a shell by click-repl:
seven megabytes, of each process that is not forked.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import ModuleType


@contextlib.contextmanager
def without(*names: str) -> Iterator[None]:
    """Import something as if these packages were not installed; afterwards they are again."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def leave_out_celerys_shell() -> None:
    """Call it before celery.bin.celery is imported; `celery amqp` then has no prompt."""
    absent = ModuleType("click_repl", "Stands for what this process does without.")
    absent.register_repl = lambda *_, **__: None
    sys.modules.setdefault(absent.__name__, absent)
