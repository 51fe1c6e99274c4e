"""A suite's file: cases with what they share. docs/reference/suites.md has the format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenarios.rules.validation import each_step, type_of
from scenarios.rules.values import is_open
from scenarios.watch.rules import RULES
from stations.models import DESIGN_FIELDS
from terminal.rows import VERSIONS, Unusable, is_make, make_of
from terminal.suites.cases import PROFILES, Case, Needs, Suite
from terminal.suites.latencies import limits_at
from terminal.suites.reading import (
    check_names,
    json_of,
    list_at,
    object_at,
    scenario_of,
    versions_at,
)

MOST_CASES = 10_000
SUITE_KEYS = {
    "suite", "description", "versions", "station", "cases", "declared", "variables", "watch",
    "starts", "include", "matrix", "parallel",
}  # fmt: skip
MATRIX_KEYS = {"makes", "security_profiles"}
INCLUDED_KEYS = {"description", "cases", "starts", "variables"}
CASE_KEYS = {
    "id", "name", "description", "scenario", "requirements", "versions", "station", "variables",
    "needs", "use", "watch", "steps", "cleanup", "stations", "limits",
}  # fmt: skip
START_KEYS = {"use", "steps"}
NEEDS_KEYS = {"driver", "security_profile", "person"}


@dataclass
class _Shared:
    """What the cases of a suite have in common."""

    place: Path
    versions: list[str]
    station: Mapping[str, Any]
    variables: Mapping[str, Any]
    watch: Any
    declared: Mapping[str, Any]
    starts: dict[str, Any] = field(default_factory=dict)
    makes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    profiles: tuple[int, ...] = ()

    def variants(self, needs: Needs) -> Iterator[tuple[str, int | None]]:
        """The makes and security profiles in which a case is run."""
        profiles = [p for p in self.profiles if not needs.profiles or p in needs.profiles]
        for make in self.makes or [""]:
            yield from ((make, profile) for profile in profiles or [None])


def of_suite(place: Path, document: Mapping[str, Any], versions: list[str]) -> Suite:
    """versions: to run all cases in; empty: as the file says. Raises Unusable."""
    check_names(f"{place}", document, SUITE_KEYS)
    parts = [(place, document), *_included(place, document)]
    variables, starts = {}, {}
    for path, part in parts:
        variables |= object_at(f"{path}", part, "variables")
        starts |= object_at(f"{path}", part, "starts")
    shared = _Shared(
        place, versions_at(f"{place}", document), object_at(f"{place}", document, "station"),
        variables, document.get("watch"), object_at(f"{place}", document, "declared"), starts,
        *_matrix(place, document),
    )  # fmt: skip
    cases: list[Case] = []
    number = 0
    for path, part in parts:
        for each in list_at(f"{path}", part, "cases"):
            number += 1
            if number > MOST_CASES:
                raise Unusable(f"{place} has more than {MOST_CASES} cases.")
            if not isinstance(each, Mapping):
                raise Unusable(f"Write case {number} of {path} as an object.")
            where = f"{each.get('id') or f'case {number}'} of {path}"
            check_names(where, each, CASE_KEYS)
            cases += _cases(where, each, shared, versions, number)
    _check_ids(place, cases, shared.declared)
    parallel = document.get("parallel", 1)
    if type(parallel) is not int or parallel < 1:
        raise Unusable(f"{place}: give parallel as a whole number from 1.")
    return Suite(str(document.get("suite") or place.stem), tuple(cases), parallel)


def _matrix(place: Path, document: Mapping) -> tuple[Mapping, tuple[int, ...]]:
    matrix = object_at(f"{place}", document, "matrix")
    check_names(f"matrix of {place}", matrix, MATRIX_KEYS)
    makes = object_at(f"matrix of {place}", matrix, "makes")
    given = {name: _make_at(f"matrix of {place}: {name}", each) for name, each in makes.items()}
    profiles = list_at(f"matrix of {place}", matrix, "security_profiles")
    _check_profiles(f"{place}", profiles, "matrix.security_profiles")
    return given, tuple(profiles)


def _make_at(where: str, given: Any) -> Mapping[str, Any]:
    """Settings of a station: a make's name or document becomes its `make`."""
    if isinstance(given, str) or is_make(given):
        make_of(given, where)
        return {"make": given}
    if not isinstance(given, Mapping):
        sentence = "give a make: its name, its document, or an object of settings"
        raise Unusable(f"{where}: {sentence}.")
    return given


def _check_profiles(where: str, profiles: list, name: str) -> None:
    if not all(type(number) is int and number in PROFILES for number in profiles):
        raise Unusable(f"{where}: {name} is 0, 1, 2, 3 or a list of them.")


def _included(place: Path, document: Mapping) -> Iterator[tuple[Path, Mapping]]:
    for name in list_at(f"{place}", document, "include"):
        if not isinstance(name, str) or not name or Path(name).name != name:
            raise Unusable(f"{place}: name files of the same folder in include, not {name!r}.")
        path = place.parent / name
        part = json_of(path)
        if not isinstance(part, Mapping):
            raise Unusable(f'{path}: give {{"cases": [...]}}, since {place.name} includes it.')
        check_names(f"{path}", part, INCLUDED_KEYS)
        yield path, part


def _check_ids(place: Path, cases: list[Case], declared: Mapping) -> None:
    keys = [(case.id, case.version, case.variant) for case in cases]
    if len(set(keys)) < len(keys):
        twice = sorted({key[0] for key in keys if keys.count(key) > 1})
        raise Unusable(f"{place} has these ids twice: {', '.join(twice)}.")
    if unknown := sorted(set(declared) - {case.id for case in cases}):
        raise Unusable(f"{place} declares cases that it does not have: {', '.join(unknown)}.")


