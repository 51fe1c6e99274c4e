"""Writes what each setting means, for the station's page, of the words that the docs have.

`python -m tests.stations.config.settings_words`; test_life.py holds the two in step.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.chargepoint.readings import readings

ROOT = Path(__file__).parents[3]
PLACE = ROOT / "stations/static/stations/life/words.json"
_TEXTS = {"1.6": ("v16",), "2": ("v201", "v21")}


def words() -> str:
    """{"1.6": {key: what it means}, "2": {Component.Variable[Instance]: ...}} as JSON."""
    told = {
        version: {
            name: reading.says
            for folder in folders
            for name, reading in readings(ROOT / f"tests/chargepoint/{folder}/readings.txt").items()
        }
        for version, folders in _TEXTS.items()
    }
    return json.dumps(told, indent=0, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    PLACE.write_text(words())
