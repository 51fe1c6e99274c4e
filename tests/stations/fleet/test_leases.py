"""Shard leases on a real Redis: takes, races, takeover, fair shares, Redis away and back.

The workers' clocks are the test's, so a lease of ten seconds takes none.
"""

import asyncio
import time

import pytest

from stations.state import keys
from stations.worker.leases import ShardLeases

SHARDS = 8
LEASE = 10.0
ROUND = 1.0
WALL = time.time()


class Worker:
    """Leases under a clock that a test moves on."""

    def __init__(self, redis, name: str) -> None:
        self.now = 0.0
        self.leases = ShardLeases(redis, name, SHARDS, int(LEASE * 1000), lambda: self.now)

    @property
    def held(self) -> dict[int, int]:
        return self.leases.held

    async def tend(self, wall: float = WALL, **how: bool):
        return await self.leases.tend(wall, **how)

    async def live(self, seconds: float, *others: "Worker") -> None:
        """A round of this worker and the others each second."""
        for _ in range(round(seconds / ROUND)):
            for worker in (self, *others):
                worker.now += ROUND
                tending = await worker.tend()
                for shard in tending.surplus:
                    await worker.leases.release(shard)


@pytest.fixture
async def fleet(aredis):
    """Makes workers."""
    return lambda name: Worker(aredis, name)


@pytest.fixture
async def owner(fleet):
    """A worker that has all shards."""
    worker = fleet("a")
    await worker.live(4)
    assert sorted(worker.held) == list(range(SHARDS))
    return worker


async def test_a_lone_worker_takes_every_shard_of_a_new_redis_within_three_seconds(fleet):
    worker = fleet("a")
    before = int(time.time() * 1000)
    first = await worker.tend()
    assert first.taken == {}  # another may own them, and have no time to say so
    assert not first.redis_lost_data  # who knew no Redis before has nothing to write anew
    await worker.live(3)
    assert sorted(worker.held) == list(range(SHARDS))
    assert all(epoch >= before for epoch in worker.held.values())
    again = await worker.tend()
    assert again.taken == {} and again.lost == [] and again.surplus == []


async def test_race_of_many_workers_gives_each_shard_one_owner(fleet):
    workers = [fleet(f"w{n}") for n in range(5)]
    for _ in range(10):
        rounds = await asyncio.gather(*(worker.tend() for worker in workers))
        for worker, tending in zip(workers, rounds, strict=True):
            worker.now += ROUND
            for shard in tending.surplus:
                await worker.leases.release(shard)
    held = [shard for worker in workers for shard in worker.held]
    assert sorted(held) == list(range(SHARDS))
    assert max(len(worker.held) for worker in workers) == 2  # ceil(8 / 5)


async def test_second_worker_gets_its_fair_share_by_release(owner, fleet):
    second = fleet("b")
    assert (await second.tend()).taken == {}
    assert (await owner.tend()).surplus == []  # its beat may be a dead worker's
    await second.tend()
    tending = await owner.tend()
    assert len(tending.surplus) == SHARDS // 2
    for shard in tending.surplus:
        await owner.leases.release(shard)
    taken = (await second.tend()).taken
    assert sorted(taken) == sorted(tending.surplus)  # what was released in order waits for nothing
    assert (await owner.tend()).surplus == []


async def test_takeover_after_a_kill_has_higher_epochs_and_takes_a_lease(owner, fleet):
    old, heir = dict(owner.held), fleet("heir")
    await heir.live(LEASE)
    assert heir.held == {}
    await heir.live(2)
    assert sorted(heir.held) == list(range(SHARDS))
    assert all(heir.held[shard] > old[shard] for shard in old)
    owner.now += 60
    back = await owner.tend(steady=False)
    assert sorted(back.lost) == list(range(SHARDS)) and owner.held == {}


async def test_epochs_grow_even_if_the_clock_stepped_back(fleet):
    worker = fleet("a")
    for _ in range(4):
        await worker.tend(WALL + 3600)
        worker.now += ROUND
    first = worker.held[0]
    await worker.leases.leave()
    assert (await worker.tend(WALL)).taken[0] == first + 1


async def test_a_frozen_workers_leases_are_resumed_if_nobody_had_them(owner):
    held = dict(owner.held)
    owner.now += 3600
    tending = await owner.tend(steady=False)
    assert tending.lost == [] and owner.held == held


async def test_a_lease_is_lost_if_another_had_it_and_left(owner, fleet):
    other = fleet("b")
    await other.live(LEASE + 2)
    await other.leases.leave()
    tending = await owner.tend(steady=False)
    assert sorted(tending.lost) == list(range(SHARDS))


