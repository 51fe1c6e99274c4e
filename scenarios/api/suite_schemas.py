"""Shapes of /api/suites and /api/suite-runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from stations.api.schemas import StrictIn

State = Literal["pending", "running", "passed", "failed", "cancelled"]
Format = Literal["json", "html", "junit", "badge"]


class SuiteIn(StrictIn):
    name: str
    suite: str | dict[str, Any] = Field(
        description="Name of one that ships, or its document (docs/reference/suites.md)"
    )
    csms_url: str = Field(description="ws:// or wss://; {identity}, else it is appended")
    stations: str = Field("CP-{n}", description="Identities; {n} is 1, 2, ...")
    versions: list[str] = Field(default_factory=list, description="None: as the suite says")
    driver: str | dict[str, Any] | None = Field(
        None, description="Name of one that ships, or its document; left out: the server's"
    )
    only: list[str] = Field(default_factory=list, description="Patterns of cases, e.g. TC_0*")
    variables: dict[str, Any] = Field(default_factory=dict)
    parallel: int = Field(0, ge=0, description="Cases at a time; 0: as the suite says")
    strict: bool = Field(False, description="A warning of the wire watch, or PARTIAL, fails")
    fast: bool = Field(False, description="Reboots, firmware and reconnects take no time")
    seed: int = Field(0, ge=0, description="0: drawn for each run")
    every_minutes: int = Field(0, ge=0, description="0: only by hand")
    secure_csms_url: str = Field("", description="wss://, for security profiles 2 and 3")
    password: str | None = Field(
        None, description="Of the stations. Write only. Left out: stays; empty: removed."
    )
    tls_ca_pem: str = Field("", description="That the stations trust; empty: the system's")
    tls_client_cert_pem: str = Field("", description="For security profile 3, with its key")
    tls_client_key_pem: str | None = Field(None, description="Write only, like `password`.")
    webhook_url: str = Field("", description="Gets a POST with JSON when a run has ended")
    enabled: bool = Field(True, description="Whether the schedule starts it")
    # So that what GET gave can be sent back.
    id: Any = Field(None, description="Without effect")
    created: Any = Field(None, description="Without effect")
    updated: Any = Field(None, description="Without effect")
    has_password: Any = Field(None, description="Without effect")
    has_client_key: Any = Field(None, description="Without effect")


class SuiteOut(Schema):
    id: str
    name: str
    suite: str | dict[str, Any]
    csms_url: str
    stations: str
    versions: list[str]
    driver: str | dict[str, Any] | None
    only: list[str]
    variables: dict[str, Any]
    parallel: int
    strict: bool
    fast: bool
    seed: int
    every_minutes: int
    secure_csms_url: str
    has_password: bool
    has_client_key: bool
    tls_ca_pem: str
    tls_client_cert_pem: str
    webhook_url: str = Field(description="Shown to who may change suites; else ...")
    enabled: bool
    created: datetime
    updated: datetime


class SuitePage(Schema):
    items: list[SuiteOut]
    next: str | None


class SuiteRunOut(Schema):
    id: str
    plan: str = Field(description="id of the suite that was run")
    name: str = Field(description="Of it")
    suite: str = Field(description="What was run")
    csms_url: str
    state: State
    interrupted: bool = Field(description="Its runner died or was stopped")
    message: str
    counts: dict[str, int] = Field(description="Cases by verdict")
    bad: int = Field(description="Cases that fail the run")
    done: int
    planned: int
    seed: int
    started_by: str
    reports: list[Format]
    notice: str = Field(description="What went wrong with the webhook")
    created: datetime
    started: datetime | None
    ended: datetime | None


class SuiteRunPage(Schema):
    items: list[SuiteRunOut]
    next: str | None


class CaseOut(Schema):
    id: str
    version: str
    variant: str = Field("", description="Of a matrix: make and security profile")
    name: str
    verdict: str
    bad: bool = Field(description="It fails the run")
    declared: str = Field("", description="Why it is known to fail")
    message: str
    warnings: int = Field(description="Of the wire watch")
    seconds: float


class SuiteRunDetail(SuiteRunOut):
    cases: list[CaseOut]


class ComparisonOut(Schema):
    run: str
    against: str | None = Field(description="id of the previous run; null: there is none")
    broke: list[CaseOut]
    healed: list[CaseOut]
    still: list[CaseOut] = Field(description="Failed before, and fail")
    lost: list[CaseOut] = Field(description="Were judged, and are not any more")
    new: list[CaseOut]
    gone: list[CaseOut]
