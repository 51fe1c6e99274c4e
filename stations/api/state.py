"""Shapes of a station's live state in the API."""

from __future__ import annotations

import math
from typing import Any

from ninja import Schema
from pydantic import Field


class ConnectorState(Schema):
    id: int
    evse: int
    status: str
    power_w: float = 0
    energy_wh: float = 0
    soc: float | None = None
    error: str | None = None
    transaction: str | int | None = None
    id_tag: str | None = None
    cost: dict[str, Any] | None = Field(None, description="Of the transaction, by its tariff (2.1)")
    payment_url: str | None = Field(None, description="What the QR code there holds (2.1)")
    paying_until: float | None = Field(None, description="Kept for who pays on the web (2.1)")
    settlement: dict[str, Any] | None = Field(None, description="The terminal's last one (2.1)")
    battery: dict[str, Any] | None = Field(None, description="In a swap station's slot (2.1)")


class DisplayState(Schema):
    """`lines`: each has `kind` (message personal tariff cost total) and `text`."""

    evse: int
    lines: list[dict[str, Any]]


class BreachOut(Schema):
    """One kind of what the CSMS got wrong. `read`: it was read all the same, by a lenient station.

    `detail`: of the last one, in the words of the schema's validator; `last`: unix seconds.
    """

    action: str
    kind: str
    what: str
    count: int
    last: float
    read: bool
    detail: str


class StateOut(Schema):
    """`state`: disabled stopped "held back" disconnected pending connected charging faulted."""

    state: str
    connected: bool
    registration: str
    last_message: float | None = Field(description="Unix seconds; told within 30 s")
    power_w: float
    ocpp_version: str = Field(description="That it speaks, of those that it offers")
    link_error: str = Field(
        description="Why there is no connection, or the CSMS has not accepted the station"
    )
    doubt: str = Field(
        "", description='Why all of this may be over by now; "" where its worker gives signs'
    )
    worker_seen: float | None = Field(
        None,
        description="Seconds since the worker that runs the station gave a sign, which it does "
        "every 2 s: of that age all of this may be. Null where none runs it or is known.",
    )
    breaches: list[BreachOut] = Field(
        default_factory=list, description="What the CSMS got wrong, newest first; at most 20 kinds"
    )
    connectors: list[ConnectorState]
    display: list[DisplayState] | None = Field(
        None, description="What drivers read, of each EVSE that shows something (OCPP 2.x)"
    )
    faults: dict[str, Any] | None = Field(None, description="On purpose; see GET .../faults")
    grid: dict[str, Any] | None = Field(None, description="At its connection; see POST .../grid")


def state_out(live: Any) -> dict:
    return {
        "state": live.label,
        "connected": live.connected,
        "registration": live.registration,
        "last_message": live.last_message,
        "power_w": live.power_w,
        "ocpp_version": live.version,
        "link_error": live.link_error,
        "doubt": live.doubt,
        "worker_seen": worker_seen_of(live),
        "breaches": live.breaches,
        "connectors": live.connectors,
        "display": live.display,
        "faults": live.faults,
        "grid": live.grid,
    }


def worker_seen_of(live: Any) -> float | None:
    """JSON has no infinity, which stands for never."""
    seen = live.worker_seen
    return None if seen is None or math.isinf(seen) else round(seen, 1)
