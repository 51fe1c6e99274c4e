"""/api/stations/bulk/start and /stop: one order for many stations."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from accounts.errors import REFUSED, ApiError
from accounts.schemas import ErrorOut
from stations.api.lookup import match_of
from stations.api.schemas import SwitchIn, SwitchOut
from stations.configuration import changes
from stations.orders import named, switching

router = Router(tags=["stations"])
_ANSWERS = {200: SwitchOut, 202: SwitchOut, REFUSED: ErrorOut}


@router.post("/stations/bulk/start", response=_ANSWERS)
def start_many(request: HttpRequest, body: SwitchIn):
    """Power on the stations that are named or that the filter finds; disabled ones stay off.

    200 where the rows of all are written; of many 202: the order is kept and is being carried out.
    """
    return _switch(body, True)


@router.post("/stations/bulk/stop", response=_ANSWERS)
def stop_many(request: HttpRequest, body: SwitchIn):
    """Power off the stations that are named or that the filter finds, as the start of many."""
    return _switch(body, False)


def _switch(body: SwitchIn, running: bool) -> Status:
    rows = _meant(body)
    changed = changes.switch(rows, running)
    at_once = len(rows) <= changes.SWITCHED_AT_ONCE
    return Status(200 if at_once else 202, {
        "running": running, "stations": len(rows), "changed": changed, "complete": at_once,
    })  # fmt: skip


def _meant(body: SwitchIn) -> dict[str, dict[str, Any]]:
    """Rows by identity, read once: for how many there are, and for how many would change."""
    match = match_of(body.search, body.version, body.tag)
    ways = (body.identities is not None, bool(match), body.all)
    if sum(ways) != 1:
        sentence = "Give one of: identities; search, version or tag; all=true."
        raise ApiError("invalid", sentence, 422, {"identities": sentence})
    if body.identities is None:
        shown = dict.fromkeys(("identity", *switching.COLUMNS), 1)
        found = connection.get_collection(named.TABLE).find(match, shown)
        return {row["identity"]: row for row in found}
    there = {row["identity"]: row for row in named.rows(body.identities, *switching.COLUMNS)}
    if unknown := [name for name in body.identities if name not in there]:
        shown = ", ".join(unknown[:5]) + (" …" if len(unknown) > 5 else "")
        raise ApiError("station_not_found", f"There are no such stations: {shown}", 404)
    return {name: there[name] for name in body.identities}
