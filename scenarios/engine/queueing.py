"""The turns of one execution's stations: taken all at once, waited for by a task for all."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from runtime import lifetime
from runtime.stores import STORE_ERRORS
from scenarios.engine.recording import StationLog
from scenarios.engine.strand import Services

log = logging.getLogger(__name__)

EVERY = 0.5  # seconds between two looks


class Turn:
    """`begin`, then `come` for each station, `leave` when it has ended; `end` frees the rest."""

    def __init__(self, services: Services, execution: str, logs: list[StationLog]) -> None:
        self._turns, self._execution = services.turns, execution
        self._logs = {each.station: each for each in logs}
        self._waiting = {each.station: asyncio.Event() for each in logs}
        self._left: set[str] = set()
        self._task: asyncio.Task | None = None

    async def begin(self) -> None:
        """Look once at whose turn it is, then go on looking in a task.

        A store that is away is asked again.
        """
        with contextlib.suppress(*STORE_ERRORS):
            await self._look()
        self._task = asyncio.create_task(self._watch(), name=f"turns-{self._execution}")

    async def come(self, record: StationLog) -> None:
        """Until the station is this execution's."""
        if (event := self._waiting.get(record.station)) is not None:
            await event.wait()

    def leave(self, station: str) -> None:
        """The station's run has ended: another execution may have it."""
        self._left.add(station)

    async def end(self) -> None:
        """Stop looking and give all stations of this execution to those who wait for them."""
        if self._task is not None:
            await lifetime.end([self._task])
        # What the store does not take now is taken away by whoever wants the station next.
        with contextlib.suppress(*STORE_ERRORS):
            await self._turns.free(self._execution, list(self._logs))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self._look()
            except STORE_ERRORS as failure:
                log.warning("execution %s: no turns are looked for: %s", self._execution, failure)

    async def _look(self) -> None:
        if left := list(self._left):
            await self._turns.free(self._execution, left)
            self._left.difference_update(left)
        wanted = list(self._waiting)
        if not wanted:
            return
        taken = await self._turns.take(self._execution, wanted)
        for station in wanted:
            if station in taken:
                self._logs[station].waits(f"waits for its turn, after execution {taken[station]}")
            else:
                self._waiting.pop(station).set()
