"""Shapes of /api/jobs."""

from __future__ import annotations

from typing import Any

from ninja import Schema
from pydantic import Field

from stations.api.schemas import StrictIn
from stations.many import jobs
from stations.many.choosing import MOST, Choice


class ChoiceIn(StrictIn):
    """Which stations: by their names, by filters that hold together, or all."""

    identities: list[str] | None = Field(None, max_length=MOST)
    search: str = Field("", description="In identity, name, make, model, serial number")
    version: str = Field("", description="OCPP version")
    tag: str = ""
    template: str = Field("", description="Name or id of the template that they were made from")
    state: str = Field("", description="As in GET /api/stations, at the moment of asking")
    chosen: str = Field("", description="A choice that was ticked in the admin's list, by its id")
    all: bool = False

    def choice(self) -> Choice:
        """What the body says, as the choice of stations."""
        named = None if self.identities is None else tuple(self.identities)
        names = ("search", "version", "tag", "template", "state", "chosen", "all")
        return Choice(named, **{name: getattr(self, name) for name in names})


PER_SECOND = Field(
    0, ge=0, le=1000, description="Stations a second, 0.1 at least; 0: as fast as it goes"
)


class CommandJobIn(ChoiceIn):
    command: str = Field(
        description="start, stop, release, settings, or a command of POST /api/stations/{identity}/"
    )
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="The body of that operation for each of them"
    )
    per_second: float = PER_SECOND


class EditJobIn(ChoiceIn):
    set: dict[str, Any] = Field(
        default_factory=dict, description="Fields of a station, as PATCH takes them"
    )
    add_tags: list[str] = Field(default_factory=list, max_length=100)
    remove_tags: list[str] = Field(default_factory=list, max_length=100)
    region: str = Field("", description="Draws a place for each: see `region` of jobs/create")
    per_second: float = PER_SECOND


class AddressIn(StrictIn):
    url: str
    share: int = Field(1, ge=1, le=100, description="Of all stations, beside the other shares")


class CreateJobIn(StrictIn):
    template: str = Field(description="Name or id")
    pattern: str = Field(description='Identity with {n} or {n:04} once, e.g. "CP-{n:04}"')
    count: int = Field(ge=1, le=MOST)
    first: int = Field(1, ge=0)
    name: str = Field("", description="May contain {n} too")
    csms_urls: list[AddressIn] = Field(
        default_factory=list, max_length=20,
        description="The CSMSs that the stations are spread over, taking turns; "
        "empty: the template's",
    )  # fmt: skip
    password: str | None = None
    password_encoding: str = "text"
    tags: list[str] | None = Field(None, description="Left out: the template's")
    region: str = Field(
        "", description='A country\'s name, or "south, west, north, east": where their places '
        "(latitude, longitude) are drawn at random; empty: the template's place"
    )  # fmt: skip
    start: bool = False
    per_second: float = PER_SECOND


class JobOut(Schema):
    """`done` of `total` stations are done with; `counts`: what came of them."""

    id: str
    kind: str = Field(description="create, command or edit")
    state: str = Field(description=", ".join(jobs.STATES[1:]))
    title: str
    asked: dict[str, Any] = Field(description="What was asked for, without secrets")
    per_second: float
    total: int
    done: int
    counts: dict[str, int] = Field(description=", ".join(jobs.RESULTS))
    started_by: str
    created: str
    started: str | None
    ended: str | None
    stopping: bool
    message: str


class JobPage(Schema):
    items: list[JobOut]
    next: str | None


class JobStationOut(Schema):
    station: str
    result: str = Field(
        description="done; refused: it was not done; unknown: nobody can tell whether it was"
    )
    message: str
    answer: dict[str, Any] | None = Field(description="What the command answered")


class JobStationPage(Schema):
    items: list[JobStationOut]
    next: str | None


class JobPreviewOut(Schema):
    """What would be done; nothing was."""

    count: int
    identities: list[str] = Field(default_factory=list, description="The first and the last")
    addresses: list[dict[str, Any]] = Field(default_factory=list)
    examples: list[dict[str, Any]] = Field(default_factory=list)
    checked: int | None = Field(None, description="Stations whose change was tried")
    refused: dict[str, str] = Field(default_factory=dict)
