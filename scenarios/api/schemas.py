"""Shapes of /api/scenarios, /api/executions and /api/behaviours."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from stations.api.schemas import StrictIn

State = Literal["pending", "running", "passed", "failed", "cancelled", "skipped"]


class ScenarioIn(StrictIn):
    """A scenario as in a file (docs/reference/scenarios.md); its own rules check its content."""

    scenarioId: Any = Field(None, description="Left out: made from the name")  # noqa: N815
    name: Any = ""
    description: Any = ""
    version: Any = "1.0"
    isBuiltin: Any = Field(False, description="Taken, and without effect")  # noqa: N815
    tags: Any = Field(default_factory=list)
    steps: Any = Field(default_factory=list)
    cleanup: Any = Field(default_factory=list, description="Run at the end, however it ended")
    variables: Any = Field(default_factory=dict, description="Defaults of $variables")
    watch: Any = Field(
        default_factory=dict, description="Rules of the wire watch that are not the usual ones"
    )
    # So that what GET gave can be sent back.
    id: Any = Field(None, description="Without effect")
    created: Any = Field(None, description="Without effect")
    updated: Any = Field(None, description="Without effect")


class ScenarioOut(Schema):
    id: str
    scenarioId: str  # noqa: N815
    name: str
    description: str
    version: str
    isBuiltin: bool  # noqa: N815
    tags: list[str]
    steps: list[dict[str, Any]]
    cleanup: list[dict[str, Any]]
    variables: dict[str, Any]
    watch: dict[str, Any] | str
    created: datetime
    updated: datetime


class ScenarioPage(Schema):
    items: list[ScenarioOut]
    next: str | None


class ScenariosImportedOut(Schema):
    created: list[str]
    updated: list[str]
    skipped: list[str]
    dry_run: bool


class RunIn(StrictIn):
    stations: list[str] = Field(default_factory=list, description="Identities")
    stationId: str = Field("", description="One identity")  # noqa: N815
    tag: str = Field("", description="Every station with this tag")
    template: str = Field("", description="Every station created from this template (name or id)")
    number: int = Field(0, description="At most so many of them, in the order of names; 0: all")
    stagger_ms: int = Field(0, description="Between the starts of two stations")
    start: bool = Field(False, description="Start stations that do not run first")
    variables: dict[str, Any] = Field(default_factory=dict, description="In place of defaults")
    seed: int = Field(0, description="The same seed draws the same random numbers; 0: any")
    share: bool = Field(
        False, description="Run beside what else runs on the stations, instead of waiting for it"
    )
    watch: Any = Field(
        default_factory=dict,
        description="Rules of the wire watch, over the scenario's: {rule: fail, warn or off, "
        "limits in ms, allow: [{rule, action}]}, or one level for all",
    )
    driver: dict[str, Any] | str | None = Field(
        None,
        description="By which the CSMS is made to act: its document (see the suites), or the "
        "name of one that ships; left out: that of SCENARIO_DRIVER",
    )


class ProblemOut(Schema):
    field: str = Field(description="steps, cleanup, variables, watch, ...")
    pointer: str = Field(description="JSON pointer within the field's value; empty: all of it")
    sentence: str


class ForeignOut(Schema):
    pointer: str = Field(description="JSON pointer of the step")
    sentence: str


class FitOut(Schema):
    version: str
    steps: int = Field(description="Steps that are carried out on stations of the version")
    left_out: int = Field(description="Steps that are for other versions")
    foreign: list[ForeignOut] = Field(description="The first that cannot but fail there")


class PreviewFitOut(FitOut):
    stations: int


class CheckIn(StrictIn):
    """A scenario or a part of one; what is left out is not looked at."""

    scenarioId: Any = ""  # noqa: N815
    name: Any = ""
    tags: Any = Field(default_factory=list)
    steps: Any = Field(default_factory=list)
    cleanup: Any = Field(default_factory=list)
    variables: Any = Field(default_factory=dict)
    watch: Any = Field(default_factory=dict)


class CheckedOut(Schema):
    problems: list[ProblemOut]
    versions: list[FitOut] = Field(description="None while there are problems")


class StepTypeOut(Schema):
    type: str
    group: str
    label: str
    help: str
    params: dict[str, Any] = Field(description="JSON schema, without the steps within")
    inner: list[str] = Field(description="Params that are lists of steps")
    versions: list[str] = Field(description="OCPP versions whose stations know it")
    example: dict[str, Any]


class PaletteOut(Schema):
    groups: list[str]
    types: list[StepTypeOut]
    about: dict[str, Any] = Field(description="JSON schema of what every step may have besides")
    actions: list[str] = Field(description="Of all OCPP versions")


class TryIn(StrictIn):
    station: str = Field(max_length=48, description="Identity")
    name: str = Field("", max_length=120, description="Of the execution")
    steps: list[dict[str, Any]]
    cleanup: list[dict[str, Any]] = Field(default_factory=list)
    variables: dict[str, Any] = Field(default_factory=dict)
    watch: Any = Field(default_factory=dict, description="Rules of the wire watch")


class PreviewIn(StrictIn):
    stations: list[str] = Field(default_factory=list, description="Identities")
    tag: str = Field("", description="Every station with this tag")
    template: str = Field("", description="Every station created from this template (name or id)")
    number: int = Field(0, description="At most so many of them; 0: all")


class RunPreviewOut(Schema):
    stations: int
    named: list[str] = Field(description="The first 20 of them")
    off: int = Field(description="Stations that do not run")
    disabled: int
    choosing: int = Field(description="Stations whose CSMS chooses among several versions")
    versions: list[PreviewFitOut]


class ExecutionIn(RunIn):
    scenario: str = Field("", description="scenarioId or id")
    scenarioId: str = Field("", description="The same as scenario")  # noqa: N815


class ExecutionOut(Schema):
    id: str
    scenarioId: str  # noqa: N815
    name: str
    state: State
    interrupted: bool = Field(description="Its runner died or was stopped")
    message: str
    counts: dict[str, int] = Field(description="Stations by state")
    warnings: int = Field(description="Findings of the wire watch that fail nothing")
    share: bool
    stations: int
    target: dict[str, Any]
    variables: dict[str, Any]
    stagger_ms: int
    seed: int
    started_by: str
    behaviour: str
    created: datetime
    started: datetime | None
    ended: datetime | None


class ExecutionPage(Schema):
    items: list[ExecutionOut]
    next: str | None


class SeenOut(Schema):
    id: str
    time: str = Field(description="UTC, with milliseconds")
    direction: str
    kind: str
    action: str
    text: str = Field(description="The beginning of the frame")
    error: str = Field(description="What the log says of it")


class FindingOut(Schema):
    rule: str
    level: str = Field(description="fail, warn or allowed")
    action: str
    sentence: str
    count: int
    first: float = Field(description="Unix seconds")
    last: float
    frames: list[str] = Field(description="ids of the first messages")


class StepOut(Schema):
    path: str = Field(description="3.1 is the first step within the third")
    type: str
    description: str
    state: State
    started: float = Field(description="Unix seconds")
    ended: float | None
    message: str
    frame: str = Field(description="id of the message that matched, or was nearest")
    seen: list[SeenOut] = Field(
        default_factory=list, description="What came instead of what was expected"
    )
    expected: dict[str, Any] | None = Field(
        None, description="Of a wait for a message that failed: direction, action, kind, payload"
    )


class StationRunOut(Schema):
    station: str
    state: State
    started: datetime | None
    ended: datetime | None
    step: str = Field(description="Under way, or the one that failed")
    message: str
    frame: str
    done: int = Field(description="Steps that have ended")
    dropped: int = Field(description="Of those, not in `steps` any more")
    steps: list[StepOut] = Field(default_factory=list)
    findings: list[FindingOut] = Field(
        default_factory=list, description="What the wire watch found over the whole run"
    )

    @staticmethod
    def resolve_findings(row: Any) -> list[dict[str, Any]]:
        # Rows of runs before there was a watch have none.
        return row.findings or []


class ExecutionDetail(ExecutionOut):
    runs: list[StationRunOut] = Field(description="The first 100 stations, failed ones first")


class StationRunPage(Schema):
    items: list[StationRunOut]
    next: str | None


class BehaviourIn(StrictIn):
    name: str
    scenario: str = Field(description="scenarioId or id")
    stations: list[str] = Field(default_factory=list)
    tag: str = ""
    variables: dict[str, Any] = Field(default_factory=dict)
    stagger_ms: int = Field(200, ge=0, le=3_600_000)
    enabled: bool = True


class BehaviourOut(Schema):
    id: str
    name: str
    scenario: str
    stations: list[str]
    tag: str
    variables: dict[str, Any]
    stagger_ms: int
    enabled: bool
    created: datetime
    updated: datetime


class BehaviourPage(Schema):
    items: list[BehaviourOut]
    next: str | None
