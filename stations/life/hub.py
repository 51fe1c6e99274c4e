"""Pages of stations in a web process: each station is looked at once for all who look on.

Nobody looks at a station whose page nobody has open. A look is its row and snapshot, as the list
has them, and what its worker says of its outlets (the command `look`).
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from runtime.stores import STORE_ERRORS
from stations.admin.cells import live_data
from stations.models import Station
from stations.orders.commands import CommandFailed, send_command
from stations.state.live import live_states

log = logging.getLogger(__name__)

EVERY = 2.0  # seconds between two looks
SOONEST = 0.25  # between a look and one that is asked for
PATIENCE = 2.0  # seconds for the worker
COLUMNS = ("identity", "enabled", "running", "held_back", "ocpp_version")
LATE = ("timeout", "busy")
AT_REST = ("stopped", "disabled", "held back")

Send = Callable[[str], None]


class Watched:
    """One station that somebody looks at."""

    def __init__(self, identity: str, thread: ThreadPoolExecutor) -> None:
        self.identity = identity
        self.viewers: set[Send] = set()
        self.last = ""
        self._thread = thread
        self._soon = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"life of {identity}")

    def look_soon(self) -> None:
        """Somebody has just done something."""
        self._soon.set()

    def end(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            self._soon.clear()
            try:
                self.last = json.dumps(await self.look())
            except STORE_ERRORS as error:
                why = f"The station's state is not reached: {type(error).__name__}."
                self.last = json.dumps({"type": "error", "code": "away", "message": why})
            except Exception:  # the page stays, and the next look may do
                log.exception("No look at %s.", self.identity)
            for send in list(self.viewers):
                send(self.last)
            await asyncio.sleep(SOONEST)
            try:
                async with asyncio.timeout(EVERY - SOONEST):
                    await self._soon.wait()
            except TimeoutError:
                pass

    async def look(self) -> dict[str, Any]:
        """{"type": "figures", "time", "station": live_data, "look": of the worker or None}."""
        loop = asyncio.get_running_loop()
        state = await loop.run_in_executor(self._thread, _read, self.identity)
        if state is None:
            return {"type": "gone", "message": "This station was deleted."}
        seen = None
        if state["state"] not in AT_REST:
            try:
                seen = await send_command(self.identity, "look", {}, PATIENCE)
            except CommandFailed as failure:
                if failure.code not in LATE:  # the page keeps the last look for a while
                    state["link_error"] = state["link_error"] or failure.message
        return {"type": "figures", "time": time.time(), "station": state, "look": seen}


def _read(identity: str) -> dict[str, Any] | None:
    rows = list(Station.objects.filter(identity=identity).only(*COLUMNS))
    return live_data(live_states(rows)[identity]) if rows else None


class LifeHub:
    """One of an event loop. What it asks of the stores runs in a thread of its own."""

    def __init__(self) -> None:
        self.watched: dict[str, Watched] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="life")

    def join(self, identity: str, send: Send) -> None:
        """`send` gets each look as JSON text and must not block; the last one at once."""
        watched = self.watched.get(identity)
        if watched is None:
            watched = self.watched[identity] = Watched(identity, self._thread)
        watched.viewers.add(send)
        if watched.last:
            send(watched.last)

    def leave(self, identity: str, send: Send) -> None:
        """The last one ends the looks."""
        watched = self.watched.get(identity)
        if watched is None:
            return
        watched.viewers.discard(send)
        if not watched.viewers:
            watched.end()
            del self.watched[identity]

    def look_soon(self, identity: str) -> None:
        if identity in self.watched:
            self.watched[identity].look_soon()


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LifeHub] = weakref.WeakKeyDictionary()


def life_hub() -> LifeHub:
    """The running event loop's."""
    return _hubs.setdefault(asyncio.get_running_loop(), LifeHub())
