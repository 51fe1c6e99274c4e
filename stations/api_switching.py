"""/api/stations/bulk/start and /stop: one order for many stations."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from accounts.errors import REFUSED, ApiError
from accounts.schemas import ErrorOut
from stations import changes, named
from stations.api_lookup import match_of
from stations.api_schemas import SwitchIn, SwitchOut

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
    identities = _meant(body)
    changed = changes.set_running(identities, running)
    at_once = len(identities) <= changes.SWITCHED_AT_ONCE
    return Status(200 if at_once else 202, {
        "running": running, "stations": len(identities), "changed": changed, "complete": at_once,
    })  # fmt: skip


def _meant(body: SwitchIn) -> list[str]:
    match = match_of(body.search, body.version, body.tag)
    ways = (body.identities is not None, bool(match), body.all)
    if sum(ways) != 1:
        sentence = "Give one of: identities; search, version or tag; all=true."
        raise ApiError("invalid", sentence, 422, {"identities": sentence})
    if body.identities is None:
        rows = connection.get_collection(named.TABLE).find(match, {"identity": 1})
        return sorted(row["identity"] for row in rows)
    there = {row["identity"] for row in named.rows(body.identities)}
    if unknown := [name for name in body.identities if name not in there]:
        shown = ", ".join(unknown[:5]) + (" …" if len(unknown) > 5 else "")
        raise ApiError("station_not_found", f"There are no such stations: {shown}", 404)
    return list(dict.fromkeys(body.identities))
