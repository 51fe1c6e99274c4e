"""Shapes of /api/crafter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from stations.api.schemas import StrictIn
from stations.crafter.tables import LONGEST, MOST_STATIONS

_TEXT = "The payload as JSON, or with `frame` the whole frame, of any text"


class SavedIn(StrictIn):
    folder: str = Field("", max_length=80, description="Folders within by /, such as Boot/wrong")
    name: str = Field(max_length=80)
    version: str = Field("", description="OCPP version that it is meant for; left out: any")
    action: str = Field("", max_length=60, description="Of the Call")
    frame: bool = Field(False, description="`text` is a whole frame")
    text: str = Field(max_length=LONGEST, description=_TEXT)
    shared: bool = Field(False, description="Others who may drive stations see it too")


class SavedOut(Schema):
    id: str
    mine: bool
    folder: str
    name: str
    version: str
    action: str
    frame: bool
    text: str
    shared: bool
    updated: datetime


class SavedPage(Schema):
    items: list[SavedOut]
    next: str | None


class SavedFile(StrictIn):
    requests: list[SavedIn] = Field(max_length=500)


class SavedImportedOut(Schema):
    created: int
    replaced: int
    skipped: int


class SendIn(StrictIn):
    """Whom: `stations`, or all with a `tag` or made from a `template`, or several of these."""

    stations: list[str] = Field(
        default_factory=list, max_length=MOST_STATIONS, description="Identities"
    )
    tag: str = Field("", max_length=50, description="Every station with this tag")
    template: str = Field(
        "", max_length=80, description="Every station created from this template (name or id)"
    )
    version: str = Field(
        "", description="Only stations of this OCPP version; the others are listed as left out"
    )
    action: str | None = Field(None, max_length=60, description="Of a Call, such as Heartbeat")
    payload: Any = Field(None, description="Its payload; left out: {}")
    text: str | None = Field(
        None, max_length=LONGEST, description="In place of both: a whole frame, of any text"
    )
    every_ms: int = Field(0, ge=0, le=5000, description="Between two stations")


class AnswerOut(Schema):
    id: str = Field(description="Of the message in the log")
    kind: str = Field(description="CallResult, CallError, or Invalid for what cannot be read")
    error: str
    latency_ms: float | None


class ResultOut(Schema):
    station: str
    unique_id: str
    error: str = Field(description="Why the station has not sent it; empty where it has")
    answer: AnswerOut | None


class SentOut(Schema):
    id: str
    time: datetime
    version: str
    action: str
    frame: bool
    text: str
    target: dict[str, Any]
    stations: int
    sent: int = Field(description="Stations that have sent it")
    answered: int = Field(description="Of these, with an answer; read the one for the newest")


class SentDetail(SentOut):
    waiting: int = Field(description="Stations whose answer may still come")
    results: list[ResultOut]


class SentPage(Schema):
    items: list[SentOut]
    next: str | None
