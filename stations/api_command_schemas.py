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
    iso15118: bool | None = Field(None, description="It tells its needs (2.x)")
    emaid: str | None = Field(None, description="It charges by Plug & Charge under it (2.x)")
    contract: str | None = Field(
        None, description='PEM chain of its contract, "made" for one made here; without: it asks'
    )
    contracts: int | None = Field(None, description="How many contracts it has room for (2.1)")
    iso15118_20: bool | None = Field(None, description="It speaks ISO 15118-20 (2.1)")
    departure_s: float | None = Field(None, description="Seconds until it leaves, told as a need")
    max_discharge_kw: float | None = Field(None, description="What it can give back (2.1)")
    min_soc: float | None = Field(None, description="Percent below which it gives nothing back")


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
    download: Literal["pause", "resume"] | None = Field(
        None, description="Of the update that is under way; the outcome is left as it is."
    )


class ChargingLimitIn(StrictIn):
    """A limit from outside, such as an energy management system's (OCPP 2.x)."""

    limit: float | None = Field(None, description="Left out: that limit ends.")
    unit: Literal["W", "A"] = "W"
    evse: int = Field(0, description="0: the whole station")
    source: Literal["EMS", "Other", "SO", "CSO"] = "EMS"
    critical: bool = False
    setpoint: float | None = Field(
        None, description="What an EV in an external mode is to follow; below 0: give (2.1)"
    )


class GridIn(StrictIn):
    """The grid at the connection; what is left out stays, and `{}` makes all nominal again."""

    voltage_pct: float | None = Field(None, ge=10, le=200, description="Of 230 V")
    voltage_v: float | None = Field(None, ge=23, le=460, description="Phase to neutral")
    frequency_hz: float | None = Field(None, ge=10, le=100)
    load_w: float | None = Field(None, description="What else the site draws (2.1, load balancing)")


class BatterySwapIn(StrictIn):
    """A step of a battery swap (OCPP 2.1): the reader, a battery in, a battery out."""

    kind: Literal["start", "insert", "take", "stock"] = Field(
        "start", description="`stock` puts a battery into a slot without a swap."
    )
    id_tag: str | None = Field(None, description="Left out: the station's default.")
    token_type: str | None = None
    connector: int | None = Field(None, description="The slot; left out: the first that fits.")
    serial: str | None = Field(None, description="Left out: one is made.")
    soc: float | None = Field(None, description="Percent")
    soh: float | None = Field(None, description="Percent")
    battery_kwh: float | None = None
    count: int | None = Field(None, description="Batteries of this swap.")


class PayTerminalIn(ConnectorCommand):
    """A bank card at the station's payment terminal (OCPP 2.1)."""

    brand: str | None = Field(None, description='PaymentBrand, such as "Visa"')
    recognition: str | None = Field(None, description='PaymentRecognition, such as "CC"')
    card: str | None = Field(None, description="The card's last four digits")
    amount: float | None = Field(None, description="The hold; else AuthorizationAmount.")
    outcome: Literal["Settled", "Rejected", "Failed"] = Field(
        "Settled", description="How the settlement at the end goes."
    )
    vat_number: str | None = None


class PaymentUrlIn(ConnectorCommand):
    """What the driver enters before the QR code is shown (OCPP 2.1)."""

    max_cost: float | None = None
    max_energy: float | None = Field(None, description="Wh")
    max_time: int | None = Field(None, description="Seconds")


class TerminalIn(StrictIn):
    operative: bool = Field(True, description="Whether it reaches its payment service provider.")


class VatNumberIn(ConnectorCommand):
    vat_number: str


class AvailabilityIn(StrictIn):
    connector: int = Field(0, description="0: the whole station")
    operative: bool


class MessageIn(StrictIn):
    """Either `text`, sent as it is, valid or not; or a Call of `action` and `payload`."""

    text: str | None = None
    action: str | None = None
    payload: Any = None
