"""Celery tasks: keep message batches (queue `messages`), look after retention."""

import asyncio
import logging
import random
import time
from datetime import UTC, datetime, timedelta

import pymongo
from celery import shared_task
from celery.exceptions import Reject
from django.conf import settings

from messaging.journals.log_queue import STORE_TASK, batch_of, is_stored
from messaging.keeping import session_counts, store
from messaging.keeping.counting import count
from messaging.keeping.folding import fold
from messaging.keeping.retention import prune
from messaging.keeping.storing import store_batch
from runtime import stores
from runtime.stores import STORE_ERRORS

log = logging.getLogger(__name__)

WRITE_TIMEOUT = 20.0  # seconds for one batch, well below the broker's visibility timeout
RETENTION_SECONDS = 20.0  # of deleting in one run
BACKOFF_FIRST, BACKOFF_MOST = 0.5, 10.0
_failures = 0  # in a row, in this process
_folded_all = False  # in this process


@shared_task(
    name=STORE_TASK,
    bind=True,
    acks_late=True,
    reject_on_worker_lost=True,
    ignore_result=True,
)
def store_messages(self, name: str | bytes) -> int:
    """Insert a batch of records; for as long as that fails it goes back to the queue.

    `name`: of the batch in Redis, see log_queue.py; a task of before has the batch itself. The
    batch never leaves Redis before it is stored: its name is given back unacknowledged, after a
    pause that doubles up to BACKOFF_MOST seconds. Celery's own retry would acknowledge it and
    send a copy, which is lost if Redis goes away between the two.

    Raises Reject with requeue, which gives the batch back to the queue.
    """
    global _failures
    try:
        batch = name if isinstance(name, bytes) else batch_of(name)
        if batch is None:
            return 0  # it was sent twice and is stored
        with pymongo.timeout(WRITE_TIMEOUT):
            inserted = store_batch(store.database(), batch)
    except Exception as error:
        _failures += 1
        pause = min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** min(_failures - 1, 10))
        pause *= random.uniform(0.75, 1.25)
        # A fault of ours must not cost the batch either: an operator sees how old it gets.
        log.warning(
            "%s (%s): a batch goes back to the queue in %.1f s, try %d",
            _reason(error),
            error,
            pause,
            _failures,
            exc_info=not isinstance(error, STORE_ERRORS),
        )
        time.sleep(pause)
        raise Reject(str(error), requeue=True) from error
    try:
        if isinstance(name, str):
            is_stored(name)
    except STORE_ERRORS as error:
        # Its end is not on record, so it is stored once more, which changes nothing.
        raise Reject(str(error), requeue=True) from error
    if _failures:
        log.warning("MongoDB takes messages again, after %d tries.", _failures)
        _failures = 0
    return inserted


def _reason(error: Exception) -> str:
    if store_away := stores.away(error):
        return f"{store_away} is away"
    return "MongoDB refused a batch" if isinstance(error, STORE_ERRORS) else "A batch is not stored"


@shared_task(name="messaging.tasks.fold_news", queue="maintenance", ignore_result=True)
def fold_news() -> int:
    """Put what sessions have told in its places, see folding.py; returns how many bundles. Then
    count the sessions of the hours that this or anything else has changed.

    Beat runs it every minute. The first run of a process looks further back, for what was left
    while there was none.
    """
    global _folded_all
    folded = fold(store.database(), datetime.now(UTC), all_hours=not _folded_all)
    _folded_all = True
    session_counts.keep(store.database(), time.time())
    return folded


@shared_task(name="messaging.tasks.count_messages", queue="maintenance", ignore_result=True)
def count_messages() -> int:
    """Count the minutes that are over, and their hours; beat runs it every minute."""
    return count(store.database(), time.time())


@shared_task(name="messaging.tasks.apply_retention", ignore_result=True)
def apply_retention() -> int:
    """Delete messages older than MESSAGE_RETENTION_DAYS; returns how many. Beat runs it often."""
    return asyncio.run(_apply_retention())


async def _apply_retention() -> int:
    before = datetime.now(UTC) - timedelta(days=settings.MESSAGE_RETENTION_DAYS)
    try:
        deleted, complete = await prune(store.async_database(), before, RETENTION_SECONDS)
    finally:
        await store.close_async()
    if not complete:
        log.info("%d old messages deleted; there are more for the next run.", deleted)
    return deleted
