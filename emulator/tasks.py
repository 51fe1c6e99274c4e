"""Celery tasks of the platform itself."""

from celery import shared_task

from emulator.dashboard.keeping import keep


@shared_task(name="emulator.tasks.keep_figures", queue="maintenance", ignore_result=True)
def keep_figures() -> int:
    """Keep the dashboard's figures; beat runs it every minute. Repeated, it changes nothing."""
    return keep()
