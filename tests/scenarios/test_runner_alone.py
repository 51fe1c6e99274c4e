"""A runner in this process, on real stores: what waits is run, and its lease says that it lives."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from redis.asyncio import Redis

from scenarios import behaviours, keys
from scenarios.engine.runner import REST, Runner
from scenarios.models import FAILED, PENDING, RUNNING, Execution

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60.0


@sync_to_async
def begun() -> str:
    content: dict[str, Any] = {"steps": [], "cleanup": [], "variables": {}}
    made = Execution.objects.create(
        scenario_slug="s", scenario_name="S", stations=["GONE"], content=content
    )
    return str(made.pk)


@sync_to_async
def read(identity: str) -> Execution:
    return Execution.objects.get(pk=identity)


async def test_what_waits_is_run_by_a_runner_whose_lease_says_that_it_lives() -> None:
    identity, runner = await begun(), Runner()
    running = asyncio.create_task(runner.run())
    async with Redis.from_url(settings.REDIS_URL) as redis:
        async with asyncio.timeout(PATIENCE):
            while (found := await read(identity)).state in (PENDING, RUNNING):
                assert not running.done(), await running
                await asyncio.sleep(0.05)
        assert (found.state, found.message) == (FAILED, "There is no such station any more.")
        assert (found.counts["failed"], found.interrupted) == (1, False)
        assert await redis.pttl(keys.lease_key(runner.id)) > 0
        runner.stop()
        async with asyncio.timeout(PATIENCE):
            await running
        assert not await redis.exists(keys.lease_key(runner.id))


async def test_a_runner_attends_to_behaviours(monkeypatch: pytest.MonkeyPatch) -> None:
    attended = threading.Event()
    monkeypatch.setattr(behaviours, "reconcile", attended.set)
    runner = Runner()
    running = asyncio.create_task(runner.run())
    async with asyncio.timeout(PATIENCE):
        while not attended.is_set():  # noqa: ASYNC110 - it is set in a thread
            assert not running.done(), await running
            await asyncio.sleep(0.05)
        runner.stop()
        await running


async def test_a_redis_that_does_not_answer_is_waited_for_longer_than_a_nudge_and_not_for_ever():
    runner = Runner()
    wait = runner.redis.get_connection_kwargs()["socket_timeout"]
    assert REST < wait < PATIENCE
    await runner.redis.aclose()
