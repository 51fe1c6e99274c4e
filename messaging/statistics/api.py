"""/api/analytics/actions and /api/analytics/stations: how often, how soon, how badly."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from messaging.keeping.store import async_database
from messaging.rows import iso
from messaging.statistics import reading

router = Router(tags=["analytics"])

RangeName = Literal["15m", "1h", "6h", "24h", "7d", "30d"]
Sort = Literal[
    "errors", "calls", "min_ms", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms", "deviation_ms"
]
Sorted = Query("errors", alias="sort", description="what those that come first have most of")
Chosen = Query("24h", alias="range", description="how far back; the last minute is not in it yet")


class Numbers(Schema):
    """Latencies in milliseconds, from the Call to its answer; null where nothing was answered.

    Percentiles are right to 2.5 %, the rest exactly.
    """

    calls: int
    answers: int
    errors: int = Field(description="CallErrors, Calls without an answer, frames with an error")
    min_ms: float | None
    mean_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    deviation_ms: float | None


class ActionRow(Numbers):
    action: str
    caller: str = Field(description="whose Call it is: station or csms")


class StationRow(Numbers):
    station: str


class Actions(Schema):
    """`since`: the range begins with a whole minute, hour or day."""

    range: RangeName
    since: str
    station: str
    rows: list[ActionRow]


class Stations(Schema):
    """`stations`: how many there are; `rows` are the first of them."""

    range: RangeName
    since: str
    stations: int
    rows: list[StationRow]


@router.get("/analytics/actions", response=Actions, summary="Statistics by action")
async def statistics_by_action(
    request: HttpRequest,
    chosen: RangeName = Chosen,
    station: str = Query("", max_length=200, description="of this station alone"),
):
    """Count, errors and latencies of each action, of all stations or of one."""
    found = await reading.by_action(async_database(), chosen, station)
    return {"range": chosen, "station": station, **found, "since": iso(found["since"])}


@router.get("/analytics/stations", response=Stations, summary="Statistics by station")
async def statistics_by_station(
    request: HttpRequest,
    chosen: RangeName = Chosen,
    sort: Sort = Sorted,
    limit: int = Query(100, ge=1, le=reading.MOST_STATIONS),
):
    """Count, errors and latencies of each station over all its actions."""
    found = await reading.by_station(async_database(), chosen, sort, limit)
    return {"range": chosen, **found, "since": iso(found["since"])}
