"""Which suites there are, where they stand, and the public ids that each is measured by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITES = ROOT / "scenarios" / "suites"
IDS = Path(__file__).parent / "ids"


@dataclass(frozen=True)
class Known:
    """folder: of scenarios/suites and of conformance/broken."""

    word: str
    folder: str
    title: str

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
)


def found(words: list[str]) -> list[Known]:
    """Those of these words, all where there are none; only what is there."""
    return [each for each in KNOWN if (not words or each.word in words) and each.file.exists()]
