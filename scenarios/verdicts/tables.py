"""Plans of suites, their runs, and the reports of these.

Writers: plans are the operators'. A run is inserted by `starting`; from then on it is written by
the runner that claimed it, on the condition that it still is that runner's (see claims.py); only
`cancel_asked` is another's to set.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django_mongodb_backend.fields import ArrayField

from scenarios.verdicts import credentials, rules
from stations.configuration.storable import Storable

PENDING, RUNNING, PASSED, FAILED, CANCELLED = STATES = (
    "pending", "running", "passed", "failed", "cancelled",
)  # fmt: skip
OPEN_STATES = (PENDING, RUNNING)
ENDED_STATES = (PASSED, FAILED, CANCELLED)
_CHOICES = [(state, state.capitalize()) for state in STATES]


class SuitePlan(Storable):
    """What `runsuite` is asked, and when."""

    name = models.CharField(max_length=80, unique=True)
    suite = models.CharField(
        max_length=40, blank=True, default="", help_text="One that ships, or a document of yours."
    )
    document = models.JSONField(
        "suite of your own", default=dict, blank=True, help_text="See docs/reference/suites.md."
    )
    csms_url = models.CharField(
        "CSMS URL", max_length=500,
        help_text="ws:// or wss://; the identity is appended, or put at {identity}.",
    )  # fmt: skip
    stations = models.CharField(
        max_length=40, default="CP-{n}", help_text="Identities; {n} is 1, 2, ..."
    )
    versions = ArrayField(
        models.CharField(max_length=10), default=list, blank=True,
        help_text="OCPP versions; none: as the suite says.",
    )  # fmt: skip
    driver = models.CharField(
        max_length=40, blank=True, default="",
        help_text="Built-in driver through which the CSMS acts. Without it and one of your own: "
        "the server's.",
    )  # fmt: skip
    driver_document = models.JSONField("driver of your own", default=dict, blank=True)
    only = ArrayField(
        models.CharField(max_length=100), default=list, blank=True,
        help_text="Patterns of cases, such as TC_0*; none: all.",
    )  # fmt: skip
    variables = models.JSONField(
        default=dict, blank=True, help_text="Values of variables of the cases or the driver."
    )
    parallel = models.PositiveIntegerField(
        default=0, help_text="Cases at a time; 0: as the suite says."
    )
    strict = models.BooleanField(
        default=False, help_text="A warning of the wire watch, or PARTIAL, fails."
    )
    fast = models.BooleanField(
        default=False, help_text="Reboots, firmware and reconnects take no time."
    )
    seed = models.PositiveIntegerField(default=0, help_text="0: drawn for each run.")
    every_minutes = models.PositiveIntegerField(
        "every (minutes)", default=0, help_text="0: only by hand."
    )
    secure_csms_url = models.CharField(
        "CSMS URL with TLS", max_length=500, blank=True, default="",
        help_text="wss://, for cases of security profile 2 or 3; the other is for the rest.",
    )  # fmt: skip
    password_encrypted = models.TextField(blank=True, default="", editable=False)
    tls_ca_pem = models.TextField("CA certificates (PEM)", blank=True, default="")
    tls_client_cert_pem = models.TextField("client certificate (PEM)", blank=True, default="")
    tls_client_key_encrypted = models.TextField(blank=True, default="", editable=False)
    webhook_url = models.CharField(
        "webhook", max_length=500, blank=True, default="",
        help_text="Gets a POST with JSON when a run has ended; its host must be in "
        "HTTP_ALLOW_HOSTS.",
    )  # fmt: skip
    enabled = models.BooleanField(default=True, help_text="Whether the schedule starts it.")
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "suite"
        ordering = ["name"]
        permissions = [("run_suite", "Can run suites against their CSMS, and cancel them")]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """What it runs."""
        return self.suite or str(self.document.get("suite") or "suite")

    @property
    def has_password(self) -> bool:
        return bool(self.password_encrypted)

    @property
    def has_client_key(self) -> bool:
        return bool(self.tls_client_key_encrypted)

    def set_secret(self, field: str, text: str) -> None:
        """field: password or tls_client_key_pem; "" takes it away. Raises ValidationError."""
        column = next(name for name, known in credentials.SECRETS.items() if known == field)
        setattr(self, column, credentials.sealed(field, text))

    def asked(self) -> dict[str, Any]:
        """What a run takes along: later changes of the plan are not its own."""
        return {name: getattr(self, name) for name in (*rules.ASKED, *credentials.COLUMNS)}

    def clean(self) -> None:
        """As Django has it. Raises ValidationError with {field: sentences}."""
        super().clean()
        when = {"webhook_url": self.webhook_url, "every_minutes": self.every_minutes}
        asked = self.asked()
        problems = rules.check_plan(asked | when) | credentials.check(asked)
        if self.pk and (kept := SuitePlan.objects.filter(pk=self.pk).first()) is not None:
            problems |= credentials.moved(kept.asked(), asked)
        if problems:
            raise ValidationError(problems)


class SuiteRun(models.Model):
    """One run of a plan.

    turn: the plan's id while the run is open, then its own: so a plan has one open run at most.
    cases: [{id, version, variant, name, verdict, bad, message, warnings, seconds}].
    reports: {format: bytes}; see SuiteReport.
    """

    plan = models.CharField(max_length=24)
    plan_name = models.CharField(max_length=80)
    suite_name = models.CharField(max_length=120, blank=True, default="")
    asked = models.JSONField(default=dict)
    turn = models.CharField(max_length=24, unique=True)
    started_by = models.CharField(max_length=150, blank=True, default="")

    state = models.CharField(max_length=10, choices=_CHOICES, default=PENDING)
    interrupted = models.BooleanField(default=False)
    runner = models.CharField(max_length=100, blank=True, default="")
    cancel_asked = models.BooleanField(default=False)
    done = models.PositiveIntegerField(default=0)
    planned = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    bad = models.PositiveIntegerField(default=0)
    cases = models.JSONField(default=list)
    seed = models.PositiveIntegerField(default=0)
    reports = models.JSONField(default=dict)
    message = models.TextField(blank=True, default="")
    notice = models.CharField(max_length=300, blank=True, default="")  # what became of the webhook
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "suite run"
        ordering = ["-created"]
        indexes = [
            models.Index(fields=["state"], name="suite_run_state"),
            models.Index(fields=["plan", "created"], name="suite_run_plan_created"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_name}, {self.created:%Y-%m-%d %H:%M}" if self.created else "new"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class SuiteReport(models.Model):
    """A file of a run, compressed by zlib. `id` is "<run>:<format>"."""

    id = models.CharField(max_length=40, primary_key=True)
    run = models.CharField(max_length=24)
    data = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["run"], name="suite_report_run")]

    def __str__(self) -> str:
        return self.id
