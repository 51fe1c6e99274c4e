"""Leases on a Redis that really ends and starts again: with its data, with older data, with none.

The workers' clocks are the test's; the Redis is a process of its own.
"""

from __future__ import annotations

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from stations.state import keys
from tests.stations.fleet.test_leases import LEASE, ROUND, SHARDS, Worker

KEEPS, NOTHING = "its data", "no data"
EVERY = list(range(SHARDS))


class Restarting:
    """A Redis that saves when told, and starts again with what it saved last."""

    def __init__(self, own_redis, client: Redis) -> None:
        self.server, self.client = own_redis, client

    async def save(self) -> None:
        await self.client.save()

    async def restart(self) -> None:
        self.server.stop()
        self.server.start()


@pytest.fixture
async def server(own_redis):
    # One retry, as the worker's client has: the connection of before is closed.
    client = Redis.from_url(own_redis.url, retry=Retry(NoBackoff(), 1))
    yield Restarting(own_redis, client)
    await client.aclose()


async def owner_of_all(server, name: str = "a") -> Worker:
    worker = Worker(server.client, name)
    await worker.live(4)
    assert sorted(worker.held) == EVERY
    return worker


@pytest.mark.parametrize("keeps", [True, False], ids=[KEEPS, NOTHING])
async def test_a_restart_is_told_once_and_takes_nothing_from_who_lives(server, keeps):
    owner = await owner_of_all(server)
    held = dict(owner.held)
    if keeps:
        await server.save()
    await server.restart()
    tending = await owner.tend()
    assert tending.redis_lost_data
    assert (tending.lost, tending.taken, owner.held) == ([], {}, held)
    again = await owner.tend()
    assert not again.redis_lost_data and again.lost == []


@pytest.mark.parametrize("keeps", [True, False], ids=[KEEPS, NOTHING])
async def test_who_starts_after_a_restart_takes_nothing_of_one_that_stands_still(server, keeps):
    """Another has noticed the restart: whoever is new waits as long as for any owner."""
    owner = await owner_of_all(server)
    other = Worker(server.client, "b")
    await other.tend()
    if keeps:
        await server.save()
    await server.restart()
    await other.tend()
    fresh = Worker(server.client, "c")
    await fresh.live(LEASE / 2, other)
    assert fresh.held == other.held == {}
    assert (await owner.tend()).lost == []


async def test_a_release_of_the_redis_before_gives_nothing_away(server):
    """Released, saved, taken by another, and then the Redis of before that comes back."""
    first = await owner_of_all(server)
    await first.leases.leave()
    await server.save()
    second = Worker(server.client, "b")
    await second.tend()
    assert sorted(second.held) == EVERY  # a release of this Redis' life waits for nothing
    held = dict(second.held)
    await server.restart()
    third = Worker(server.client, "c")
    assert (await third.tend()).taken == {}
    assert (await second.tend()).lost == [] and second.held == held
    await third.live(LEASE / 2, second)
    assert sorted([*second.held, *third.held]) == EVERY


async def test_of_two_owners_the_one_with_the_higher_epoch_keeps_its_shards(server):
    """The Redis that comes back knows the lease of an owner of before, which has a lower epoch."""
    first = await owner_of_all(server)
    await server.save()
    heir = Worker(server.client, "b")
    await heir.live(LEASE + 2)
    assert sorted(heir.held) == EVERY
    held = dict(heir.held)
    await server.restart()
    tending = await heir.tend()
    assert tending.redis_lost_data and tending.lost == [] and heir.held == held
    first.now += 60
    assert sorted((await first.tend(steady=False)).lost) == EVERY and first.held == {}


async def test_epochs_go_on_above_the_leases_that_an_older_list_of_epochs_lacks(server):
    owner = await owner_of_all(server)
    epoch = owner.held[3]
    await server.client.hset(keys.epochs_key(), 3, 1)
    await server.save()
    await server.restart()
    heir = Worker(server.client, "b")
    for _ in range(round(LEASE / ROUND) + 2):
        heir.now += ROUND
        await heir.tend(0.0)
    assert heir.held[3] > epoch


async def test_that_older_data_came_back_is_told_to_who_starts_after_it(server):
    """What Redis knows as released has an owner, who stands still just now."""
    first = await owner_of_all(server)
    await first.leases.leave()
    await server.save()
    owner, other = Worker(server.client, "b"), Worker(server.client, "c")
    await owner.tend()
    assert sorted(owner.held) == EVERY
    await other.tend()
    await server.restart()
    await other.tend()
    fresh = Worker(server.client, "d")
    await fresh.live(LEASE / 2, other)
    assert fresh.held == other.held == {}
    assert (await owner.tend()).lost == []
