"""Behaviours: scenarios that go on by themselves. A runner compares what is wanted with what runs.

There is no second engine: a behaviour is an execution that is started again when it has ended,
also by the death of its runner, and anew when the behaviour, its scenario or its stations change.
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.trail.acts import BEHAVIOUR, Act, acting
from scenarios.launching import Target, Wishes, cancel, judged_on, launch
from scenarios.models import OPEN_STATES, Behaviour, Execution

log = logging.getLogger(__name__)

PAUSE = timedelta(seconds=20)  # between an end and the next start, lest a mistake spins


def reconcile() -> int:
    """Start and end executions as the behaviours say; returns how many. One process at a time."""
    wanted = {str(row.pk): row for row in Behaviour.objects.select_related("scenario")}
    running: dict[str, list[Execution]] = {}
    for execution in Execution.objects.filter(state__in=OPEN_STATES).exclude(behaviour=""):
        running.setdefault(execution.behaviour, []).append(execution)
    changed = 0
    for identity, executions in running.items():
        if identity not in wanted or not wanted[identity].enabled:
            with acting(_act(wanted.get(identity))):
                changed += cancel(executions, "the behaviour, which is off")
    for identity, behaviour in wanted.items():
        if behaviour.enabled:
            with acting(_act(behaviour)):
                changed += _attend(behaviour, running.get(identity, []))
    return changed


def _act(behaviour: Behaviour | None) -> Act:
    """For the trail."""
    name = "a behaviour that is gone" if behaviour is None else f"behaviour {behaviour.name}"
    return Act(BEHAVIOUR, name, name)


def _attend(behaviour: Behaviour, running: list[Execution]) -> int:
    target = Target(tuple(behaviour.stations), behaviour.tag)
    try:
        stations = target.find()
    except ValidationError as problem:
        if running:
            return cancel(running, "the behaviour, which has no stations now")
        log.debug("behaviour %s waits: %s", behaviour.name, problem.messages)
        return 0
    likeness = likeness_of(behaviour, stations)
    outdated = [execution for execution in running if execution.likeness != likeness]
    if running:
        fresh = [execution for execution in outdated if not execution.cancel_asked]
        return cancel(fresh, "the behaviour, which has changed")
    if not _is_due(behaviour, likeness) or judged_on(stations):
        return 0  # a run that judges has its stations to itself
    wishes = Wishes(
        behaviour.stagger_ms, variables=behaviour.variables,
        started_by=f"behaviour {behaviour.name}", behaviour=str(behaviour.pk), likeness=likeness,
    )  # fmt: skip
    try:
        launch(behaviour.scenario, target, wishes)
    except ValidationError as problem:
        log.error("behaviour %s is not started: %s", behaviour.name, " ".join(problem.messages))
        return 0
    return 1


def _is_due(behaviour: Behaviour, likeness: str) -> bool:
    last = Execution.objects.filter(behaviour=str(behaviour.pk)).order_by("-created").first()
    if last is None or last.likeness != likeness or last.interrupted or last.ended is None:
        return True
    return timezone.now() - last.ended > PAUSE


def likeness_of(behaviour: Behaviour, stations: list[str]) -> str:
    """Changes with anything that makes the run another one."""
    parts = [
        behaviour.scenario.content(), behaviour.variables, behaviour.stagger_ms, stations
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
