"""Asking for work on many stations, as the API and the pages do: rights, checks, a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from accounts.auth import demand
from accounts.errors import ApiError
from accounts.trail import acts
from accounts.trail.middleware import complete
from runtime.words import counted
from stations.many import commanding, creating, editing, jobs, launching
from stations.many.choosing import Choice
from stations.many.editing import Edit, edit_of
from stations.rights import ADD, CHANGE, DRIVE_STATION, PART, SEE_SECRETS

__all__ = ["edit_of"]
LEAST_PACE, MOST_PACE = 0.1, 1000.0
SHOWN = 10


@dataclass(frozen=True)
class Order:
    """A command to those that are meant."""

    command: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    choice: Choice = Choice()
    per_second: float = 0.0


def right_of(job: jobs.Job) -> str:
    """Who may start such a job may stop it."""
    match job.kind:
        case "create":
            return ADD
        case "edit":
            return CHANGE
    return commanding.right_of(job.told.get("command", "start"))


# --- stations from a template --------------------------------------------------------------------


def preview_creation(request: HttpRequest, order: creating.Order) -> dict[str, Any]:
    """Raises ApiError, ValidationError, IdentityTaken."""
    demand(PART, request, ADD)
    if order.start:
        demand(PART, request, DRIVE_STATION)
    return creating.preview(order)


def create(request: HttpRequest, order: creating.Order, per_second: float) -> jobs.Job:
    """Begin a job that makes stations, `per_second` of them (0: as fast as it goes).

    Raises ApiError.
    """
    preview_creation(request, order)
    title = f"Make {counted(order.count, 'station')} from {order.template.name}"
    names, given = order.identities(), order.arguments()
    return _begun(request, "create", title, names, given, order.told(), per_second)


# --- a command -----------------------------------------------------------------------------------


def preview_command(request: HttpRequest, order: Order) -> dict[str, Any]:
    return _meant(_commanded(request, order)[1])


def command(request: HttpRequest, order: Order) -> jobs.Job:
    """Begin a job that gives a command to each station chosen. Raises ApiError."""
    arguments, found = _commanded(request, order)
    asked = {"command": order.command, "arguments": arguments}
    title = f"{commanding.LABELS[order.command]}: {counted(len(found), 'station')}"
    told = {**asked, "stations": order.choice.words()}
    given = {**asked, "trusted": PART.may(request, SEE_SECRETS)}
    return _begun(request, "command", title, found, given, told, order.per_second)


def _commanded(request: HttpRequest, order: Order) -> tuple[dict[str, Any], list[str]]:
    arguments = commanding.checked(order.command, order.arguments)
    demand(PART, request, commanding.right_of(order.command))
    return arguments, order.choice.find()


# --- a change ------------------------------------------------------------------------------------


def preview_edit(request: HttpRequest, change: Edit, choice: Choice) -> dict[str, Any]:
    """What a change would do to the stations chosen, nothing of it done. Raises ApiError 403."""
    demand(PART, request, CHANGE)
    found = choice.find()
    return _meant(found) | editing.preview(change, found)


def edit(request: HttpRequest, change: Edit, choice: Choice, per_second: float = 0.0) -> jobs.Job:
    """Begin a job that changes each station chosen.

    Raises ApiError 422 with {identity: sentence} where some would refuse it.
    """
    demand(PART, request, CHANGE)
    found = choice.find()
    if refused := editing.preview(change, found)["refused"]:
        first = next(iter(refused))
        many = counted(len(refused), "station")
        sentence = f"{many} would refuse this, {first}: {refused[first]}"
        raise ApiError("invalid", sentence, 422, refused)
    told = {**change.told(), "stations": choice.words()}
    title = f"Change {counted(len(found), 'station')}"
    return _begun(request, "edit", title, found, change.arguments(), told, per_second)


def _meant(found: list[str]) -> dict[str, Any]:
    half = SHOWN // 2
    shown = found if len(found) <= SHOWN else [*found[:half], *found[-half:]]
    return {"count": len(found), "identities": shown}


def _begun(
    request: HttpRequest, kind: str, title: str, stations: list[str],
    arguments: Mapping[str, Any], told: Mapping[str, Any], per_second: float,
) -> jobs.Job:  # fmt: skip
    if per_second and not LEAST_PACE <= per_second <= MOST_PACE:
        sentence = f"Choose {LEAST_PACE} to {MOST_PACE:g} stations a second, or 0 for no pace."
        raise ApiError("invalid", sentence, 422, {"per_second": sentence})
    if (act := acts.under_way()) is not None:
        complete(act, request)  # what the job does is his who asks for it
    try:
        job = jobs.keep(kind, title, stations, arguments, told, per_second)
    except jobs.TooMany:
        sentence = f"{jobs.MOST_OPEN} jobs are under way: wait until one is over, or stop one."
        raise ApiError("too_many_jobs", sentence, 409) from None
    launching.launch(job)
    return job
