"""Celery tasks of the stations."""

from celery import shared_task

from stations.snapshots import sync_dirty


@shared_task(name="stations.tasks.sync_station_state", queue="sync", ignore_result=False)
def sync_station_state() -> dict:
    """Copy changed station state from Redis to MongoDB; beat runs it every SYNC_INTERVAL.

    Two runs may overlap (a slow one and the next, or POST /api/admin/sync) and need no lock: each
    write is conditional on its stamp and each id is cleared only if its stamp has not moved on, so
    the second run finds less to do and can undo nothing. A lock would have to be held over I/O,
    and a process that died with it would stop the sync.
    """
    return sync_dirty()
