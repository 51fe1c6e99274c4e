"""/api/suites: what is run against a CSMS, and when; /api/suite-runs: what came of it."""

from __future__ import annotations

import zlib
from dataclasses import asdict
from typing import Any

from bson import ObjectId
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from ninja.responses import Status

from accounts.errors import REFUSED, ApiError
from accounts.parameters import known, word_of
from accounts.schemas import ErrorOut
from scenarios.api.lookup import suite_or_404, suite_run_or_404, told
from scenarios.api.suite_schemas import (
    ComparisonOut,
    Format,
    SuiteIn,
    SuiteOut,
    SuitePage,
    SuiteRunDetail,
    SuiteRunOut,
    SuiteRunPage,
)
from scenarios.models import SuitePlan, SuiteReport, SuiteRun
from scenarios.rights import CHANGE_SUITE, PART
from scenarios.verdicts import starting
from scenarios.verdicts.claims import reap_quietly
from scenarios.verdicts.comparing import Comparison, compare
from scenarios.verdicts.credentials import SECRETS
from scenarios.verdicts.tables import STATES
from stations.api.lookup import cut_page, page_limit, text_of

router = Router(tags=["suites"])
ERRORS = {REFUSED: ErrorOut}
State = word_of("", *STATES)
TYPES = {
    "json": ("application/json", "json"), "html": ("text/html; charset=utf-8", "html"),
    "junit": ("application/xml", "xml"), "badge": ("image/svg+xml", "svg"),
}  # fmt: skip
_SAME = (
    "name", "csms_url", "stations", "versions", "only", "variables", "parallel", "strict", "fast",
    "seed", "every_minutes", "enabled", "created", "updated", "secure_csms_url", "tls_ca_pem",
    "tls_client_cert_pem", "has_password", "has_client_key",
)  # fmt: skip


def suite_item(row: SuitePlan, request: HttpRequest) -> dict[str, Any]:
    """A plan as the API shows it; the webhook's address only to those who may change it."""
    shown = row.webhook_url
    if shown and not PART.may(request, CHANGE_SUITE):
        shown = "..."  # such addresses are secrets often
    return {name: getattr(row, name) for name in _SAME} | {
        "id": str(row.pk), "suite": row.suite or row.document, "webhook_url": shown,
        "driver": row.driver or row.driver_document or None,
    }  # fmt: skip


def run_item(row: SuiteRun) -> dict[str, Any]:
    return {
        "id": str(row.pk), "plan": row.plan, "name": row.plan_name, "suite": row.suite_name,
        "csms_url": row.asked.get("csms_url", ""), "state": row.state,
        "interrupted": row.interrupted, "message": row.message, "counts": row.counts,
        "bad": row.bad, "done": row.done, "planned": row.planned, "seed": row.seed,
        "started_by": row.started_by, "reports": sorted(row.reports), "notice": row.notice,
        "created": row.created, "started": row.started, "ended": row.ended,
    }  # fmt: skip


def _stored(row: SuitePlan, body: SuiteIn, request: HttpRequest, **how: bool) -> dict[str, Any]:
    values = body.dict(exclude={"id", "created", "updated", "has_password", "has_client_key"})
    secrets = {name: values.pop(name) for name in SECRETS.values()}
    for name, document in (("suite", "document"), ("driver", "driver_document")):
        given = values.pop(name)
        values[name] = given if isinstance(given, str) else ""
        values[document] = given if isinstance(given, dict) else {}
    for name, value in values.items():
        setattr(row, name, value)
    with told():
        for name, text in secrets.items():
            if text is not None:
                row.set_secret(name, text)
        row.full_clean(validate_unique=False)
    taken = SuitePlan.objects.filter(name=row.name).exclude(pk=row.pk).exists()
    try:
        if taken:
            raise IntegrityError
        row.save(**how)
    except IntegrityError as error:
        sentence = "There is a suite of this name: choose another."
        raise ApiError("name_taken", sentence, 409, {"name": sentence}) from error
    return suite_item(row, request)


@router.get("/suites", response={200: SuitePage} | ERRORS)
def list_suites(request: HttpRequest, cursor: str | None = None, limit: int = page_limit(50)):
    """Suites by name, a page at a time."""
    rows = SuitePlan.objects.order_by("name")
    if cursor:
        rows = rows.filter(name__gt=text_of(cursor))
    found, following = cut_page(rows[: limit + 1], limit, "name")
    return {"items": [suite_item(row, request) for row in found], "next": following}


@router.post("/suites", response={201: SuiteOut} | ERRORS)
def create_suite(request: HttpRequest, body: SuiteIn):
    """A suite to be run against a CSMS: by hand, or every so many minutes."""
    return Status(201, _stored(SuitePlan(), body, request, force_insert=True))


