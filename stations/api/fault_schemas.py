"""Shapes of the faults of a station. What each does: docs/reference/faults.md."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from stations.api.schemas import StrictIn

Direction = Literal["sent", "received", "both"]


class SelectionIn(StrictIn):
    """Which frames, as the station sees them."""

    direction: Direction | None = Field(
        None, description="Left out: both; of no-answer: sent, the station's own answers"
    )
    action: str = Field("", description="One or several by comma; an answer has its Call's")
    kind: str = Field(
        "",
        description="Call, CallResult, CallError, Invalid; of 2.1 also CallResultError and Send; "
        "one or several by comma",
    )


class FrameFaultIn(SelectionIn):
    fault: Literal[
        "latency", "drop", "duplicate", "reorder", "malformed", "wrong-id", "no-answer"
    ] = Field(description="What becomes of the frames; see docs/reference/faults.md")
    probability: float = Field(1.0, gt=0, le=1, description="Of each frame that fits")
    count: int | None = Field(None, ge=1, description="How many frames; left out: no end")
    seconds: float | None = Field(None, gt=0, description="How long; left out: no end")
    delay_ms: float | None = Field(None, ge=0, description="Milliseconds, of latency and reorder")
    jitter_ms: float | None = Field(
        None, ge=0, description="Of latency: up to so many milliseconds more"
    )
    form: (
        Literal[
            "cut-off", "not-json", "not-an-array", "wrong-type-id", "extra-element", "wrong-types"
        ]
        | None
    ) = Field(None, description="Of malformed; left out: any")
    seed: int | None = Field(None, description="The same seed draws the same random numbers")


class FrameFaultOut(Schema):
    id: int
    fault: str
    direction: str
    action: str
    kind: str
    probability: float
    count: int | None = Field(description="How many frames are still to be struck")
    until: float | None = Field(description="Unix seconds")
    delay_ms: float | None = None
    jitter_ms: float | None = None
    form: str | None = None
    seed: int


class RespondIn(StrictIn):
    """One of `payload` or `status`, for a CallResult; `code`, for a CallError; and `nothing`."""

    action: str = Field(description="Of the CSMS's Call; one or several by comma")
    match: dict[str, Any] | None = Field(
        None, description="Fields of the Call's payload, as a scenario matches them; see rules.md"
    )
    payload: dict[str, Any] | None = Field(
        None, description="Valid or not; {{payload.data}}, {{now}} and others are filled in"
    )
    status: str | None = Field(None, description="Short for a payload that has only this")
    code: str | None = Field(None, description="Of a CallError, such as InternalError")
    description: str | None = Field(None, description="Words of the CallError")
    details: dict[str, Any] | None = Field(None, description="Of the CallError")
    nothing: bool | None = Field(None, description="Leave the Call without an answer")
    also: bool | None = Field(None, description="The station acts at the Call all the same")
    count: int = Field(1, ge=1, description="How many Calls are answered so")
    always: bool | None = Field(None, description="Without an end; in place of `count`")
    seconds: float | None = Field(None, gt=0, description="How long; left out: no end")


class LaidDownOut(Schema):
    id: int
    action: str
    match: dict[str, Any] | None = Field(None, description="Fields of the Call's payload")
    payload: Any = Field(None, description="Payload of the answer, as it is laid down")
    code: str | None = None
    description: str | None = None
    details: dict[str, Any] | None = Field(None, description="Of the CallError")
    nothing: bool | None = Field(None, description="The Call is left without an answer")
    also: bool | None = Field(None, description="The station acts at the Call all the same")
    count: int | None = Field(description="How many Calls are still to be answered so")
    until: float | None = Field(description="Unix seconds")


class RuleOut(LaidDownOut):
    """`id`: its place in the station's `rules`, from 1."""

    name: str
    given: int = Field(description="How often it has answered")


class ClockOut(Schema):
    off_seconds: float = Field(description="Off the CSMS's time, now")
    ppm: float
    follow: bool


class BrokenConnectorOut(Schema):
    connector: int
    error_code: str
    info: str
    vendor_error_code: str
    vendor_id: str


class FaultsOut(Schema):
    frames: list[FrameFaultOut]
    answers: list[LaidDownOut] = Field(
        default_factory=list, description="To Calls of the CSMS, laid down by `respond`"
    )
    rules: list[RuleOut] = Field(
        default_factory=list, description="By the station's `rules`; those above come first"
    )
    clock: ClockOut | None
    half_open: bool
    power: Literal["on", "off"]
    power_back: float | None = Field(description="Unix seconds; null: when told")
    connectors: list[BrokenConnectorOut]


class ClearedOut(Schema):
    cleared: list[int]


class ClockIn(StrictIn):
    offset_seconds: float = Field(0.0, description="Seconds off the CSMS's time, from now on")
    ppm: float = Field(0.0, description="Parts per million fast (or slow, below zero)")
    follow: bool = Field(True, description="Set right by the next BootNotification or Heartbeat")


class WhileIn(StrictIn):
    seconds: float | None = Field(None, gt=0, description="How long; left out: until told")
