"""Shapes of the commands to a station. What each field says stands on the station's page too."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from stations.api.schemas import StrictIn

ID_TAG = "idTag or idToken, such as an RFID tag's; left out: the station's default"


class CommandOut(Schema):
    station: str
    command: str
    result: dict[str, Any]


class EvIn(StrictIn):
    """The car. What is left out is a usual one's: 60 kWh, 30 %, 11 kW on three phases."""

    profile: str | dict[str, Any] | None = Field(
        None, description="Its kind: the name of an EV profile (see GET /api/ev-profiles), or one "
        "as JSON; what stands beside it counts more",
    )  # fmt: skip
    battery_kwh: float | None = Field(None, description="Capacity of its battery, kWh")
    soc: float | None = Field(None, description="State of charge now, percent")
    max_power_kw: float | None = Field(
        None, description="What it takes at most, kW; left out: the station's ev_max_power_w"
    )
    phases: int | None = Field(None, description="Of its charger: 1, 2 or 3; 0 for DC")
    target_soc: float | None = Field(None, description="Percent at which it ends charging")
    iso15118: bool | None = Field(None, description="It tells its needs (2.x)")
    emaid: str | None = Field(
        None, description="It charges by Plug & Charge under it (2.x; 1.6 with ISO15118PnCEnabled)"
    )
    contract: str | None = Field(
        None, description='PEM chain of its contract, "made" for one made here; without: it asks'
    )
    contracts: int | None = Field(None, description="How many contracts it has room for (2.1)")
    iso15118_20: bool | None = Field(None, description="It speaks ISO 15118-20 (2.1)")
    departure_s: float | None = Field(None, description="Seconds until it leaves, told as a need")
    max_discharge_kw: float | None = Field(None, description="What it can give back, kW (2.1)")
    min_soc: float | None = Field(None, description="Percent below which it gives nothing back")


class ConnectorCommand(StrictIn):
    connector: int = Field(1, description="Number of the connector")


class PlugIn(ConnectorCommand):
    ev: EvIn | None = Field(None, description="The car; left out: a usual one")


class AuthorizeIn(StrictIn):
    id_tag: str | None = Field(None, description=ID_TAG)
    connector: int | None = Field(None, description="Left out: the first that fits")


class StartTransactionIn(ConnectorCommand):
    id_tag: str | None = Field(None, description=ID_TAG)
    ev: EvIn | None = Field(None, description="Plugged in first where no car is there")


class StopTransactionIn(StrictIn):
    connector: int | None = Field(None, description="Where it runs; left out: connector 1")
    transaction: str | int | None = Field(None, description="Its id, in place of the connector")
    reason: str | None = Field(
        None, description="Told to the CSMS, such as Local, EVDisconnected, EmergencyStop"
    )
    id_tag: str | None = Field(None, description="Who stops it; left out: who has started it")


class FaultIn(ConnectorCommand):
    error_code: str = Field(
        "OtherError",
        description='ChargePointErrorCode of 1.6, such as GroundFailure; "NoError" clears the '
        "fault. 2.x tells the status Faulted alone",
    )
    info: str | None = Field(None, description="Words for the CSMS, at most 50 characters (1.6)")
    vendor_error_code: str | None = Field(None, description="The vendor's own code (1.6)")
    vendor_id: str | None = Field(
        None, description="Whose code that is (vendorId); left out: the station's vendor (1.6)"
    )


class WakeIn(ConnectorCommand):
    """Interrupt the control pilot for a moment."""


class ResetIn(StrictIn):
    kind: Literal["Soft", "Hard"] = Field(
        "Soft", description="Soft lets the news out first; Hard ends at once"
    )


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
    unit: Literal["W", "A"] = Field("W", description="Watts, or amperes a phase")
    evse: int = Field(0, description="0: the whole station")
    source: Literal["EMS", "Other", "SO", "CSO"] = Field(
        "EMS", description="Who limits: energy management, system operator, CSO"
    )
    critical: bool = Field(False, description="The grid is in danger without it")
    setpoint: float | None = Field(
        None, description="What an EV in an external mode is to follow; below 0: give (2.1)"
    )


class GridIn(StrictIn):
    """The grid at the connection; what is left out stays, and `{}` makes all nominal again."""

    voltage_pct: float | None = Field(None, ge=10, le=200, description="Percent of 230 V")
    voltage_v: float | None = Field(None, ge=23, le=460, description="Phase to neutral, V")
    frequency_hz: float | None = Field(None, ge=10, le=100, description="Hz; 50 is nominal")
    load_w: float | None = Field(
        None, description="What else the site draws, W (2.1, load balancing)"
    )


class BatterySwapIn(StrictIn):
    """A step of a battery swap (OCPP 2.1): the reader, a battery in, a battery out."""

    kind: Literal["start", "insert", "take", "stock"] = Field(
        "start", description="`stock` puts a battery into a slot without a swap."
    )
    id_tag: str | None = Field(None, description=ID_TAG)
    token_type: str | None = Field(None, description="Of the token, such as ISO14443")
    connector: int | None = Field(None, description="The slot; left out: the first that fits.")
    serial: str | None = Field(None, description="Of the battery; left out: one is made.")
    soc: float | None = Field(None, description="State of charge of the battery, percent")
    soh: float | None = Field(None, description="State of health of the battery, percent")
    battery_kwh: float | None = Field(None, description="Capacity of the battery, kWh")
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
    vat_number: str | None = Field(None, description="For the receipt of a company")


class PaymentUrlIn(ConnectorCommand):
    """What the driver enters before the QR code is shown (OCPP 2.1)."""

    max_cost: float | None = Field(None, description="In the tariff's currency")
    max_energy: float | None = Field(None, description="Wh")
    max_time: int | None = Field(None, description="Seconds")


class TerminalIn(StrictIn):
    operative: bool = Field(True, description="Whether it reaches its payment service provider.")


class VatNumberIn(ConnectorCommand):
    vat_number: str = Field(description="1 to 20 characters; the CSMS is asked whether it is right")


class AvailabilityIn(StrictIn):
    connector: int = Field(0, description="0: the whole station")
    operative: bool = Field(description="In service, or out of it")


class BayIn(ConnectorCommand):
    occupied: bool = Field(True, description="A car stands in it")


class PriorityIn(ConnectorCommand):
    operative: bool = Field(True, description="Priority is asked for, or given back")


class DerAlarmIn(StrictIn):
    kind: str = Field(description="DERControlEnumType of the control, such as FreqDroop")
    fault: str | None = Field(None, description="GridEventFaultEnumType, such as OverVoltage")
    ended: bool = Field(False, description="The alarm is over")


class DataTransferIn(StrictIn):
    vendor_id: str = Field(description="1 to 255 characters")
    message_id: str | None = Field(None, description="The vendor's name of the message")
    data: str | None = Field(None, description="Text, JSON often")


class SettingIn(StrictIn):
    key: str = Field(max_length=200, description="Key (1.6), or Component.Variable[Instance]")
    value: str = Field(max_length=10_000, description="As the CSMS would write it")
    evse: int | None = Field(None, description="Of a variable of an EVSE or connector (2.x)")
    connector: int | None = Field(None, description="Within the EVSE")


class MessageIn(StrictIn):
    """Either `text`, sent as it is, valid or not; or a Call of `action` and `payload`."""

    text: str | None = Field(None, description='A whole frame, such as [2,"1","Heartbeat",{}]')
    action: str | None = Field(None, description="Of a Call, such as Heartbeat")
    payload: Any = Field(None, description="Its payload as JSON; left out: {}")
