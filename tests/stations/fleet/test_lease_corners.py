"""Corners of the leases: who counts as alive, what an owner may claim back, what is free."""

# ruff: noqa: F401, F811 - fixtures of another file

from __future__ import annotations

import pytest
from django.conf import settings
from redis.asyncio import Redis

from stations.state import keys
from tests.stations.fleet.test_leases import (
    LEASE,
    SHARDS,
    WALL,
    Worker,
    fleet,
    owner,
)

EVERY = list(range(SHARDS))


def lease(shard: int) -> str:
    return f"{keys.lease_prefix()}{shard}"


# --- what an owner may claim back ----------------------------------------------------------------


async def test_a_lease_that_redis_forgot_is_its_owners_still(owner, aredis):
    """Its epoch is known: nobody had it since."""
    held = dict(owner.held)
    await aredis.delete(lease(3))
    assert (await owner.tend()).lost == []
    assert owner.held == held
    assert await aredis.get(lease(3)) == f"a:{held[3]}".encode()


async def test_a_lease_that_another_had_and_redis_forgot_is_lost(owner, aredis):
    await aredis.delete(lease(3))
    await aredis.hset(keys.epochs_key(), 3, owner.held[3] + 1)
    assert (await owner.tend()).lost == [3]


async def test_a_lease_of_a_higher_epoch_counts_for_more_than_the_list(owner, aredis):
    await aredis.set(lease(3), f"other:{owner.held[3] + 1}")
    assert (await owner.tend()).lost == [3]


async def test_an_own_lease_of_another_epoch_is_not_the_one_that_is_held(owner, aredis):
    """An earlier round took it anew, and its answer was lost: its stations are to start again."""
    await aredis.set(lease(3), f"a:{owner.held[3] + 1}")
    assert (await owner.tend()).lost == [3]


async def test_an_epoch_is_above_that_of_the_lease_before_it(fleet, aredis):
    """The list of epochs is of an older Redis."""
    for shard in EVERY:
        await aredis.set(lease(shard), f"gone:{10**15 + shard}")
    heir = fleet("b")
    await heir.live(LEASE + 2)
    assert heir.held == {shard: 10**15 + shard + 1 for shard in EVERY}
    assert await aredis.hget(keys.epochs_key(), 3) == str(heir.held[3]).encode()


async def test_an_epoch_that_was_given_is_not_given_again(fleet, aredis):
    """Its owner dies at once, the lease is forgotten, and the heir's clock is behind."""
    first, heir = fleet("a"), fleet("b")
    while not first.held:
        first.now += 1
        await first.tend(WALL + 3600)
    await aredis.delete(*map(lease, EVERY))
    while not heir.held:
        heir.now += 1
        await heir.tend(WALL)
    assert all(heir.held[shard] > first.held[shard] for shard in heir.held)


# --- who counts ----------------------------------------------------------------------------------


async def test_who_left_in_order_leaves_its_shards_free_at_once_and_no_trace(
    owner,
    fleet,
    aredis,
):
    other = fleet("b")
    await other.tend()
    await owner.leases.leave()
    assert sorted((await other.tend()).taken) == EVERY
    assert await aredis.hkeys(keys.beats_key()) == [b"b"]
    assert not await aredis.exists(keys.speaking_key("a"))


async def test_a_mark_of_release_of_an_earlier_redis_waits_for_two_rounds_only(
    fleet,
    aredis,
):
    for shard in EVERY:
        await aredis.set(lease(shard), f":1:{'0' * 40}")
    worker = fleet("b")
    assert (await worker.tend()).taken == {}
    await worker.live(4)
    assert sorted(worker.held) == EVERY


async def test_who_stops_has_no_share_in_what_falls_free(owner, fleet):
    other = fleet("b")
    for _ in range(9):
        for worker, willing in ((owner, False), (other, True)):
            worker.now += 1
            await worker.tend(willing=willing)
    for shard in EVERY:
        await owner.leases.release(shard)
    assert sorted((await other.tend()).taken) == EVERY


