"""Celery tasks of the stations."""

from celery import shared_task

from accounts.trail import acts
from stations.configuration.changes import carry_out_left_over
from stations.many import launching
from stations.state.closing import close_lost
from stations.state.snapshots import sync_dirty


@shared_task(name="stations.tasks.sync_station_state", queue="sync", ignore_result=False)
def sync_station_state() -> dict:
    """Copy changed station state from Redis to MongoDB; beat runs it every SYNC_INTERVAL.

    Two runs may overlap (a slow one and the next, or POST /api/admin/sync) and need no lock: each
    write is conditional on its stamp and each id is cleared only if its stamp has not moved on, so
    the second run finds less to do and can undo nothing. A lock would have to be held over I/O,
    and a process that died with it would stop the sync.

    It also writes the rows of orders to start or stop that no worker has carried out, and has the
    jobs of many stations go on whose task was lost.
    """
    result = sync_dirty()
    carry_out_left_over()
    launching.look_after()
    return result


@shared_task(name="stations.tasks.close_lost_sessions", queue="maintenance", ignore_result=True)
def close_lost_sessions() -> dict:
    """End sessions that no station will end; beat runs it every few minutes."""
    ended = close_lost()
    if any(ended.values()):
        acts.note("sessions ended", "messaging.transaction", details=ended)
    return ended


@shared_task(name=launching.TASK, queue=launching.QUEUE, ignore_result=True)
def carry_on(job: str, turn: int) -> None:
    """Carry a job of many stations on for a moment; it has itself called again until it is over."""
    from stations.many import carrying  # it has the API with it, which no other task needs

    if (following := carrying.step(job, turn)) is not None:
        turn, seconds = following
        carry_on.apply_async((job, turn), countdown=seconds or None)
