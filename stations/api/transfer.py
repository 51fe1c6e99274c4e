"""/api/stations/bulk, export and import: many stations at once."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDictKeyError
from ninja import Router
from ninja.responses import Status

from accounts.auth import demand
from accounts.errors import REFUSED, ApiError
from accounts.schemas import ErrorOut
from stations.api.lookup import match_of, stations_of, template_or_404, told
from stations.api.schemas import BulkIn, BulkOut, ImportOut
from stations.configuration import changes, trail
from stations.configuration.exporting import export_document
from stations.configuration.importing import import_document
from stations.rights import (
    ADD_TAG_GROUP,
    ADD_TEMPLATE,
    CHANGE,
    DRIVE_STATION,
    PART,
    SEE_SECRETS,
)

router = Router(tags=["stations"])


@router.post("/stations/bulk", response={201: BulkOut, REFUSED: ErrorOut})
def create_bulk(request: HttpRequest, body: BulkIn):
    """N stations from a template; all of them or none."""
    if body.start:
        demand(PART, request, DRIVE_STATION)
    template = template_or_404(body.template)
    with told():
        stations = changes.create_from_template(
            template, body.pattern, body.count, body.first, body.name,
            csms_url=body.csms_url or "", password=body.password or "",
            password_encoding=body.password_encoding, tags=body.tags,
            running=body.start,
        )  # fmt: skip
    identities = [station.identity for station in stations]
    return Status(201, {"created": len(identities), "identities": identities})


@router.get("/stations/export", response={200: dict[str, Any], REFUSED: ErrorOut})
def export_stations(
    request: HttpRequest,
    search: str = "",
    version: str = "",
    tag: str = "",
    secrets: bool = False,
):
    """A file that `stations/import` takes. `secrets=true`: passwords in clear."""
    if secrets:
        demand(PART, request, SEE_SECRETS)
    rows = stations_of(match_of(search, version, tag))
    if secrets:
        trail.ordered("export with secrets", [row.identity for row in rows])
    text = json.dumps(export_document(rows, secrets), indent=2, ensure_ascii=False)
    headers = {"Content-Disposition": 'attachment; filename="stations.json"'}
    return HttpResponse(text, content_type="application/json", headers=headers)


# The body is read by hand (two formats, or an upload), so its shape is told to OpenAPI here.
_IMPORT_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": ["object", "array"]}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


@router.post(
    "/stations/import",
    response={200: ImportOut, REFUSED: ErrorOut},
    openapi_extra=_IMPORT_BODY,
)
def import_stations(
    request: HttpRequest, on_existing: str = "fail", dry_run: bool = False, start: bool = False
):
    """Our export, the predecessor's, or a list of either. Nothing is imported by halves.

    `on_existing`: fail, skip or update. `dry_run`: only check and report. `start`: start those
    of the file that are set to autostart.
    """
    document = _parsed(request)
    _demand_for(document, request, on_existing, start)
    with told():
        outcomes = import_document(document, on_existing, dry_run, PART.may(request, SEE_SECRETS))
    if start and not dry_run:
        changes.start_autostarting(outcome.identity for outcome in outcomes)
    counts = {
        action: sum(o.action == action for o in outcomes)
        for action in ("created", "updated", "skipped")
    }
    return {**counts, "dry_run": dry_run, "stations": outcomes}


def _demand_for(document: Any, request: HttpRequest, on_existing: str, start: bool) -> None:
    """What a file asks for beside new stations."""
    if on_existing == "update":
        demand(PART, request, CHANGE)
    if start:
        demand(PART, request, DRIVE_STATION)
    if isinstance(document, dict):
        for name, right in (("templates", ADD_TEMPLATE), ("tag_groups", ADD_TAG_GROUP)):
            if document.get(name):
                demand(PART, request, right)


def _parsed(request: HttpRequest) -> Any:
    """The JSON of the body, or of an uploaded file named `file`."""
    try:
        if request.content_type == "multipart/form-data":
            return json.loads(request.FILES["file"].read())
        return json.loads(request.body)
    except (ValueError, RecursionError, MultiValueDictKeyError, MultiPartParserError) as error:
        raise ApiError("bad_json", "Send the stations as one JSON document.", 400) from error
