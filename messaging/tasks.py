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
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    PyMongoError,
    WTimeoutError,
)

from messaging import store
from messaging.retention import prune
from messaging.storing import store_batch

log = logging.getLogger(__name__)

AWAY = (AutoReconnect, ConnectionFailure, ExecutionTimeout, NetworkTimeout, WTimeoutError)
WRITE_TIMEOUT = 20.0  # seconds for one batch, well below the broker's visibility timeout
RETENTION_SECONDS = 20.0  # of deleting in one run
BACKOFF_FIRST, BACKOFF_MOST = 0.5, 10.0
_failures = 0  # in a row, in this process


@shared_task(
    name="messaging.tasks.store_messages",
    bind=True,
    acks_late=True,
    reject_on_worker_lost=True,
    ignore_result=True,
)
def store_messages(self, batch: bytes) -> int:
    """Insert a batch of records; for as long as MongoDB is away it goes back to the queue.

    The batch never leaves Redis before it is stored: it is given back unacknowledged, after a
    pause that doubles up to BACKOFF_MOST seconds. Celery's own retry would acknowledge it and
    send a copy, which is lost if Redis goes away between the two.
    """
    global _failures
    try:
        with pymongo.timeout(WRITE_TIMEOUT):
            inserted = store_batch(store.database(), batch)
    except PyMongoError as error:
        _failures += 1
        pause = min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** min(_failures - 1, 10))
        pause *= random.uniform(0.75, 1.25)
        away = isinstance(error, AWAY) or error.timeout
        log.warning(
            "%s (%s): a batch goes back to the queue in %.1f s, try %d",
            "MongoDB is away" if away else "MongoDB refused a batch",
            error,
            pause,
            _failures,
        )
        time.sleep(pause)
        raise Reject(str(error), requeue=True) from error
    if _failures:
        log.warning("MongoDB takes messages again, after %d tries.", _failures)
        _failures = 0
    return inserted


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
