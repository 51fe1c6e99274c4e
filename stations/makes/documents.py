"""Documents that describe a make: read, checked, and those that the package ships.

chargepoint/make/reading.py says what a document may hold; here is what a platform asks beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import chargepoint.make
from chargepoint.make.make import Make as CoreMake
from chargepoint.make.reading import MakeError, read_make
from stations.configuration import validation
from stations.configuration.connector_rules import FIELDS, check_connectors

SHIPPED = Path(chargepoint.make.__file__).parent / "shipped"
LONGEST_NAME = 60  # as chargepoint/make/fields.py has it
# These are endpoints below /api/makes/, so a make of that name could not be reached.
RESERVED = frozenset({".", "..", "import", "export"})


class MakeRefused(ValueError):
    """A document is no make of the platform. `fields`: {path in the document: sentence}."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__(" ".join(f"{path}: {said}" for path, said in self.fields.items()))


def read(document: Any) -> CoreMake:
    """The make of a document; equal documents give one object, which stations share.

    Raises MakeRefused.
    """
    try:
        text = json.dumps(document, sort_keys=True, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise MakeRefused({"document": f"Write it as JSON: {error}."}) from error
    return _read(text)


@lru_cache(maxsize=256)
def _read(text: str) -> CoreMake:
    try:
        made = read_make(json.loads(text))
    except MakeError as error:
        raise MakeRefused(_by_path(error)) from error
    if problems := _problems(made):
        raise MakeRefused(problems)
    return made


def outlets_of(make: CoreMake) -> list[dict[str, Any]]:
    """Its connectors as a station's row holds them."""
    return [{name: getattr(outlet, name) for name in FIELDS} for outlet in make.outlets]


def _problems(make: CoreMake) -> dict[str, str]:
    """What a station of it would be refused for."""
    found: dict[str, list[str]] = {}
    if sentence := _misnamed(make.name):
        found["name"] = [sentence]
    texts = {name: getattr(make, name) for name in ("vendor", "model", "firmware")}
    for version in {validation.family(each): each for each in make.versions}.values():
        more = validation.check_texts(validation.family(version), texts)
        more["outlets"] = check_connectors(version, outlets_of(make))
        for name, sentences in more.items():
            found[name] = list(dict.fromkeys([*found.get(name, []), *sentences]))
    return {name: " ".join(sentences) for name, sentences in found.items() if sentences}


def _by_path(error: MakeError) -> dict[str, str]:
    told: dict[str, str] = {}
    for path, sentence in error.faults:
        place = path or "document"
        told[place] = f"{told[place]} {sentence}" if place in told else sentence
    return told


def _misnamed(name: str) -> str:
    if name in RESERVED:
        return f'"{name}" is a word of the API: choose another name.'
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
        return f"Use 1 to {LONGEST_NAME} characters that can be printed, no space at the ends."
    return 'Take out the "/".' if "/" in name else ""


def renamed(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The same document under another name."""
    return {**document, "name": name}


@lru_cache(maxsize=1)
def shipped() -> dict[str, dict[str, Any]]:
    """The documents that the package has, by their names."""
    files = sorted(SHIPPED.glob("*.json"))
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    return {document["name"]: document for document in documents}


def speaks(make: CoreMake) -> str:
    """Its versions for people: "OCPP 1.6 and 2.0.1"."""
    *others, last = make.versions
    return f"OCPP {', '.join(others)} and {last}" if others else f"OCPP {last}"