async def test_no_jump_of_a_wall_clock_lets_a_lease_lapse(owner, fleet, aredis):
    """Neither of a worker's nor of Redis': nothing in Redis ends by itself that a take asks for."""
    other = fleet("b")
    for wall in (WALL + 3600, WALL - 3600, WALL + 7200):
        for worker in (owner, other):
            worker.now += ROUND
            tending = await worker.tend(wall)
            assert tending.lost == [] and not set(tending.taken) & set(owner.held)
    asked = [f"{keys.lease_prefix()}{n}" for n in range(SHARDS)]
    asked += [keys.beats_key(), keys.epochs_key(), keys.generation_key()]
    assert [await aredis.pttl(key) for key in asked] == [-1] * len(asked)


async def test_emptied_redis_is_noticed_and_leases_resumed(owner, aredis):
    held = dict(owner.held)
    assert not (await owner.tend()).redis_lost_data
    await aredis.flushdb()
    tending = await owner.tend()
    assert tending.redis_lost_data and tending.lost == [] and owner.held == held
    assert not (await owner.tend()).redis_lost_data


async def test_who_starts_after_a_loss_that_others_know_of_waits_a_lease(owner, fleet, aredis):
    """One of the others may stand still just now, and has not lost its shards for that."""
    other = fleet("b")
    await other.tend()
    await aredis.flushdb()
    await other.tend()  # `owner` stands still
    fresh = fleet("c")
    await fresh.live(5, other)
    assert fresh.held == other.held == {}
    assert (await owner.tend()).lost == []


@pytest.mark.parametrize("knows", [True, False])
async def test_who_sees_an_emptied_redis_first_takes_nothing_of_the_living(
    owner, fleet, aredis, knows
):
    other = fleet("b")
    if knows:
        await other.tend()
    await aredis.flushdb()
    assert (await other.tend()).taken == {}
    other.now += ROUND
    assert (await other.tend()).taken == {}
    assert (await owner.tend()).lost == []
    await other.live(LEASE * 2, owner)
    assert sorted([*owner.held, *other.held]) == list(range(SHARDS))


async def test_older_data_of_redis_gives_nothing_away(owner, fleet, aredis):
    """The mark of a release, and a lease from before: the Redis of that time has ended."""
    for shard in range(SHARDS):
        value = f":1:{'0' * 40}" if shard % 2 else "ghost:1"
        await aredis.set(f"{keys.lease_prefix()}{shard}", value)
        await aredis.hset(keys.epochs_key(), shard, 1)
    await aredis.hset(keys.beats_key(), mapping={"ghost": 7, "b": 3})
    held, other = dict(owner.held), fleet("b")
    assert (await other.tend()).taken == {}
    tending = await owner.tend()
    assert tending.lost == [] and tending.surplus == [] and owner.held == held


async def test_after_a_freeze_an_emptied_redis_is_no_proof_of_anything(owner, fleet, aredis):
    """It may have forgotten who took over."""
    heir = fleet("b")
    await heir.live(LEASE + 2)
    await aredis.flushdb()
    assert sorted((await owner.tend(steady=False)).lost) == list(range(SHARDS))
    assert (await heir.tend()).lost == []


async def test_after_a_freeze_what_redis_knows_counts_for_more_than_a_higher_epoch(owner, aredis):
    await aredis.set(f"{keys.lease_prefix()}3", "other:5")
    await aredis.hset(keys.epochs_key(), 3, 5)
    assert (await owner.tend(steady=False)).lost == [3]


async def test_who_could_not_look_for_a_while_begins_to_watch_again(owner, fleet):
    """Redis was away for both, and the owner comes back to it a moment later."""
    other = fleet("b")
    await other.live(LEASE - 1)
    other.now += LEASE
    assert (await other.tend()).taken == {}
    await other.live(LEASE - 1)
    assert other.held == {}


async def test_a_round_whose_answer_was_lost_gives_nothing_for_good(owner, aredis):
    """Redis has done what the worker does not know of: such a lease is free after a lease."""
    owner.held.pop(3)
    await owner.live(LEASE - 2)
    assert 3 not in owner.held
    await owner.live(4)
    assert 3 in owner.held


async def test_release_leaves_a_new_owner_alone(owner, fleet, aredis):
    other = fleet("b")
    await other.live(LEASE + 2)
    await owner.leases.leave()
    assert await aredis.get(f"{keys.lease_prefix()}3") == f"b:{other.held[3]}".encode()


async def test_a_stopping_worker_takes_nothing_and_keeps_what_it_has(fleet, owner):
    worker = fleet("b")
    for _ in range(20):
        worker.now += ROUND
        assert (await worker.tend(willing=False)).taken == {}
    assert (await owner.tend(willing=False)).lost == []