@router.get("/suites/{plan}", response={200: SuiteOut} | ERRORS)
def read_suite(request: HttpRequest, plan: str):
    """One suite, by its name or id."""
    return suite_item(suite_or_404(plan), request)


@router.put("/suites/{plan}", response={200: SuiteOut} | ERRORS)
def replace_suite(request: HttpRequest, plan: str, body: SuiteIn):
    """A run under way goes on as it was asked."""
    return _stored(suite_or_404(plan), body, request, force_update=True)


@router.delete("/suites/{plan}", response={204: None} | ERRORS)
def delete_suite(request: HttpRequest, plan: str):
    """Its runs stay until they are as old as messages are kept."""
    suite_or_404(plan).delete()
    return Status(204, None)


@router.post("/suites/{plan}/run", response={201: SuiteRunOut} | ERRORS)
def run_suite(request: HttpRequest, plan: str):
    """Run it now; read how it goes at suite-runs/{id}. 409 while another run of it is open."""
    row = suite_or_404(plan)
    reap_quietly()
    try:
        with told():
            run = starting.start(row, request.auth.get_username())
    except starting.Busy as error:
        raise ApiError("running", str(error), 409) from error
    return Status(201, run_item(run))


@router.get("/suite-runs", response={200: SuiteRunPage} | ERRORS)
def list_suite_runs(
    request: HttpRequest,
    plan: str = "",
    state: State = "",
    cursor: str | None = None,
    limit: int = page_limit(50),
):
    """Newest first. `plan`: name or id of the suite."""
    known("state", state, STATES)
    reap_quietly()
    rows = SuiteRun.objects.order_by("-pk").defer("cases")
    if plan:
        rows = rows.filter(plan=str(suite_or_404(plan).pk))
    if state:
        rows = rows.filter(state=state)
    if cursor:
        last = text_of(cursor)
        if not ObjectId.is_valid(last):
            raise ApiError("bad_cursor", "Take the cursor from `next` of the page before.", 422)
        rows = rows.filter(pk__lt=ObjectId(last))  # ids are made in the order of time
    found, following = cut_page(rows[: limit + 1], limit, "pk")
    return {"items": [run_item(row) for row in found], "next": following}


@router.get("/suite-runs/{run}", response={200: SuiteRunDetail} | ERRORS)
def read_suite_run(request: HttpRequest, run: str):
    """With the verdict of each case, in short; the report has all of it."""
    reap_quietly()
    row = suite_run_or_404(run)
    return run_item(row) | {"cases": row.cases}


@router.get("/suite-runs/{run}/report", response={200: bytes} | ERRORS)
def read_suite_report(request: HttpRequest, run: str, format: Format = "json"):
    """The report as a file: everything as JSON, one page of HTML, JUnit XML, or an SVG badge."""
    row = suite_run_or_404(run)
    stored = SuiteReport.objects.filter(pk=f"{row.pk}:{format}").first()
    if stored is None:
        raise ApiError("no_report", f"This run has no report as {format}.", 404)
    kind, ending = TYPES[format]
    # It holds what a CSMS sent: never shown as a page of this site.
    headers = {
        "Content-Disposition": f'attachment; filename="suite-run-{row.pk}.{ending}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    }
    return HttpResponse(zlib.decompress(stored.data), content_type=kind, headers=headers)


@router.get("/suite-runs/{run}/compare", response={200: ComparisonOut} | ERRORS)
def compare_suite_runs(
    request: HttpRequest,
    run: str,
    against: str = Query("", alias="with", description="id of a run; left out: the one before"),
):
    """What broke, healed, is new or gone since another run, or since the previous run."""
    row = suite_run_or_404(run)
    other = suite_run_or_404(against) if against else starting.before(row)
    found = compare(other.cases, row.cases) if other is not None else Comparison()
    return {"run": str(row.pk), "against": str(other.pk) if other else None} | asdict(found)


@router.post("/suite-runs/{run}/cancel", response={202: SuiteRunOut} | ERRORS)
def cancel_suite_run(request: HttpRequest, run: str):
    """Have it end; what it has judged by then is kept."""
    row = suite_run_or_404(run)
    if not starting.cancel([row], request.auth.get_username()):
        raise ApiError("ended", f"This run has {row.state} already.", 409)
    row.refresh_from_db()
    return Status(202, run_item(row))


@router.delete("/suite-runs/{run}", response={204: None} | ERRORS)
def delete_suite_run(request: HttpRequest, run: str):
    """A run that has ended, and its reports."""
    try:
        starting.delete(suite_run_or_404(run))
    except starting.Busy as error:
        raise ApiError("running", str(error), 409) from error
    return Status(204, None)
