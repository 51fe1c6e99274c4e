"""Makes as a file: one document, a list of them, or {"makes": [...]}. All of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from stations.makes import changes, documents
from stations.makes.tables import Make

ON_EXISTING = ("fail", "skip", "update")
FORMAT = "ocpp-emulator/1"
MOST = 500


class MakesRefused(Exception):
    """`fields`: {"NAME.path": sentence}. Nothing was written."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        what = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
        super().__init__(f"Nothing was imported. Correct {what} and try again.")
        self.fields = dict(fields)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one make. action: created, updated or skipped."""

    name: str
    action: str


@dataclass(slots=True)
class Plan:
    new: list[dict[str, Any]] = field(default_factory=list)
    updates: list[tuple[Make, dict[str, Any]]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


def export_document(rows: Iterable[Make]) -> dict[str, Any]:
    return {"format": FORMAT, "makes": [row.document for row in rows]}


def documents_of(document: Any) -> list[Any]:
    """The makes of a file. Raises MakesRefused."""
    if isinstance(document, Mapping):
        document = document.get("makes", [document])
    if not isinstance(document, list):
        raise MakesRefused({"makes": "Give a make, a list of makes, or one in `makes`."})
    if len(document) > MOST:
        raise MakesRefused({"makes": f"Split the file: at most {MOST} makes at once."})
    return document


def make_plan(document: Any, on_existing: str) -> Plan:
    """What an import would do, nothing of it done. Raises MakesRefused for a file of no makes."""
    plan = Plan()
    given = documents_of(document)
    names = [each.get("name") for each in given if isinstance(each, Mapping)]
    texts = [name for name in names if isinstance(name, str)]
    present = {row.name: row for row in Make.objects.filter(name__in=texts)}
    seen: set[str] = set()
    for number, each in enumerate(given):
        name = each.get("name") if isinstance(each, Mapping) else None
        where = name if isinstance(name, str) and name else f"makes[{number}]"
        errors = _faults(each)
        if where in seen:
            errors["name"] = "The file has this name twice."
        seen.add(where)
        if not errors:
            errors = _place(plan, present.get(where), each, on_existing)
        plan.errors |= {f"{where}.{path}": sentence for path, sentence in errors.items()}
    return plan


def _faults(document: Any) -> dict[str, str]:
    try:
        documents.read(document)
    except documents.MakeRefused as error:
        return dict(error.fields)
    return {}


def _place(plan: Plan, row: Make | None, document: dict, on_existing: str) -> dict[str, str]:
    name = document["name"]
    if row is None:
        plan.new.append(document)
        plan.outcomes.append(Outcome(name, "created"))
    elif on_existing == "skip" or row.document == document:
        plan.outcomes.append(Outcome(name, "skipped"))
    elif on_existing == "fail":
        sentence = "This make exists already: import with on_existing skip or update."
        return {"name": sentence}
    else:
        try:
            changes.check(row, document)
        except changes.MakeError as error:
            return {"name": str(error)}
        except ValidationError as error:
            return {"document": " ".join(error.messages)}
        plan.updates.append((row, document))
        plan.outcomes.append(Outcome(name, "updated"))
    return {}


def import_document(
    document: Any, on_existing: str = "fail", dry_run: bool = False
) -> list[Outcome]:
    """Import a file; stations of a make that changes follow. Raises MakesRefused; then nothing
    was written."""
    plan = make_plan(document, on_existing)
    if plan.errors:
        raise MakesRefused(plan.errors)
    if not dry_run:
        _carry_out(plan)
    return plan.outcomes


def _carry_out(plan: Plan) -> None:
    made: list[Make] = []
    changed: list[tuple[Make, dict[str, Any]]] = []
    try:
        made.extend(map(changes.create, plan.new))
        for row, document in plan.updates:
            before = row.document
            changed.append((changes.replace(row, document), before))
    except (changes.MakeError, ValidationError) as error:  # somebody was quicker
        for row, before in changed:
            changes.replace(row, before)
        for row in made:
            row.delete()
        text = str(error) if isinstance(error, changes.MakeError) else " ".join(error.messages)
        raise MakesRefused({"makes": text}) from error
