"""Stations, templates and tag groups as configured things. What runs is in snapshots.py.

Writers of a station: configuration by `store` (admin, API, import), `running` by
`switching` (start and stop), `held_back` by `holding`. All are conditional updates; none touches
another's columns.
"""

from __future__ import annotations

from copy import deepcopy

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.utils import timezone
from django_mongodb_backend.fields import ArrayField

from chargepoint.config import StationConfig
from stations.configuration import passwords, secrets, trail, validation
from stations.configuration.core_config import core_config, dial_target
from stations.configuration.moving import FIELDS, Kept, kept_of, part
from stations.configuration.storable import Storable
from stations.link import proxies
from stations.link.design import LinkDesign
from stations.link.targets import DialTarget
from stations.link.tls_rules import check_tls
from stations.makes import filling
from stations.makes.documents import LONGEST_NAME
from stations.orders.spreading import SpreadField
from stations.orders.switching import StationQuerySet, swap_where

READING_CHOICES = [
    ("lenient", "lenient: take what can be read, and note what is wrong"),
    ("strict", "strict: refuse what breaks the specification"),
]
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


class StationDesign(LinkDesign, Storable):
    """What a station and a template share: hardware, connection, simulation."""

    ocpp_version = models.CharField(
        "OCPP version", max_length=8, choices=VERSION_CHOICES, default="1.6"
    )
    make = models.CharField(
        max_length=LONGEST_NAME,
        blank=True,
        default="",
        help_text="Name of a make. What is at its default below is the make's; what is set stays.",
    )
    vendor = models.CharField(max_length=50, default="OCPP Emulator")
    model = models.CharField(max_length=20, default="Virtual AC 22")
    firmware = models.CharField("firmware version", max_length=50, default="1.0.0", blank=True)
    connectors = models.JSONField(default=default_connectors)

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
    reading = models.CharField(
        "reading of the CSMS's messages",
        max_length=8,
        choices=READING_CHOICES,
        default="lenient",
        help_text="Scenarios judge the CSMS strictly either way.",
    )
    delays = models.JSONField(
        default=dict,
        blank=True,
        help_text="Seconds, as 5 or 3-8 to draw from; what is not named here is as usual.",
    )
    configuration = models.JSONField(
        "configuration overrides",
        default=dict,
        blank=True,
        help_text="OCPP 1.6 keys, or Component.Variable of OCPP 2.x, as texts.",
    )
    rules = models.JSONField(
        default=list,
        blank=True,
        help_text="Answers to the CSMS's Calls instead of the station's own, as a list.",
    )
    cars = models.JSONField(
        default=list,
        blank=True,
        help_text="Kinds of cars that come, by their weights, where a command describes none.",
    )
    autostart = models.BooleanField(
        default=False, help_text="Start the station when the emulator starts."
    )
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    latitude = models.FloatField(
        null=True, blank=True, help_text="Where it stands on the map, degrees; south is below 0."
    )
    longitude = models.FloatField(null=True, blank=True, help_text="Degrees; west is below 0.")

    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db, field_names, values):
        """As Django has it; the row remembers the make that its fields came from."""
        row = super().from_db(db, field_names, values)
        filling.remember(row)
        return row

    def design(self) -> dict:
        """The shared settings as a plain dict, copied."""
        return {name: deepcopy(getattr(self, name)) for name in DESIGN_FIELDS}

    def problems(self) -> dict[str, list[str]]:
        return validation.check_design(self.design()) | filling.problems(self)

    def clean(self) -> None:
        """As Django has it; the make's fields are filled in. Raises ValidationError with
        {field: sentences}."""
        super().clean()
        filling.fill(self)
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
        """As Django has it. Raises ValidationError for tags that cannot be."""
        super().clean()
        problems = validation.check_tags(self.tags)
        if problems:
            raise ValidationError({"tags": problems})


