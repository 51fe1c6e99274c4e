"""A runner that has nothing to do."""

from __future__ import annotations

import asyncio

from accounts.trail import keeping
from runtime import lifetime
from scenarios.engine import runner as runners
from scenarios.engine.runner import Runner


async def test_a_thread_is_woken_for_the_trail_only_where_something_waits(monkeypatch):
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(keeping, "_later", [])
    monkeypatch.setattr(runners, "keep_trail", lambda: loop.call_soon_threadsafe(asked.set))
    rounds = asyncio.Semaphore(0)
    sleep = asyncio.sleep

    async def slept(seconds: float) -> None:
        rounds.release()
        await sleep(0)

    monkeypatch.setattr(runners.asyncio, "sleep", slept)
    runner = Runner()
    writing = asyncio.create_task(runner._write())
    for _ in range(50):
        await rounds.acquire()
    await sleep(0.05)
    assert not asked.is_set()
    keeping._later.append({"_id": "a"})
    async with asyncio.timeout(60):
        await asked.wait()
    await lifetime.end([writing])
    await runner.redis.aclose()
