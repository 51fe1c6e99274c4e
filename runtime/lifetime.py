"""How a process of ours lives and ends: its tasks, and the steps of its leaving.

A task that is cancelled need not end: redis-py swallows a cancellation that falls into its own
clean-up, and asyncio.wait_for one that comes with the result (Python below 3.12). So nobody but
`end` cancels a task and waits for it, and tests/runtime/test_ends.py looks for those who do.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)

AGAIN = 0.5  # seconds between two cancellations of a task that has not ended
PATIENCE = 5.0  # seconds for tasks to end
# From the signal to the end of a process, whatever hangs: the supervisor kills after 30.
LIMIT = 25.0
FORCED = 70  # the exit code then


async def until(stopping: asyncio.Event, tasks: Iterable[asyncio.Task]) -> None:
    """Wait for `stopping`. A task that ends before has failed: what it raised is raised."""
    ending = asyncio.create_task(stopping.wait())
    try:
        done, _ = await asyncio.wait([ending, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {ending}:
            task.result()
    finally:
        await end([ending])


async def end(tasks: Iterable[asyncio.Future], patience: float = PATIENCE) -> None:
    """Cancel tasks until they are done, or for `patience` seconds; never raises what they did."""
    tasks = list(tasks)
    limit = time.monotonic() + patience
    while pending := [task for task in tasks if not task.done()]:
        if time.monotonic() >= limit:
            log.error("These did not end: %s", ", ".join(map(_named, pending)))
            break
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=AGAIN)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # retrieved: who wants it has asked for it


async def ahead(ask: Callable[[], Awaitable[T | None]]) -> AsyncIterator[T]:
    """What `ask` gives up to a None; each next one is asked for while one is being used."""
    coming = asyncio.ensure_future(ask())
    try:
        while (found := await coming) is not None:
            coming = asyncio.ensure_future(ask())
            yield found
    finally:
        await end([coming])


async def within(seconds: float, work: Awaitable[object], what: str) -> bool:
    """One step of a leaving: True if it was done in time. Else it is logged, and left."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task], timeout=seconds)
    if not task.done():
        await end([task], 2 * AGAIN)
        log.warning("%s: not done within %g s", what, seconds)
        return False
    if failure := task.exception():
        log.warning("%s: %s: %s", what, type(failure).__name__, failure)
        return False
    return True


def on_signal(leave: Callable[[], None], limit: float = LIMIT) -> None:
    """Call `leave` at the first SIGTERM or SIGINT; the same again ends the process at once.

    If it has not ended `limit` seconds after, it says what each thread does, and ends.
    """
    loop = asyncio.get_running_loop()

    def first(number: int) -> None:
        loop.remove_signal_handler(number)
        force_end(limit)
        leave()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, first, number)


def force_end(after: float) -> None:
    """Have this process end in `after` seconds, also where a thread or the loop hangs."""

    def force() -> None:
        log.error("Not ended in order within %g s: the process ends by force.", after)
        faulthandler.dump_traceback()
        os._exit(FORCED)

    timer = threading.Timer(after, force)
    timer.daemon = True
    timer.start()


def _named(task: asyncio.Future) -> str:
    return task.get_name() if isinstance(task, asyncio.Task) else repr(task)
