"""Changes to makes, and how the stations of one follow.

A make is written first and its rows after it, each with a revision of its own: a worker that reads
a row of the new revision reads the new document with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.utils import timezone
from pymongo import UpdateOne

from accounts.trail import acts, values
from chargepoint.make.make import Make as CoreMake
from runtime.words import counted
from stations.makes import documents, filling
from stations.makes.tables import Make
from stations.models import Station, Template
from stations.orders import named
from stations.orders.commands import notify_changed_sync
from stations.roster.kept import A_LOOK, ROSTER

LABEL = "stations.make"
ATTEMPTS = 5
_COLUMNS = ("identity", "revision", *filling.FILLED)


class MakeError(Exception):
    """A change that was not made. code: for programs; the sentence says what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def _taken(name: str) -> MakeError:
    return MakeError("name_taken", f'There is a make "{name}" already: choose another name.')


def create(document: Mapping[str, Any], shipped: bool = False) -> Make:
    """Store a new make. Raises ValidationError and MakeError."""
    row = Make(document=dict(document), shipped=shipped)
    row.full_clean(validate_unique=False)
    if Make.objects.filter(name=row.name).exists():
        raise _taken(row.name)
    try:
        row.save(force_insert=True)
    except IntegrityError as error:  # another insert won between the check and this one
        raise _taken(row.name) from error
    return row


def copy(row: Make, name: str) -> Make:
    """A make of one's own like this one. Raises ValidationError and MakeError."""
    return create(documents.renamed(row.document, name))


def check(
    row: Make, document: Mapping[str, Any], by_package: bool = False
) -> tuple[CoreMake | None, CoreMake]:
    """What the row's document and this one describe; None for one of before that is refused.

    Raises ValidationError and MakeError where the row may not become this.
    """
    if row.shipped and not by_package:
        sentence = f'"{row.name}" ships with the emulator: copy it, and change the copy.'
        raise MakeError("shipped", sentence)
    fresh = Make(name=row.name, document=dict(document), pk=row.pk, created=row.created)
    fresh._state.adding = False
    fresh.full_clean(validate_unique=False)
    new = documents.read(document)
    try:
        old = documents.read(row.document)
    except documents.MakeRefused:
        old = None
    _refuse_those_left_behind(row.name, new)
    return old, new


def _refuse_those_left_behind(name: str, new: CoreMake) -> None:
    gone = [version for version in ("1.6", "2.0.1", "2.1") if version not in new.versions]
    lost = {"$or": [{"ocpp_version": {"$in": gone}}, {"offered_versions": {"$in": gone}}]}
    found = [row["identity"] for row in _table().find({"make": name, **lost}, {"identity": 1})]
    if found:
        first = ", ".join(sorted(found)[:3])
        of_it = counted(len(found), "station")
        sentence = f"versions: Another version is spoken by {of_it} of it, such as {first}."
        raise ValidationError({"document": [sentence]})


def replace(
    row: Make, document: Mapping[str, Any], revision: int | None = None, by_package: bool = False
) -> Make:
    """Give a make another document; its stations, also those that run, follow.

    revision: that the caller has read; else the row's. Raises ValidationError and MakeError.
    """
    old, new = check(row, document, by_package)
    seen = row.revision if revision is None else revision
    changed = Make.objects.filter(pk=row.pk, revision=seen).update(
        document=dict(document), revision=seen + 1, updated=timezone.now()
    )
    if not changed:
        sentence = "The make was changed meanwhile: read it again and repeat your change."
        raise MakeError("stale", sentence)
    before, after = {"document": row.document}, {"document": dict(document)}
    acts.note("changed", LABEL, [row.name], values.difference(before, after, after))
    row.refresh_from_db()
    follow(row.name, old, new)
    return row


def follow(name: str, old: CoreMake | None, new: CoreMake) -> int:
    """Have the stations and templates of a make take the new one; returns how many stations."""
    for template in Template.objects.filter(make=name):
        held = {field: getattr(template, field) for field in filling.FILLED}
        for field, value in filling.followed(held, old, new).items():
            setattr(template, field, value)
        template.save(update_fields=[*filling.FILLED, "updated"])
    told: set[str] = set()
    for _ in range(ATTEMPTS):
        rows = [
            row for row in _table().find({"make": name}, dict.fromkeys(_COLUMNS, 1))
            if row["identity"] not in told or filling.followed(row, old, new)
        ]  # fmt: skip
        if not rows:
            break
        for part in _parts(rows):
            _table().bulk_write([_moved_on(row, old, new) for row in part], ordered=False)
        told.update(row["identity"] for row in rows)
    notify_changed_sync(sorted(told))
    return len(told)


def _parts(rows: list[dict]) -> Iterable[list[dict]]:
    return (rows[start : start + 200] for start in range(0, len(rows), 200))


def _moved_on(row: Mapping[str, Any], old: CoreMake | None, new: CoreMake) -> UpdateOne:
    """Where nobody has changed the row since: they are looked at once more then."""
    wanted = {
        name: Station._meta.get_field(name).get_db_prep_save(value, connection)
        for name, value in filling.followed(row, old, new).items()
    }
    match = {"_id": row["_id"], "revision": row["revision"]}
    return UpdateOne(match, {"$set": {**wanted, "revision": row["revision"] + 1}})


def _table() -> Any:
    return connection.get_collection(named.TABLE)


def used(names: Iterable[str]) -> dict[str, int]:
    """How many stations each of these makes has."""
    counts = Counter(row.get("make") for row in ROSTER.rows(A_LOOK))
    return {name: counts[name] for name in names}


def delete(row: Make) -> None:
    """Remove a make that nothing uses. Raises MakeError."""
    if row.shipped:
        sentence = f'"{row.name}" ships with the emulator and stays.'
        raise MakeError("shipped", sentence)
    stations = _table().count_documents({"make": row.name})
    templates = Template.objects.filter(make=row.name).count()
    if stations or templates:
        sentence = (
            f"It is the make of {counted(stations, 'station')} and "
            f"{counted(templates, 'template')}: give them another first."
        )
        raise MakeError("in_use", sentence)
    row.delete()


def seed() -> list[Make]:
    """Bring what the package ships: what is missing is made, what an older package brought
    changes with it. A make of one's own that has such a name stays; returns those written."""
    written = []
    present = {row.name: row for row in Make.objects.filter(name__in=documents.shipped())}
    for name, document in documents.shipped().items():
        row = present.get(name)
        if row is None:
            written.append(create(document, shipped=True))
        elif row.shipped and row.document != document:
            written.append(replace(row, document, by_package=True))
    return written


