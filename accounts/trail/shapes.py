"""The API's shapes of the trail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from accounts.errors import ApiError
from accounts.parameters import word_of
from accounts.trail.acts import RESULTS, VIAS
from accounts.trail.reading import Wanted


class TrailFilter(Schema):
    """Whole words, but of `page` and `message` a part. Times are ISO 8601."""

    actor: str = Field("", max_length=200, description="name of the user, or of the behaviour")
    address: str = Field("", max_length=60)
    via: word_of("", *VIAS) = Field("", description=", ".join(VIAS))
    page: str = Field("", max_length=200, description="operation, page, task or command")
    token: str = Field("", max_length=200)
    session: str = Field("", max_length=20)
    execution: str = Field("", max_length=40)
    act: str = Field("", max_length=40, description="what one request or run has left")
    action: str = Field("", max_length=100, description="created, changed, deleted, a command ...")
    model: str = Field("", max_length=100, description="stations.station, auth.user ...")
    object: str = Field("", max_length=500, description="identity or name")
    result: word_of("", *RESULTS) = Field("", description=", ".join(RESULTS))
    message: str = Field("", max_length=200)
    since: datetime | None = Field(None, alias="from", description="from this time on")
    until: datetime | None = Field(None, alias="to", description="before this time")

    def wanted(self) -> Wanted:
        """ApiError where it makes no sense. Raises it with {field: sentence}, status 422."""
        fields = {}
        for name, known in (("via", VIAS), ("result", RESULTS)):
            if getattr(self, name) and getattr(self, name) not in known:
                fields[name] = f"Use one of {', '.join(known)}."
        if fields:
            raise ApiError("bad_filter", "Correct the filter's fields.", 422, fields)
        given = self.dict()
        return Wanted(**given | {name: _aware(given[name]) for name in ("since", "until")})


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


class TrailChange(Schema):
    """Of a secret only that it has changed."""

    field: str
    old: Any = None
    new: Any = None


class TrailEntry(Schema):
    """Who did what to what, through what, and how it ended; "" for what is not known."""

    id: str
    time: str
    act: str = Field(description="the same for all that one request or run has done")
    via: str
    page: str
    actor: str
    address: str
    token: str
    session: str = Field(description="tells log-in sessions apart")
    execution: str
    action: str
    model: str
    objects: list[str]
    changes: list[TrailChange]
    details: dict[str, Any]
    result: str
    status: int | None = Field(description="of the answer, for a request")
    message: str


class TrailPage(Schema):
    """Newest first. `next` goes into `cursor`; a page may be short and still have a `next`."""

    items: list[TrailEntry]
    next: str | None