def _encrypted(field: str, text: str) -> str:
    try:
        text.encode()  # `encrypt` takes surrogates that stand for bytes: nobody wrote any here
    except UnicodeEncodeError as error:
        raise ValidationError({field: ["Give proper Unicode."]}) from error
    return secrets.encrypt(text)


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
    password_encoding = models.CharField(
        "password is given as",
        max_length=8,
        choices=[(name, name) for name in passwords.ENCODINGS],
        default="text",
        help_text="Text is sent as UTF-8. Bytes are written as hexadecimal digits or base64.",
    )
    proxy_password_encrypted = models.TextField(blank=True, default="", editable=False)
    tls_client_cert_pem = models.TextField("client certificate (PEM)", blank=True, default="")
    tls_client_key_encrypted = models.TextField(blank=True, default="", editable=False)

    enabled = models.BooleanField(default=True, help_text="A disabled station never runs.")
    running = models.BooleanField(default=False, editable=False)
    held_back = models.CharField(
        max_length=200,
        blank=True,
        default="",
        editable=False,
        help_text="Why the station is held back: it has crashed workers. Empty: it is not.",
    )
    # Without an index: nobody looks stations up by it, and each costs every start and stop.
    template = models.ForeignKey(
        Template, null=True, blank=True, on_delete=models.SET_NULL, related_name="stations",
        db_index=False,
    )  # fmt: skip
    extra = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="Fields of an imported file that are not used here; an export contains them.",
    )
    revision = models.PositiveIntegerField(default=1, editable=False)
    # Number of the newest order to start or stop that the row has taken; see orders.py.
    ordered = models.BigIntegerField(default=0, editable=False)
    spread = SpreadField()

    secrets_may_move = False  # whoever changes the row may see them
    parted: list[str] = []  # noqa: RUF012 - names of removed secrets; replaced, never changed
    _secrets_kept: Kept | None = None

    objects = StationQuerySet.as_manager()

    class Meta:
        ordering = ["identity"]
        permissions = [
            ("drive_station", "Can drive stations, send their messages and disturb them"),
            ("sync_station", "Can bring the state of stations in MongoDB up to date"),
            ("see_secrets", "Can see passwords and keys of stations"),
        ]
        indexes = [
            # The unique index is partial ($type: string), and SecantusDB looks nothing up by it.
            models.Index(fields=["identity"], name="station_identity"),
            models.Index(fields=["enabled", "running"], name="station_runnable"),
            models.Index(fields=["tags"], name="station_tags"),
            models.Index(fields=["spread"], name="station_spread"),
        ]

    def __str__(self) -> str:
        return self.identity

    @classmethod
    def from_db(cls, db, field_names, values):
        """As Django has it; the row remembers what a change is compared with: identity,
        versions, secrets."""
        station = super().from_db(db, field_names, values)
        if "identity" in field_names:
            station._identity_kept = station.identity
            known = station.__dict__
            if "ocpp_version" in known and "offered_versions" in known:
                station._versions_kept = set(station.versions())
        if set(field_names) >= FIELDS:
            station._secrets_kept = kept_of(station)
        return station

    # --- secrets: written through these, never read into a page or an answer

    @property
    def has_password(self) -> bool:
        return bool(self.password_encrypted)

    @property
    def has_client_key(self) -> bool:
        return bool(self.tls_client_key_encrypted)

    def set_password(self, given: str, encoding: str = "text") -> None:
        """`given`: as `encoding` has it, see passwords.py. Raises ValidationError."""
        if encoding not in passwords.ENCODINGS:
            sentence = f"Choose one of {', '.join(passwords.ENCODINGS)}."
            raise ValidationError({"password_encoding": [sentence]})
        try:
            self.password_encrypted = secrets.encrypt(passwords.read(given, encoding))
        except ValueError as error:
            raise ValidationError({"password": [str(error)]}) from error
        self.password_encoding = encoding

    @property
    def has_proxy_password(self) -> bool:
        return bool(self.proxy_password_encrypted)

    def set_client_key(self, pem: str) -> None:
        """Raises ValidationError."""
        self.tls_client_key_encrypted = _encrypted("tls_client_key_pem", pem)

    def set_proxy_password(self, text: str) -> None:
        """Raises ValidationError."""
        self.proxy_password_encrypted = _encrypted("proxy_password", text)

    def read_proxy_password(self) -> str:
        """Raises secrets.SecretUnreadable."""
        return secrets.decrypt(self.proxy_password_encrypted)

    def part_with_secrets(self) -> None:
        """Drop those that were read with the row where they would reach others (see moving.py)."""
        if self._secrets_kept is not None and not self.secrets_may_move:
            self.parted = [*self.parted, *part(self, self._secrets_kept)]

    def full_clean(self, *args, **kwargs) -> None:
        """What is checked is what will be stored."""
        self.part_with_secrets()
        super().full_clean(*args, **kwargs)

    def read_secrets(self) -> tuple[str, str]:
        """(password as in passwords.py, client key PEM). Raises secrets.SecretUnreadable."""
        return (
            secrets.decrypt(self.password_encrypted),
            secrets.decrypt(self.tls_client_key_encrypted),
        )

    # --- rules

    def problems(self) -> dict[str, list[str]]:
        """What is wrong with the row: {field: [sentence]}.

        An identity that was accepted before is not asked for again.
        """
        values = self.design() | {
            name: getattr(self, name) for name in ("serial", "iccid", "imsi", "name")
        }
        problems = validation.check_design(values) | filling.problems(self)
        kept = getattr(self, "_identity_kept", None)
        # What was good enough once, under the same version, is not asked for again.
        versions = self.versions() if "offered_versions" not in problems else [self.ocpp_version]
        same = kept == self.identity and set(versions) <= getattr(self, "_versions_kept", set())
        identity = [] if same else validation.check_identity(self.identity, versions)
        if kept not in (None, self.identity):
            identity = ["An identity is for good: clone the station under the new one instead."]
        if identity:
            problems["identity"] = identity
        try:
            password, client_key = self.read_secrets()
            proxy_password = self.read_proxy_password()
        except secrets.SecretUnreadable as error:
            return problems | {"password": [str(error)]}
        problems |= proxies.check_login(self.proxy_url, self.proxy_username, proxy_password)
        if sentences := validation.check_username(self.username):
            problems["username"] = sentences
        problems |= validation.check_basic_name(self.identity, self.username, bool(password))
        problems |= passwords.check(password, self.password_encoding)
        problems.update(
            check_tls(
                self.csms_url, self.tls_verify, self.tls_ca_pem,
                self.tls_client_cert_pem, client_key, tls_min_version=self.tls_min_version,
                tls_max_version=self.tls_max_version, tls_ciphers=self.tls_ciphers,
            )
        )  # fmt: skip
        return problems

    # --- writing

    def store(self) -> None:
        """Write the configuration if the row is still at `revision`; else raise StaleStation.

        `running` is not written: start and stop own it.
        """
        self.part_with_secrets()
        self.updated = timezone.now()
        fields = [Station._meta.get_field(name) for name in (*STORED_FIELDS, "updated")]
        values = {
            f.column: f.get_db_prep_save(getattr(self, f.attname), connection) for f in fields
        }
        match = {"_id": self.pk, "revision": self.revision}
        before = swap_where(match, values | {"revision": self.revision + 1})
        if before is None:
            raise StaleStation(self.identity)
        self.revision += 1
        trail.changed(self.identity, before, values)

    def save(self, *args, **kwargs) -> None:
        """A new row is inserted; a known one goes through `store`."""
        is_new = self._state.adding
        if is_new or kwargs.get("update_fields") is not None:
            super().save(*args, **kwargs)
        else:
            self.store()
        if is_new:
            trail.created([self])

    # --- what the fleet runs

    def versions(self) -> list[str]:
        """What it may speak; one unless several are offered."""
        return self.offered_versions or [self.ocpp_version]

    def to_core_config(self, version: str = "") -> StationConfig:
        """`version`: of those that are offered; "": the station's own."""
        return core_config(self, version or self.ocpp_version)

    def dial_target(self) -> DialTarget:
        return dial_target(self)


# Everything that an operator may change. Template and secrets included; identity is for good.
STORED_FIELDS = (
    *DESIGN_FIELDS, "name", "serial", "iccid", "imsi", "username", "password_encrypted",
    "password_encoding", "proxy_password_encrypted", "tls_client_cert_pem",
    "tls_client_key_encrypted", "enabled", "template", "extra",
)  # fmt: skip

# Tables of this app too, in a room of their own.
from stations.cars.tables import CarProfile  # noqa: E402, F401
from stations.crafter.tables import SavedRequest, SentRequest  # noqa: E402, F401
from stations.makes.tables import Make  # noqa: E402, F401
