"""Writing what the crafter keeps, within its bounds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from accounts.trail import acts
from stations.crafter.tables import LONGEST, MOST_SAVED, MOST_SENT, SavedRequest, SentRequest

FIELDS = ("folder", "name", "version", "action", "frame", "text", "shared")
ON_EXISTING = ("skip", "replace", "fail")
SENT = "stations.sentrequest"  # to the trail


def owner_of(user: Any) -> str:
    return str(user.pk)


def saved_of(owner: str) -> QuerySet[SavedRequest]:
    """A user's own and what others share."""
    return SavedRequest.objects.filter(Q(owner=owner) | Q(shared=True))


def checked(row: SavedRequest, values: Mapping[str, Any]) -> SavedRequest:
    """Give a row these values. Raises ValidationError."""
    for name in FIELDS:
        setattr(row, name, values[name])
    row.folder = "/".join(part.strip() for part in row.folder.split("/")) if row.folder else ""
    row.name = row.name.strip()
    row.full_clean()
    same = SavedRequest.objects.filter(owner=row.owner, folder=row.folder, name=row.name)
    if same.exclude(pk=row.pk).exists():
        raise ValidationError({"name": "You have a request of this name in the folder already."})
    return row


def save_new(owner: str, values: Mapping[str, Any]) -> SavedRequest:
    """Raises ValidationError."""
    row = checked(SavedRequest(owner=owner), values)
    _check_room(owner, 1)
    row.save(force_insert=True)
    return row


def _check_room(owner: str, more: int) -> None:
    if SavedRequest.objects.filter(owner=owner).count() + more > MOST_SAVED:
        sentence = f"Delete some of your requests first: {MOST_SAVED} are kept."
        raise ValidationError({"name": sentence})


def import_all(
    owner: str, requests: Iterable[Mapping[str, Any]], on_existing: str
) -> dict[str, int]:
    """All or none. Raises ValidationError with fields such as "3.name", counted from 1."""
    mine = {(row.folder, row.name): row for row in SavedRequest.objects.filter(owner=owner)}
    rows: dict[tuple[str, str], SavedRequest] = {}
    counts = {"created": 0, "replaced": 0, "skipped": 0}
    problems: dict[str, list[str]] = {}
    for number, values in enumerate(requests, start=1):
        key = (values["folder"], values["name"])
        there = mine.get(key)
        if key in rows:
            problems[f"{number}.name"] = ["It is in the file twice."]
        elif there is not None and on_existing == "fail":
            problems[f"{number}.name"] = ["You have it already: choose to skip or to replace."]
        elif there is not None and on_existing == "skip":
            counts["skipped"] += 1
        else:
            try:
                rows[key] = checked(there or SavedRequest(owner=owner), values)
            except ValidationError as error:
                for name, texts in error.message_dict.items():
                    problems[f"{number}.{name}"] = texts
            counts["created" if there is None else "replaced"] += 1
    if problems:
        raise ValidationError(problems)
    _check_room(owner, counts["created"])
    for row in rows.values():
        row.save()
    return counts


def as_text(payload: Any) -> str:
    """A payload as it is kept, cut where it is longer than that."""
    return json.dumps(payload, indent=2, ensure_ascii=False)[:LONGEST]


def keep_sent(row: SentRequest) -> None:
    """Keep a sending; the owner's oldest go beyond MOST_SENT."""
    row.save(force_insert=True)
    mine = SentRequest.objects.filter(owner=row.owner).order_by("-time")
    if beyond := list(mine.values_list("pk", flat=True)[MOST_SENT : MOST_SENT + 50]):
        SentRequest.objects.filter(pk__in=beyond).delete()


def forget_sent(owner: str) -> int:
    """How many a user had."""
    mine = list(SentRequest.objects.filter(owner=owner).values_list("pk", flat=True))
    SentRequest.objects.filter(pk__in=mine).delete()
    acts.note("deleted", SENT, [f"history of {owner}"], details={"count": len(mine)})
    return len(mine)


def forget_user(sender: Any, instance: Any, **_: Any) -> None:
    """A user was deleted: nobody could ever see these again."""
    for model in (SavedRequest, SentRequest):
        model.objects.filter(owner=owner_of(instance)).delete()
