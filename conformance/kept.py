"""The table of the last whole run, as docs/reference/conformance.md shows it."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from conformance.table import Row

FILE = Path(__file__).parent / "whole-run.json"


def keep(rows: list[Row], seconds: float) -> None:
    made = {
        "day": time.strftime("%-d %B %Y"), "seconds": round(seconds),
        "rows": [asdict(row) for row in rows],
    }  # fmt: skip
    FILE.write_text(json.dumps(made, indent=1) + "\n")


def last() -> dict[str, Any] | None:
    """day, seconds, rows (of Row); None where there was none."""
    if not FILE.exists():
        return None
    made = json.loads(FILE.read_text())
    return made | {"rows": [Row(**each) for each in made["rows"]]}
