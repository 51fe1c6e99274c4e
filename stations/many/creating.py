"""Stations from a template, many, in the background: checked first, then made at a pace.

A station's id and place are drawn from the job and its identity alone, so a slice that is done
again after a crash makes nothing twice and nothing otherwise.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from stations.configuration import changes
from stations.configuration import trail as station_trail
from stations.makes import finding
from stations.many import jobs, regions
from stations.many.jobs import Job, Result
from stations.models import Station, Template
from stations.orders import named
from stations.orders.commands import notify_changed_sync

MOST_ADDRESSES = 20
MOST_SHARE = 100
SHOWN = 5  # identities of a preview, at each end


@dataclass(frozen=True)
class Order:
    """addresses: [(URL of a CSMS, its share)]; empty: the template's. region: see regions.py."""

    template: Template
    pattern: str
    count: int
    first: int = 1
    name: str = ""
    addresses: tuple[tuple[str, int], ...] = ()
    password: str = field(default="", repr=False)
    password_encoding: str = "text"
    tags: tuple[str, ...] | None = None
    region: str = ""
    start: bool = False

    def identities(self) -> list[str]:
        """Raises ValidationError."""
        return changes.expand_pattern(self.pattern, self.count, self.first, jobs.MOST_STATIONS)

    def arguments(self) -> dict[str, Any]:
        """For Creating: the design as it is now, whatever becomes of the template meanwhile."""
        pattern = Station()
        pattern.set_password(self.password, self.password_encoding)
        return {
            "design": self.template.design(), "template": str(self.template.pk),
            "name": self.name, "first": self.first, "addresses": self.addresses,
            "password": pattern.password_encrypted, "password_encoding": self.password_encoding,
            "tags": None if self.tags is None else list(self.tags), "region": self.region,
            "start": self.start,
        }  # fmt: skip

    def told(self) -> dict[str, Any]:
        """What the job is told to make, for its page and the trail; no secrets."""
        names = ("pattern", "count", "first", "name", "region", "start")
        return {
            "template": self.template.name, **{name: getattr(self, name) for name in names},
            "tags": self.template.tags if self.tags is None else list(self.tags),
            "csms_urls": [
                {"url": url, "share": share}
                for url, share in self.addresses or ((self.template.csms_url, 1),)
            ],
        }  # fmt: skip


def preview(order: Order) -> dict[str, Any]:
    """What would be made: {"count", "identities", "addresses": [{"url", "count"}]}.

    Raises ValidationError and IdentityTaken for what would not be.
    """
    identities = order.identities()
    if "{" in order.name:
        changes.expand_pattern(order.name, 1, order.first)
    creating = Creating(order.arguments())
    _check_addresses(order.addresses)
    regions.region_of(order.region)
    # All are alike but for these: the shortest and longest identity and each address.
    some = dict.fromkeys([identities[0], identities[-1], *identities[: len(creating.turns)]])
    for identity in some:
        station = creating.station("preview", identity, identities.index(identity))
        try:
            station.full_clean(exclude=["template"], validate_unique=False)
        except ValidationError as error:
            raise ValidationError({
                name: [f"{identity}: {text}" for text in texts]
                for name, texts in error.message_dict.items()
            }) from error  # fmt: skip
    changes.refuse_taken(identities)
    spread = Counter(creating.address(n) for n in range(len(identities)))
    shown = identities if len(identities) <= 2 * SHOWN else [
        *identities[:SHOWN], *identities[-SHOWN:]
    ]  # fmt: skip
    return {
        "count": len(identities), "identities": shown,
        "addresses": [{"url": url, "count": count} for url, count in spread.most_common()],
        "examples": [_example(creating, identities, n) for n in range(min(SHOWN, len(identities)))],
    }  # fmt: skip


def _example(creating: Creating, identities: list[str], number: int) -> dict[str, Any]:
    made = creating.station("preview", identities[number], number)
    names = ("identity", "name", "csms_url", "tags", "latitude", "longitude")
    return {name: getattr(made, name) for name in names}


def _check_addresses(addresses: Iterable[tuple[str, int]]) -> None:
    given = list(addresses)
    if len(given) > MOST_ADDRESSES:
        raise ValidationError({"csms_urls": f"Give at most {MOST_ADDRESSES} addresses."})
    if any(not 1 <= share <= MOST_SHARE for _, share in given):
        raise ValidationError({"csms_urls": f"Give each address a share of 1 to {MOST_SHARE}."})
    if len({url for url, _ in given}) != len(given):
        raise ValidationError({"csms_urls": "Name each address once, with its share."})


