"""Faults on demand: have a running station misbehave, see what is wrong with it, mend it."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from accounts.errors import FAILED, REFUSED
from accounts.schemas import ErrorOut
from stations.api.commands import ANSWERS, carry_out, given, result_of
from stations.api.fault_schemas import (
    ClearedOut,
    ClockIn,
    FaultsOut,
    FrameFaultIn,
    FrameFaultOut,
    LaidDownOut,
    RespondIn,
    WhileIn,
)
from stations.api.seats import command

router = Router(tags=["faults"])
ERRORS = {REFUSED: ErrorOut, FAILED: ErrorOut}


@router.get("/stations/{station:identity}/faults", response={200: FaultsOut} | ERRORS)
async def list_faults(request: HttpRequest, identity: str):
    """All that is wrong with the station on purpose."""
    return await result_of(identity, "faults", {})


@command(router, "faults", "chaos", "Disturb frames", {201: FrameFaultOut} | ERRORS)
async def add_fault(request: HttpRequest, identity: str, body: FrameFaultIn):
    """Have frames delayed, lost, duplicated, reordered or malformed; marked in the message log.
    A connector is broken by `fault`, which leaves the frames alone."""
    return Status(201, await result_of(identity, "add-fault", given(body)))


@command(router, "respond", "chaos", "Lay down an answer", {201: LaidDownOut} | ERRORS)
async def respond(request: HttpRequest, identity: str, body: RespondIn):
    """Lay down the answer to the CSMS's next Calls of an action; the station does nothing at them.
    It is listed among the faults, and cleared as they are."""
    return Status(201, await result_of(identity, "respond", given(body)))


@router.delete("/stations/{station:identity}/faults", response={200: ClearedOut} | ERRORS)
async def clear_faults(request: HttpRequest, identity: str):
    """End all faults of frames and answers laid down. What is delayed still arrives."""
    return await result_of(identity, "clear-fault", {})


@router.delete("/stations/{station:identity}/faults/{number}", response={200: ClearedOut} | ERRORS)
async def clear_fault(request: HttpRequest, identity: str, number: int):
    """End one fault of frames, or one answer laid down."""
    return await result_of(identity, "clear-fault", {"id": number})


@command(router, "clock", "chaos", "Set the clock wrong", ANSWERS)
async def clock(request: HttpRequest, identity: str, body: ClockIn | None = None):
    """Set the station's clock wrong, have it drift, or not follow the CSMS's; `{}` mends it."""
    return await carry_out(identity, "clock", given(body or ClockIn()))


@command(router, "half-open", "chaos", "Half-open link", ANSWERS)
async def half_open(request: HttpRequest, identity: str, body: WhileIn | None = None):
    """Keep the socket open, but read and write nothing and answer no ping."""
    return await carry_out(identity, "half-open", given(body or WhileIn()))


@command(router, "heal", "chaos", "Heal the link", ANSWERS)
async def heal(request: HttpRequest, identity: str):
    """End the half-open state of the link."""
    return await carry_out(identity, "heal", {})


@command(router, "power-cut", "chaos", "Cut the power", ANSWERS)
async def power_cut(request: HttpRequest, identity: str, body: WhileIn | None = None):
    """Tear the socket down without a close frame; back after `seconds` or by `power-on`."""
    return await carry_out(identity, "power-cut", given(body or WhileIn()))


@command(router, "power-on", "chaos", "Power on", ANSWERS)
async def power_on(request: HttpRequest, identity: str):
    """The power is back: the station boots and ends what was interrupted with PowerLoss."""
    return await carry_out(identity, "power-on", {})
