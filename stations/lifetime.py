"""How a process of ours lives: its tasks run until it is told to stop or one of them fails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable


async def until(stopping: asyncio.Event, tasks: Iterable[asyncio.Task]) -> None:
    """Wait for `stopping`. A task that ends before has failed: what it raised is raised."""
    ending = asyncio.create_task(stopping.wait())
    try:
        done, _ = await asyncio.wait([ending, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {ending}:
            task.result()
    finally:
        ending.cancel()


async def end(tasks: Iterable[asyncio.Task]) -> None:
    """Cancel tasks until they are done; redis-py may swallow a cancellation."""
    tasks = list(tasks)
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=0.5)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # retrieved: who wants it has asked for it
