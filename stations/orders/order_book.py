"""The orders to start or stop many stations that a worker carries out, and what is left of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from stations.orders import named, orders, switching

WRITING = 1.0  # seconds of writing rows between two looks at what else is due
# Seconds for which rows wait for the stations that are being started: below orders.LEFT_OVER.
LONGEST_WAIT = 20.0
LOOK = 0.1
SIGN = 30.0  # seconds between two words that the worker is at its orders


class OrderBook:
    """`standing` is what `loading.compare` takes: what counts until the rows are written.

    in_database: runs a blocking function in the worker's thread for that.
    """

    def __init__(self, in_database: Callable[..., Awaitable[Any]]) -> None:
        self.standing: dict[str, tuple[int, bool]] = {}
        self._in_database = in_database
        self._waiting: list[orders.Order] = []
        self._unwritten: deque[tuple[orders.Order, list[str]]] = deque()
        self._heard = 0.0  # the loop's time, of the newest
        self._told = 0.0  # the loop's time, that it is at them

    async def hear(self, shards: Iterable[int]) -> dict[str, tuple[int, bool]]:
        """Learn of the orders for these shards; what the new ones say of their stations."""
        waiting = await self._in_database(orders.waiting, set(shards))
        known = {order.id for order in self._waiting}
        fresh = [order for order in waiting if order.id not in known]
        self._waiting += fresh
        self.standing = orders.standing(self._waiting)
        for order in fresh:
            for part in named.parts(sorted(order.identities), switching.PART):
                self._unwritten.append((order, part))
        if fresh:
            self._heard = asyncio.get_running_loop().time()
        return orders.standing(fresh)

    async def write(self, disturbed: asyncio.Event, busy: Callable[[], bool]) -> None:
        """Write rows until there is something else to do, and go on after that.

        They cost the store as much as the starts themselves, so they wait for these while the
        worker is `busy` with them.
        """
        began = asyncio.get_running_loop().time()
        while self._unwritten and not disturbed.is_set():
            now = asyncio.get_running_loop().time()
            if now >= self._told + SIGN:
                await self._in_database(orders.attend, list(self._waiting))
                self._told = now
            if busy() and now < self._heard + LONGEST_WAIT:
                await _either(disturbed, LOOK)
                continue
            await self._write_part()
            if now - began > WRITING:
                disturbed.set()

    async def _write_part(self) -> None:
        order, part = self._unwritten[0]
        await self._in_database(switching.set_running, part, order.running, order.number)
        self._unwritten.popleft()
        if not self._unwritten or self._unwritten[0][0] is not order:
            await self._in_database(orders.done, order)
            self._waiting.remove(order)
            self.standing = orders.standing(self._waiting)


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Until the event or for so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
