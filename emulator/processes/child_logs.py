"""The log files of the children: opened, cut, and quoted; no fault of theirs stops a child."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

LIMIT = 20 * 2**20  # bytes; then the file is moved to <name>.log.1
TAIL = 4096  # bytes that are read for the last words


class ChildLogs:
    """One file a child in `folder`, which is made again whenever it is gone."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._refused: set[str] = set()  # names whose log cannot be written, which was said

    def path(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[int]:
        """A descriptor to append to: the log's, else our own standard error's, else /dev/null's."""
        descriptor = self._open(name)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _open(self, name: str) -> int:
        self.trim()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path(name), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            if name not in self._refused:
                self._refused.add(name)
                self._say(f"  {name}: {self.path(name)} cannot be written ({error.strerror}); "
                          "what it says comes here.")  # fmt: skip
            with contextlib.suppress(OSError):
                return os.dup(2)
            return os.open(os.devnull, os.O_WRONLY)
        self._refused.discard(name)
        return descriptor

    def trim(self) -> None:
        """Copy and cut: the children append (O_APPEND), so they go on at the new end."""
        with contextlib.suppress(OSError):
            for path in self._folder.glob("*.log"):
                with contextlib.suppress(OSError):
                    if path.stat().st_size > LIMIT:
                        shutil.copyfile(path, path.with_suffix(".log.1"))
                        os.truncate(path, 0)

    def last_words(self, name: str, lines: int = 1) -> str:
        """The last lines that it wrote, and where the rest is."""
        try:
            with self.path(name).open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - TAIL))
                text = file.read().decode(errors="replace")
        except OSError as error:
            return f"its log cannot be read: {error.strerror}"
        words = [line.strip() for line in text.splitlines() if line.strip()][-lines:]
        return "\n    ".join(words) if words else "it said nothing"