def turns_of(addresses: Sequence[tuple[str, int]]) -> list[str]:
    """The addresses in the order in which they take turns: each as often as its share, spread."""
    whole = sum(share for _, share in addresses)
    had = dict.fromkeys(range(len(addresses)), 0)
    turns = []
    for number in range(1, whole + 1):
        owed = max(had, key=lambda n: (number * addresses[n][1] / whole - had[n], -n))
        had[owed] += 1
        turns.append(addresses[owed][0])
    return turns


class Creating:
    repeats = True
    slice = 100

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._given = arguments
        addresses = [(url, share) for url, share in arguments["addresses"]]
        self.turns = turns_of(addresses) or [arguments["design"]["csms_url"]]
        self._region = regions.region_of(arguments["region"])

    def address(self, number: int) -> str:
        """Of the station with this number, from 0 on."""
        return self.turns[number % len(self.turns)]

    def station(self, seed: str, identity: str, number: int) -> Station:
        """The unsaved station; `seed` is what its place is drawn by beside its identity."""
        given = self._given
        values = dict(given["design"]) | {"csms_url": self.address(number)}
        if given["tags"] is not None:
            values["tags"] = list(given["tags"])
        if self._region is not None:
            draw = random.Random(f"{seed}/{identity}")  # noqa: S311 - a place on a map
            values["latitude"], values["longitude"] = self._region.draw(draw)
        name = changes.numbered(given["name"], given["first"] + number)
        return Station(
            **values, identity=identity, name=name, template_id=ObjectId(given["template"]),
            password_encrypted=given["password"], password_encoding=given["password_encoding"],
            running=given["start"], pk=own_id(seed, identity),
        )  # fmt: skip

    def do(self, job: Job, stations: Sequence[str]) -> list[Result]:
        """Make these stations: a result for each.

        One that the job made before is not made twice.
        """
        found = {row["identity"]: row["_id"] for row in named.rows(stations)}
        made: list[Station] = []
        results: dict[str, Result] = {}
        with finding.remembered():
            for number, identity in enumerate(stations, job.position):
                station = self.station(job.id, identity, number)
                if identity in found:
                    own = found[identity] == station.pk
                    results[identity] = _there(identity, own)
                    continue
                try:
                    station.full_clean(exclude=["template"], validate_unique=False)
                except ValidationError as error:
                    results[identity] = Result(identity, "refused", words(error))
                else:
                    made.append(station)
        for station, told in _inserted(made):
            results[station.identity] = told
        new = [s for s in made if results[s.identity].result == "done"]
        station_trail.created(new)
        # Of those too that a worker which died made and did not tell of.
        notify_changed_sync([name for name in stations if results[name].result == "done"])
        return [results[identity] for identity in stations]


def _inserted(stations: list[Station]) -> list[tuple[Station, Result]]:
    done = [(station, Result(station.identity, "done")) for station in stations]
    if not stations:
        return []
    try:
        Station.objects.bulk_create(stations)
    except IntegrityError:  # somebody made one of the name meanwhile; the others are made
        rows = {row["identity"]: row["_id"] for row in named.rows([s.identity for s in stations])}
        return [_one_by_one(station, rows.get(station.identity)) for station in stations]
    return done


def _one_by_one(station: Station, there: ObjectId | None) -> tuple[Station, Result]:
    if there is not None:
        return station, _there(station.identity, there == station.pk)
    try:
        Station.objects.bulk_create([station])
    except IntegrityError:
        return station, _there(station.identity, False)
    return station, Result(station.identity, "done")


def _there(identity: str, own: bool) -> Result:
    if own:
        return Result(identity, "done")
    return Result(identity, "refused", "This identity exists already.")


def words(error: ValidationError) -> str:
    """Of a station's fields, in one sentence or more."""
    return " ".join(
        f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()
    )


def own_id(job: str, identity: str) -> ObjectId:
    """The station's primary key, told by the job that makes it."""
    return ObjectId(hashlib.sha256(f"{job}/{identity}".encode()).digest()[:12])
