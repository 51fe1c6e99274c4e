"""Changes to stations, as the admin, the API and the commands make them.

Each writes first and tells the fleet after: a notice that is lost costs seconds, never a change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from bson import ObjectId
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from stations.configuration import trail
from stations.configuration.moving import SECRETS
from stations.link.targets import in_path
from stations.makes import finding
from stations.models import StaleStation, Station, Template
from stations.orders import holding, named, orders, switching
from stations.orders.commands import notify_changed_sync, notify_ordered_sync
from stations.state.closing import close_deleted
from stations.state.snapshots import forget_states

PATTERN = re.compile(r"\{n(?::0?(\d{1,2})d?)?\}")
MOST_AT_ONCE = 10_000
INSERT_CHUNK = 500
SWITCHED_AT_ONCE = 100  # stations whose rows are written before whoever asked has an answer
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


def change(
    identity: str,
    apply: Callable[[Station], None],
    revision: int | None,
    secrets_may_move: bool = False,
) -> Station:
    """Read, apply, check, and write if nobody else wrote; then tell the fleet.

    With `revision` the caller insists on that one: StaleStation if it has moved on.
    Without, a write that lost a race is made again on the newer row.
    secrets_may_move: they stay where the link is led elsewhere (see moving.py).
    Raises Station.DoesNotExist, ValidationError, StaleStation.
    """
    for _ in range(ATTEMPTS):
        station = Station.objects.get(identity=identity)
        if revision is not None and station.revision != revision:
            raise StaleStation(identity)
        station.secrets_may_move = secrets_may_move
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
    """Start or stop; returns how many change. Disabled stations do not start.

    Of more than SWITCHED_AT_ONCE the order is kept, and carried out afterwards (see orders.py).
    """
    wanted = list(dict.fromkeys(identities))
    if len(wanted) <= SWITCHED_AT_ONCE:
        return switch(dict.fromkeys(wanted, {}), running)
    found = named.rows(wanted, *switching.COLUMNS)
    return switch(dict.fromkeys(wanted, {}) | {row["identity"]: row for row in found}, running)


def switch(rows: Mapping[str, Mapping[str, Any]], running: bool) -> int:
    """The same of stations whose rows were read just now, by identity, with switching.COLUMNS."""
    wanted = list(rows)
    if len(wanted) > SWITCHED_AT_ONCE:
        changing = switching.would_change(filter(None, rows.values()), running)
        orders.keep(wanted, running)
        trail.ordered("start" if running else "stop", wanted, changing)
        notify_ordered_sync(wanted)
        return changing
    changed = switching.set_running(wanted, running)
    trail.ordered("start" if running else "stop", wanted, changed)
    notify_changed_sync(wanted)
    return changed


def carry_out_left_over() -> int:
    """Write the rows of orders that nobody carries out; returns how many changed."""
    changed = 0
    for order in orders.left_over():
        if not orders.claim(order):
            continue
        changed += switching.set_running(order.identities, order.running, order.number)
        orders.done(order)
        notify_changed_sync(order.identities)
    return changed


def start_autostarting(identities: Iterable[str]) -> int:
    """Start those of the stations that are set to start by themselves; returns their number."""
    rows = named.rows(identities, "autostart", "enabled")
    return set_running([r["identity"] for r in rows if r["autostart"] and r["enabled"]], True)


def release(identities: Iterable[str]) -> int:
    """Have stations that are held back run again; returns how many were."""
    wanted = list(identities)
    count = holding.release(wanted)
    trail.ordered("release", wanted, count)
    notify_changed_sync(wanted)
    return count


def delete(identities: Iterable[str]) -> int:
    """Remove stations and their state; their messages and transactions, which end by it, stay in
    the history."""
    wanted = list(identities)
    count, had = 0, switching.rows_of(wanted)
    for part in named.parts(wanted):
        deleted, _ = Station.objects.filter(identity__in=part).delete()
        count += deleted
    orders.forget(wanted)
    trail.deleted(had)
    notify_changed_sync(wanted)
    forget_states(wanted)
    close_deleted(wanted)
    holding.forget(wanted)
    return count


def copy_of(station: Station, identity: str, name: str = "", with_secrets: bool = False) -> Station:
    """An unsaved station like this one; not running."""
    copy = Station(
        **station.design(),
        identity=identity,
        name=name or f"Copy of {station.name or station.identity}"[:80],
        username=station.username,
        enabled=station.enabled,
        template_id=station.template_id,
    )
    if with_secrets:
        copy.password_encoding = station.password_encoding
        copy.tls_client_cert_pem = station.tls_client_cert_pem
        for field in SECRETS:
            setattr(copy, field, getattr(station, field))
    else:
        copy.parted = [name for field, name in SECRETS.items() if getattr(station, field)]
    return copy


def copy_url(station: Station, identity: str) -> str:
    """The CSMS address for a copy: the old identity at its end gives way to the new."""
    head, slash, last = station.csms_url.rpartition("/")
    is_own = slash and unquote(last) == station.identity
    return f"{head}/{in_path(identity)}" if is_own else station.csms_url


def clone(
    identity: str,
    new_identity: str,
    name: str = "",
    with_secrets: bool = False,
    apply: Callable[[Station], None] = lambda copy: None,
) -> Station:
    """`apply`: what is to be otherwise. Raises Station.DoesNotExist, ValidationError,
    IdentityTaken."""
    station = Station.objects.get(identity=identity)
    copy = copy_of(station, new_identity, name, with_secrets)
    copy.csms_url = copy_url(station, new_identity)
    apply(copy)
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


def expand_pattern(
    pattern: str, count: int, first: int = 1, most: int = MOST_AT_ONCE
) -> list[str]:
    """["CP-001", ...] of "CP-{n:03}"; `{n}` may give a width. Raises ValidationError."""
    if not 1 <= count <= most:
        raise ValidationError({"count": f"Choose a count from 1 to {most}."})
    if first < 0:
        raise ValidationError({"first": "Begin at 0 or above."})
    found = PATTERN.findall(pattern)
    if len(found) != 1 or re.search(r"[{}]", PATTERN.sub("", pattern)):
        raise ValidationError({"pattern": "Write {n} or {n:04} once where the number goes."})
    return [numbered(pattern, number) for number in range(first, first + count)]


def numbered(text: str, number: int) -> str:
    """With the number in the place of each {n} and {n:04}."""
    return PATTERN.sub(lambda found: str(number).zfill(int(found[1] or 0)), text)


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
    password_encoding: str = "text",
    tags: list[str] | None = None,
    running: bool = False,
) -> list[Station]:
    """`count` stations of one design, all or none. Raises ValidationError or IdentityTaken.

    `name` may have {n} too; "" for `csms_url` and None for `tags` leave the template's.
    """
    identities = expand_pattern(pattern, count, first)
    names = expand_pattern(name, count, first) if "{" in name else [name] * count
    pattern_station = Station()
    pattern_station.set_password(password, password_encoding)  # encrypted once for all of them
    overrides: dict[str, object] = {
        "running": running, "password_encrypted": pattern_station.password_encrypted,
        "password_encoding": password_encoding,
    }  # fmt: skip
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
    with finding.remembered():
        for station in stations:
            _check_of_many(station)
    refuse_taken([station.identity for station in stations])
    insert_all(stations)
    notify_changed_sync([station.identity for station in stations])
    return stations


def _check_of_many(station: Station) -> None:
    try:
        # Uniqueness is asked once for all of them; the template was read from the database.
        station.full_clean(exclude=["template"], validate_unique=False)
    except ValidationError as error:
        raise ValidationError(
            {
                name: [f"{station.identity}: {text}" for text in texts]
                for name, texts in error.message_dict.items()
            }
        ) from error


def refuse_taken(identities: list[str]) -> None:
    """Raises IdentityTaken for those that exist, or that the list itself has twice."""
    seen: set[str] = set()
    twice = {identity for identity in identities if identity in seen or seen.add(identity)}
    if found := twice | {row["identity"] for row in named.rows(identities)}:
        raise IdentityTaken(found)


def insert_all(stations: list[Station]) -> None:
    """The store has no transactions that can be relied on: what was written is taken out again.

    Raises IdentityTaken where one of them exists, or what the store raised.
    """
    for station in stations:
        station.pk = ObjectId()
    try:
        for start in range(0, len(stations), INSERT_CHUNK):
            Station.objects.bulk_create(stations[start : start + INSERT_CHUNK])
    except Exception as error:
        for part in named.parts(station.pk for station in stations):
            Station.objects.filter(pk__in=part).delete()
        if isinstance(error, IntegrityError):
            raise IdentityTaken(_identities_present(stations)) from error
        raise
    trail.created(stations)


def _identities_present(stations: list[Station]) -> list[str]:
    wanted = [station.identity for station in stations]
    return [row["identity"] for row in named.rows(wanted)] or wanted[:1]
