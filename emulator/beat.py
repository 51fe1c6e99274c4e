"""The beat scheduler: django-celery-beat's, which also tells Redis that it lives."""

from __future__ import annotations

import contextlib
import os
import time

import redis
from django_celery_beat.schedulers import DatabaseScheduler

from emulator import signs
from emulator.celery_signs import client


class TellingScheduler(DatabaseScheduler):
    """`tick` runs at least every CELERY_BEAT_MAX_LOOP_INTERVAL seconds."""

    def tick(self, *args, **kwargs) -> float:
        pause = super().tick(*args, **kwargs)
        self._tell(seen=time.time(), pid=os.getpid())
        return pause

    def apply_async(self, entry, producer=None, advance=True, **kwargs):
        result = super().apply_async(entry, producer=producer, advance=advance, **kwargs)
        self._tell(task=entry.task, run=time.time())
        return result

    def _tell(self, **sign) -> None:
        with contextlib.suppress(redis.RedisError):
            client().hset(signs.beat_key(), mapping=sign)
