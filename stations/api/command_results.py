"""What each command's answer holds as its `result`, for the OpenAPI document.

A station answers with what its version has: a field that is not required may be left out. A test
has stations carry the commands out that need nothing but a CSMS, in each version, and holds their
results against this; those of payments, battery swap and DER are as the code has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from stations.api.fault_schemas import ClockOut


class Result(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NoResult(Result):
    """Nothing: it was carried out."""


class ClosedResult(Result):
    times: int = Field(description="How often the CSMS has ended an open link, or let it break")
    last: float = Field(description="When it did last, unix seconds")
    why: str = Field(description="The close code and reason; 1006 where there was no close frame")


class LinkResult(Result):
    state: str = Field(description="off, dialing, waiting or open")
    error: str = Field(description="Why it is not open; empty where nothing failed")
    attempt: int = Field(description="Attempts since it was open for a while")
    next: float | None = Field(description="When the next attempt is, unix seconds")
    closed: ClosedResult | None = Field(None, description="Only once the CSMS has done so")


class StatusResult(Result):
    status: str = Field(description="The connector's status, as its version names it")
    locked: bool | None = Field(None, description="The cable stays locked in the socket")


class AuthorizationResult(Result):
    authorization: str = Field(
        description="Accepted, Pending (the CSMS is asked), Stopped, or why it is refused"
    )
    connector: int = Field(description="The connector that the token is for")
    released: bool | None = Field(None, description="A locked cable was given back")
    stopped: bool | None = Field(None, description="The token has ended its transaction (1.6)")


class StoppedResult(Result):
    transaction: str | int | None = Field(description="Id of what was stopped; null: not known yet")
    connector: int | None = Field(None, description="Where it ran (1.6)")
    status: str | None = Field(None, description="Accepted (2.x)")


class AcceptedResult(Result):
    status: str = Field(description="Accepted; Scheduled where a transaction goes on first")


class ResetResult(Result):
    status: str | None = Field(None, description="Accepted or Scheduled (2.x)")


class FirmwareResult(Result):
    firmware: str = Field(description="The version that runs")
    outcome: str | None = Field(None, description="How the next update will end")
    status: str | None = Field(None, description="Of the update that was paused or resumed")


class GridResult(Result):
    voltage_v: float = Field(description="Phase to neutral, V")
    voltage_pct: float = Field(description="Percent of the nominal voltage")
    frequency_hz: float = Field(description="Hz")
    load_w: float | None = Field(description="What else the site draws, W")


class SwapResult(Result):
    authorization: str | None = Field(None, description="Of `start`: Accepted, or Pending")
    request: int | None = Field(None, description="Id of the swap (requestId)")
    connector: int | None = Field(None, description="The slot")
    battery: dict[str, Any] | None = Field(None, description="BatteryDataType of OCPP 2.1")


class PaymentResult(Result):
    authorization: Literal["Accepted", "Pending"]
    psp_ref: str = Field(description="The payment provider's reference, the idToken")
    hold: float = Field(description="Held on the card, in the tariff's currency")


class PaymentUrlResult(Result):
    url: str = Field(description="What the QR code says")
    seconds_left: float = Field(description="Until its password changes")
    quality: str = Field(description="Error correction of the QR code")


class OperativeResult(Result):
    operative: bool


class ValidationResult(Result):
    validation: Literal["Pending"] = Field(description="The CSMS is asked")


class BayResult(Result):
    occupied: bool


class MessageResult(Result):
    unique_id: str = Field(description="Message id of the frame, empty where it has none")
    text: str = Field(description="The frame as it is sent")


class ClockResult(Result):
    clock: ClockOut | None = Field(description="null: it is right again")


class HalfOpenResult(Result):
    half_open: bool


class PowerResult(Result):
    power: Literal["on", "off"]
    back: float | None = Field(None, description="When it is back by itself, unix seconds")


class ReleasedResult(Result):
    released: list[int] = Field(description="Numbers of the frames that went on")


class DroppedResult(Result):
    dropped: list[int]


class AnsweredResult(Result):
    answered: list[int]
    text: str = Field(description="The answer's frame")


# {end of the operation's path: result}
RESULTS: dict[str, type[Result]] = {
    "connect": LinkResult, "disconnect": LinkResult,
    "plug": StatusResult, "unplug": StatusResult, "fault": StatusResult, "wake": StatusResult,
    "authorize": AuthorizationResult, "start-transaction": AuthorizationResult,
    "stop-transaction": StoppedResult, "reset": ResetResult, "firmware": FirmwareResult,
    "charging-limit": AcceptedResult, "grid": GridResult, "battery-swap": SwapResult,
    "pay-terminal": PaymentResult, "payment-url": PaymentUrlResult,
    "refuse-tariff": AcceptedResult, "terminal": OperativeResult, "vat-number": ValidationResult,
    "bay": BayResult, "priority-charging": AcceptedResult, "der-alarm": AcceptedResult,
    "data-transfer": NoResult, "availability": AcceptedResult, "messages": MessageResult,
    "clock": ClockResult, "half-open": HalfOpenResult, "heal": HalfOpenResult,
    "power-cut": PowerResult, "power-on": PowerResult, "settings": AcceptedResult,
    "held/release": ReleasedResult, "held/{number}/release": ReleasedResult,
    "held/{number}/drop": DroppedResult, "held/{number}/answer": AnsweredResult,
}  # fmt: skip
_SCHEMAS = "#/components/schemas/"
_ANY = f"{_SCHEMAS}CommandOut"


def type_results(schema: Mapping[str, Any]) -> None:
    """Give the result in each command's answer its type, in the OpenAPI document."""
    shapes = schema["components"]["schemas"]
    for path, operations in schema["paths"].items():
        answer = operations.get("post", {}).get("responses", {}).get(200, {})
        content = answer.get("content", {}).get("application/json")
        if content is None or content["schema"].get("$ref") != _ANY:
            continue
        model = RESULTS[path.partition("}/")[2]]
        shape = model.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}")
        for name, inner in shape.pop("$defs", {}).items():
            shapes.setdefault(name, inner)
        shapes[model.__name__] = shape
        result = {"properties": {"result": {"$ref": f"{_SCHEMAS}{model.__name__}"}}}
        content["schema"] = {"allOf": [{"$ref": _ANY}, result]}
