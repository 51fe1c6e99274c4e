"""Changes to stations, as the admin, the API and the commands make them.

Each writes first and tells the fleet after: a notice that is lost costs seconds, never a change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from bson import ObjectId
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from stations import switching
from stations.commands import notify_changed_sync
from stations.models import StaleStation, Station, Template
from stations.secrets import encrypt
from stations.snapshots import forget_states

PATTERN = re.compile(r"\{n(?::0?(\d{1,2})d?)?\}")
MOST_AT_ONCE = 10_000
INSERT_CHUNK = 500
ATTEMPTS = 5


class IdentityTaken(Exception):
    """`identities`: those that exist already. Nothing was written."""

    def __init__(self, identities: Iterable[str]) -> None:
        self.identities = sorted(identities)
        shown = ", ".join(self.identities[:5]) + (" …" if len(self.identities) > 5 else "")
        super().__init__(f"These identities exist already, choose others: {shown}")


def create(station: Station) -> Station:
    """Insert a checked new station. Raises ValidationError or IdentityTaken."""
    station.full_clean()
    try:
        station.save(force_insert=True)
    except IntegrityError as error:  # another insert won between the check and this one
        raise IdentityTaken([station.identity]) from error
    notify_changed_sync([station.identity])
    return station


def change(identity: str, apply: Callable[[Station], None], revision: int | None) -> Station:
    """Read, apply, check, and write if nobody else wrote; then tell the fleet.

    With `revision` the caller insists on that one: StaleStation if it has moved on.
    Without, a write that lost a race is made again on the newer row.
    Raises Station.DoesNotExist, ValidationError, StaleStation.
    """
    for _ in range(ATTEMPTS):
        station = Station.objects.get(identity=identity)
        if revision is not None and station.revision != revision:
            raise StaleStation(identity)
        apply(station)
        station.full_clean(validate_unique=False)
        try:
            station.store()
        except StaleStation:
            if revision is not None:
                raise
            continue
        notify_changed_sync([identity])
        return station
    raise StaleStation(identity)


def set_running(identities: Iterable[str], running: bool) -> int:
    """Start or stop; returns how many changed. Disabled stations do not start."""
    wanted = list(identities)
    changed = switching.set_running(wanted, running)
    notify_changed_sync(wanted)
    return changed


def start_autostarting(identities: Iterable[str]) -> int:
    """Start those of the stations that are set to start by themselves; returns their number."""
    rows = Station.objects.filter(identity__in=list(identities), autostart=True, enabled=True)
    return set_running(rows.values_list("identity", flat=True), True)


def delete(identities: Iterable[str]) -> int:
    """Remove stations and their state; their messages and transactions stay in the history."""
    wanted = list(identities)
    count, _ = Station.objects.filter(identity__in=wanted).delete()
    notify_changed_sync(wanted)
    forget_states(wanted)
    return count


def copy_of(station: Station, identity: str, name: str = "") -> Station:
    """An unsaved station like this one, secrets included; not running."""
    return Station(
        **station.design(),
        identity=identity,
        name=name or f"Copy of {station.name or station.identity}"[:80],
        username=station.username,
        password_encrypted=station.password_encrypted,
        tls_client_cert_pem=station.tls_client_cert_pem,
        tls_client_key_encrypted=station.tls_client_key_encrypted,
        enabled=station.enabled,
        template_id=station.template_id,
    )


def copy_url(station: Station, identity: str) -> str:
    """The CSMS address for a copy: the old identity at its end gives way to the new."""
    head, slash, last = station.csms_url.rpartition("/")
    return f"{head}/{identity}" if slash and last == station.identity else station.csms_url


def clone(identity: str, new_identity: str, name: str = "") -> Station:
    """Raises Station.DoesNotExist, ValidationError, IdentityTaken."""
    station = Station.objects.get(identity=identity)
    copy = copy_of(station, new_identity, name)
    copy.csms_url = copy_url(station, new_identity)
    return create(copy)


def free_copy_identity(identity: str) -> str:
    """The first of <identity>-copy, <identity>-copy-2 ... that is free."""
    stem = f"{identity[:38]}-copy"
    taken = set(
        Station.objects.filter(identity__startswith=stem).values_list("identity", flat=True)
    )
    number = 1
    while (candidate := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return candidate


def expand_pattern(pattern: str, count: int, first: int = 1) -> list[str]:
    """["CP-001", ...] of "CP-{n:03}"; `{n}` may give a width. Raises ValidationError."""
    if not 1 <= count <= MOST_AT_ONCE:
        raise ValidationError({"count": f"Choose a count from 1 to {MOST_AT_ONCE}."})
    if first < 0:
        raise ValidationError({"first": "Begin at 0 or above."})
    found = PATTERN.findall(pattern)
    if len(found) != 1 or re.search(r"[{}]", PATTERN.sub("", pattern)):
        raise ValidationError({"pattern": "Write {n} or {n:04} once where the number goes."})
    width = int(found[0] or 0)
    return [
        PATTERN.sub(str(number).zfill(width), pattern) for number in range(first, first + count)
    ]


def from_template(template: Template, identity: str, **overrides: object) -> Station:
    """An unsaved station of this design."""
    return Station(**(template.design() | {"identity": identity, "template": template} | overrides))


def create_from_template(
    template: Template,
    pattern: str,
    count: int,
    first: int = 1,
    name: str = "",
    csms_url: str = "",
    password: str = "",
    tags: list[str] | None = None,
    running: bool = False,
) -> list[Station]:
    """`count` stations of one design, all or none. Raises ValidationError or IdentityTaken.

    `name` may have {n} too; "" for `csms_url` and None for `tags` leave the template's.
    """
    identities = expand_pattern(pattern, count, first)
    names = expand_pattern(name, count, first) if "{" in name else [name] * count
    overrides: dict[str, object] = {"running": running, "password_encrypted": encrypt(password)}
    if csms_url:
        overrides["csms_url"] = csms_url
    if tags is not None:
        overrides["tags"] = list(tags)
    return create_many(
        [
            from_template(template, identity, name=each, **overrides)
            for identity, each in zip(identities, names, strict=True)
        ]
    )


def create_many(stations: list[Station]) -> list[Station]:
    """Insert all of them or none. Raises ValidationError or IdentityTaken."""
    for station in stations:
        try:
            # Uniqueness is asked once for all below; the template was read from the database.
            station.full_clean(exclude=["template"], validate_unique=False)
        except ValidationError as error:
            raise ValidationError(
                {
                    name: [f"{station.identity}: {text}" for text in texts]
                    for name, texts in error.message_dict.items()
                }
            ) from error
    refuse_taken([station.identity for station in stations])
    insert_all(stations)
    notify_changed_sync([station.identity for station in stations])
    return stations


def refuse_taken(identities: list[str]) -> None:
    """Raises IdentityTaken for those that exist, or that the list itself has twice."""
    seen: set[str] = set()
    twice = {identity for identity in identities if identity in seen or seen.add(identity)}
    taken = Station.objects.filter(identity__in=identities).values_list("identity", flat=True)
    if found := twice | set(taken):
        raise IdentityTaken(found)


def insert_all(stations: list[Station]) -> None:
    """The store has no transactions that can be relied on: what was written is taken out again."""
    for station in stations:
        station.pk = ObjectId()
    try:
        for start in range(0, len(stations), INSERT_CHUNK):
            Station.objects.bulk_create(stations[start : start + INSERT_CHUNK])
    except Exception as error:
        Station.objects.filter(pk__in=[station.pk for station in stations]).delete()
        if isinstance(error, IntegrityError):
            raise IdentityTaken(_identities_present(stations)) from error
        raise


def _identities_present(stations: list[Station]) -> list[str]:
    wanted = [station.identity for station in stations]
    return (
        list(Station.objects.filter(identity__in=wanted).values_list("identity", flat=True))
        or wanted[:1]
    )
