"""/api/scenarios: scripts of what a station does and what is expected of its CSMS."""

from __future__ import annotations

import json
import re
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.responses import Status

from accounts.auth import demand
from accounts.errors import REFUSED, ApiError
from accounts.parameters import word_of
from accounts.schemas import ErrorOut
from scenarios import documents
from scenarios.api.lookup import scenario_item, scenario_or_404, told
from scenarios.api.schemas import ScenarioIn, ScenarioOut, ScenarioPage, ScenariosImportedOut
from scenarios.models import Scenario
from scenarios.rights import CHANGE, PART
from stations.api.lookup import cut_page, page_limit, text_of

router = Router(tags=["scenarios"])
Existing = word_of(*documents.ON_EXISTING)
ERRORS = {REFUSED: ErrorOut}


def _matching(search: str, tag: str) -> Any:
    rows = Scenario.objects.order_by("slug")
    if search:
        words = re.escape(search)
        named = Q(slug__iregex=words) | Q(name__iregex=words) | Q(description__iregex=words)
        rows = rows.filter(named)
    return rows.filter(tags__contains=[tag]) if tag else rows


@router.get("/scenarios", response={200: ScenarioPage} | ERRORS)
def list_scenarios(
    request: HttpRequest,
    search: str = "",
    tag: str = "",
    cursor: str | None = None,
    limit: int = page_limit(50),
):
    """Scenarios by name, a page at a time; `search` looks into names and descriptions."""
    rows = _matching(search, tag)
    if cursor:
        rows = rows.filter(slug__gt=text_of(cursor))
    found, following = cut_page(rows[: limit + 1], limit, "slug")
    return {"items": [scenario_item(row) for row in found], "next": following}


@router.post("/scenarios", response={201: ScenarioOut} | ERRORS)
def create_scenario(request: HttpRequest, body: ScenarioIn):
    """Make a scenario; its steps are checked, and refused by field."""
    with told():
        return Status(201, scenario_item(documents.create(body.dict(exclude_unset=True))))


_FILE = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": ["object", "array"]}}},
    }
}


@router.post("/scenarios/import", response={200: ScenariosImportedOut} | ERRORS,
             openapi_extra=_FILE)  # fmt: skip
def import_scenarios(request: HttpRequest, on_existing: Existing = "fail", dry_run: bool = False):
    """One scenario, a list, or {"scenarios": [...]}; a body or an uploaded `file`. All or none.

    `on_existing`: fail, skip or update. `dry_run`: only check and report.
    """
    if on_existing == "update":
        demand(PART, request, CHANGE)
    upload = request.FILES.get("file")
    try:
        parsed = json.loads(upload.read() if upload else request.body)
    except (ValueError, RecursionError) as error:
        raise ApiError("bad_json", "Send the scenarios as one JSON document.", 400) from error
    with told():
        outcome = documents.import_document(parsed, on_existing, dry_run)
    return {
        "created": outcome.created, "updated": outcome.updated, "skipped": outcome.skipped,
        "dry_run": dry_run,
    }  # fmt: skip


@router.api_operation(["GET", "POST"], "/scenarios/export", response={200: dict[str, Any]} | ERRORS)
def export_scenarios(request: HttpRequest, search: str = "", tag: str = ""):
    """A file that `scenarios/import` takes."""
    made = documents.export_document(list(_matching(search, tag)))
    text = json.dumps(made, indent=2, ensure_ascii=False)
    headers = {"Content-Disposition": 'attachment; filename="scenarios.json"'}
    return HttpResponse(text, content_type="application/json", headers=headers)


@router.get("/scenarios/{scenario}", response={200: ScenarioOut} | ERRORS)
def read_scenario(request: HttpRequest, scenario: str):
    """By scenarioId or id."""
    return scenario_item(scenario_or_404(scenario))


@router.put("/scenarios/{scenario}", response={200: ScenarioOut} | ERRORS)
def replace_scenario(request: HttpRequest, scenario: str, body: ScenarioIn):
    """What is left out goes back to its default. Executions under way keep what they began with."""
    row = scenario_or_404(scenario)
    with told():
        return scenario_item(documents.replace(row, body.dict(exclude_unset=True)))


@router.delete("/scenarios/{scenario}", response={204: None} | ERRORS)
def delete_scenario(request: HttpRequest, scenario: str):
    """Its behaviours go with it; executions stay."""
    scenario_or_404(scenario).delete()
    return Status(204, None)
