"""/api/jobs: work on many stations in the background, at a pace, with what came of each."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router
from ninja.responses import Status

from accounts import tables
from accounts.auth import demand
from accounts.errors import REFUSED, ApiError
from accounts.parameters import known, word_of
from accounts.schemas import ErrorOut
from stations.api.lookup import cursor_of, page_limit, template_or_404, text_of, told
from stations.many import asking, jobs, reporting
from stations.many.api_schemas import (
    CommandJobIn,
    CreateJobIn,
    EditJobIn,
    JobOut,
    JobPage,
    JobPreviewOut,
    JobStationPage,
)
from stations.many.creating import Order
from stations.rights import PART, SEE_SECRETS

router = Router(tags=["jobs"])
ERRORS = {REFUSED: ErrorOut}
_ASKED = {200: JobPreviewOut, 202: JobOut} | ERRORS
Format = word_of(*reporting.TYPES)
FORMAT = Query("csv", description="csv or json")
Result = word_of("", *jobs.RESULTS)
Trial = Query(False, description="Only check, and say what would be done")


@router.post("/jobs/create", response=_ASKED)
def create_stations(request: HttpRequest, body: CreateJobIn, dry_run: bool = Trial):
    """Make stations from a template, and start them, so many a second.

    All is checked before; what is made by others meanwhile is refused by itself. Where it is
    stopped, those that were made stay, and the report names them.
    """
    order = Order(
        template_or_404(body.template), body.pattern, body.count, body.first, body.name,
        tuple((each.url, each.share) for each in body.csms_urls), body.password or "",
        body.password_encoding, None if body.tags is None else tuple(body.tags), body.region,
        body.start,
    )  # fmt: skip
    with told():
        if dry_run:
            return Status(200, asking.preview_creation(request, order))
        return Status(202, item(asking.create(request, order, body.per_second)))


@router.post("/jobs/command", response=_ASKED)
def command_stations(request: HttpRequest, body: CommandJobIn, dry_run: bool = Trial):
    """Give one command to all that are meant, so many a second."""
    asked = asking.Order(body.command, body.arguments, body.choice(), body.per_second)
    with told():
        if dry_run:
            return Status(200, asking.preview_command(request, asked))
        return Status(202, item(asking.command(request, asked)))


@router.post("/jobs/edit", response=_ASKED)
def edit_stations(request: HttpRequest, body: EditJobIn, dry_run: bool = Trial):
    """Change the same of all that are meant, each by the rules of a single change."""
    with told():
        edit = asking.edit_of(
            body.set, body.add_tags, body.remove_tags, body.region, PART.may(request, SEE_SECRETS)
        )
        if dry_run:
            return Status(200, asking.preview_edit(request, edit, body.choice()))
        return Status(202, item(asking.edit(request, edit, body.choice(), body.per_second)))


@router.get("/jobs", response={200: JobPage} | ERRORS)
def list_jobs(request: HttpRequest, cursor: str | None = None, limit: int = page_limit(50)):
    """Newest first. Of those that are over the last 100 are kept."""
    before = text_of(cursor) if cursor else ""
    if before and jobs.read(before) is None:
        raise ApiError("bad_cursor", "Take the cursor from `next` of the page before.", 422)
    found = jobs.newest(limit + 1, before)
    page = found[:limit]
    following = cursor_of(page[-1].id) if len(found) > limit else None
    return {"items": [item(job) for job in page], "next": following}


@router.get("/jobs/{job}", response={200: JobOut} | ERRORS)
def read_job(request: HttpRequest, job: str):
    """How far it is."""
    return item(job_or_404(job))


@router.get("/jobs/{job}/stations", response={200: JobStationPage} | ERRORS)
def list_job_stations(
    request: HttpRequest, job: str, result: Result = "", cursor: str | None = None,
    limit: int = page_limit(100),
):  # fmt: skip
    """What came of each station that is done with, in their order; `result` chooses."""
    row = job_or_404(job)
    known("result", result, jobs.RESULTS)
    first = _place(cursor)
    page: list[tuple[int, jobs.Result]] = []
    for place, told_of in jobs.results_of(row.id, first):
        if not result or told_of.result == result:
            page.append((place, told_of))
        if len(page) > limit:
            break
    following = cursor_of(str(page[limit][0])) if len(page) > limit else None
    return {"items": [_told(each) for _, each in page[:limit]], "next": following}


@router.get("/jobs/{job}/report", response={200: Any} | ERRORS)
def download_report(
    request: HttpRequest, job: str, format: Format = FORMAT
):
    """All of it as a file, also while the job is under way."""
    row = job_or_404(job)
    known("format", format, reporting.TYPES, needed=True)
    body = tables.streamed(request, reporting.stream(row, item(row), format))
    answer = StreamingHttpResponse(body, content_type=reporting.TYPES[format])
    answer["Content-Disposition"] = f'attachment; filename="job-{row.id}.{format}"'
    return answer


@router.post("/jobs/{job}/stop", response={202: JobOut} | ERRORS)
def stop_job(request: HttpRequest, job: str):
    """End it after the stations it is at. What was done stays done."""
    row = job_or_404(job)
    demand(PART, request, asking.right_of(row))
    if not jobs.stop(row):
        raise ApiError("job_over", "The job is over already: see its state.", 409)
    return Status(202, item(job_or_404(job)))


def _place(cursor: str | None) -> int:
    text = text_of(cursor) if cursor else "0"
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise ApiError("bad_cursor", "Take the cursor from `next` of the page before.", 422)
    return int(text)


def job_or_404(job: str) -> jobs.Job:
    """The job of this id that has begun. Raises ApiError 404."""
    row = jobs.read(job)
    if row is None or row.state == jobs.CHOSEN:
        raise ApiError("job_not_found", f'There is no job "{job}": see GET /api/jobs.', 404)
    return row


def _told(found: jobs.Result) -> dict[str, Any]:
    answer = json.loads(found.answer) if found.answer else None
    return {**found._asdict(), "answer": answer}


def item(job: jobs.Job) -> dict[str, Any]:
    return {
        "id": job.id, "kind": job.kind, "state": job.state, "title": job.title, "asked": job.told,
        "per_second": job.per_second, "total": job.total, "done": job.position,
        "counts": {name: job.counts.get(name, 0) for name in jobs.RESULTS},
        "started_by": job.act.get("actor", ""), "created": reporting.moment(job.created),
        "started": reporting.moment(job.started), "ended": reporting.moment(job.ended),
        "stopping": job.stop_asked and job.state in jobs.OPEN, "message": job.message,
    }  # fmt: skip
