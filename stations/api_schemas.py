"""Shapes of the station API. What a value may be is said by stations.validation, not here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from ninja import Schema
from ninja.schema import DjangoGetter
from pydantic import ConfigDict, Field, model_validator

from stations import predecessor


class StrictIn(Schema):
    """An input with an unknown field is refused by name, not swallowed."""

    model_config = ConfigDict(extra="forbid")


class ConnectorIO(StrictIn):
    id: int
    evse: int
    kind: str = Field(description="Type1 Type2 CCS1 CCS2 CHAdeMO NACS GBT_AC GBT_DC Schuko")
    phases: int = Field(description="1 or 3; 0 is DC")
    max_power_w: int


class DesignIn(StrictIn):
    """All optional: what is left out keeps its value (PATCH) or its default (POST, PUT)."""

    ocpp_version: str = "1.6"
    vendor: str = "OCPP Emulator"
    model: str = "Virtual AC 22"
    firmware: str = "1.0.0"
    connectors: list[ConnectorIO] = Field(default_factory=list)
    csms_url: str = ""
    tls_verify: bool = True
    tls_ca_pem: str = ""
    boot_delay: float = 0
    heartbeat_interval: int | None = None
    meter_sample_interval: int | None = None
    meter_aligned_interval: int | None = None
    measurands: list[str] = Field(default_factory=list)
    meter_variance: float = 0.02
    default_id_tag: str = "EMULATOR"
    ev_max_power_w: int | None = None
    call_timeout: float = 30
    configuration: dict[str, str] = Field(default_factory=dict)
    autostart: bool = False
    tags: list[str] = Field(default_factory=list)


class StationChange(DesignIn):
    """PATCH: only what is sent changes. `revision`: refuse if the station moved on from it."""

    name: str = ""
    serial: str = ""
    iccid: str = ""
    imsi: str = ""
    username: str = ""
    password: str | None = Field(None, description="Write only. Left out: stays; empty: removed.")
    tls_client_cert_pem: str = ""
    tls_client_key_pem: str | None = Field(None, description="Write only, like `password`.")
    enabled: bool = True
    revision: int | None = None


class StationWhole(StationChange):
    """A station as it is to be; the predecessor's shape, as in its exports, is taken too."""

    extra: dict[str, Any] = Field(
        default_factory=dict, description="Kept, without effect: what its shape says beyond this"
    )

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, given: Any) -> Any:
        # Ninja hands a wrapper that knows no way to list its fields.
        sent = given._obj if isinstance(given, DjangoGetter) else given
        if not isinstance(sent, dict) or not predecessor.is_predecessor(sent):
            return given
        known = predecessor.convert(sent)
        if known.errors:
            raise ValidationError(known.errors)
        secrets = {} if known.password is None else {"password": known.password}
        return known.values | secrets


class StationReplace(StationWhole):
    """PUT: what is left out goes back to its default; secrets stay unless sent."""

    identity: str | None = Field(None, description="If sent, it must be the one in the address.")


class StationCreate(StationWhole):
    identity: str
    template: str | None = Field(None, description="Name or id: gives the defaults.")
    start: bool | None = Field(None, description="Left out: as `autostart`.")


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
    """`lines`: each has `kind` (message personal tariff cost total) and `text`; see docs/api.md."""

    evse: int
    lines: list[dict[str, Any]]


class StateOut(Schema):
    """`state`: disabled stopped disconnected pending connected charging faulted."""

    state: str
    connected: bool
    registration: str
    last_message: float | None = Field(description="Unix seconds")
    power_w: float
    link_error: str = Field(description="Why there is no connection, if the worker knows")
    connectors: list[ConnectorState]
    display: list[DisplayState] | None = Field(
        None, description="What drivers read, of each EVSE that shows something (OCPP 2.x)"
    )
    faults: dict[str, Any] | None = Field(None, description="On purpose; see GET .../faults")
    grid: dict[str, Any] | None = Field(None, description="At its connection; see POST .../grid")