async def test_the_dead_are_forgotten_in_the_end(owner, fleet, aredis):
    heir = fleet("b")
    await heir.live(5 * LEASE)
    assert await aredis.hexists(keys.beats_key(), "a")  # it may only stand still
    await heir.live(3 * LEASE)
    assert await aredis.hkeys(keys.beats_key()) == [b"b"]


async def test_who_came_back_to_life_has_a_share(owner, fleet):
    """Another has seen it dead, and not yet that it moves again."""
    sleeper, other = fleet("s"), fleet("b")
    await sleeper.tend()
    await other.live(8, owner)
    sleeper.now += 8
    await sleeper.tend()
    await owner.leases.leave()
    assert len(other.held) == SHARDS // 2 and (await other.tend()).taken == {}
    assert len((await sleeper.tend()).taken) == SHARDS // 2


async def test_after_an_outage_all_count_until_they_have_had_time_to_move(owner, fleet):
    others = [fleet("b"), fleet("c")]
    for _ in range(3):
        for worker in (owner, *others):
            worker.now += 1
        surplus = (await owner.tend()).surplus
        await others[0].tend()
        await others[1].tend()  # it has seen the newest beat of each
    for shard in surplus:
        await owner.leases.release(shard)
    assert len(owner.held) == 3
    for worker in (owner, *others):  # Redis is away for everybody
        worker.now += LEASE * 0.8
    assert len((await others[1].tend()).taken) == 3  # its share of three: ceil(8 / 3)


# --- what is taken -------------------------------------------------------------------------------


class LateRedis(Redis):
    """Its answers come late by `worker`'s clock, when told."""

    worker: Worker | None = None
    late = 0.0

    async def execute_command(self, *arguments, **options):
        answer = await super().execute_command(*arguments, **options)
        if self.worker is not None:
            self.worker.now += self.late
        return answer


@pytest.fixture
async def late():
    client = LateRedis.from_url(settings.REDIS_URL)
    yield client
    await client.aclose()


async def test_who_had_no_answer_for_long_begins_to_watch_again(owner, late):
    """Redis stood still, and its owner with it: it comes back to it a moment later."""
    other = Worker(late, "b")
    await other.live(LEASE - 2)
    late.worker, late.late = other, 4.0
    other.now += 1
    await other.tend()
    late.late = 0.0
    other.now += 1
    assert (await other.tend()).taken == {}
    assert (await owner.tend()).lost == []


async def test_an_owner_that_moved_after_the_last_look_keeps_its_shards(owner, fleet):
    other = fleet("b")
    await other.live(LEASE)
    assert other.held == {}
    await owner.tend()
    other.now += 2
    assert (await other.tend()).taken == {}
    assert (await owner.tend()).lost == []


async def test_what_another_has_taken_meanwhile_is_not_taken_again(owner, fleet):
    """Both saw the dead owner for as long, and the first has as many beats as the dead had."""
    first, second = fleet("b"), fleet("c")
    while owner.leases._beat < 6:
        await owner.tend()
    for _ in range(5):
        for worker in (first, second):
            worker.now += 2.2
            await worker.tend()
    for worker in (first, second):
        worker.now += 2.2
        await worker.tend()
    assert first.leases._beat == owner.leases._beat
    assert not set(first.held) & set(second.held)
    assert sorted([*first.held, *second.held]) == EVERY
    assert (await first.tend()).lost == []


async def test_no_more_than_a_share_is_taken(owner, fleet):
    others = [fleet("b"), fleet("c")]
    await others[0].live(2, others[1], owner)
    for worker in (owner, *others):
        for shard in list(worker.held):
            await worker.leases.release(shard)
    assert [len((await worker.tend(WALL)).taken) for worker in (*others, owner)] == [3, 3, 2]


async def test_what_was_taken_in_a_round_without_an_answer_goes_to_who_has_room(
    owner, fleet, aredis
):
    other = fleet("b")
    await owner.live(6, other)
    assert len(owner.held) == len(other.held) == SHARDS // 2
    shard, epoch = next(iter(other.held.items()))
    await other.leases.release(shard)
    await aredis.set(lease(shard), f"a:{epoch + 1}")
    await owner.live(LEASE + 3, other)
    assert shard in other.held and shard not in owner.held
