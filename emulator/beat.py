"""The beat scheduler: django-celery-beat's, which also tells Redis that it lives."""

from __future__ import annotations

import contextlib
import os
import socket
import time

from celery.utils.log import get_logger
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from emulator.beat_entry import FrugalEntry
from emulator.monitoring import signs
from emulator.monitoring.celery_signs import client, tell, withdraw
from runtime.stores import STORE_ERRORS

log = get_logger(__name__)


class TellingScheduler(DatabaseScheduler):
    """`tick` runs at least every CELERY_BEAT_MAX_LOOP_INTERVAL seconds."""

    Entry = FrugalEntry
    _told = float("-inf")
    _last_tick = float("-inf")

    def tick(self, *args, **kwargs) -> float:
        """As celery's, and gives a sign of life before and after.

        Returns seconds until the next.
        """
        self._follow_clock()
        # Before as well: a tick takes some seconds where the database is away.
        self._tell()
        pause = super().tick(*args, **kwargs)
        self._tell()
        return pause

    def all_as_schedule(self) -> dict[str, ModelEntry]:
        """The rows that can be planned: one that cannot must not stop all the others."""
        planned = {}
        for row in self.enabled_models():
            try:
                planned[row.name] = self.Entry(row, app=self.app)
            except STORE_ERRORS:
                raise
            except Exception as problem:  # noqa: BLE001 - whatever an operator wrote into the row
                log.error("The periodic task %r is left out: %s. Correct it.", row.name, problem)
        return planned

    def _follow_clock(self) -> None:
        """The runs to come were planned by a clock that has been set back since: plan them anew."""
        now = time.time()
        if now < self._last_tick:
            self._heap = None
        self._last_tick = now

    def _tell(self) -> None:
        if time.monotonic() - self._told >= 1.0:
            self._told = time.monotonic()
            tell("beat", self._name(), {"pid": os.getpid(), "time": time.time()})

    def apply_async(self, entry, producer=None, advance=True, **kwargs):
        """As celery's; and Redis keeps which task was sent last, and when."""
        result = super().apply_async(entry, producer=producer, advance=advance, **kwargs)
        with contextlib.suppress(*STORE_ERRORS):
            client().hset(signs.beat_key(), mapping={"task": entry.task, "run": time.time()})
        return result

    def close(self) -> None:
        """As celery's; and the sign of life is withdrawn."""
        withdraw("beat", self._name())
        super().close()

    @staticmethod
    def _name() -> str:
        return f"{socket.gethostname()}-{os.getpid()}"
