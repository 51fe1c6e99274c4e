"""Celery tasks of the trail."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from celery import shared_task
from django.conf import settings

from accounts.trail import keeping, reading

log = logging.getLogger(__name__)

SECONDS = 20.0  # of deleting in one run


@shared_task(name="accounts.tasks.look_after_trail", queue="maintenance", ignore_result=True)
def look_after_trail() -> int:
    """Write what waits on disk; delete entries older than TRAIL_RETENTION_DAYS: how many."""
    keeping.take_up()
    before = datetime.now(UTC) - timedelta(days=settings.TRAIL_RETENTION_DAYS)
    deleted, complete = reading.prune(before, SECONDS)
    if not complete:
        log.info("%d old entries of the trail deleted; there are more for the next run.", deleted)
    return deleted
