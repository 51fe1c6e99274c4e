"""/api/ev-profiles: kinds of cars, as documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Body, Router
from ninja.responses import Status

from accounts.auth import demand
from accounts.error_handlers import CORRECT
from accounts.errors import REFUSED, ApiError
from accounts.parameters import known, word_of
from accounts.schemas import ErrorOut
from chargepoint.cars.profile import EvProfile
from chargepoint.cars.reading import json_schema, told
from chargepoint.cars.shipped import shipped
from stations.api.documents import by_path
from stations.cars import changes, garage
from stations.cars.schemas import (
    EvProfileOut,
    EvProfilesFileOut,
    EvProfilesImportedOut,
    EvProfilesOut,
)
from stations.cars.tables import CarProfile
from stations.rights import CHANGE_EV_PROFILE, PART

router = Router(tags=["ev-profiles"])
ERRORS = {REFUSED: ErrorOut}
Existing = word_of(*changes.ON_EXISTING)
_DOCUMENT = Body(..., description="A profile, as GET /api/ev-profile-schema has it")
_FILE = Body(..., description="A profile, a list of them, or an object with `ev_profiles`")


@contextmanager
def explained() -> Iterator[None]:
    """Refusals as ApiErrors: those of a document by the paths of its fields."""
    try:
        yield
    except changes.ProfileError as error:
        raise ApiError(error.code, str(error), 409) from error
    except ValidationError as error:
        raise ApiError("invalid", CORRECT, 422, by_path(error)) from error


def _row(profile: EvProfile) -> dict[str, Any]:
    return {
        "name": profile.name, "title": profile.title, "shipped": profile.name in shipped(),
        "battery_kwh": profile.battery_kwh, "weight": profile.weight,
        "ac_kw": profile.ac and profile.ac.max_power_kw,
        "dc_kw": profile.dc and profile.dc.max_power_kw,
    }  # fmt: skip


def _found(name: str) -> EvProfile:
    profile = garage.found([name]).get(name)
    if profile is None:
        sentence = f'There is no EV profile "{name}": see GET /api/ev-profiles.'
        raise ApiError("ev_profile_not_found", sentence, 404)
    return profile


def _own(name: str) -> CarProfile:
    if name in shipped():
        sentence = f'"{name}" ships with the emulator: put a copy under another name.'
        raise ApiError("shipped", sentence, 409)
    _found(name)
    return CarProfile.objects.get(name=name)


@router.get("/ev-profiles", response={200: EvProfilesOut} | ERRORS)
def list_ev_profiles(request: HttpRequest):
    """All of them: those that ship, then one's own by name."""
    return {"items": [_row(profile) for profile in garage.every().values()]}


@router.get("/ev-profiles/export", response={200: EvProfilesFileOut} | ERRORS)
def export_ev_profiles(request: HttpRequest):
    """One's own, as a file that `ev-profiles/import` takes."""
    return changes.export(CarProfile.objects.filter(shipped=False))


@router.post("/ev-profiles/import", response={200: EvProfilesImportedOut} | ERRORS)
def import_ev_profiles(
    request: HttpRequest, body: dict[str, Any] | list[dict[str, Any]] = _FILE,
    on_existing: Existing = "fail", dry_run: bool = False,
):  # fmt: skip
    """All of the file or nothing. `on_existing`: fail, skip or update."""
    known("on_existing", on_existing, changes.ON_EXISTING, needed=True)
    if on_existing == "update":
        demand(PART, request, CHANGE_EV_PROFILE)
    with explained():
        outcomes = changes.import_all(body, on_existing, dry_run)
    return {"dry_run": dry_run, "ev_profiles": outcomes}


@router.get("/ev-profiles/{ev_profile}", response={200: EvProfileOut} | ERRORS)
def read_ev_profile(request: HttpRequest, ev_profile: str):
    """One with its document, to be put under another name."""
    profile = _found(ev_profile)
    return _row(profile) | {"document": told(profile)}


@router.put(
    "/ev-profiles/{ev_profile}", response={200: EvProfileOut, 201: EvProfileOut} | ERRORS
)
def put_ev_profile(request: HttpRequest, ev_profile: str, body: dict[str, Any] = _DOCUMENT):
    """Make the profile, or change it. Stations that have it among their `cars` take it at once,
    for the next car that comes."""
    if body.get("name", ev_profile) != ev_profile:
        sentence = "Write the name of the address, or none."
        raise ApiError("invalid", CORRECT, 422, {"name": sentence})
    with explained():
        row, is_new = changes.put({**body, "name": ev_profile})
    profile = garage.found([row.name])[row.name]
    return Status(201 if is_new else 200, _row(profile) | {"document": told(profile)})


@router.delete("/ev-profiles/{ev_profile}", response={204: None} | ERRORS)
def delete_ev_profile(request: HttpRequest, ev_profile: str):
    """One of one's own that no station has among its `cars` (409)."""
    with explained():
        changes.delete(_own(ev_profile))
    return Status(204, None)


@router.get("/ev-profile-schema", response={200: dict[str, Any]} | ERRORS)
def read_ev_profile_schema(request: HttpRequest):
    """The JSON schema of a profile."""
    return json_schema()
