"""Scenarios as files: the predecessor's format, which ours extends by `cleanup` and `variables`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError

from accounts.error_handlers import model_fields
from accounts.known_fields import unknown_field
from scenarios.models import Scenario

KEYS = (
    "scenarioId", "name", "description", "version", "isBuiltin", "tags", "steps", "cleanup",
    "variables", "watch",
)  # fmt: skip
# What a program may add to what we gave it; without effect.
IGNORED = ("$schema", "id", "_id", "created", "updated", "createdAt", "updatedAt", "__v")
ON_EXISTING = ("fail", "skip", "update")
MOST = 1000
NAMES = {"slug": "scenarioId"}


class ImportRefused(Exception):
    """`fields`: {"happy-path.steps": sentence}. Nothing was written."""

    def __init__(self, fields: dict[str, str]) -> None:
        what = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
        super().__init__(f"Nothing was imported. Correct {what} and try again.")
        self.fields = fields


class SlugTaken(Exception):
    def __init__(self, slug: str) -> None:
        super().__init__(f'There is a scenario "{slug}" already: choose another scenarioId.')


@dataclass
class Outcome:
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def slug_of(name: str) -> str:
    """ "Happy Path!" is happy-path."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80]


def to_document(scenario: Scenario) -> dict[str, Any]:
    """What an import takes."""
    made = {
        "scenarioId": scenario.slug, "name": scenario.name, "description": scenario.description,
        "version": scenario.version, "isBuiltin": scenario.builtin, "tags": list(scenario.tags),
        "steps": scenario.steps,
    }  # fmt: skip
    if scenario.cleanup:
        made["cleanup"] = scenario.cleanup
    if scenario.variables:
        made["variables"] = scenario.variables
    if scenario.watch:
        made["watch"] = scenario.watch
    return made


def fill(scenario: Scenario, document: Mapping[str, Any]) -> Scenario:
    """Give a scenario a document's content, unchecked but for the kinds of its texts.

    Raises ValidationError for a text that is none and for unknown fields.
    """
    texts = {
        "slug": document.get("scenarioId") or slug_of(str(document.get("name", ""))),
        "name": document.get("name", ""),
        "description": document.get("description") or "",
        "version": document.get("version", "1.0"),
    }
    wrong = {name: "Give a text." for name, value in texts.items() if not isinstance(value, str)}
    if unknown := [name for name in document if name not in (*KEYS, *IGNORED)]:
        wrong |= {str(name): unknown_field(KEYS) for name in unknown}
    if wrong:
        raise ValidationError(wrong)
    for name, value in texts.items():
        setattr(scenario, name, value)
    scenario.tags = document.get("tags") or []
    scenario.steps = document.get("steps")
    scenario.cleanup = document.get("cleanup") or []
    scenario.variables = document.get("variables") or {}
    scenario.watch = document.get("watch") or {}
    return scenario


def create(document: Mapping[str, Any]) -> Scenario:
    """Raises ValidationError, SlugTaken."""
    scenario = fill(Scenario(), document)
    scenario.full_clean(validate_unique=False)
    if Scenario.objects.filter(slug=scenario.slug).exists():
        raise SlugTaken(scenario.slug)
    try:
        scenario.save(force_insert=True)
    except IntegrityError as error:  # another insert won between the check and this one
        raise SlugTaken(scenario.slug) from error
    return scenario


def replace(scenario: Scenario, document: Mapping[str, Any]) -> Scenario:
    """What is left out goes back to its default; the id stays unless another is given.

    Raises ValidationError where it cannot be run, SlugTaken where another scenario has the id.
    """
    before = scenario.slug
    fill(scenario, {"scenarioId": before, **document})
    scenario.full_clean(validate_unique=False)
    others = Scenario.objects.filter(slug=scenario.slug).exclude(pk=scenario.pk)
    if scenario.slug != before and others.exists():
        raise SlugTaken(scenario.slug)
    try:
        scenario.save(force_update=True)
    except IntegrityError as error:
        raise SlugTaken(scenario.slug) from error
    return scenario


def export_document(scenarios: list[Scenario]) -> dict[str, Any]:
    return {"scenarios": [to_document(scenario) for scenario in scenarios]}


def import_document(document: Any, on_existing: str = "fail", dry_run: bool = False) -> Outcome:
    """One scenario, a list, or {"scenarios": [...]}: all of them or none. Raises ImportRefused."""
    if on_existing not in ON_EXISTING:
        raise ImportRefused({"on_existing": f"Choose one of {', '.join(ON_EXISTING)}."})
    documents = _listed(document)
    known = {row.slug: row for row in Scenario.objects.all()}
    outcome, errors, ready = Outcome(), {}, []
    seen: set[str] = set()
    for number, each in enumerate(documents):
        place = f"{number}"
        try:
            if not isinstance(each, Mapping):
                raise ValidationError({"scenario": "Write each scenario as an object."})
            row = fill(Scenario(), each)
            place = row.slug or place
            if row.slug in seen:
                raise ValidationError({"scenarioId": "It is there twice: take one out."})
            seen.add(row.slug)
            if row.slug in known:
                if on_existing == "skip":
                    outcome.skipped.append(row.slug)
                    continue
                if on_existing == "fail":
                    raise ValidationError({"scenarioId": str(SlugTaken(row.slug))})
                row = fill(known[row.slug], each)
            row.full_clean(validate_unique=False)
        except ValidationError as error:
            for name, text in model_fields(error).items():
                errors[f"{place}.{NAMES.get(name, name)}"] = text
            continue
        (outcome.updated if row.slug in known else outcome.created).append(row.slug)
        ready.append(row)
    if errors:
        raise ImportRefused(errors)
    if not dry_run:
        for row in ready:
            row.save()
    return outcome


def _listed(document: Any) -> list[Any]:
    match document:
        case {"scenarios": list(listed)}:
            documents = listed
        case list():
            documents = document
        case {}:
            documents = [document]
        case _:
            raise ImportRefused({"scenarios": "Send a scenario, or a list of them."})
    if not 1 <= len(documents) <= MOST:
        raise ImportRefused({"scenarios": f"Send 1 to {MOST} scenarios."})
    return documents
