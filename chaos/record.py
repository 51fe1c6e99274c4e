"""What the CSMS saw, a file a station: written as it happens, read back for the audit.

A line is a JSON array [monotonic s, unix s, link, kind, text]. Links are numbered in the order in
which this CSMS accepted them, over all stations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SENT, TOLD = "sent", "told"  # by the station; by the CSMS
OPENED, CLOSED = "opened", "closed"


class Seen(NamedTuple):
    """One frame at the CSMS, or the begin or end of a connection (text: why)."""

    mono: float
    wall: float
    link: int
    kind: str
    text: str


class Recording:
    """Writes; memory does not grow with the run."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._files: dict[str, object] = {}

    def note(self, station: str, seen: Seen) -> None:
        file = self._files.get(station)
        if file is None:
            file = self._files[station] = path_of(self.directory, station).open("a")
        file.write(json.dumps(seen) + "\n")

    def flush(self) -> None:
        for file in self._files.values():
            file.flush()


def path_of(directory: Path, station: str) -> Path:
    return directory / f"{station}.jsonl"


def read(directory: Path, station: str) -> Iterator[Seen]:
    """Everything of one station, in the order in which the CSMS saw it."""
    path = path_of(directory, station)
    if not path.exists():
        return
    with path.open() as lines:
        for line in lines:
            yield Seen(*json.loads(line))
