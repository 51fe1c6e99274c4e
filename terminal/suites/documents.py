"""What is run, read from files: a scenario, a folder of them, or a suite that says more of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenarios.suites import NAMES, SHIPPED
from terminal.rows import VERSIONS, Unusable
from terminal.suites.cases import Case, Suite
from terminal.suites.reading import json_of, scenario_of
from terminal.suites.suite_files import needs_of, of_suite


def read(path: str, versions: list[str]) -> Suite:
    """`versions`: to run all cases in; empty: as the file says. Raises Unusable.

    path: of a file or a folder, or the name of a suite that ships.
    """
    place = Path(path)
    if path in NAMES and not place.exists():
        place = SHIPPED / path
    if place.is_dir():
        if (place / "suite.json").is_file():
            place = place / "suite.json"
            return of_suite(place, json_of(place), versions)
        files = sorted(place.glob("*.json"))
        if not files:
            raise Unusable(f"There is no .json file in {path}.")
        documents = [each for file in files for each in _scenarios(json_of(file))]
        return _of_scenarios(place.name, documents, versions)
    document = json_of(place)
    if isinstance(document, Mapping) and ("cases" in document or "include" in document):
        return of_suite(place, document, versions)
    return _of_scenarios(place.stem, _scenarios(document), versions)


def _of_scenarios(name: str, documents: list[Any], versions: list[str]) -> Suite:
    cases = []
    for number, document in enumerate(documents, start=1):
        where = f"scenario {number}"
        made = scenario_of(where, document)
        for version in versions or [VERSIONS[0]]:
            content = made.content()
            needs = needs_of(where, {}, content, version)
            cases.append(Case(made.slug, made.name, version, content, needs=needs))
    return Suite(name, tuple(cases))


def _scenarios(document: Any) -> list[Any]:
    if isinstance(document, Mapping) and isinstance(document.get("scenarios"), list):
        return document["scenarios"]
    return document if isinstance(document, list) else [document]
