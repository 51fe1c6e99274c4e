"""The table of the last whole run, and the last runs in a row on the correct CSMS, as
docs/reference/conformance.md shows them."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from conformance.table import Row

FILE = Path(__file__).parent / "whole-run.json"
IN_A_ROW = Path(__file__).parent / "in-a-row.json"


@dataclass(frozen=True)
class InARow:
    """runs of all cases on the correct CSMS, one after the other; clean: in which none failed.

    seconds, load: the least and the most of a run, and of the machine's load (1 minute) meanwhile.
    """

    day: str
    runs: int
    clean: int
    cases: int
    seconds: tuple[int, int]
    load: tuple[float, float]


def keep_in_a_row(made: InARow) -> None:
    IN_A_ROW.write_text(json.dumps(asdict(made), indent=1) + "\n")


def last_in_a_row() -> InARow | None:
    """None where there were none."""
    return InARow(**json.loads(IN_A_ROW.read_text())) if IN_A_ROW.exists() else None


def today() -> str:
    return time.strftime("%-d %B %Y")


def keep(rows: list[Row], seconds: float) -> None:
    made = {
        "day": today(), "seconds": round(seconds),
        "rows": [asdict(row) for row in rows],
    }  # fmt: skip
    FILE.write_text(json.dumps(made, indent=1) + "\n")


def last() -> dict[str, Any] | None:
    """day, seconds, rows (of Row); None where there was none."""
    if not FILE.exists():
        return None
    made = json.loads(FILE.read_text())
    return made | {"rows": [Row(**each) for each in made["rows"]]}
