"""/api/connections and /api/admin/sync: the fleet as a whole."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from accounts.errors import REFUSED
from accounts.schemas import ErrorOut
from stations.api.lookup import State, page_limit, page_of
from stations.api.schemas import ConnectionPage, SyncOut
from stations.api.state import worker_seen_of
from stations.link.targets import station_url
from stations.models import Station
from stations.state.live import COLUMNS_OF
from stations.state.snapshots import sync_dirty
from stations.tasks import sync_station_state

PATIENCE = 0.3  # seconds that a request spends on the sync itself

router = Router(tags=["fleet"])


@router.get("/connections", response={200: ConnectionPage, REFUSED: ErrorOut})
def list_connections(
    request: HttpRequest, state: State = "", cursor: str | None = None, limit: int = page_limit(100)
):
    """The stations that run, with the link of each. `state` as in GET /api/stations."""
    stations, following = page_of(dict(COLUMNS_OF["running"]), state, cursor, limit)
    return {"items": [_connection(station) for station in stations], "next": following}


def _connection(station: Station) -> dict:
    return {
        "station": station.identity,
        "csms_url": station_url(station.csms_url, station.identity),
        "ocpp_version": station.live.version or station.ocpp_version,
        "state": station.live.label,
        "connected": station.live.connected,
        "last_message": station.live.last_message,
        "power_w": station.live.power_w,
        "worker_seen": worker_seen_of(station.live),
    }


@router.post("/admin/sync", response={200: SyncOut, 202: SyncOut, REFUSED: ErrorOut})
def sync_now(request: HttpRequest):
    """Bring the state kept in MongoDB up to date now, as the periodic task does.

    200 where all of it is there when this is answered, as it mostly is. Where that takes longer
    than a request should, a Celery worker does the rest: 202, and `complete` is false; `sync` in
    GET /api/health tells when it is done.
    """
    result = sync_dirty(PATIENCE)
    if result["complete"]:
        return Status(200, result)
    sync_station_state.delay()
    return Status(202, result)
