"""The same change to many stations, each by the rules of a single change."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from pydantic import ValidationError as SchemaError

from accounts.errors import ApiError
from stations.api.schemas import StationChange
from stations.api.stations import apply
from stations.configuration import changes
from stations.many import regions
from stations.many.creating import words
from stations.many.jobs import Job, Result
from stations.models import StaleStation, Station

CHECKED = 200  # stations that a preview looks at
MOST_TOLD = 20  # of those that could not be changed
# Nothing of these is told.
SECRET = ("password", "proxy_password", "tls_client_key_pem")
# One station's own.
OWN = frozenset({"identity", "revision", "serial", "iccid", "imsi"})


@dataclass(frozen=True)
class Edit:
    """values: fields of a station as PATCH takes them, but for its OWN. region: draws places."""

    values: Mapping[str, Any]
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    region: str = ""
    trusted: bool = False

    def arguments(self) -> dict[str, Any]:
        return {
            "values": dict(self.values), "add_tags": list(self.add_tags),
            "remove_tags": list(self.remove_tags), "region": self.region, "trusted": self.trusted,
        }  # fmt: skip

    def told(self) -> dict[str, Any]:
        """Without secrets."""
        given = self.arguments()
        del given["trusted"]
        given["values"] |= {name: "***" for name in SECRET if name in given["values"]}
        return {name: value for name, value in given.items() if value}


def edit_of(
    values: Mapping[str, Any], add_tags: Sequence[str] = (), remove_tags: Sequence[str] = (),
    region: str = "", trusted: bool = False,
) -> Edit:  # fmt: skip
    """Raises ApiError for what no station could be given."""
    if not (values or add_tags or remove_tags or region):
        sentence = "Say what is to change: set, add_tags, remove_tags or region."
        raise ApiError("invalid", sentence, 422, {"set": sentence})
    if own := sorted(OWN & set(values)):
        sentence = f"{', '.join(own)}: each station's own, change it there."
        raise ApiError("invalid", sentence, 422, {f"set.{own[0]}": sentence})
    if "tags" in values and (add_tags or remove_tags):
        sentence = "Set the tags, or add and remove some."
        raise ApiError("invalid", sentence, 422, {"set.tags": sentence})
    try:
        regions.region_of(region)
    except ValidationError as error:
        raise ApiError("invalid", "Correct the region.", 422, _plain(error)) from error
    try:
        sent = StationChange(**values).dict(exclude_unset=True)
    except SchemaError as error:
        fields = {f"set.{'.'.join(map(str, e['loc']))}": e["msg"] for e in error.errors()[:20]}
        raise ApiError("invalid", "Correct the fields to set.", 422, fields) from error
    return Edit(sent, tuple(add_tags), tuple(remove_tags), region, trusted)


def _plain(error: ValidationError) -> dict[str, str]:
    return {name: " ".join(texts) for name, texts in error.message_dict.items()}


def preview(edit: Edit, stations: Sequence[str]) -> dict[str, Any]:
    """{"count", "checked", "refused": {identity: why}}: of the first CHECKED stations."""
    some = list(stations[:CHECKED])
    found = {row.identity: row for row in Station.objects.filter(identity__in=some)}
    editing = Editing(edit.arguments())
    refused: dict[str, str] = {}
    for identity in some:
        station = found.get(identity)
        if station is None:
            continue
        station.secrets_may_move = edit.trusted
        try:
            editing.change("preview")(station)
            station.full_clean(validate_unique=False)
        except ValidationError as error:
            refused[identity] = words(error)
    shown = dict(list(refused.items())[:MOST_TOLD])
    return {"count": len(stations), "checked": len(found), "refused": shown}


class Editing:
    repeats = True  # the same values once more
    slice = 50

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._given = arguments
        self._region = regions.region_of(arguments["region"])

    def change(self, seed: str) -> Callable[[Station], None]:
        """A function that changes a station.

        Places are drawn by `seed` and identity: the same each time.
        """
        given = self._given

        def changed(station: Station) -> None:
            apply(station, given["values"])
            gone = set(given["remove_tags"])
            kept = [tag for tag in station.tags if tag not in gone]
            station.tags = list(dict.fromkeys([*kept, *given["add_tags"]]))
            if self._region is not None:
                draw = random.Random(f"{seed}/{station.identity}")  # noqa: S311 - a place on a map
                station.latitude, station.longitude = self._region.draw(draw)

        return changed

    def do(self, job: Job, stations: Sequence[str]) -> list[Result]:
        return [self._one(job, identity) for identity in stations]

    def _one(self, job: Job, identity: str) -> Result:
        try:
            station = changes.change(
                identity, self.change(job.id), None, self._given.get("trusted", False)
            )
        except Station.DoesNotExist:
            return Result(identity, "refused", "There is no such station any more.")
        except StaleStation:
            return Result(identity, "refused", "It was changed by others at the same moment.")
        except ValidationError as error:
            return Result(identity, "refused", words(error))
        gone = ", ".join(station.parted)
        note = f"Removed, the link leads elsewhere: {gone}" if gone else ""
        return Result(identity, "done", note)
