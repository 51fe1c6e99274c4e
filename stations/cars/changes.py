"""EV profiles as they are written and brought, and taken by the stations that have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError

from chargepoint.cars.reading import UnfitProfile, read, told
from chargepoint.cars.shipped import shipped
from runtime.words import counted
from stations.cars.tables import CarProfile, misnamed
from stations.configuration import changes
from stations.models import StaleStation, Station, Template

ON_EXISTING = ("fail", "skip", "update")


class ProfileError(Exception):
    """`code` is for programs."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def put(document: Mapping[str, Any]) -> tuple[CarProfile, bool]:
    """Make the profile, or give the one of this name another document; whether it is new.

    Stations that have it in their mix take it without a restart. Raises ValidationError.
    """
    row = CarProfile.objects.filter(name=str(document.get("name"))[:40]).first()
    is_new = row is None
    row = row or CarProfile()
    row.document = dict(document)
    row.full_clean(validate_unique=False)
    try:
        row.save(force_insert=is_new)
    except IntegrityError:  # another was first with this name
        return put(document)
    if not is_new:
        tell_users(row.name)
    return row, is_new


def copy(row: CarProfile, name: str) -> CarProfile:
    """A profile of one's own like this one. Raises ValidationError and ProfileError."""
    made = CarProfile(document={**row.document, "name": name})
    made.full_clean(validate_unique=False)
    if CarProfile.objects.filter(name=made.name).exists():
        raise _taken(made.name)
    try:
        made.save(force_insert=True)
    except IntegrityError as error:  # another insert won between the check and this one
        raise _taken(made.name) from error
    return made


def _taken(name: str) -> ProfileError:
    sentence = f'There is an EV profile "{name}" already: choose another name.'
    return ProfileError("name_taken", sentence)


def seed() -> list[CarProfile]:
    """Bring what the package ships: what is missing is made, what an older package brought changes
    with it, also for the stations that have it. One's own that has such a name stays; returns those
    written."""
    written = []
    present = {row.name: row for row in CarProfile.objects.filter(name__in=shipped())}
    for name, profile in shipped().items():
        row, document = present.get(name), told(profile)
        if row is None:
            row = CarProfile(name=name, document=document, shipped=True)
            row.save(force_insert=True)
        elif row.shipped and row.document != document:
            row.document = document
            row.save()
            tell_users(name)
        else:
            continue
        written.append(row)
    return written


def users(name: str) -> tuple[list[str], list[str]]:
    """Identities of stations and names of templates that have the profile in their mix."""
    found = []
    for model, key in ((Station, "identity"), (Template, "name")):
        rows = model.objects.exclude(cars=[]).values_list(key, "cars")
        found.append([
            who for who, cars in rows
            if any(isinstance(row, dict) and row.get("profile") == name for row in cars or ())
        ])  # fmt: skip
    return found[0], found[1]


def tell_users(name: str) -> None:
    """Have the stations whose mix names the profile take it as it is now."""
    for identity in users(name)[0]:
        try:
            changes.change(identity, lambda station: None, None)
        except (Station.DoesNotExist, StaleStation, ValidationError):
            continue  # it is gone, or whoever changes it has it read anew


def delete(row: CarProfile) -> None:
    """Remove one that nobody has in a mix. Raises ProfileError."""
    if row.shipped:
        sentence = f'"{row.name}" ships with the emulator and stays.'
        raise ProfileError("shipped", sentence)
    stations, templates = users(row.name)
    if stations or templates:
        sentence = (
            f"It is among the cars of {counted(len(stations), 'station')} and "
            f"{counted(len(templates), 'template')}: take it out there first."
        )
        raise ProfileError("in_use", sentence)
    row.delete()


def export(rows: Iterable[CarProfile]) -> dict[str, Any]:
    """A file that `import_all` takes."""
    return {"ev_profiles": [row.document for row in rows]}


def import_all(given: Any, on_existing: str, dry_run: bool) -> list[dict[str, str]]:
    """All of a file or nothing: a profile, a list of them, or an export.

    Returns [{name, action}], `action` created, updated or skipped. Raises ValidationError, its
    keys the places in the file.
    """
    documents = given.get("ev_profiles", given) if isinstance(given, dict) else given
    documents = [documents] if isinstance(documents, dict) else documents
    if not isinstance(documents, list) or not documents:
        raise ValidationError({"ev_profiles": ["Give a profile, or a list of profiles."]})
    problems: dict[str, list[str]] = {}
    present = set(CarProfile.objects.values_list("name", flat=True))
    outcomes = []
    for number, document in enumerate(documents):
        where = f"ev_profiles[{number}]"
        try:
            name = read(document).name
        except UnfitProfile as error:
            for path, sentences in error.problems.items():
                problems[f"{where}.{path}" if path else where] = sentences
            continue
        if name in shipped():
            same = read(document) == shipped()[name]
            outcomes.append({"name": name, "action": "skipped"})
            if not same:
                problems[f"{where}.name"] = [f'"{name}" ships with the emulator: rename it.']
        elif why := misnamed(name):
            problems[f"{where}.name"] = [why]
        elif name in present and on_existing == "fail":
            problems[f"{where}.name"] = [f'There is an EV profile "{name}" already.']
        else:
            is_there = name in present
            action = ("skipped" if on_existing == "skip" else "updated") if is_there else "created"
            outcomes.append({"name": name, "action": action})
            present.add(name)
    if problems:
        raise ValidationError(problems)
    if not dry_run:
        for document, outcome in zip(documents, outcomes, strict=True):
            if outcome["action"] != "skipped":
                put(document)
    return outcomes
