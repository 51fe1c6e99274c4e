"""Celery tasks of the scenarios."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from scenarios.engine.claims import reap
from scenarios.models import ENDED_STATES, Execution, StationRun, SuiteRun
from scenarios.verdicts import claims, starting

AT_ONCE = 20  # executions that one run deletes


@shared_task(name="scenarios.tasks.tidy_executions", queue="maintenance", ignore_result=True)
def tidy_executions() -> dict:
    """Mark what a dead runner left, and delete executions and runs of suites that are older than
    the messages are kept."""
    horizon = timezone.now() - timedelta(days=settings.MESSAGE_RETENTION_DAYS)
    old = Execution.objects.filter(created__lt=horizon, state__in=ENDED_STATES)[:AT_ONCE]
    deleted = 0
    for execution in old:
        StationRun.objects.filter(execution=str(execution.pk)).delete()
        execution.delete()
        deleted += 1
    for run in SuiteRun.objects.filter(created__lt=horizon, state__in=ENDED_STATES)[:AT_ONCE]:
        starting.delete(run)
        deleted += 1
    return {"interrupted": reap() + claims.reap(), "deleted": deleted}


@shared_task(name="scenarios.tasks.start_suites", queue="maintenance", ignore_result=True)
def start_suites() -> dict:
    """Start the suites whose time has come."""
    return {"started": starting.start_due()}
