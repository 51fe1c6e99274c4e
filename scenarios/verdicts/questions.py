"""What a suite under way asks people: between the files of its process and the table of questions.

The names of the files are those of terminal/suites/asking.py.
"""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any

from bson import ObjectId

from scenarios import asking

FOLDER = "questions"
ASKED, ANSWERED = ".question.json", ".answer.json"
MOST = 100  # that are shown at a time
MOST_BYTES = 64 << 10


class Questions:
    """Of one run; `look` at times, `end` when it is over. Both raise STORE_ERRORS."""

    def __init__(self, run: ObjectId) -> None:
        self._run = str(run)
        self._known: dict[str, ObjectId] = {}  # by number, as the files are named

    async def look(self, folder: Path) -> None:
        """Put questions of the run's folder before people, and write what they answered back to
        it."""
        paths = {path.name.removesuffix(ASKED): path for path in folder.glob(f"*{ASKED}")}
        if gone := [number for number in self._known if number not in paths]:
            await asking.take_away([self._known.pop(number) for number in gone])
        for number in sorted(set(paths) - set(self._known), key=_rank)[: MOST - len(self._known)]:
            if (told := _read(paths[number])) is not None:
                self._known[number] = identity = ObjectId()
                until = time.time() + float(told["seconds"])
                await asking.insert(
                    identity, self._run, str(told["station"])[:48], str(told["text"]), until,
                    "suite-run",
                )  # fmt: skip
        found = await asking.answers(list(self._known.values())) if self._known else {}
        for number, identity in self._known.items():
            if identity in found:
                _write(folder / f"{number}{ANSWERED}", {"why": found[identity]})

    async def end(self) -> None:
        """Take away the questions that nobody answered."""
        await asking.take_away(list(self._known.values()))
        self._known.clear()


def _rank(number: str) -> tuple[int, str]:
    return len(number), number


def _read(path: Path) -> dict[str, Any] | None:
    """None where it has gone meanwhile, or is none."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        if path.stat().st_size <= MOST_BYTES:
            told = json.loads(path.read_text("utf-8"))
            float(told["seconds"]), told["station"], told["text"]
            return told
    return None


def _write(path: Path, value: dict[str, Any]) -> None:
    """Whole or not at all; nothing where the folder has gone."""
    with contextlib.suppress(OSError):
        written = path.with_suffix(".tmp")
        written.write_text(json.dumps(value), "utf-8")
        written.rename(path)
