"""Having jobs begin, and go on where their task was lost. Light: the sync's task imports it too."""

from __future__ import annotations

import logging

from celery import current_app

from stations.many import jobs
from stations.many.jobs import Job

log = logging.getLogger(__name__)

TASK = "stations.tasks.carry_on"  # by its name: its module imports this one
QUEUE = "maintenance"
LOST_AFTER = 30.0  # seconds beyond the moment at which a task was due


def launch(job: Job) -> None:
    """Have a Celery worker carry it on. Where the broker is away, look_after does it later."""
    try:
        send(job.id, job.turn)
    except Exception as failure:  # noqa: BLE001 - kombu has errors of its own, and the job is kept
        log.warning("The job %s goes on later: %r", job.id, failure)


def send(job: str, turn: int) -> None:
    current_app.send_task(TASK, (job, turn), queue=QUEUE, retry=False)


def look_after() -> int:
    """Have those jobs go on whose task was lost; returns how many."""
    found = jobs.overdue(LOST_AFTER)
    for job in found:
        launch(job)
    return len(found)
