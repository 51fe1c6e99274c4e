"""Stations, templates and tag groups as configured things. What runs is in snapshots.py.

Writers of a station: configuration by `store` (admin, API, import), `running` by
`switching` (start and stop). Both are conditional updates; neither touches the other's columns.
"""

from __future__ import annotations

from copy import deepcopy

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.utils import timezone
from django_mongodb_backend.fields import ArrayField

from chargepoint.config import StationConfig
from stations import secrets, validation
from stations.core_config import core_config, dial_target
from stations.switching import StationQuerySet, update_where
from stations.targets import DialTarget
from stations.tls_rules import check_tls

VERSION_CHOICES = [(version, f"OCPP {version}") for version in validation.OCPP_VERSIONS]
DEFAULT_CONNECTORS = [{"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 22000}]
DEFAULT_MEASURANDS = [
    "Energy.Active.Import.Register", "Power.Active.Import", "Current.Import", "Voltage", "SoC",
]  # fmt: skip


def default_connectors() -> list[dict]:
    return deepcopy(DEFAULT_CONNECTORS)


def default_measurands() -> list[str]:
    return list(DEFAULT_MEASURANDS)


class StaleStation(Exception):
    """The station was changed or deleted by someone else since it was read."""


class Storable(models.Model):
    """Refuses, by its field, what no document can hold."""

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        kinds = (models.CharField, models.TextField, models.JSONField, ArrayField)
        fields = [f.name for f in self._meta.concrete_fields if isinstance(f, kinds)]
        problems = validation.check_storable({name: getattr(self, name) for name in fields})
        if problems:
            raise ValidationError(problems)


class StationDesign(Storable):
    """What a station and a template share: hardware, connection, simulation."""

    ocpp_version = models.CharField(
        "OCPP version", max_length=8, choices=VERSION_CHOICES, default="1.6"
    )
    vendor = models.CharField("make", max_length=50, default="OCPP Emulator")
    model = models.CharField(max_length=20, default="Virtual AC 22")
    firmware = models.CharField("firmware version", max_length=50, default="1.0.0", blank=True)
    connectors = models.JSONField(default=default_connectors)

    csms_url = models.CharField(
        "CSMS address",
        max_length=500,
        help_text="ws:// or wss://. The identity is appended, unless the address ends with it "
        "or contains {identity}.",
    )
    tls_verify = models.BooleanField(
        "check the CSMS's certificate", default=True, help_text="wss:// only."
    )
    tls_ca_pem = models.TextField(
        "CA certificates (PEM)", blank=True, default="", help_text="Empty: the system's own."
    )

    boot_delay = models.FloatField(
        default=0, help_text="Seconds between connecting and BootNotification."
    )
    heartbeat_interval = models.PositiveIntegerField(
        null=True, blank=True, help_text="Seconds. Empty: as the CSMS says at boot."
    )
    meter_sample_interval = models.PositiveIntegerField(
        null=True, blank=True, help_text="Seconds between meter values of a transaction; 0: none."
    )
    meter_aligned_interval = models.PositiveIntegerField(
        null=True, blank=True, help_text="Seconds between clock-aligned meter values; 0: none."
    )
    measurands = ArrayField(models.CharField(max_length=50), default=default_measurands, blank=True)
    meter_variance = models.FloatField(
        default=0.02, help_text="Noise of power, current and voltage: 0.05 is 5 %."
    )
    default_id_tag = models.CharField(
        max_length=36, blank=True, default="EMULATOR", help_text="Used where a command names none."
    )
    ev_max_power_w = models.PositiveIntegerField(
        "EV power (W)",
        null=True,
        blank=True,
        help_text="Most that a plugged-in car draws where the command does not describe the car.",
    )
    call_timeout = models.FloatField(
        default=30, help_text="Seconds to wait for the CSMS's answer to a Call."
    )
    configuration = models.JSONField(
        "configuration overrides",
        default=dict,
        blank=True,
        help_text="OCPP 1.6 keys, or Component.Variable of OCPP 2.x, as texts.",
    )
    autostart = models.BooleanField(
        default=False, help_text="Start the station when the emulator starts."
    )
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)

    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def design(self) -> dict:
        """The shared settings as a plain dict, copied."""
        return {name: deepcopy(getattr(self, name)) for name in DESIGN_FIELDS}

    def problems(self) -> dict[str, list[str]]:
        return validation.check_design(self.design())

    def clean(self) -> None:
        super().clean()
        problems = self.problems()
        if problems:
            raise ValidationError(problems)


DESIGN_FIELDS = tuple(
    field.name
    for field in StationDesign._meta.local_fields
    if field.name not in ("created", "updated")
)


class Template(StationDesign):
    """A design that many stations are made from."""

    name = models.CharField(max_length=80, unique=True)
    description = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TagGroup(Storable):
    """Tags that belong together, e.g. "Site": building-a, building-b."""

    name = models.CharField(max_length=50, unique=True)
    description = models.CharField(max_length=200, blank=True, default="")
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        problems = validation.check_tags(self.tags)
        if problems:
            raise ValidationError({"tags": problems})


class Station(StationDesign):
    identity = models.CharField(
        max_length=48,
        unique=True,
        help_text="The name that the CSMS knows. It cannot be changed later.",
    )
    name = models.CharField(max_length=80, blank=True, default="")
    serial = models.CharField("serial number", max_length=25, blank=True, default="")
    iccid = models.CharField("ICCID", max_length=20, blank=True, default="")
    imsi = models.CharField("IMSI", max_length=20, blank=True, default="")

    username = models.CharField(
        "user name",
        max_length=48,
        blank=True,
        default="",
        help_text="Of basic authentication. Empty: the identity.",
    )
    password_encrypted = models.TextField(blank=True, default="", editable=False)
    tls_client_cert_pem = models.TextField("client certificate (PEM)", blank=True, default="")
    tls_client_key_encrypted = models.TextField(blank=True, default="", editable=False)

    enabled = models.BooleanField(default=True, help_text="A disabled station never runs.")
    running = models.BooleanField(default=False, editable=False)
    template = models.ForeignKey(
        Template, null=True, blank=True, on_delete=models.SET_NULL, related_name="stations"
    )
    extra = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="Fields of an imported file that have no effect here; an export has them again.",
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = StationQuerySet.as_manager()

    class Meta:
        ordering = ["identity"]
        indexes = [
            # The unique index is partial ($type: string), and SecantusDB looks nothing up by it.
            models.Index(fields=["identity"], name="station_identity"),
            models.Index(fields=["enabled", "running"], name="station_runnable"),
            models.Index(fields=["tags"], name="station_tags"),
        ]

    def __str__(self) -> str:
        return self.identity

    @classmethod
    def from_db(cls, db, field_names, values):
        station = super().from_db(db, field_names, values)
        if "identity" in field_names:
            station._identity_kept = station.identity
        return station

    # --- secrets: written through these, never read into a page or an answer

    @property
    def has_password(self) -> bool:
        return bool(self.password_encrypted)

    @property
    def has_client_key(self) -> bool:
        return bool(self.tls_client_key_encrypted)

    def set_password(self, text: str) -> None:
        self.password_encrypted = secrets.encrypt(text)

    def set_client_key(self, pem: str) -> None:
        self.tls_client_key_encrypted = secrets.encrypt(pem)

    def read_secrets(self) -> tuple[str, str]:
        """(password, client key PEM). Raises secrets.SecretUnreadable."""
        return (
            secrets.decrypt(self.password_encrypted),
            secrets.decrypt(self.tls_client_key_encrypted),
        )

    # --- rules

    def problems(self) -> dict[str, list[str]]:
        values = self.design() | {
            name: getattr(self, name) for name in ("serial", "iccid", "imsi", "name")
        }
        problems = validation.check_design(values)
        identity = validation.check_identity(self.identity)
        kept = getattr(self, "_identity_kept", self.identity)
        if kept != self.identity:
            identity = ["An identity is for good: clone the station under the new one instead."]
        if identity:
            problems["identity"] = identity
        try:
            password, client_key = self.read_secrets()
        except secrets.SecretUnreadable as error:
            return problems | {"password": [str(error)]}
        problems.update(validation.check_credentials(self.username, password))
        problems.update(
            check_tls(
                self.csms_url, self.tls_verify, self.tls_ca_pem,
                self.tls_client_cert_pem, client_key,
            )
        )  # fmt: skip
        return problems

    # --- writing

    def store(self) -> None:
        """Write the configuration if the row is still at `revision`; else raise StaleStation.

        `running` is not written: start and stop own it.
        """
        self.updated = timezone.now()
        fields = [Station._meta.get_field(name) for name in (*STORED_FIELDS, "updated")]
        values = {
            f.column: f.get_db_prep_save(getattr(self, f.attname), connection) for f in fields
        }
        match = {"_id": self.pk, "revision": self.revision}
        if not update_where(match, values | {"revision": self.revision + 1}):
            raise StaleStation(self.identity)
        self.revision += 1

    def save(self, *args, **kwargs) -> None:
        """A new row is inserted; a known one goes through `store`."""
        if self._state.adding or kwargs.get("update_fields") is not None:
            super().save(*args, **kwargs)
        else:
            self.store()

    # --- what the fleet runs

    def to_core_config(self) -> StationConfig:
        return core_config(self)

    def dial_target(self) -> DialTarget:
        return dial_target(self)


# Everything that an operator may change. Template and secrets included; identity is for good.
STORED_FIELDS = (
    *DESIGN_FIELDS, "name", "serial", "iccid", "imsi", "username", "password_encrypted",
    "tls_client_cert_pem", "tls_client_key_encrypted", "enabled", "template", "extra",
)  # fmt: skip
