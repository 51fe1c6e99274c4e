"""Suites and their cases as values, and what a case needs of a run."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scenarios.drivers.document import Driver
from scenarios.rules.values import WHOLE
from scenarios.rules.words import foreign
from stations.configuration.core_config import security_profile
from stations.models import Station
from terminal.rows import Unusable
from terminal.suites.latencies import ANY, checked

MOST_STATIONS = 500
PROFILES = (0, 1, 2, 3)  # security profiles; 0: no authentication


@dataclass(frozen=True)
class Needs:
    """driver: what the CSMS must be made to do. profiles: one of these; (): any. person: somebody
    who is asked."""

    driver: tuple[str, ...] = ()
    profiles: tuple[int, ...] = ()
    person: bool = False


@dataclass(frozen=True)
class Case:
    """A scenario on one or more stations of one version; `content` as scenarios.models.Scenario
    has it.

    stations: how many. limits: of the CSMS's answers, see latencies.py. make: a name of the suite's
    matrix. profile: the link's security profile; None: as it comes.
    """

    id: str
    name: str
    version: str
    content: dict[str, Any]
    requirements: tuple[str, ...] = ()
    station: dict[str, Any] = field(default_factory=dict)
    declared: str = ""
    needs: Needs = Needs()
    stations: Any = 1
    limits: Mapping[str, Any] = field(default_factory=dict)
    make: str = ""
    profile: int | None = None

    def count(self) -> int:
        """How many stations it has. Raises Unusable."""
        count = self._known(self.stations)
        if type(count) is not int or not 1 <= count <= MOST_STATIONS:
            raise Unusable(f"{self.id}: give stations as a number from 1 to {MOST_STATIONS}.")
        return count

    def bounds(self) -> dict[str, dict[str, float]]:
        """Its limits with the values of its variables (latencies.py), without those for actions
        that its version has not. Raises Unusable."""
        return {
            action: {
                name: checked(f"{self.id}, limits of {action}", name, self._known(value))
                for name, value in limits.items()
            }
            for action, limits in self.limits.items()
            if action == ANY or not foreign(action, self.version)
        }

    def _known(self, value: Any) -> Any:
        """A variable's value, where it is one."""
        if isinstance(value, str) and (whole := WHOLE.match(value)):
            return self.content["variables"].get(whole[1])
        return value

    @property
    def variant(self) -> str:
        """Which of a matrix it is, beside the version; "" outside of one."""
        profile = "" if self.profile is None else f"profile {self.profile}"
        return ", ".join(part for part in (self.make, profile) if part)


@dataclass(frozen=True)
class Suite:
    name: str
    cases: tuple[Case, ...]
    parallel: int = 1  # cases at a time, unless the run says otherwise

    def only(self, patterns: Iterable[str]) -> Suite:
        """The cases whose id matches one of the patterns (TC_0*)."""
        wanted = list(patterns)
        kept = [c for c in self.cases if any(fnmatch.fnmatchcase(c.id, each) for each in wanted)]
        return replace(self, cases=tuple(kept))

    def linked(self, own: int, others: Iterable[int]) -> Suite:
        """Cases that are for some security profile get one that the run can have: its own, or one
        of the others."""
        can = set(others)

        def placed(case: Case) -> Case:
            wanted = case.needs.profiles
            if case.profile is not None or not wanted or own in wanted:
                return case
            return replace(case, profile=next((each for each in wanted if each in can), None))

        return replace(self, cases=tuple(map(placed, self.cases)))

    def given(self, values: Mapping[str, Any], elsewhere: Iterable[str] = ()) -> Suite:
        """With other values for variables. Raises Unusable for names that no case has.

        elsewhere: names that others than the cases know.
        """
        known = set().union(*(case.content["variables"] for case in self.cases))
        settable = known | set(elsewhere)
        if strange := sorted(set(values) - settable):
            names = ", ".join(sorted(settable)) or "none"
            raise Unusable(f"Nothing has a variable {', '.join(strange)}; there are: {names}.")
        return replace(self, cases=tuple(_with(case, values) for case in self.cases))


def _with(case: Case, values: Mapping[str, Any]) -> Case:
    known = case.content["variables"]
    mine = {name: value for name, value in values.items() if name in known}
    return replace(case, content={**case.content, "variables": {**known, **mine}}) if mine else case


@dataclass(frozen=True)
class Equipment:
    """What a run has beside its stations. person: whether somebody can be asked."""

    driver: Driver | None = None
    person: bool = False

    def lacks(self, case: Case, station: Station) -> str:
        """Why the case cannot be shown by this run, as a sentence; "" if it can."""
        needs = case.needs
        if needs.driver and self.driver is None:
            return f"It needs a CSMS that sends {_listed(needs.driver)}: name a --driver."
        if self.driver is not None and (missing := self.driver.lacks(list(needs.driver))):
            return f"{self.driver.name} cannot make the CSMS do {_listed(missing)}."
        profile = security_profile(station)
        if needs.profiles and profile not in needs.profiles:
            wanted = " or ".join(map(str, needs.profiles))
            return f"It is for security profile {wanted}; this run has {profile}."
        if needs.person and not self.person:
            return "It asks a person, and nobody is at a terminal here."
        return ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
