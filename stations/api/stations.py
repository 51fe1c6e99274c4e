"""/api/stations: list, create, read, change, delete, start, stop, clone."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from accounts import tables
from accounts.auth import demand
from accounts.errors import REFUSED, ApiError
from accounts.schemas import ErrorOut
from runtime import spreadsheets
from stations.api import listing
from stations.api.lookup import (
    State,
    Version,
    match_of,
    page_limit,
    page_of,
    station_or_404,
    template_or_404,
    told,
    with_live,
)
from stations.api.schemas import (
    CloneIn,
    ReleasedOut,
    RunningOut,
    StationChange,
    StationCreate,
    StationOut,
    StationPage,
    StationReplace,
)
from stations.api.state import StateOut, state_out
from stations.configuration import changes
from stations.models import STORED_FIELDS, Station
from stations.rights import DRIVE_STATION, PART, SEE_SECRETS

router = Router(tags=["stations"])
# Not plain columns: handled by name, or owned by somebody else.
_SPECIAL = {
    "password",
    "proxy_password",
    "tls_client_key_pem",
    "revision",
    "template",
    "start",
    "identity",
}
_KEPT_BY_PUT = {
    "password_encrypted", "password_encoding", "proxy_password_encrypted",
    "tls_client_key_encrypted", "template", "extra",
}  # fmt: skip


def apply(station: Station, sent: dict) -> None:
    """Set the columns that were sent; secrets are encrypted on the way."""
    for name, value in sent.items():
        if name not in _SPECIAL:
            setattr(station, name, value)
    if sent.get("password") is not None:
        station.set_password(sent["password"], sent.get("password_encoding", "text"))
    if sent.get("proxy_password") is not None:
        station.set_proxy_password(sent["proxy_password"])
    if sent.get("tls_client_key_pem") is not None:
        station.set_client_key(sent["tls_client_key_pem"])


def _check_identity(body: StationChange, identity: str) -> None:
    if body.identity not in (None, identity):
        sentence = "An identity is for good: clone the station under the new one instead."
        raise ApiError("invalid", sentence, 422, {"identity": sentence})


def _reset(station: Station) -> None:
    for name in STORED_FIELDS:
        if name not in _KEPT_BY_PUT:
            setattr(station, name, Station._meta.get_field(name).get_default())


@router.get(
    "/stations", response={200: StationPage, REFUSED: ErrorOut}, openapi_extra=tables.ALSO_CSV
)
def list_stations(
    request: HttpRequest,
    search: str = "",
    version: Version = "",
    state: State = "",
    tag: str = "",
    template: str = "",
    cursor: str | None = None,
    limit: int = page_limit(50),
    format: tables.Format = tables.FORMAT,
):
    """A page of stations with their live state, by identity; or all of them as CSV.

    `state`: disabled, stopped, held back, disconnected, pending, connected, charging, faulted;
    online or running for several of them. `template`: name or id.
    """
    match = match_of(search, version, tag, template)
    if tables.is_csv(request, format):
        found = tables.in_pages(listing.items(listing.each(match, state, cursor)))
        body = spreadsheets.rows(listing.COLUMNS, found, most=tables.MOST)
        return tables.download(body, "stations")
    items, following = page_of(match, state, cursor, limit)
    return {"items": items, "next": following}


@router.post("/stations", response={201: StationOut, REFUSED: ErrorOut})
def create_station(request: HttpRequest, body: StationCreate):
    """A station with `autostart` starts at once, unless `start` says otherwise."""
    sent = body.dict(exclude_unset=True)
    if body.template:
        station = changes.from_template(template_or_404(body.template), body.identity)
    else:
        station = Station(identity=body.identity)
    apply(station, sent)
    if body.start:
        demand(PART, request, DRIVE_STATION)
    wanted = station.autostart and PART.may(request, DRIVE_STATION)
    start = wanted if body.start is None else body.start
    station.running = start and station.enabled
    with told():
        changes.create(station)
    return Status(201, with_live([station])[0])


@router.get("/stations/{station:identity}", response={200: StationOut, REFUSED: ErrorOut})
def read_station(request: HttpRequest, identity: str):
    """One station: its configuration and, in `live`, its state in short."""
    return with_live([station_or_404(identity)])[0]


@router.put("/stations/{station:identity}", response={200: StationOut, REFUSED: ErrorOut})
def replace_station(request: HttpRequest, identity: str, body: StationReplace):
    """Replace the configuration. Secrets that are not sent stay, as with PATCH."""
    _check_identity(body, identity)
    sent = body.dict(exclude_unset=True)

    def replace(station: Station) -> None:
        _reset(station)
        apply(station, sent)

    with told():
        station = changes.change(identity, replace, body.revision, PART.may(request, SEE_SECRETS))
    return with_live([station])[0]


@router.patch("/stations/{station:identity}", response={200: StationOut, REFUSED: ErrorOut})
def change_station(request: HttpRequest, identity: str, body: StationChange):
    """Change the fields that are sent. With `revision`: only if it is still that one (409).

    Another host or port of the CSMS goes without the secrets that are not sent with it, unless the
    caller may see them; `parted` has their names.
    """
    _check_identity(body, identity)
    sent = body.dict(exclude_unset=True)
    with told():
        station = changes.change(
            identity, lambda row: apply(row, sent), body.revision, PART.may(request, SEE_SECRETS)
        )
    return with_live([station])[0]


@router.delete("/stations/{station:identity}", response={204: None, REFUSED: ErrorOut})
def delete_station(request: HttpRequest, identity: str):
    """The station's messages and transactions stay in the history."""
    station_or_404(identity)
    changes.delete([identity])
    return Status(204, None)


