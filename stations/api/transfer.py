"""/api/stations/bulk, export and import: many stations at once."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDictKeyError
from ninja import Router
from ninja.responses import Status

from accounts import tables
from accounts.auth import demand
from accounts.errors import REFUSED, ApiError
from accounts.parameters import word_of
from accounts.schemas import ErrorOut
from stations.api import listing
from stations.api.lookup import State, Version, match_of, names_of, template_or_404, told
from stations.api.schemas import BulkIn, BulkOut, ImportOut
from stations.configuration import changes, trail
from stations.configuration.cells import csv_lines
from stations.configuration.exporting import export_parts
from stations.configuration.importing import ON_EXISTING, import_read
from stations.configuration.reading import Read, Unreadable, read
from stations.rights import (
    ADD_MAKE,
    ADD_TAG_GROUP,
    ADD_TEMPLATE,
    CHANGE,
    DRIVE_STATION,
    PART,
    SEE_SECRETS,
)

router = Router(tags=["stations"])
Existing = word_of(*ON_EXISTING)
# What a file may have beside stations, and the right to make it.
NEW_BESIDE = (("makes", ADD_MAKE), ("templates", ADD_TEMPLATE), ("tag_groups", ADD_TAG_GROUP))


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
    version: Version = "",
    tag: str = "",
    template: str = "",
    state: State = "",
    secrets: bool = False,
    format: Literal["json", "csv"] = "json",
):
    """A file that `stations/import` takes. `secrets=true`: passwords in clear. As CSV: a row a
    station, without templates and tag groups."""
    if secrets:
        demand(PART, request, SEE_SECRETS)
    match = match_of(search, version, tag, template)
    names = names_of(match, state)
    if secrets:
        trail.ordered("export with secrets", names)
    written = csv_lines if format == "csv" else export_parts
    body = tables.streamed(request, written(listing.named(names), secrets))
    return tables.download(body, "stations", format)


# The body is read by hand (two formats, or an upload), so its shape is told to OpenAPI here.
_IMPORT_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": ["object", "array"]}},
            "text/csv": {"schema": {"type": "string"}},
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
    request: HttpRequest, on_existing: Existing = "fail", dry_run: bool = False, start: bool = False
):
    """Our export, the predecessor's, a list of either, or CSV. Nothing is imported by halves.

    `on_existing`: fail, skip or update. `dry_run`: only check and report. `start`: start those
    of the file that are set to autostart.
    """
    found = _parsed(request)
    _demand_for(found.document, request, on_existing, start)
    with told():
        outcomes = import_read(found, on_existing, dry_run, PART.may(request, SEE_SECRETS))
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
        for name, right in NEW_BESIDE:
            if document.get(name):
                demand(PART, request, right)


def _parsed(request: HttpRequest) -> Read:
    """The JSON or CSV of the body, or of an uploaded file named `file`."""
    as_csv = request.content_type == "text/csv"
    try:
        if request.content_type != "multipart/form-data":
            return read(request.body, as_csv)
        file = request.FILES["file"]
        as_csv = file.content_type == "text/csv" or file.name.lower().endswith(".csv")
        return read(file.read(), as_csv)
    except Unreadable as error:
        raise ApiError("bad_csv" if as_csv else "bad_json", str(error), 400) from error
    except (MultiValueDictKeyError, MultiPartParserError) as error:
        sentence = "Send the stations as one JSON document, or as CSV."
        raise ApiError("bad_json", sentence, 400) from error
