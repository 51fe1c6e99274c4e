"""What is run, read from files: a scenario, a folder of them, or a suite that says more of each.

{"suite": "Smoke", "versions": ["1.6", "2.0.1"], "station": {"vendor": "Volt"},
 "cases": [{"id": "TC_001", "scenario": "boot.json", "requirements": ["B01.FR.01"]}],
 "declared": {"TC_002": "known since March"}}
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from accounts.error_handlers import model_fields
from scenarios.documents import fill
from scenarios.models import Scenario
from stations.models import DESIGN_FIELDS
from terminal.rows import VERSIONS, Unusable

MOST_BYTES = 20 << 20
MOST_CASES = 10_000
_SUITE = {"suite", "description", "versions", "station", "cases", "declared", "variables"}
_CASE = {"id", "name", "scenario", "requirements", "versions", "station", "variables"}


@dataclass(frozen=True)
class Case:
    """A scenario on one station of one version; `content` as scenarios.models.Scenario has it."""

    id: str
    name: str
    version: str
    content: dict[str, Any]
    requirements: tuple[str, ...] = ()
    station: dict[str, Any] = field(default_factory=dict)
    declared: str = ""


@dataclass(frozen=True)
class Suite:
    name: str
    cases: tuple[Case, ...]

    def only(self, patterns: Iterable[str]) -> Suite:
        """The cases whose id matches one of the patterns (TC_0*)."""
        wanted = list(patterns)
        kept = [c for c in self.cases if any(fnmatch.fnmatchcase(c.id, each) for each in wanted)]
        return Suite(self.name, tuple(kept))


def read(path: str, versions: list[str]) -> Suite:
    """`versions`: to run all cases in; empty: as the file says. Raises Unusable."""
    place = Path(path)
    if place.is_dir():
        files = sorted(place.glob("*.json"))
        if not files:
            raise Unusable(f"There is no .json file in {path}.")
        documents = [each for file in files for each in _scenarios(_json(file))]
        return _of_scenarios(place.name, documents, versions)
    document = _json(place)
    if isinstance(document, Mapping) and "cases" in document:
        return _of_suite(place, document, versions)
    return _of_scenarios(place.stem, _scenarios(document), versions)


def _of_scenarios(name: str, documents: list[Any], versions: list[str]) -> Suite:
    cases = []
    for number, document in enumerate(documents, start=1):
        made = _checked(f"scenario {number}", document)
        cases += [
            Case(made.slug, made.name, version, made.content()) for version in versions or ["1.6"]
        ]
    return Suite(name, tuple(cases))


def _of_suite(place: Path, document: Mapping[str, Any], versions: list[str]) -> Suite:
    _known(f"{place}", document, _SUITE)
    declared = _object(f"{place}", document, "declared")
    given = _list(f"{place}", document, "cases")
    if len(given) > MOST_CASES:
        raise Unusable(f"{place} has more than {MOST_CASES} cases.")
    cases: list[Case] = []
    for number, each in enumerate(given, start=1):
        if not isinstance(each, Mapping):
            raise Unusable(f"Write case {number} of {place} as an object.")
        where = f"{each.get('id') or f'case {number}'} of {place}"
        _known(where, each, _CASE)
        cases += _cases(place, where, each, document, versions, declared)
    keys = [(case.id, case.version) for case in cases]
    if twice := sorted({key[0] for key in keys if keys.count(key) > 1}):
        raise Unusable(f"{place} has these ids twice: {', '.join(twice)}.")
    if unknown := sorted(set(declared) - {case.id for case in cases}):
        raise Unusable(f"{place} declares cases that it does not have: {', '.join(unknown)}.")
    return Suite(str(document.get("suite") or place.stem), tuple(cases))


def _cases(
    place: Path, where: str, each: Mapping, suite: Mapping, versions: list[str], declared: Mapping
) -> Iterable[Case]:
    scenario = each.get("scenario")
    if isinstance(scenario, str):
        scenario = _json(place.parent / scenario)
    made = _checked(where, scenario)
    content = made.content()
    for values in (suite, each):
        content["variables"].update(_object(where, values, "variables"))
    settings = {**_object(where, suite, "station"), **_object(where, each, "station")}
    if strange := sorted(set(settings) - set(DESIGN_FIELDS)):
        raise Unusable(f"{where}: a station has no setting {', '.join(strange)}.")
    # What the case is for, and of that what is asked for.
    meant = _versions(where, each) or _versions(where, suite) or list(versions) or ["1.6"]
    for version in meant:
        if versions and version not in versions:
            continue
        yield Case(
            str(each.get("id") or made.slug), str(each.get("name") or made.name), version,
            deepcopy(content), tuple(map(str, _list(where, each, "requirements"))), settings,
            str(declared.get(each.get("id") or made.slug, "")),
        )  # fmt: skip


def _checked(where: str, document: Any) -> Scenario:
    if not isinstance(document, Mapping):
        raise Unusable(f"{where}: give the scenario as an object, or as the name of a file.")
    try:
        made = fill(Scenario(), document)
        made.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        lines = [f"  {name}: {text}" for name, text in model_fields(error).items()]
        raise Unusable("\n".join([f"{where} cannot be run:", *lines])) from error
    return made


def _scenarios(document: Any) -> list[Any]:
    if isinstance(document, Mapping) and isinstance(document.get("scenarios"), list):
        return document["scenarios"]
    return document if isinstance(document, list) else [document]


def _json(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > MOST_BYTES:
        raise Unusable(f"{path} is larger than {MOST_BYTES >> 20} MiB.")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{path} is no JSON: {error}") from error


def _known(where: str, document: Mapping, names: set[str]) -> None:
    if strange := sorted(set(map(str, document)) - names):
        raise Unusable(f"{where} has {', '.join(strange)}; known are {', '.join(sorted(names))}.")


def _object(where: str, document: Mapping, name: str) -> Mapping[str, Any]:
    value = document.get(name) or {}
    if not isinstance(value, Mapping):
        raise Unusable(f"{where}: give {name} as an object.")
    return value


def _list(where: str, document: Mapping, name: str) -> list[Any]:
    value = document.get(name) or []
    if not isinstance(value, list):
        raise Unusable(f"{where}: give {name} as a list.")
    return value


def _versions(where: str, document: Mapping) -> list[str]:
    found = [str(each) for each in _list(where, document, "versions")]
    if strange := [each for each in found if each not in VERSIONS]:
        raise Unusable(f"{where}: there is no OCPP {', '.join(strange)} here.")
    return found
