"""Which suites there are, where they stand, and the public ids that each is measured by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SUITES = ROOT / "scenarios" / "suites"
IDS = Path(__file__).parent / "ids"


@dataclass(frozen=True)
class Known:
    """folder: of scenarios/suites and of conformance/broken.

    variables: other values for the suite's, in the proof. patience: ms that a step of a broken run
    may wait. slow_stations: some answer late or never, so that the driver is waited for. quiet:
    how soon answers come is judged, so that it is run when all else is done.
    """

    word: str
    folder: str
    title: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    patience: int = 4000
    slow_stations: bool = False
    quiet: bool = False

    @property
    def file(self) -> Path:
        return SUITES / self.folder / "suite.json"

    def ids(self) -> list[str]:
        """The public ids of the cases for a CSMS; [] where there is no such list."""
        path = IDS / f"{self.folder}.json"
        return json.loads(path.read_text()) if path.exists() else []


KNOWN = (
    Known("16", "ocpp16", "OCPP 1.6"),
    Known("201", "ocpp201", "OCPP 2.0.1"),
    Known("21", "ocpp21", "OCPP 2.1"),
    Known("robustness", "robustness", "Robustness", patience=20_000, slow_stations=True),
    Known(
        "load", "load", "Load",
        {"stations": 6, "ramp_ms": 2000, "charge_ms": 1000, "flood_seconds": 4, "settle_ms": 500,
         "p50_ms": 1500, "p95_ms": 3000, "p99_ms": 6000},
        patience=10_000, quiet=True,
    ),
)  # fmt: skip


WORDS = tuple(known.word for known in KNOWN)


def found(words: list[str]) -> list[Known]:
    """Those of these words, all where there are none; only what is there."""
    return [each for each in KNOWN if (not words or each.word in words) and each.file.exists()]
