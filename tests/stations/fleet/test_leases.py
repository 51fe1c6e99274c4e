"""Shard leases on a real Redis: takes, races, takeover, fair shares, Redis away and back."""

import asyncio
import time

from stations import keys
from stations.leases import ShardLeases

SHARDS = 8


def leases(aredis, name: str, lease_ms: int = 10_000) -> ShardLeases:
    return ShardLeases(aredis, name, SHARDS, lease_ms)


async def test_a_lone_worker_takes_every_shard(aredis):
    worker = leases(aredis, "a")
    before = int(time.time() * 1000)
    tending = await worker.tend(time.time())
    assert sorted(tending.taken) == list(range(SHARDS))
    assert all(epoch >= before for epoch in tending.taken.values())
    again = await worker.tend(time.time())
    assert again.taken == {} and again.lost == [] and again.surplus == []


async def test_race_of_many_workers_gives_each_shard_one_owner(aredis):
    workers = [leases(aredis, f"w{n}") for n in range(5)]
    for _ in range(4):
        rounds = await asyncio.gather(*(worker.tend(time.time()) for worker in workers))
        for worker, tending in zip(workers, rounds, strict=True):
            for shard in tending.surplus:
                await worker.release(shard)
    held = [shard for worker in workers for shard in worker.held]
    assert sorted(held) == list(range(SHARDS))
    assert max(len(worker.held) for worker in workers) == 2  # ceil(8 / 5)


async def test_second_worker_gets_its_fair_share_by_release(aredis):
    first, second = leases(aredis, "a"), leases(aredis, "b")
    await first.tend(time.time())
    assert (await second.tend(time.time())).taken == {}
    tending = await first.tend(time.time())
    assert len(tending.surplus) == SHARDS // 2
    for shard in tending.surplus:
        await first.release(shard)
    taken = (await second.tend(time.time())).taken
    assert sorted(taken) == sorted(tending.surplus)
    assert (await first.tend(time.time())).surplus == []


async def test_takeover_after_a_kill_has_higher_epochs(aredis):
    dead, heir = leases(aredis, "dead", 400), leases(aredis, "heir", 400)
    old = (await dead.tend(time.time())).taken
    assert (await heir.tend(time.time())).taken == {}
    async with asyncio.timeout(3):
        while len(heir.held) < SHARDS:
            await heir.tend(time.time())
            await asyncio.sleep(0.05)
    assert all(heir.held[shard] > old[shard] for shard in old)
    back = await dead.tend(time.time())
    assert sorted(back.lost) == list(range(SHARDS)) and dead.held == {}


async def test_epochs_grow_even_if_the_clock_stepped_back(aredis):
    worker = leases(aredis, "a")
    future = time.time() + 3600
    first = (await worker.tend(future)).taken[0]
    await worker.leave()
    assert (await worker.tend(time.time())).taken[0] == first + 1


async def test_a_lapsed_lease_is_resumed_if_nobody_had_it(aredis):
    worker = leases(aredis, "a", 100)
    taken = (await worker.tend(time.time())).taken
    await asyncio.sleep(0.2)
    assert not await aredis.exists(f"{keys.lease_prefix()}0")
    tending = await worker.tend(time.time())
    assert tending.lost == [] and worker.held == taken


async def test_a_lapsed_lease_is_lost_if_another_had_it_and_left(aredis):
    worker, other = leases(aredis, "a", 100), leases(aredis, "b", 100)
    await worker.tend(time.time())
    await asyncio.sleep(0.2)
    await other.tend(time.time())
    await other.leave()
    tending = await worker.tend(time.time())
    assert sorted(tending.lost) == list(range(SHARDS))


async def test_emptied_redis_is_noticed_and_leases_resumed(aredis):
    worker = leases(aredis, "a")
    taken = (await worker.tend(time.time())).taken
    assert not (await worker.tend(time.time())).redis_lost_data
    await aredis.flushdb()
    tending = await worker.tend(time.time())
    assert tending.redis_lost_data and tending.lost == [] and worker.held == taken
    assert not (await worker.tend(time.time())).redis_lost_data


async def test_release_leaves_a_new_owner_alone(aredis):
    worker, other = leases(aredis, "a", 100), leases(aredis, "b", 10_000)
    await worker.tend(time.time())
    await asyncio.sleep(0.2)
    await other.tend(time.time())
    await worker.leave()
    assert await aredis.get(f"{keys.lease_prefix()}3") == f"b:{other.held[3]}".encode()


async def test_a_stopping_worker_takes_nothing(aredis):
    assert (await leases(aredis, "a").tend(time.time(), willing=False)).taken == {}
