"""From what a worker's stations are to what the database and its orders say they should be."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from chargepoint.effects import Frame
from runtime import lifetime
from stations.orders import holding, named, switching
from stations.orders.order_book import OrderBook
from stations.state import snapshots
from stations.worker import loading, recalling
from stations.worker.desired import Desired
from stations.worker.fleet import Fleet
from stations.worker.plans import Plan, Planner

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Part:
    """Of an order, as it was read under these epochs. `moved`: what has changed since."""

    names: list[str]
    epochs: dict[int, int]
    difference: loading.Difference
    plans: list[Plan | tuple[str, str]]
    moved: set[str]


class Reconciler:
    """Called from one task of the worker, one step at a time.

    in_database: runs a blocking function in the worker's thread for that
    spread       seconds within which the first dials of many that start together fall
    in_doubt     tells whether a shard of ours may be another's: nothing is started then, and the
                 leases' next round asks for everything again
    wanted       stations that should run here, at the last whole look
    rushing      whether stations are being started by the hundred
    held         stations that do not run though they should, and why
    dead         workers of this machine that were seen to have died, and when (monotonic seconds)
    looked       whether it was asked for once who has
    on_taken_up  called when the stations of other shards than before have been started
    """

    def __init__(
        self,
        fleet: Fleet,
        recorder: Any,
        in_database: Callable[..., Awaitable[Any]],
        in_doubt: Callable[[], bool],
        spread: float = 0.0,
    ) -> None:
        self.fleet = fleet
        self.spread = spread
        self.orders = OrderBook(in_database)
        self.wanted = 0
        self.rushing = False
        self.held: dict[str, str] = {}
        self.dead: dict[str, float] = {}
        self.looked = asyncio.Event()
        self.on_taken_up: Callable[[], None] = lambda: None
        self._taken_up: dict[int, int] = {}  # shard -> epoch, of those whose stations were started
        self._desired = Desired()
        self._recorder = recorder
        self._in_database = in_database
        self._in_doubt = in_doubt
        # Of parts that were read ahead: what has changed since.
        self._moved: list[set[str]] = []

    def moved(self, identities: list[str]) -> None:
        """These have changed: what was read of them is out of date."""
        for moved in self._moved:
            moved.update(identities)

    async def reconcile(self, only: set[str] | None) -> None:
        """Bring these stations, or with None all of them, to what they should be."""
        if self._in_doubt():
            return
        fleet, epochs = self.fleet, dict(self.fleet.epochs)
        accused = await self._accuse_the_dead()
        rows = fleet.rows() if only is None else self._running(only)
        difference = await self._in_database(
            loading.compare, fleet.share(), rows, only, self.orders.standing, False, self._desired
        )
        if only is None:
            self.wanted = difference.wanted
            self.held = difference.held
        else:
            self._note_held(only, difference.held)
        await fleet.host.gate.opened()
        await self._stop(difference.stop, difference.replaced)
        self._say_accused(accused)
        await self._read_journals()
        plans = loading.load(difference.load, set(fleet.running), difference.rows)
        batches = lifetime.ahead(lambda: self._in_database(next, plans, None))
        with self._rush(len(difference.load)):
            async with contextlib.aclosing(batches):
                async for batch in batches:
                    await self._start(batch, epochs)
        fleet.forget_parted()
        if only is None and epochs != self._taken_up:
            self._taken_up = epochs
            self.on_taken_up()

    def serves(self) -> list[int]:
        """Shards whose stations have been started, and not only taken."""
        epochs = self.fleet.epochs
        return sorted(s for s, epoch in epochs.items() if self._taken_up.get(s) == epoch)

    async def hear_orders(self, act: bool, take_changed: Callable[[], set[str]]) -> None:
        """Learn of the orders for many stations, and `act` on the new ones, a part at a time.

        Each part is read while the stations of the one before it start; whatever else changes
        meanwhile is seen to between two parts.
        """
        fresh = await self.orders.hear(self.fleet.epochs)
        if not fresh or not act or self._in_doubt():
            return
        self._say_accused(await self._accuse_the_dead())
        dense = await self._in_database(named.most, len(fresh))
        planner, parts = Planner(), named.parts(sorted(fresh), switching.PART)

        async def read() -> Part | None:
            names = next(parts, None)
            return await self._read_part(names, dense, planner) if names else None

        with self._rush(len(fresh)):
            try:
                async with contextlib.aclosing(lifetime.ahead(read)) as coming:
                    async for part in coming:
                        again = await self._carry_out_part(part)
                        if again := again | take_changed():
                            await self.reconcile(again)
            finally:
                self._moved.clear()

    @contextlib.contextmanager
    def _rush(self, stations: int) -> Iterator[None]:
        before, self.rushing = self.rushing, self.rushing or stations > switching.PART
        try:
            yield
        finally:
            self.rushing = before

    async def _read_part(self, names: list[str], dense: bool, planner: Planner) -> Part:
        await self._read_journals()
        moved: set[str] = set()
        self._moved.append(moved)
        epochs, standing = dict(self.fleet.epochs), self.orders.standing
        mine = self.fleet.share()
        running = self._running(names)

        def read() -> tuple[loading.Difference, list]:
            difference = loading.compare(mine, running, set(names), standing, dense)
            plans = loading.load(difference.load, running, difference.rows, planner)
            return difference, [plan for chunk in plans for plan in chunk]

        return Part(names, epochs, *await self._in_database(read), moved)

    async def _carry_out_part(self, part: Part) -> set[str]:
        """Returns those of it that are to be looked at once more: they have changed since."""
        self._moved = [moved for moved in self._moved if moved is not part.moved]
        if self._in_doubt():
            return set()
        difference = part.difference
        await self.fleet.host.gate.opened()
        again = part.moved.intersection(part.names).union(difference.replaced)
        self._note_held(set(part.names), difference.held)
        await self._stop([name for name in difference.stop if name not in again], [])
        plans = [plan for plan in part.plans if _identity(plan) not in again]
        for start in range(0, len(plans), loading.CHUNK):
            await self._start(plans[start : start + loading.CHUNK], part.epochs)
        self.fleet.forget_parted()
        return again

    def _running(self, names: set[str] | list[str]) -> dict[str, loading.Row]:
        running = self.fleet.running
        return {name: running[name].row for name in names if name in running}

    def _note_held(self, looked_at: set[str], held: dict[str, str]) -> None:
        self.held = {i: why for i, why in self.held.items() if i not in looked_at} | held

    async def _stop(self, stop: list[str], replaced: list[str]) -> None:
        if not (stop or replaced):
            return
        await self.fleet.stop([*stop, *replaced])
        gone = await self._in_database(loading.vanished, stop)
        gone += replaced
        await self.fleet.forget(gone)
        await self._in_database(snapshots.forget_states, gone)

    async def _start(self, batch: list[Plan | tuple[str, str]], epochs: dict[int, int]) -> None:
        for problem in (plan for plan in batch if not isinstance(plan, Plan)):
            log.error("station %s cannot run: %s", *problem)
        plans = [plan for plan in batch if isinstance(plan, Plan)]
        await self.fleet.host.gate.opened()
        await self.fleet.stop(self.fleet.other_version(plans))
        spread = self.spread if self.rushing else 0.0
        for plan in plans:
            try:
                self.fleet.carry_out(plan, epochs, random.uniform(0, spread))
            except Exception:
                log.exception("station %s not started", plan.identity)
        await asyncio.sleep(0)  # the links of those before have something to say by now

    async def _read_journals(self) -> None:
        """Once for each shard taken: what its stations told before they came here."""
        epochs = {shard: self.fleet.epochs[shard] for shard in self.fleet.unread}
        if epochs:
            mine = self.fleet.share(epochs)
            said = await self._in_database(recalling.recall, self._recorder.root, mine)
            self.fleet.learned(epochs, said)

    async def _accuse_the_dead(self) -> list[tuple[str, str]]:
        try:
            dead, accused = await self._in_database(holding.accuse_the_dead, settings.JOURNAL_DIR)
        finally:
            self.looked.set()
        self.dead |= dict.fromkeys(dead, time.monotonic())
        return accused

    def _say_accused(self, accused: list[tuple[str, str]]) -> None:
        for identity, why in accused:
            if not why:
                log.error("a worker ended in the midst of a step of %s; once more and it is held"
                          " back", identity)  # fmt: skip
                continue
            log.error("%s is held back until it is released: %s", identity, why)
            if identity in self.fleet.running:
                continue
            now = self.fleet.host.clock.now()
            note = Frame("", "Note", "", "", "", now, mark=f"held back: {why}")
            # A run of its own: another worker may have numbered records of the station since.
            self._recorder.record(identity, int(now * 1000), note)


def _identity(planned: Plan | tuple[str, str]) -> str:
    return planned.identity if isinstance(planned, Plan) else planned[0]
