"""Shapes of /api/makes. What a document may hold: GET /api/make-schema."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from stations.api.schemas import StrictIn

DOCUMENT = "What the model does, as docs/reference/makes.md has it"


class MakeRow(Schema):
    name: str
    description: str
    vendor: str
    model: str
    versions: list[str] = Field(description="OCPP versions that it speaks")
    shipped: bool = Field(description="The emulator brings it: it can be copied, not changed")
    revision: int
    stations: int = Field(description="How many stations are of it")
    created: datetime
    updated: datetime


class MakeOut(MakeRow):
    document: dict[str, Any] = Field(description=DOCUMENT)


class MakePage(Schema):
    items: list[MakeRow]
    next: str | None


class MakeCopyIn(StrictIn):
    name: str = Field(description="Of the copy, which is one's own")


class MakesOut(Schema):
    """A file that makes/import takes."""

    format: str = Field(description="ocpp-emulator/1")
    makes: list[dict[str, Any]] = Field(description="Their documents")


class MakeImportedOut(Schema):
    name: str
    action: str = Field(description="created, updated or skipped")


class MakesImportedOut(Schema):
    dry_run: bool
    makes: list[MakeImportedOut] = Field(description="What became of each, in the file's order")
