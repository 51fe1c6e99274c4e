"""What the trail hears of stations: their rows, and what they are ordered to do.

Rows of stations are written in bulk and by conditional updates, which Django's signals tell
nothing of; so this is called where they are written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from accounts.trail import acts, values
from chargepoint.core.commands import LOOKS as LOOKING

if TYPE_CHECKING:
    from stations.models import Station

STATION = "stations.station"
# Commands that only look: the core's, and the fleet's own.
LOOKS = LOOKING | {"state"}
# Columns that nobody sets.
_OWN = frozenset({"_id", "created", "updated", "revision", "ordered", "spread"})


def changed(identity: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Columns of a row as they were, and those that were written."""
    names = [name for name in after if name not in _OWN]
    if changes := values.difference(before, after, names):
        acts.note("changed", STATION, [identity], changes)


def created(stations: Iterable[Station]) -> None:
    acts.note_each("created", STATION, _new_rows(stations))


def _new_rows(stations: Iterable[Station]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for station in stations:
        told = {
            field.attname: value for field in station._meta.concrete_fields
            if field.attname not in ("id", "identity", *_OWN)
            and (value := field.value_from_object(station)) not in (None, "", [], {})
            and not (field.has_default() and value == field.get_default())
        }  # fmt: skip
        yield station.identity, values.difference({}, told, told)


def deleted(documents: Iterable[Mapping[str, Any]]) -> None:
    """Rows as MongoDB has them, each with all its columns."""
    acts.note_each("deleted", STATION, (
        (row["identity"], values.difference(had, {}, had))
        for row in documents
        if (had := {name: value for name, value in row.items()
                    if name not in ("identity", *_OWN) and value not in (None, "", [], {})})
        is not None
    ))  # fmt: skip


def ordered(action: str, identities: Iterable[str], changed: int | None = None) -> None:
    """Stations were told to start, stop and so on; `changed`: how many were not so already."""
    wanted = list(identities)
    if wanted:
        told = {} if changed is None else {"changed": changed, "of": len(wanted)}
        acts.note(action, STATION, wanted, details=told)


def commanded(name: str, args: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    """answers: {identity: {"result": ...} or {"error": {"code", "message"}}}."""
    ends: dict[str, list[str]] = defaultdict(list)
    for identity, answer in answers.items():
        error = answer.get("error")
        ends[f"{error['code']}: {error['message']}" if error else ""].append(identity)
    for message, identities in ends.items():
        result = acts.REFUSED if message else acts.DONE
        acts.note(name, STATION, identities, None, {"args": args} if args else None, result,
                  message)  # fmt: skip
