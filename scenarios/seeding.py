"""The built-in scenarios: files of builtin/, made where they are missing, never overwritten."""

from __future__ import annotations

import json
from pathlib import Path

from scenarios.documents import fill
from scenarios.models import Scenario

BUILTIN = Path(__file__).resolve().parent / "builtin"


def documents() -> list[dict]:
    """The files' contents, in the order of their names."""
    return [json.loads(path.read_text()) for path in sorted(BUILTIN.glob("*.json"))]


def seed() -> list[Scenario]:
    """The new ones. A second call changes nothing."""
    present = set(Scenario.objects.values_list("slug", flat=True))
    made = []
    for document in documents():
        scenario = fill(Scenario(builtin=True), document)
        if scenario.slug in present:
            continue
        scenario.full_clean(validate_unique=False)
        scenario.save(force_insert=True)
        made.append(scenario)
    return made
