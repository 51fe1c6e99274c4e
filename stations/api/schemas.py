"""Shapes of the station API. What a value may be: configuration/validation.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from ninja import Schema
from ninja.schema import DjangoGetter
from pydantic import ConfigDict, Field, model_validator

from stations.api.state import StateOut, state_out
from stations.configuration import predecessor

OF_MAKE = "Name of a make, of GET /api/makes. What the station leaves at its default is the make's"
CARS = (
    'EV profiles of the cars that come, [{"profile": name, "weight": 3}]; without a weight, the '
    "profile's own"
)


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
    offered_versions: list[str] = Field(
        default_factory=list,
        description="In this order in the handshake; the CSMS chooses. Empty: ocpp_version alone",
    )
    make: str = Field("", description=OF_MAKE)
    vendor: str = "OCPP Emulator"
    model: str = "Virtual AC 22"
    firmware: str = "1.0.0"
    connectors: list[ConnectorIO] = Field(default_factory=list)
    csms_url: str = ""
    tls_verify: bool = True
    tls_ca_pem: str = ""
    tls_min_version: str = Field("", description="1.0 1.1 1.2 1.3; empty: 1.2")
    tls_max_version: str = Field("", description="Empty: the newest")
    tls_ciphers: str = Field("", description="OpenSSL's names, by colons, for TLS up to 1.2")
    compression: bool = Field(False, description="Offer permessage-deflate")
    proxy_url: str = Field("", description="HTTP proxy of the link (CONNECT): http://host:port")
    proxy_username: str = ""
    boot_delay: float = 0
    heartbeat_interval: int | None = None
    meter_sample_interval: int | None = None
    meter_aligned_interval: int | None = None
    measurands: list[str] = Field(default_factory=list)
    meter_variance: float = 0.02
    default_id_tag: str = "EMULATOR"
    ev_max_power_w: int | None = None
    call_timeout: float = 30
    reading: str = Field("lenient", description="lenient or strict, with the CSMS's messages")
    delays: dict[str, str] = Field(
        default_factory=dict, description='Seconds by name: {"reset": "3-7"}'
    )
    configuration: dict[str, str] = Field(default_factory=dict)
    cars: list[dict[str, Any]] = Field(default_factory=list, description=CARS)
    rules: list[dict[str, Any]] = Field(
        default_factory=list,
        description="Standing answers to the CSMS's Calls; see docs/reference/rules.md",
    )
    autostart: bool = False
    tags: list[str] = Field(default_factory=list)
    latitude: float | None = Field(None, description="Where it stands on the map, degrees")
    longitude: float | None = Field(None, description="Degrees; west is below 0")


class StationChange(DesignIn):
    """PATCH: only what is sent changes. `revision`: refuse if the station moved on from it."""

    identity: str | None = Field(None, description="If sent, it must be the one in the address.")
    name: str = ""
    serial: str = ""
    iccid: str = ""
    imsi: str = ""
    username: str = ""
    password: str | None = Field(None, description="Write only. Left out: stays; empty: removed.")
    password_encoding: str = Field(
        "text", description="How `password` is written: text (sent as UTF-8), hex or base64"
    )
    proxy_password: str | None = Field(None, description="Write only, like `password`.")
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


class StationCreate(StationWhole):
    identity: str
    template: str | None = Field(None, description="Name or id: gives the defaults.")
    start: bool | None = Field(None, description="Left out: as `autostart`.")


class StationOut(Schema):
    id: str = Field(alias="identity")
    identity: str
    name: str
    ocpp_version: str
    offered_versions: list[str]
    make: str = Field(description=OF_MAKE)
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
    password_encoding: str
    tls_verify: bool
    tls_ca_pem: str
    tls_min_version: str
    tls_max_version: str
    tls_ciphers: str
    compression: bool
    proxy_url: str
    proxy_username: str
    tls_client_cert_pem: str
    has_client_key: bool
    has_proxy_password: bool
    boot_delay: float
    heartbeat_interval: int | None
    meter_sample_interval: int | None
    meter_aligned_interval: int | None
    measurands: list[str]
    meter_variance: float
    default_id_tag: str
    ev_max_power_w: int | None
    call_timeout: float
    reading: str
    delays: dict[str, str]
    configuration: dict[str, str]
    cars: list[dict[str, Any]] = Field(description=CARS)
    rules: list[dict[str, Any]] = Field(
        description="Standing answers to the CSMS's Calls; see docs/reference/rules.md"
    )
    autostart: bool
    latitude: float | None
    longitude: float | None
    enabled: bool
    running: bool
    held_back: str = Field(description="Why it is not run though it should; see .../release")
    tags: list[str]
    template: str | None
    extra: dict[str, Any]
    revision: int
    created: datetime
    updated: datetime
    parted: list[str] = Field(
        default_factory=list,
        description="Secrets that this change has removed: see docs/explanation/security.md",
    )
    state: StateOut

    @staticmethod
    def resolve_template(row: Any) -> str | None:
        return str(row.template_id) if row.template_id else None

    @staticmethod
    def resolve_state(row: Any) -> dict:
        return state_out(row.live)


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
    worker_seen: float | None = Field(description="As in a station's state")


class ConnectionPage(Schema):
    items: list[ConnectionOut]
    next: str | None


class CloneIn(StrictIn):
    identity: str | None = Field(None, description="Left out: <identity>-copy.")
    name: str = ""
    password: str | None = Field(None, description="Of the copy, in place of the station's.")
    tls_client_cert_pem: str | None = None
    tls_client_key_pem: str | None = None


class RunningOut(Schema):
    identity: str
    running: bool
    changed: bool


class ReleasedOut(Schema):
    """`released`: false if it was not held back."""

    identity: str
    released: bool


class BulkIn(StrictIn):
    template: str = Field(description="Name or id")
    pattern: str = Field(description='Identity with {n} or {n:04} once, e.g. "CP-{n:04}"')
    count: int
    first: int = 1
    name: str = Field("", description="May contain {n} too")
    csms_url: str | None = None
    password: str | None = None
    password_encoding: str = "text"
    tags: list[str] | None = None
    start: bool = False


class BulkOut(Schema):
    created: int
    identities: list[str]


class SwitchIn(StrictIn):
    """Which stations: by their names, by what GET /stations finds by, or all."""

    identities: list[str] | None = Field(None, max_length=100_000)
    search: str = ""
    version: str = ""
    tag: str = ""
    all: bool = False


class SwitchOut(Schema):
    """`changed`: of the `stations` meant, those that were not so. `complete`: all rows are
    written."""

    running: bool
    stations: int
    changed: int
    complete: bool


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
    offered_versions: list[str]
    make: str = Field(description=OF_MAKE)
    vendor: str
    model: str
    firmware: str
    connectors: list[ConnectorIO]
    csms_url: str
    tls_verify: bool
    tls_ca_pem: str
    tls_min_version: str
    tls_max_version: str
    tls_ciphers: str
    compression: bool
    proxy_url: str
    proxy_username: str
    boot_delay: float
    heartbeat_interval: int | None
    meter_sample_interval: int | None
    meter_aligned_interval: int | None
    measurands: list[str]
    meter_variance: float
    default_id_tag: str
    ev_max_power_w: int | None
    call_timeout: float
    reading: str
    delays: dict[str, str]
    configuration: dict[str, str]
    cars: list[dict[str, Any]] = Field(description=CARS)
    rules: list[dict[str, Any]] = Field(
        description="Standing answers to the CSMS's Calls; see docs/reference/rules.md"
    )
    autostart: bool
    latitude: float | None
    longitude: float | None
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
