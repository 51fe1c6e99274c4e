"""/api/filters: filters of the list of stations, kept by each user under names."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest, QueryDict
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field

from accounts.errors import REFUSED, ApiError
from accounts.schemas import ErrorOut
from accounts.trail import acts
from stations.api.schemas import StrictIn

router = Router(tags=["stations"])
FILTER = "stations.filter"  # to the trail
MOST = 50  # of a user
ERRORS = {REFUSED: ErrorOut}


class FilterIn(StrictIn):
    name: str = Field(min_length=1, max_length=60)
    query: str = Field(
        max_length=1000, description="Of the admin's list: state=faulted&tag=north&q=abb"
    )


class FilterOut(Schema):
    name: str
    query: str


class FiltersOut(Schema):
    items: list[FilterOut]


def table() -> Any:
    return connection.get_collection("saved_filters")


def _key(request: HttpRequest, name: str) -> dict[str, str]:
    return {"user": str(request.auth.pk), "name": name}


@router.get("/filters", response={200: FiltersOut} | ERRORS)
def list_filters(request: HttpRequest):
    """Your own, by name."""
    return {"items": list(table().find({"user": str(request.auth.pk)}).sort("name", 1))}


@router.post("/filters", response={201: FilterOut} | ERRORS)
def save_filter(request: HttpRequest, body: FilterIn):
    """Keep one, or change the one of this name."""
    name = body.name.strip()
    query = QueryDict(body.query.lstrip("?")).urlencode()
    if not name:
        raise ApiError("invalid", "Give it a name.", 422, {"name": "Give it a name."})
    key = _key(request, name)
    known = table().find_one(key) is not None
    if not known and table().count_documents({"user": key["user"]}) >= MOST:
        raise ApiError("too_many_filters", f"You have {MOST} already: remove one first.", 409)
    table().update_one(key, {"$set": {"query": query}}, upsert=True)
    acts.note("changed" if known else "created", FILTER, [name], details={"query": query})
    return Status(201, {"name": name, "query": query})


@router.delete("/filters/{saved}", response={204: None} | ERRORS)
def delete_filter(request: HttpRequest, saved: str):
    """Remove one of your own, by its name."""
    if not table().delete_one(_key(request, saved)).deleted_count:
        raise ApiError("filter_not_found", "You have no filter of this name.", 404)
    acts.note("deleted", FILTER, [saved])
    return Status(204, None)
