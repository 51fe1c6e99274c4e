"""What a station may say: the actions that it sends, and the JSON schemas of their requests."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from accounts.errors import REFUSED, ApiError
from accounts.schemas import ErrorOut
from chargepoint.versions import station_class
from chargepoint.wire import schemas
from stations.configuration.validation import OCPP_VERSIONS

router = Router(tags=["schemas"])
_BOTH = "DataTransfer"  # it may be sent by either side


class ActionsOut(Schema):
    version: str
    actions: list[str]


def sent_by_stations(version: str) -> list[str]:
    """What is none of the CSMS's Calls."""
    asked = set(station_class(version).HANDLERS) - {_BOTH}
    return sorted(schemas.actions(version) - asked)


def _known(version: str) -> str:
    if version not in OCPP_VERSIONS:
        sentence = f"Choose a version of {', '.join(OCPP_VERSIONS)}."
        raise ApiError("bad_version", sentence, 404)
    return version


@router.get("/schemas/{version}", response={200: ActionsOut, REFUSED: ErrorOut})
def list_actions(request: HttpRequest, version: str):
    """The actions that a station of this OCPP version sends."""
    return {"version": version, "actions": sent_by_stations(_known(version))}


@router.get("/schemas/{version}/{action}", response={200: dict[str, Any], REFUSED: ErrorOut})
def read_schema(request: HttpRequest, version: str, action: str):
    """The JSON schema of an action's request, as the station itself checks it."""
    if action not in schemas.actions(_known(version)):
        sentence = f"OCPP {version} has no action {action!r}: see GET /api/schemas/{version}."
        raise ApiError("action_not_found", sentence, 404)
    return schemas.schema_of(version, action, False)
