"""Hot states of stations as a runner sees them, on a real Redis."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable

import pytest
from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from scenarios.engine.states import States
from stations.state import keys
from stations.state.stamps import make_stamp, pack_state

PATIENCE = 60.0


@pytest.fixture
async def redis() -> AsyncIterator[Redis]:
    async with Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture
async def states(redis: Redis) -> AsyncIterator[States]:
    made = States(redis)
    yield made
    await made.close()


@pytest.fixture
async def station(redis: Redis) -> AsyncIterator[str]:
    name = f"STATES-{uuid.uuid4()}"
    yield name
    await redis.delete(keys.state_key(name))


@pytest.fixture
def put(redis: Redis, station: str) -> Callable:
    async def written(version: int, **state: object) -> None:
        await redis.set(keys.state_key(station), pack_state(make_stamp(1, version), state))

    return written


def is_connected(state: dict) -> bool:
    return bool(state["connected"])


async def test_what_is_there_is_read(states: States, station: str, put: Callable) -> None:
    assert await states.read([station, "nobody's"]) == {station: None, "nobody's": None}
    await put(1, connected=True)
    assert await states.read([station]) == {station: {"connected": True}}


async def test_who_waits_has_the_first_state_that_fits(
    states: States, station: str, put: Callable
) -> None:
    waiting = asyncio.create_task(states.wait(station, is_connected, PATIENCE))
    await put(1, connected=False, n=1)
    async with asyncio.timeout(PATIENCE):
        while states.last(station) is None:  # noqa: ASYNC110 - it looks now and then itself
            await asyncio.sleep(0.01)
    assert states.last(station) == {"connected": False, "n": 1} and not waiting.done()
    await put(2, connected=True, n=2)
    assert await waiting == {"connected": True, "n": 2}
    assert states.last(station) is None  # nobody waits for it any more


async def test_who_waits_in_vain_is_told_so(states: States, station: str, put: Callable) -> None:
    await put(1, connected=False)
    assert await states.wait(station, is_connected, 0.3) is None


async def test_who_waits_goes_on_after_redis_was_away(
    states: States, redis: Redis, station: str, put: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(1, connected=True)
    real, asked = redis.pipeline, []

    def pipeline(**options: object):
        asked.append(options)
        if len(asked) == 1:
            raise RedisConnectionError("away")
        return real(**options)

    monkeypatch.setattr(redis, "pipeline", pipeline)
    assert await states.wait(station, is_connected, PATIENCE) == {"connected": True}
    assert len(asked) == 2
