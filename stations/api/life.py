"""What the page of a station shows beside its state: schedule ahead, settings, the past day."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from accounts.secrecy import asker_sees_secrets
from messaging.masking import masked_value
from messaging.rights import PART as MESSAGING
from messaging.rights import VIEW_SESSIONS
from stations.api.command_schemas import SettingIn
from stations.api.commands import ANSWERS, carry_out, result_of
from stations.api.faults import ERRORS
from stations.api.lookup import not_found
from stations.life.timeline import timeline_of
from stations.models import Station
from stations.rights import PART, SEE_SECRETS

router = Router(tags=["stations"])
WEEK = 7 * 86_400


class PeriodOut(Schema):
    start: int = Field(description="Seconds into the schedule")
    limit: float | None = Field(description="W")


class ScheduleOut(Schema):
    start: float = Field(description="Unix seconds")
    seconds: int = Field(description="So far the schedule can be told")
    periods: list[PeriodOut]


class SettingOut(Schema):
    """A configuration key (1.6), or a variable with its Actual value (2.x)."""

    key: str = Field(description="Key, or Component.Variable[Instance]")
    group: str
    name: str
    value: str | None = Field(description="Null where it cannot be read")
    mutability: str
    kind: str
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    values: list[str] | None = None
    evse: int | None = None
    connector: int | None = Field(None, description="Within the EVSE")
    waits: str | None = Field(None, description="In force from the next boot on")


class SettingsOut(Schema):
    settings: list[SettingOut]


class PastSessionOut(Schema):
    id: str
    connector: int | None = None
    transaction: str
    id_tag: str | None = None
    started: float
    ended: float | None = None
    energy_wh: float | None = None
    reason: str | None = None


class TimelineOut(Schema):
    """Times in unix seconds. `moments`: [time, kind, what...]; see docs/reference/api.md."""

    begin: float = Field(alias="from")
    to: float
    moments: list[list[Any]]
    sessions: list[PastSessionOut]


@router.get("/stations/{station:identity}/schedule", response={200: ScheduleOut} | ERRORS)
async def read_schedule(
    request: HttpRequest, identity: str, connector: int = 1,
    seconds: int = Query(86_400, ge=1, le=WEEK),
):  # fmt: skip
    """The composite schedule ahead, as the station would tell the CSMS."""
    return await result_of(identity, "schedule", {"connector": connector, "seconds": seconds})


@router.get("/stations/{station:identity}/settings", response={200: SettingsOut} | ERRORS)
async def read_settings(request: HttpRequest, identity: str):
    """Configuration keys (1.6) or the device model (2.x) of a running station."""
    told = await result_of(identity, "settings", {})
    return told if await asker_sees_secrets(request) else masked_value(told)


@router.post("/stations/{station:identity}/settings", response=ANSWERS)
async def change_setting(request: HttpRequest, identity: str, body: SettingIn):
    """Change one as the CSMS would, with its effects and refusals; see docs/reference/api.md."""
    args = body.dict(exclude_none=True)
    if await sync_to_async(PART.may)(request, SEE_SECRETS):
        args["leading"] = True
    return await carry_out(identity, "set", args)


@router.get("/stations/{station:identity}/timeline", response={200: TimelineOut} | ERRORS,
            by_alias=True)  # fmt: skip
async def read_timeline(
    request: HttpRequest, identity: str, hours: int = Query(24, ge=1, le=24)
):
    """Links, boots, statuses and sessions of the past hours. It is kept for a day in Redis."""
    if not await Station.objects.filter(identity=identity).aexists():
        raise not_found(identity)
    sees = await sync_to_async(MESSAGING.may)(request, VIEW_SESSIONS)
    return await timeline_of(identity, hours, sees)
