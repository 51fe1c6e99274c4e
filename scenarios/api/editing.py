"""What an editor of scenarios asks: the format, the types of steps, whether a text is a scenario,
whom it fits; and steps tried on a station."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from accounts.auth import demand
from accounts.errors import REFUSED
from accounts.schemas import ErrorOut
from accounts.trail import acts
from scenarios import launching
from scenarios.api.lookup import execution_item, scenario_or_404, told
from scenarios.api.schemas import (
    CheckedOut,
    CheckIn,
    ExecutionOut,
    PaletteOut,
    PreviewIn,
    RunPreviewOut,
    TryIn,
)
from scenarios.models import Scenario
from scenarios.previewing import preview
from scenarios.rights import PART, RUN
from scenarios.rules.fitting import fits_all
from scenarios.rules.json_schema import scenario_schema
from scenarios.rules.palette import palette
from scenarios.rules.validation import placed_problems
from scenarios.rules.words import every_action

router = Router(tags=["scenarios"])
ERRORS = {REFUSED: ErrorOut}


@router.get("/scenario-schema", response={200: dict[str, Any]} | ERRORS)
def read_scenario_schema(request: HttpRequest):
    """The format of scenario files as a JSON schema (2020-12), for editors."""
    return scenario_schema()


@router.get("/scenario-steps", response={200: PaletteOut} | ERRORS)
def list_step_types(request: HttpRequest):
    """Every type of step: its words, the JSON schema of its params, an example; and all actions."""
    return palette() | {"actions": sorted(every_action())}


@router.post("/scenario-check", response={200: CheckedOut} | ERRORS)
def check_scenario(request: HttpRequest, body: CheckIn):
    """What is wrong with a scenario, with the place of each sentence; and which OCPP versions it
    is for. Nothing is saved."""
    acts.only_asks()
    values = body.dict()
    values["slug"] = values.pop("scenarioId") or "unnamed"
    values["name"] = values["name"] or "unnamed"
    problems = placed_problems(values)
    return {"problems": problems, "versions": [] if problems else fits_all(values)}


@router.post("/scenario-try", response={201: ExecutionOut} | ERRORS)
def try_steps(request: HttpRequest, body: TryIn):
    """Carry out steps on a station at once, beside what else runs there; nothing is saved but the
    execution."""
    demand(PART, request, RUN)
    scenario = Scenario(
        slug="tried", name=body.name or "Tried steps", steps=body.steps, cleanup=body.cleanup,
        variables=body.variables,
    )  # fmt: skip
    wishes = launching.Wishes(started_by=request.auth.get_username(), share=True, watch=body.watch)
    with told():
        execution = launching.launch(scenario, launching.Target((body.station,)), wishes)
    return Status(201, execution_item(execution))


@router.post("/scenarios/{scenario}/preview", response={200: RunPreviewOut} | ERRORS)
def preview_run(request: HttpRequest, scenario: str, body: PreviewIn):
    """Which stations a run would be on, of which OCPP versions, and what fails or is left out
    there. Nothing is begun."""
    acts.only_asks()
    row = scenario_or_404(scenario)
    target = launching.Target(tuple(body.stations), body.tag, body.template, body.number)
    with told():
        return preview(row.content(), target)