class StationOut(Schema):
    id: str = Field(alias="identity")
    identity: str
    name: str
    ocpp_version: str
    vendor: str
    model: str
    serial: str
    firmware: str
    iccid: str
    imsi: str
    connectors: list[ConnectorIO]
    csms_url: str
    username: str
    has_password: bool
    tls_verify: bool
    tls_ca_pem: str
    tls_client_cert_pem: str
    has_client_key: bool
    boot_delay: float
    heartbeat_interval: int | None
    meter_sample_interval: int | None
    meter_aligned_interval: int | None
    measurands: list[str]
    meter_variance: float
    default_id_tag: str
    ev_max_power_w: int | None
    call_timeout: float
    configuration: dict[str, str]
    autostart: bool
    enabled: bool
    running: bool
    tags: list[str]
    template: str | None
    extra: dict[str, Any]
    revision: int
    created: datetime
    updated: datetime
    state: StateOut

    @staticmethod
    def resolve_template(row: Any) -> str | None:
        return str(row.template_id) if row.template_id else None

    @staticmethod
    def resolve_state(row: Any) -> dict:
        return state_out(row.live)


def state_out(live: Any) -> dict:
    return {
        "state": live.label,
        "connected": live.connected,
        "registration": live.registration,
        "last_message": live.last_message,
        "power_w": live.power_w,
        "link_error": live.link_error,
        "connectors": live.connectors,
        "display": live.display,
        "faults": live.faults,
        "grid": live.grid,
    }


class StationPage(Schema):
    items: list[StationOut]
    next: str | None


class ConnectionOut(Schema):
    station: str
    csms_url: str
    ocpp_version: str
    state: str
    connected: bool
    last_message: float | None
    power_w: float


class ConnectionPage(Schema):
    items: list[ConnectionOut]
    next: str | None


class CloneIn(StrictIn):
    identity: str | None = Field(None, description="Left out: <identity>-copy.")
    name: str = ""


class RunningOut(Schema):
    identity: str
    running: bool
    changed: bool


class BulkIn(StrictIn):
    template: str = Field(description="Name or id")
    pattern: str = Field(description='Identity with {n} or {n:04} once, e.g. "CP-{n:04}"')
    count: int
    first: int = 1
    name: str = Field("", description="May contain {n} too")
    csms_url: str | None = None
    password: str | None = None
    tags: list[str] | None = None
    start: bool = False


class BulkOut(Schema):
    created: int
    identities: list[str]


class ImportedOut(Schema):
    """By the file's own field names."""

    identity: str
    action: Literal["created", "updated", "skipped"]
    kept: list[str]
    changed: dict[str, str]
    ignored: dict[str, str]


class ImportOut(Schema):
    created: int
    updated: int
    skipped: int
    dry_run: bool
    stations: list[ImportedOut]


class TemplateIn(DesignIn):
    name: str
    description: str = ""


class TemplateChange(DesignIn):
    name: str = ""
    description: str = ""


class TemplateOut(Schema):
    id: str
    name: str
    description: str
    ocpp_version: str
    vendor: str
    model: str
    firmware: str
    connectors: list[ConnectorIO]
    csms_url: str
    tls_verify: bool
    tls_ca_pem: str
    boot_delay: float
    heartbeat_interval: int | None
    meter_sample_interval: int | None
    meter_aligned_interval: int | None
    measurands: list[str]
    meter_variance: float
    default_id_tag: str
    ev_max_power_w: int | None
    call_timeout: float
    configuration: dict[str, str]
    autostart: bool
    tags: list[str]
    created: datetime
    updated: datetime

    @staticmethod
    def resolve_id(row: Any) -> str:
        return str(row.pk)


class TemplatePage(Schema):
    items: list[TemplateOut]
    next: str | None


class SyncOut(Schema):
    """What one sync of hot state to MongoDB did; not `complete`: the rest is under way."""

    model_config = ConfigDict(extra="allow")

    time: float | None = None
    seconds: float | None = None
    written: int | None = None
    stale: int | None = None
    lag: float | None = None
    complete: bool = True