def _cases(
    where: str, each: Mapping, shared: _Shared, versions: list[str], number: int
) -> Iterator[Case]:
    made = scenario_of(where, _document(where, each, shared, number))
    content = made.content()
    own = object_at(where, each, "station")
    given = set(own).union(shared.station, *shared.makes.values())
    if strange := sorted(given - set(DESIGN_FIELDS)):
        raise Unusable(f"{where}: a station has no setting {', '.join(strange)}.")
    identity = str(each.get("id") or made.slug)
    # What the case is for, and of that what is asked for.
    meant = versions_at(where, each) or shared.versions or list(versions) or [VERSIONS[0]]
    for version in meant:
        if versions and version not in versions:
            continue
        needs = needs_of(where, each, content, version)
        for make, profile in shared.variants(needs):
            settings = {**shared.station, **shared.makes.get(make, {}), **own}
            yield Case(
                identity, str(each.get("name") or made.name), version, deepcopy(content),
                tuple(map(str, list_at(where, each, "requirements"))), settings,
                str(shared.declared.get(identity, "")), needs, each.get("stations", 1),
                limits_at(where, each), make, profile,
            )  # fmt: skip


def _document(where: str, each: Mapping, shared: _Shared, number: int) -> dict[str, Any]:
    """The case's scenario, with what it has of the suite."""
    if ("scenario" in each) == ("steps" in each):
        raise Unusable(f'{where}: give either "steps" or a "scenario".')
    if "scenario" in each:
        scenario = each["scenario"]
        if isinstance(scenario, str):
            scenario = json_of(shared.place.parent / scenario)
        if not isinstance(scenario, Mapping):
            raise Unusable(f"{where}: give the scenario as an object, or as the name of a file.")
        document = dict(scenario)
    else:
        identity = str(each.get("id") or f"case-{number}")
        document = {"scenarioId": identity, "name": each.get("name") or identity,
                    "steps": each["steps"]}  # fmt: skip
    own = document.get("variables") or {}
    if isinstance(own, Mapping):
        more = {**shared.variables, **object_at(where, each, "variables")}
        document["variables"] = {**own, **more}
    if each.get("use") is not None and isinstance(document.get("steps"), list):
        document["steps"] = [*_start(where, each["use"], shared.starts, ()), *document["steps"]]
    if isinstance(document.get("cleanup") or [], list):
        document["cleanup"] = [*(document.get("cleanup") or []), *list_at(where, each, "cleanup")]
    document["watch"] = _watch(shared.watch, document.get("watch"), each.get("watch"))
    return document


def _start(where: str, name: Any, starts: Mapping, on: tuple) -> list[Any]:
    """The steps of a starting state; it may `use` another one first."""
    if not isinstance(name, str) or name not in starts:
        known = ", ".join(sorted(starts)) or "none"
        raise Unusable(f'{where}: there is no starting state "{name}"; there are: {known}.')
    if name in on:
        raise Unusable(f'{where}: the starting state "{name}" uses itself.')
    start = starts[name]
    if isinstance(start, Mapping):
        check_names(f"the starting state {name} of {where}", start, START_KEYS)
        before = start.get("use")
        first = [] if before is None else _start(where, before, starts, (*on, name))
        start = [*first, *list_at(f"the starting state {name}", start, "steps")]
    if not isinstance(start, list):
        raise Unusable(f'{where}: give the starting state "{name}" as a list of steps.')
    return list(start)


def _watch(*given: Any) -> Any:
    """One after the other, as policy_of would read them."""
    made: dict[str, Any] = {}
    for each in given:
        if not each:
            continue
        if isinstance(each, str):
            each = dict.fromkeys(RULES, each)
        if not isinstance(each, Mapping):
            return each  # what is wrong with it the scenario's rules say
        allow = [*(made.get("allow") or []), *(each.get("allow") or [])]
        made = {**made, **each} | ({"allow": allow} if allow else {})
    return made


def needs_of(where: str, each: Mapping, content: Mapping[str, Any], version: str) -> Needs:
    """What the case says that it needs, and what its steps show.

    Raises Unusable where what it says is of the wrong shape; `where` names the case in it.
    """
    given = object_at(where, each, "needs")
    check_names(f"needs of {where}", given, NEEDS_KEYS)
    driver = list_at(where, given, "driver")
    profiles = given.get("security_profile", [])
    profiles = profiles if isinstance(profiles, list) else [profiles]
    if not all(isinstance(name, str) for name in driver):
        raise Unusable(f"{where}: give needs.driver as a list of actions.")
    _check_profiles(where, profiles, "needs.security_profile")
    steps = [s for s in each_step([*content["steps"], *content["cleanup"]]) if _is_for(s, version)]
    calls = [_call(step) for step in steps if type_of(step) == "csms"]
    asks = any(type_of(step) == "prompt" for step in steps)
    return Needs(
        tuple(dict.fromkeys([*driver, *filter(None, calls)])), tuple(profiles),
        bool(given.get("person")) or asks,
    )  # fmt: skip


def _is_for(step: Mapping[str, Any], version: str) -> bool:
    """Whether the run comes to nothing without it."""
    versions = step.get("versions")
    return not step.get("optional") and (not versions or version in map(str, versions))


def _call(step: Mapping[str, Any]) -> str:
    call = (step.get("params") or {}).get("call")
    return call if isinstance(call, str) and not is_open(call) else ""
