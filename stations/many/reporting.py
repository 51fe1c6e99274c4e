"""What came of a job as a file: CSV, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from runtime import spreadsheets
from stations.many import jobs
from stations.many.jobs import Job

TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def moment(seconds: float | None) -> str | None:
    """ISO 8601, UTC, of unix seconds."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def stream(job: Job, item: dict[str, Any], form: str) -> Iterator[bytes]:
    """A part of the stations at a time. item: the job as the API tells it."""
    results = (found for _, found in jobs.results_of(job.id))
    if form == "csv":
        yield spreadsheets.line(jobs.Result._fields)
        for found in results:
            yield spreadsheets.line(found)
        return
    yield json.dumps(item)[:-1].encode() + b', "stations": ['
    for number, found in enumerate(results):
        row = {**found._asdict(), "answer": json.loads(found.answer) if found.answer else None}
        yield (b",\n" if number else b"\n") + json.dumps(row).encode()
    yield b"]}\n"
