"""Shapes of /api/ev-profiles. What a profile may have: GET /api/ev-profile-schema."""

from __future__ import annotations

from typing import Any

from ninja import Schema
from pydantic import Field

DOCUMENT = "The kind of car, as docs/reference/ev-profiles.md has it"


class EvProfileRow(Schema):
    name: str = Field(description="By which commands and stations name it")
    title: str = Field(description="For people")
    shipped: bool = Field(description="The emulator brings it: it cannot be changed")
    battery_kwh: float = Field(description="What its battery can use, kWh")
    ac_kw: float | None = Field(description="Most it takes at AC, kW; null: no such inlet")
    dc_kw: float | None = Field(description="Most it takes at DC, kW; null: no such inlet")
    weight: float = Field(description="How often it comes in a mix that says nothing of it")


class EvProfileOut(EvProfileRow):
    document: dict[str, Any] = Field(description=DOCUMENT)


class EvProfilesOut(Schema):
    items: list[EvProfileRow]


class EvProfilesFileOut(Schema):
    """A file that ev-profiles/import takes."""

    ev_profiles: list[dict[str, Any]] = Field(description="Their documents")


class EvProfileImportedOut(Schema):
    name: str
    action: str = Field(description="created, updated or skipped")


class EvProfilesImportedOut(Schema):
    dry_run: bool
    ev_profiles: list[EvProfileImportedOut] = Field(
        description="What became of each, in the file's order"
    )
