"""Starting executions and asking them to end, as the admin, the API and behaviours do."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from accounts.trail import acts
from scenarios import outreach
from scenarios.drivers.document import BadDriver
from scenarios.engine.claims import nudge
from scenarios.models import CANCELLED, OPEN_STATES, PENDING, RUNNING, Execution, Scenario
from scenarios.rules.behaviour_rules import check_given
from scenarios.watch.rules import check_watch
from stations.models import Station, Template

EXECUTION = "scenarios.execution"  # to the trail
MOST_STATIONS = 10_000
MOST_STAGGER_MS = 3_600_000


@dataclass(frozen=True)
class Target:
    """Which stations: those named, those with the tag, those made from the template, in this
    order."""

    stations: tuple[str, ...] = ()
    tag: str = ""
    template: str = ""
    number: int = 0  # at most so many of them; 0: all

    def as_dict(self) -> dict[str, Any]:
        """Which stations were asked for, for the answer and the trail."""
        told = {"stations": list(self.stations), "tag": self.tag, "template": self.template}
        return told | ({"number": self.number} if self.number else {})

    def find(self) -> list[str]:
        """Their identities, each once, in order. Raises ValidationError."""
        if not (self.stations or self.tag or self.template):
            raise ValidationError({"stations": "Name stations, a tag or a template."})
        found = dict.fromkeys(self._named())
        if self.tag:
            found |= dict.fromkeys(_identities({"tags": self.tag}))
        if self.template:
            found |= dict.fromkeys(self._of_template())
        if not found:
            raise ValidationError({"tag": "No station has this tag or template: choose another."})
        if self.number < 0:
            raise ValidationError({"number": "Choose how many: 1 or more, or 0 for all."})
        if self.number:
            return list(found)[: self.number]
        if len(found) > MOST_STATIONS:
            raise ValidationError({"stations": f"Choose at most {MOST_STATIONS} stations."})
        return list(found)

    def _named(self) -> list[str]:
        wanted = list(dict.fromkeys(self.stations))
        there: set[str] = set()
        for start in range(0, len(wanted), 100):
            there.update(_identities({"identity": {"$in": wanted[start : start + 100]}}))
        missing = [name for name in wanted if name not in there]
        if missing:
            shown = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
            raise ValidationError({"stations": f"There is no station {shown}: see the list."})
        return wanted

    def _of_template(self) -> list[str]:
        row = Template.objects.filter(name=self.template).first()
        if row is None and ObjectId.is_valid(self.template):
            row = Template.objects.filter(pk=self.template).first()
        if row is None:
            raise ValidationError({"template": f'There is no template "{self.template}".'})
        return _identities({"template_id": row.pk})


def _identities(match: dict[str, Any]) -> list[str]:
    rows = connection.get_collection(Station._meta.db_table).find(match, {"identity": 1})
    return sorted(row["identity"] for row in rows)


@dataclass(frozen=True)
class Wishes:
    """How to run it. seed 0: one is drawn."""

    stagger_ms: int = 0
    start_stations: bool = False
    variables: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    started_by: str = ""
    behaviour: str = ""
    likeness: str = ""
    share: bool = False  # run beside others on the stations, see engine/turns.py
    watch: Any = field(default_factory=dict)  # over what the scenario says, see watch/rules.py
    driver: Any = None  # document or name of the CSMS's, see outreach.py


def launch(scenario: Scenario, target: Target, wishes: Wishes = Wishes()) -> Execution:
    """Have a runner run it. Raises ValidationError."""
    driver = _driver(wishes)
    own = set(driver.get("variables", ())) if wishes.driver else set()
    if problems := check_given(wishes.variables, {*scenario.variables, *own}):
        raise ValidationError({"variables": problems})
    if not 0 <= wishes.stagger_ms <= MOST_STAGGER_MS:
        sentence = f"Choose 0 to {MOST_STAGGER_MS} milliseconds."
        raise ValidationError({"stagger_ms": sentence})
    if problems := check_watch(wishes.watch):
        raise ValidationError({"watch": problems})
    if not 0 <= wishes.seed < 2**31:
        raise ValidationError({"seed": "Choose a seed from 0 to 2147483647."})
    scenario.full_clean(validate_unique=False)  # rules may have become stricter since it was saved
    stations = target.find()
    if not (wishes.share or wishes.behaviour):
        _refuse_kept_busy(stations)
    content = scenario.content()
    content["variables"] |= {
        name: value for name, value in wishes.variables.items() if name in scenario.variables
    }
    content["run_watch"] = wishes.watch
    content["driver"] = driver
    if why := list(outreach.refusals(content, driver)):
        raise ValidationError({"scenario": why})
    execution = Execution(
        scenario_slug=scenario.slug, scenario_name=scenario.name, content=content,
        target=target.as_dict(), stations=stations, stagger_ms=wishes.stagger_ms,
        start_stations=wishes.start_stations, seed=wishes.seed or secrets.randbelow(2**31 - 1) + 1,
        started_by=wishes.started_by, share=wishes.share, behaviour=wishes.behaviour,
        likeness=wishes.likeness,
        counts={PENDING: len(stations)},
    )  # fmt: skip
    execution.save(force_insert=True)
    told = target.as_dict() | {
        "scenario": scenario.slug, "count": len(stations), "variables": wishes.variables,
        "seed": execution.seed, "start_stations": wishes.start_stations,
    }  # fmt: skip
    if driver:
        told["driver"] = str(driver.get("driver") or "driver")
    acts.note("started", EXECUTION, [str(execution.pk)], details=told)
    nudge()
    return execution


def _driver(wishes: Wishes) -> dict[str, Any]:
    """Raises ValidationError."""
    try:
        return outreach.driver_document(wishes.driver, wishes.variables)
    except BadDriver as problem:
        raise ValidationError({"driver": str(problem)}) from None


def _refuse_kept_busy(stations: list[str]) -> None:
    """A behaviour has no end that one could wait for. Raises ValidationError."""
    wanted = {"state": {"$in": list(OPEN_STATES)}, "behaviour": {"$nin": ["", None]}}
    for row in connection.get_collection(Execution._meta.db_table).find(
        wanted, {"stations": 1, "scenario_name": 1, "started_by": 1}
    ):
        if both := set(stations) & set(row["stations"]):
            named = ", ".join(sorted(both)[:3]) + (" …" if len(both) > 3 else "")
            sentence = f"{named}: kept busy by the {row['started_by']}. Switch it off, or run "
            raise ValidationError({"stations": f"{sentence}this beside it: share."})


def judged_on(stations: Iterable[str]) -> bool:
    """Whether an open execution has one of the stations to itself, or waits for it."""
    wanted = {
        "state": {"$in": list(OPEN_STATES)}, "behaviour": {"$in": ["", None]},
        "share": {"$ne": True},
    }  # fmt: skip
    rows = connection.get_collection(Execution._meta.db_table).find(wanted, {"stations": 1})
    asked = set(stations)
    return any(asked & set(row["stations"]) for row in rows)


def cancel(executions: Iterable[Execution], by: str = "") -> int:
    """Ask executions to end; one that no runner has yet ends at once. How many were open."""
    open_ones = [execution for execution in executions if _cancel(execution, by)]
    if open_ones:
        acts.note("cancelled", EXECUTION, [str(execution.pk) for execution in open_ones])
    return len(open_ones)


def _cancel(execution: Execution, by: str) -> bool:
    table = connection.get_collection(Execution._meta.db_table)
    why = f"Cancelled by {by}." if by else "Cancelled."
    waiting = {"_id": execution.pk, "state": PENDING}
    counts = {CANCELLED: len(execution.stations)}
    values = {"state": CANCELLED, "message": why, "ended": timezone.now(), "counts": counts}
    if table.update_one(waiting, {"$set": values}).modified_count:
        return True
    running = {"_id": execution.pk, "state": RUNNING}
    values = {"cancel_asked": True, "message": why}
    if not table.update_one(running, {"$set": values}).matched_count:
        return False
    row = table.find_one({"_id": execution.pk}, {"runner": 1})
    nudge(row["runner"])
    return True


def is_open(execution: Execution) -> bool:
    return execution.state in OPEN_STATES