@router.get("/stations/{station:identity}/state", response={200: StateOut, REFUSED: ErrorOut})
def read_state(request: HttpRequest, identity: str):
    """The station's state: link, connectors, transactions, cars, breaches of its CSMS."""
    return state_out(with_live([station_or_404(identity)])[0].live)


@router.api_operation(
    ["PATCH", "POST"],
    "/stations/{station:identity}/start",
    response={200: RunningOut, REFUSED: ErrorOut},
)
def start_station(request: HttpRequest, identity: str):
    """Power the station on; it connects to its CSMS and boots."""
    if not station_or_404(identity).enabled:
        raise ApiError("disabled", "Enable the station first: PATCH enabled=true.", 409)
    changed = changes.set_running([identity], True)
    return {"identity": identity, "running": True, "changed": bool(changed)}


@router.api_operation(
    ["PATCH", "POST"],
    "/stations/{station:identity}/stop",
    response={200: RunningOut, REFUSED: ErrorOut},
)
def stop_station(request: HttpRequest, identity: str):
    """Power the station off in order; open transactions go on when it starts again."""
    station_or_404(identity)
    changed = changes.set_running([identity], False)
    return {"identity": identity, "running": False, "changed": bool(changed)}


@router.post("/stations/{station:identity}/release", response={200: ReleasedOut, REFUSED: ErrorOut})
def release_station(request: HttpRequest, identity: str):
    """Run a station again that is held back because workers ended while they handled it."""
    station_or_404(identity)
    return {"identity": identity, "released": bool(changes.release([identity]))}


@router.post("/stations/{station:identity}/clone", response={201: StationOut, REFUSED: ErrorOut})
def clone_station(request: HttpRequest, identity: str, body: CloneIn | None = None):
    """A copy under another identity, not started; with the secrets for who may see them."""
    body = body or CloneIn()
    sent = body.dict(exclude_unset=True, exclude={"identity", "name"})
    wanted = body.identity or changes.free_copy_identity(identity)
    with told():
        copy = changes.clone(
            identity, wanted, body.name, PART.may(request, SEE_SECRETS),
            lambda copy: apply(copy, sent),
        )  # fmt: skip
    return Status(201, with_live([copy])[0])
