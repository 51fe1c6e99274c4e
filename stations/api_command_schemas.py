"""Shapes of the commands to a station."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from stations.api_schemas import StrictIn


class CommandOut(Schema):
    station: str
    command: str
    result: dict[str, Any]


class EvIn(StrictIn):
    battery_kwh: float | None = None
    soc: float | None = Field(None, description="Percent")
    max_power_kw: float | None = None
    phases: int | None = None
    target_soc: float | None = None


class ConnectorCommand(StrictIn):
    connector: int = 1


class PlugIn(ConnectorCommand):
    ev: EvIn | None = None


class AuthorizeIn(StrictIn):
    id_tag: str | None = Field(None, description="Left out: the station's default.")
    connector: int | None = None


class StartTransactionIn(ConnectorCommand):
    id_tag: str | None = None
    ev: EvIn | None = None


class StopTransactionIn(StrictIn):
    connector: int | None = None
    transaction: str | int | None = None
    reason: str | None = None
    id_tag: str | None = None


class FaultIn(ConnectorCommand):
    error_code: str = Field("OtherError", description='"NoError" clears the fault.')
    info: str | None = None
    vendor_error_code: str | None = None


class ResetIn(StrictIn):
    kind: Literal["Soft", "Hard"] = "Soft"


class FirmwareIn(StrictIn):
    outcome: Literal[
        "DownloadFailed", "InvalidSignature", "InstallVerificationFailed", "InstallationFailed",
        "Installed",
    ] = Field("InstallationFailed", description='"Installed" takes a failure back.')  # fmt: skip


class AvailabilityIn(StrictIn):
    connector: int = Field(0, description="0: the whole station")
    operative: bool


class MessageIn(StrictIn):
    """Either `text`, sent as it is, valid or not; or a Call of `action` and `payload`."""

    text: str | None = None
    action: str | None = None
    payload: Any = None
