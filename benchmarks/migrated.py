"""A migrated store to begin with: who needs the first migrates, and leaves a copy for the others.

To migrate takes 2.5 s of CPU, to copy what came of it a hundredth. Only for stacks that are tests'
and live by one version of the code: nothing here sees that a migration has changed.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path


class Migrated:
    """Kept in `folder`, which processes may share; whoever has made it removes it."""

    def __init__(self, folder: Path) -> None:
        self._lock = folder / "migrated.lock"
        self._kept = folder / "migrated"

    def give(self, home: Path, make: Callable[[], None]) -> None:
        """Have the data of a migrated store in `home`, where there is nothing yet.

        make: makes it there by migrations, and has the store stopped at the end
        """
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._kept.exists():
                make()
                draft = self._kept.with_suffix(".draft")
                shutil.rmtree(draft, ignore_errors=True)
                shutil.copytree(home, draft)
                draft.rename(self._kept)
                return
        shutil.copytree(self._kept, home)
