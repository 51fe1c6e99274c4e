"""/api/executions: running scenarios on stations, and what came of it."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from accounts.errors import REFUSED, ApiError
from accounts.parameters import known, word_of
from accounts.schemas import ErrorOut
from scenarios.api.lookup import execution_item, execution_or_404, scenario_or_404, told
from scenarios.api.schemas import (
    ExecutionDetail,
    ExecutionIn,
    ExecutionOut,
    ExecutionPage,
    RunIn,
    StationRunPage,
)
from scenarios.engine.claims import reap_quietly
from scenarios.launching import Target, Wishes, cancel, is_open, launch
from scenarios.models import STATES, Execution, StationRun
from stations.api.lookup import cut_page, page_limit, text_of

router = Router(tags=["scenarios"])
ERRORS = {REFUSED: ErrorOut}
State = word_of("", *STATES)
DETAILED = 100


def _launched(request: HttpRequest, scenario: str, body: RunIn) -> Status:
    named = [*body.stations, *([body.stationId] if body.stationId else [])]
    wishes = Wishes(
        body.stagger_ms, body.start, body.variables, body.seed, request.auth.get_username(),
        share=body.share, watch=body.watch, driver=body.driver,
    )  # fmt: skip
    row = scenario_or_404(scenario)
    with told():
        execution = launch(row, Target(tuple(named), body.tag, body.template, body.number), wishes)
    return Status(201, execution_item(execution))


@router.post("/scenarios/{scenario}/run", response={201: ExecutionOut} | ERRORS)
def run_scenario(request: HttpRequest, scenario: str, body: RunIn):
    """Run it on one station or on many; read how it goes at executions/{id}."""
    return _launched(request, scenario, body)


@router.post("/executions", response={201: ExecutionOut} | ERRORS)
def create_execution(request: HttpRequest, body: ExecutionIn):
    """The same, with the scenario in the body."""
    wanted = body.scenario or body.scenarioId
    if not wanted:
        sentence = "Name the scenario by its scenarioId."
        raise ApiError("invalid", sentence, 422, {"scenario": sentence})
    return _launched(request, wanted, body)


@router.get("/executions", response={200: ExecutionPage} | ERRORS)
def list_executions(
    request: HttpRequest,
    scenario: str = "",
    state: State = "",
    station: str = "",
    behaviour: str = "",
    cursor: str | None = None,
    limit: int = page_limit(50),
):
    """Newest first. `scenario`: its scenarioId; `behaviour`: its id."""
    known("state", state, STATES)
    reap_quietly()
    wanted: dict[str, Any] = {}
    if scenario:
        wanted["scenario_slug"] = scenario
    if state:
        wanted["state"] = state
    if behaviour:
        wanted["behaviour"] = behaviour
    if station:
        wanted["stations__contains"] = [station]
    if cursor:
        last = text_of(cursor)
        if not ObjectId.is_valid(last):
            raise ApiError("bad_cursor", "Take the cursor from `next` of the page before.", 422)
        wanted["pk__lt"] = ObjectId(last)  # ids are made in the order of time
    rows = Execution.objects.filter(**wanted).order_by("-pk")
    found, following = cut_page(rows[: limit + 1], limit, "pk")
    return {"items": [execution_item(row) for row in found], "next": following}


@router.get("/executions/{execution}", response={200: ExecutionDetail} | ERRORS)
def read_execution(request: HttpRequest, execution: str):
    """With its steps, station by station; all stations of a large one: .../stations."""
    reap_quietly()
    row = execution_or_404(execution)
    runs = StationRun.objects.filter(execution=str(row.pk))
    failed = list(runs.filter(state="failed").order_by("station")[:DETAILED])
    rest = runs.exclude(state="failed").order_by("station")[: DETAILED - len(failed)]
    return execution_item(row) | {"runs": [*failed, *rest]}


@router.get("/executions/{execution}/stations", response={200: StationRunPage} | ERRORS)
def list_station_runs(
    request: HttpRequest,
    execution: str,
    state: State = "",
    cursor: str | None = None,
    limit: int = page_limit(100),
):
    """What came of an execution on each of its stations, by identity; `state` chooses."""
    known("state", state, STATES)
    row = execution_or_404(execution)
    runs = StationRun.objects.filter(execution=str(row.pk)).order_by("station")
    if state:
        runs = runs.filter(state=state)
    if cursor:
        runs = runs.filter(station__gt=text_of(cursor))
    found, following = cut_page(runs[: limit + 1], limit, "station")
    return {"items": found, "next": following}


@router.post("/executions/{execution}/cancel", response={202: ExecutionOut} | ERRORS)
def cancel_execution(request: HttpRequest, execution: str):
    """Have it end; its cleanup steps still run."""
    row = execution_or_404(execution)
    if not cancel([row], request.auth.get_username()):
        raise ApiError("ended", f"This execution has {row.state} already.", 409)
    row.refresh_from_db()
    return Status(202, execution_item(row))


@router.delete("/executions/{execution}", response={204: None} | ERRORS)
def delete_execution(request: HttpRequest, execution: str):
    """Only the record of one that has ended."""
    row = execution_or_404(execution)
    if is_open(row):
        raise ApiError("running", "Cancel the execution first.", 409)
    StationRun.objects.filter(execution=str(row.pk)).delete()
    row.delete()
    return Status(204, None)
