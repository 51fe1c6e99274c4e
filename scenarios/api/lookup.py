"""What the scenarios' endpoints share: finding rows, and errors as the API tells them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson import ObjectId
from django.core.exceptions import ValidationError

from accounts.error_handlers import CORRECT, model_fields
from accounts.errors import ApiError
from scenarios.documents import NAMES, ImportRefused, SlugTaken
from scenarios.models import Behaviour, Execution, Question, Scenario, SuitePlan, SuiteRun


@contextmanager
def told() -> Iterator[None]:
    """Refusals of the rooms below become ApiErrors; fields have the file's names.

    Raises them with codes and statuses.
    """
    try:
        yield
    except SlugTaken as error:
        raise ApiError("scenario_taken", str(error), 409, {"scenarioId": str(error)}) from error
    except ImportRefused as error:
        raise ApiError("import_refused", str(error), 422, error.fields) from error
    except ValidationError as error:
        fields = {NAMES.get(name, name): text for name, text in model_fields(error).items()}
        raise ApiError("invalid", CORRECT, 422, fields) from error


def _found(model: Any, name: str, wanted: str, where: str) -> Any:
    row = None
    if name != "pk":
        row = model.objects.filter(**{name: wanted}).first()
    if row is None and ObjectId.is_valid(wanted):
        row = model.objects.filter(pk=ObjectId(wanted)).first()
    if row is None:
        kind = model._meta.verbose_name
        sentence = f'There is no {kind} "{wanted}": see GET /api/{where}.'
        raise ApiError(f"{kind.replace(' ', '_')}_not_found", sentence, 404)
    return row


def scenario_or_404(wanted: str) -> Scenario:
    return _found(Scenario, "slug", wanted, "scenarios")


def execution_or_404(wanted: str) -> Execution:
    return _found(Execution, "pk", wanted, "executions")


def behaviour_or_404(wanted: str) -> Behaviour:
    return _found(Behaviour, "name", wanted, "behaviours")


def suite_or_404(wanted: str) -> SuitePlan:
    return _found(SuitePlan, "name", wanted, "suites")


def suite_run_or_404(wanted: str) -> SuiteRun:
    return _found(SuiteRun, "pk", wanted, "suite-runs")


def question_or_404(wanted: str) -> Question:
    return _found(Question, "pk", wanted, "questions")


def scenario_item(row: Scenario) -> dict[str, Any]:
    return {
        "id": str(row.pk), "scenarioId": row.slug, "name": row.name,
        "description": row.description, "version": row.version, "isBuiltin": row.builtin,
        "tags": row.tags, "steps": row.steps, "cleanup": row.cleanup, "variables": row.variables,
        "watch": row.watch or {}, "created": row.created, "updated": row.updated,
    }  # fmt: skip


def execution_item(row: Execution) -> dict[str, Any]:
    return {
        "id": str(row.pk), "scenarioId": row.scenario_slug, "name": row.scenario_name,
        "state": row.state, "interrupted": row.interrupted, "message": row.message,
        "counts": row.counts, "warnings": row.warnings or 0, "share": bool(row.share),
        "stations": len(row.stations), "target": row.target,
        "variables": row.content.get("variables", {}), "stagger_ms": row.stagger_ms,
        "seed": row.seed, "started_by": row.started_by, "behaviour": row.behaviour,
        "created": row.created, "started": row.started, "ended": row.ended,
    }  # fmt: skip


def behaviour_item(row: Behaviour) -> dict[str, Any]:
    return {
        "id": str(row.pk), "name": row.name, "scenario": row.scenario.slug,
        "stations": row.stations, "tag": row.tag, "variables": row.variables,
        "stagger_ms": row.stagger_ms, "enabled": row.enabled,
        "created": row.created, "updated": row.updated,
    }  # fmt: skip
