"""/api/stations/{identity}/recording: what a station and its CSMS said, as a scenario."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from accounts.errors import REFUSED, ApiError
from accounts.schemas import ErrorOut
from accounts.secrecy import asker_sees_secrets
from messaging.keeping.store import async_database
from messaging.schemas import aware
from scenarios.replay import making, sources
from scenarios.replay.conversation import Unreadable
from scenarios.replay.script import Wishes

router = Router(tags=["scenarios"])
ERRORS = {REFUSED: ErrorOut}


class RecordingFilter(Schema):
    """Which part of the log, and what is made of it. Times are ISO 8601."""

    since: datetime | None = Field(None, alias="from", description="from this time on")
    until: datetime | None = Field(None, alias="to", description="before this time")
    mask: bool = Field(
        False, description="words in place of tags, tokens, serial numbers, certificates, secrets"
    )
    verbatim: bool = Field(False, description="every Call as it was, in place of acts")
    calls: Literal["expect", "skip", "drive"] = Field(
        "expect", description="what the CSMS called: expect it again, skip it, have a driver do it"
    )
    most_pause_ms: float | None = Field(None, ge=0, description="pauses are cut to this")


@router.get(
    "/stations/{station:identity}/recording", response={200: dict[str, Any]} | ERRORS,
    summary="What a station and its CSMS said, as a scenario",
)  # fmt: skip
async def read_recording(request: HttpRequest, identity: str, filters: Query[RecordingFilter]):
    """A file that `scenarios/import` takes. See docs/how-to/record-and-replay.md.

    Secrets are masked for those who may not see them.
    """
    hide = not await asker_sees_secrets(request)
    try:
        heard = await sources.from_log(
            async_database(), identity, aware(filters.since), aware(filters.until),
            mask=filters.mask, hide=hide,
        )  # fmt: skip
    except Unreadable as problem:
        raise ApiError("nothing_recorded", str(problem), 404) from problem
    pause = None if filters.most_pause_ms is None else filters.most_pause_ms / 1000
    made = making.scenario_of(heard, Wishes(filters.verbatim, filters.calls, pause))
    headers = {"Content-Disposition": f'attachment; filename="{made["scenarioId"]}.json"'}
    text = json.dumps(made, indent=1, ensure_ascii=False)
    return HttpResponse(text, content_type="application/json", headers=headers)
