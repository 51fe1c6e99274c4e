"""The dashboard in a web process: one look for all who look on, and none while nobody does."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import time
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from emulator.dashboard import series
from emulator.dashboard.look import RIGHTS, Look
from messaging.keeping import store

log = logging.getLogger(__name__)

EVERY = 2.0  # seconds between two looks, at least
IDLE = 10  # times what a look took is left to others before the next
# Seconds for which the columns of a range are as good as new; the points since come one by one.
FRESH = {"15m": 15.0, "1h": 15.0, "6h": 60.0, "24h": 60.0, "7d": 300.0, "30d": 300.0}
PARTS = ("platform", *RIGHTS)


class Viewer:
    """Somebody who looks on. parts: those that he may see; `send` must not block."""

    def __init__(self, parts: Iterable[str], send: Callable[[str], None]) -> None:
        self.parts = set(parts) | {"platform"}
        self.send = send

    def hide(self, part: str) -> None:
        """His right to it is gone."""
        self.parts.discard(part)


class DashboardHub:
    """One of an event loop. What it asks of stores runs in a thread of its own."""

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self.looks = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dashboard")
        self._look: Look | None = None
        self._last: dict[str, str] = {}
        self._next = 0.0  # monotonic: when the next look may be
        self._task: asyncio.Task | None = None
        self._columns: dict[str, tuple[float, dict[str, Any]]] = {}

    def join(self, viewer: Viewer) -> None:
        """Show him the last look, if it is new; the first one who comes has it made."""
        self.viewers.add(viewer)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="dashboard")
        if self._last and time.monotonic() < self._next:
            viewer.send(_message("figures", self._last, viewer))

    def leave(self, viewer: Viewer) -> None:
        """The last one ends the looks."""
        self.viewers.discard(viewer)
        if not self.viewers and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            # Whoever comes and goes and comes has no more looks made than one who stays.
            await asyncio.sleep(self._next - time.monotonic())
            began = time.monotonic()
            self._next = began + EVERY
            try:
                self._show(await self._in_thread(self._take))
            except Exception:  # the page stays, and the next look may do
                log.exception("The dashboard's figures cannot be made.")
            self._next = max(self._next, time.monotonic() + IDLE * (time.monotonic() - began))

    def _take(self) -> dict[str, Any]:
        self._look = self._look or Look()
        self.looks += 1
        return self._look.take()

    def _show(self, made: dict[str, Any]) -> None:
        # Once for all: who may see a part gets its text, which is the same for everybody.
        self._last = {name: json.dumps(value) for name, value in made.items()}
        for viewer in list(self.viewers):
            viewer.send(_message("figures", self._last, viewer))

    async def history(self, name: str, viewer: Viewer) -> str:
        """The message with a range's columns. Raises STORE_ERRORS; KeyError: no such range."""
        made, columns = self._columns.get(name, (float("-inf"), {}))
        if time.monotonic() - made >= FRESH[name]:
            columns = await self._in_thread(functools.partial(_read, name))
            self._columns[name] = time.monotonic(), columns
        told = {key: json.dumps(value) for key, value in columns.items()}
        return _message("history", told, viewer)

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _read(name: str) -> dict[str, Any]:
    return series.read(store.database(), name, time.time())


def _message(kind: str, told: dict[str, str], viewer: Viewer) -> str:
    """Of ready JSON texts those that he may see."""
    seen = (f'"{key}": {text}' for key, text in told.items()
            if key not in PARTS or key in viewer.parts)  # fmt: skip
    return f'{{"type": "{kind}", {", ".join(seen)}}}'


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, DashboardHub] = (
    weakref.WeakKeyDictionary()
)


def dashboard_hub() -> DashboardHub:
    """The running event loop's."""
    return _hubs.setdefault(asyncio.get_running_loop(), DashboardHub())
