"""Scenarios, behaviours, and the record of what was run.

Writers: scenarios and behaviours are the operators'. An execution is inserted by `launching`; from
then on it is written by the runner that claimed it, on the condition that it still is that
runner's (see engine/claims.py); only `cancel_asked` is another's to set.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django_mongodb_backend.fields import ArrayField

from scenarios.rules import validation
from scenarios.rules.behaviour_rules import check_behaviour
from stations.configuration.storable import Storable

# skipped: nothing of the scenario is for the station, so that there is no verdict.
PENDING, RUNNING, PASSED, FAILED, CANCELLED, SKIPPED = STATES = (
    "pending", "running", "passed", "failed", "cancelled", "skipped",
)  # fmt: skip
OPEN_STATES = (PENDING, RUNNING)
ENDED_STATES = (PASSED, FAILED, CANCELLED, SKIPPED)
_CHOICES = [(state, state.capitalize()) for state in STATES]


class Scenario(Storable):
    slug = models.CharField(
        "id", max_length=80, unique=True, help_text="Letters, digits and - . _; for the API."
    )
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, default="")
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    version = models.CharField(max_length=20, blank=True, default="1.0")
    steps = models.JSONField(default=list)
    cleanup = models.JSONField(
        default=list, blank=True, help_text="Steps that run at the end, however it ended."
    )
    variables = models.JSONField(
        default=dict, blank=True, help_text="Default values of variables; a run may override them."
    )
    watch = models.JSONField(
        default=dict, blank=True, help_text="What the wire watch fails, warns of and lets pass."
    )
    builtin = models.BooleanField(default=False, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["slug"]
        permissions = [("run_scenario", "Can run scenarios on stations, and cancel them")]
        indexes = [models.Index(fields=["slug"], name="scenario_slug")]

    def __str__(self) -> str:
        return self.name

    def content(self) -> dict[str, Any]:
        """What a run takes along: later changes of the scenario are not its own."""
        names = ("steps", "cleanup", "variables", "watch")
        return {name: deepcopy(getattr(self, name)) for name in names}

    def clean(self) -> None:
        """As Django has it. Raises ValidationError with {field: sentences}."""
        super().clean()
        fields = ("slug", "name", "tags", "steps", "cleanup", "variables", "watch")
        problems = validation.check_scenario({name: getattr(self, name) for name in fields})
        if problems:
            raise ValidationError(problems)


class Behaviour(Storable):
    """A scenario that goes on by itself on some stations, and after a restart of the runner."""

    name = models.CharField(max_length=80, unique=True)
    scenario = models.ForeignKey(Scenario, on_delete=models.CASCADE, related_name="behaviours")
    stations = ArrayField(
        models.CharField(max_length=48), default=list, blank=True, help_text="Identities."
    )
    tag = models.CharField(
        max_length=50, blank=True, default="", help_text="Every station that has this tag."
    )
    variables = models.JSONField(default=dict, blank=True)
    stagger_ms = models.PositiveIntegerField(
        "stagger (ms)", default=200, help_text="Between the starts of two stations."
    )
    enabled = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """As Django has it. Raises ValidationError with {field: sentences}."""
        super().clean()
        known = None
        if self.scenario_id is not None:
            known = set(self.scenario.variables)
        problems = check_behaviour(self.stations, self.tag, self.variables, known)
        if problems:
            raise ValidationError(problems)


class Execution(models.Model):
    """One run of a scenario on one station or on many."""

    scenario_slug = models.CharField(max_length=80)
    scenario_name = models.CharField(max_length=120)
    content = models.JSONField(default=dict)
    target = models.JSONField(default=dict)  # as asked: stations, tag, template
    stations = ArrayField(models.CharField(max_length=48), default=list)
    stagger_ms = models.PositiveIntegerField(default=0)
    start_stations = models.BooleanField(default=False)
    seed = models.PositiveIntegerField(default=0)
    started_by = models.CharField(max_length=150, blank=True, default="")
    share = models.BooleanField(default=False)  # beside others on its stations, see engine/turns.py
    behaviour = models.CharField(max_length=24, blank=True, default="")  # its id
    likeness = models.CharField(max_length=64, blank=True, default="")  # see behaviours.py

    state = models.CharField(max_length=10, choices=_CHOICES, default=PENDING)
    interrupted = models.BooleanField(default=False)
    runner = models.CharField(max_length=100, blank=True, default="")
    cancel_asked = models.BooleanField(default=False)
    counts = models.JSONField(default=dict)
    warnings = models.PositiveIntegerField(default=0)  # of the wire watch, in all its stations
    message = models.TextField(blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created"]
        indexes = [
            models.Index(fields=["state"], name="execution_state"),
            models.Index(fields=["created"], name="execution_created"),
        ]

    def __str__(self) -> str:
        return f"{self.scenario_name}, {self.created:%Y-%m-%d %H:%M}" if self.created else "new"


class StationRun(models.Model):
    """What one station did in an execution. `id` is "<execution>:<station>".

    steps: [{path, type, description, state, started, ended (unix seconds), message, frame}]; of
    long runs the last ones, `dropped` says how many went before. `frame`: id of the message.
    findings: what the wire watch found, see watch/findings.py.
    """

    id = models.CharField(max_length=80, primary_key=True)
    execution = models.CharField(max_length=24)
    station = models.CharField(max_length=48)
    runner = models.CharField(max_length=100, blank=True, default="")
    state = models.CharField(max_length=10, choices=_CHOICES, default=PENDING)
    started = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    step = models.CharField(max_length=200, blank=True, default="")  # under way or failed
    message = models.TextField(blank=True, default="")
    frame = models.CharField(max_length=32, blank=True, default="")
    steps = models.JSONField(default=list)
    done = models.PositiveIntegerField(default=0)
    dropped = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=list)

    class Meta:
        ordering = ["station"]
        indexes = [
            models.Index(fields=["execution", "station"], name="run_execution_station"),
            models.Index(fields=["station"], name="run_station"),
        ]

    def __str__(self) -> str:
        return self.id


class StationTurn(models.Model):
    """The execution that has a station to itself. Written by runners, see engine/turns.py."""

    id = models.CharField("station", max_length=48, primary_key=True)
    execution = models.CharField(max_length=24)
    since = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["execution"], name="turn_execution")]

    def __str__(self) -> str:
        return self.id


class Question(models.Model):
    """What a person is asked by a step that waits. See asking.py, which says who writes.

    run: id of the execution, or of the suite's run. why: what went wrong; "": it is done.
    """

    kind = models.CharField(max_length=10, choices=[("execution",) * 2, ("suite-run",) * 2])
    run = models.CharField(max_length=24)
    station = models.CharField(max_length=48)
    text = models.TextField()
    asked = models.DateTimeField()
    until = models.DateTimeField()
    answered = models.DateTimeField(null=True)
    why = models.TextField(blank=True, default="")
    by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ["asked"]
        indexes = [models.Index(fields=["run"], name="question_run")]

    def __str__(self) -> str:
        return f"{self.station}: {self.text[:60]}"


# Tables of this app too, in a room of their own.
from scenarios.verdicts.tables import SuitePlan, SuiteReport, SuiteRun  # noqa: E402, F401
