"""Interception: breakpoints that hold a station's frames, and what becomes of the held ones."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field

from accounts.secrecy import asker_sees_secrets
from messaging.masking import masked
from stations.api.commands import ANSWERS, carry_out, given, result_of
from stations.api.fault_schemas import ClearedOut, SelectionIn
from stations.api.faults import ERRORS
from stations.api.schemas import StrictIn
from stations.api.seats import command
from stations.rights import PART, SEE_SECRETS

router = Router(tags=["interception"])


class BreakpointIn(SelectionIn):
    count: int | None = Field(None, ge=1, description="How many frames; left out: no end")
    seconds: float | None = Field(None, gt=0, description="How long it stands; 3600 if left out")
    hold_seconds: float | None = Field(
        None, gt=0, description="How long a frame is held at most, then it is released; 60"
    )


class BreakpointOut(Schema):
    id: int
    direction: str
    action: str
    kind: str
    count: int | None
    until: float = Field(description="Unix seconds")
    hold_seconds: float


class HeldOut(Schema):
    id: int
    direction: str
    kind: str
    action: str
    unique_id: str
    text: str
    answers: list[str] = Field(description="The kinds that it can be answered with by hand")
    since: float
    until: float = Field(description="Unix seconds; then it is released")


class InterceptionOut(Schema):
    breakpoints: list[BreakpointOut]
    held: list[HeldOut]


class ReleaseIn(StrictIn):
    text: str | None = Field(None, description="In the place of the frame's own; valid or not")


class AnswerIn(StrictIn):
    """Either `payload`, for a CallResult; or `code` and `description`, for a CallError.

    A held CallResult of OCPP 2.1 takes a `code`: that is a CallResultError.
    """

    payload: Any = Field(None, description="Of the CallResult, valid or not")
    code: str | None = Field(
        None, description="Of the CallError or CallResultError, such as InternalError"
    )
    description: str | None = Field(None, description="Words of the error")


@router.get("/stations/{station:identity}/interception", response={200: InterceptionOut} | ERRORS)
async def read_interception(request: HttpRequest, identity: str):
    """The station's breakpoints, and the frames that are held now, oldest first."""
    answer = await result_of(identity, "interception", {})
    if not await asker_sees_secrets(request):
        for held in answer["held"]:
            held["text"] = masked(held["text"], held["kind"], held["action"])
    return answer


@command(router, "breakpoints", "chaos", "Hold frames", {201: BreakpointOut} | ERRORS)
async def add_breakpoint(request: HttpRequest, identity: str, body: BreakpointIn | None = None):
    """Hold the frames that fit. What does not fit passes by. It ends with the connection."""
    return Status(201, await result_of(identity, "add-breakpoint", given(body or BreakpointIn())))


@router.delete("/stations/{station:identity}/breakpoints", response={200: ClearedOut} | ERRORS)
async def clear_breakpoints(request: HttpRequest, identity: str):
    """Lift all breakpoints. What is held stays so until it is decided."""
    return await result_of(identity, "clear-breakpoint", {})


@router.delete(
    "/stations/{station:identity}/breakpoints/{number}", response={200: ClearedOut} | ERRORS
)
async def clear_breakpoint(request: HttpRequest, identity: str, number: int):
    """Take a breakpoint away; frames that it holds stay held."""
    return await result_of(identity, "clear-breakpoint", {"id": number})


@router.post("/stations/{station:identity}/held/release", response=ANSWERS)
async def release_all(request: HttpRequest, identity: str):
    """Let all held frames go on as they are, in their order."""
    return await carry_out(identity, "release", {})


@router.post("/stations/{station:identity}/held/{number}/release", response=ANSWERS)
async def release(request: HttpRequest, identity: str, number: int, body: ReleaseIn | None = None):
    """Let a held frame go on, as it is or edited."""
    args = {"id": number} | given(body or ReleaseIn())
    if "text" in args and await sync_to_async(PART.may)(request, SEE_SECRETS):
        args["leading"] = True
    return await carry_out(identity, "release", args)


@router.post("/stations/{station:identity}/held/{number}/drop", response=ANSWERS)
async def drop(request: HttpRequest, identity: str, number: int):
    """Drop a held frame: it is not passed on."""
    return await carry_out(identity, "drop", {"id": number})


@router.post("/stations/{station:identity}/held/{number}/answer", response=ANSWERS)
async def answer(request: HttpRequest, identity: str, number: int, body: AnswerIn):
    """Answer a held frame yourself: the one who sent it gets this, the other never sees it."""
    return await carry_out(identity, "answer", {"id": number} | given(body))
