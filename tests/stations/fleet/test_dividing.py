"""More shards while the workers run: which station moves, the leases, and whole workers."""

import asyncio
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, strategies

from stations.orders import commands, orders, sharding
from stations.orders.commands import notify_changed, send_command, send_commands
from stations.orders.sharding import ancestors, parent_of, shard_of
from stations.state import keys
from tests.stations.fleet.conftest import PATIENCE, until
from tests.stations.fleet.running import RunningWorker, configure, in_database
from tests.stations.fleet.test_leases import LEASE, SHARDS, fleet, owner  # noqa: F401 - fixtures

NAMES = [f"CP-{number}" for number in range(16)]
IDENTITIES = [f"STATION/{number:06d}" for number in range(20_000)]


@pytest.fixture(autouse=True)
def known_again():
    """What this process was told is of the Redis of one test."""
    sharding.learn(None)
    yield
    sharding.learn(None)


@pytest.fixture
async def wanted_again(db):
    yield
    await in_database(lambda: sharding._collection().delete_many({}))()


# --- which station moves -----------------------------------------------------------------------


@given(strategies.text(), strategies.integers(1, 600), strategies.integers(0, 600))
def test_a_station_only_moves_to_shards_that_came_out_of_its_own(identity, number, more):
    before, after = shard_of(identity, number), shard_of(identity, number + more)
    assert 0 <= before < number and 0 <= after < number + more
    assert before in (after, *ancestors(after))
    if before != after:
        assert after >= number


@given(strategies.integers(1, 5000))
def test_one_more_shard_takes_from_one_other_alone(number):
    moved = {
        shard_of(name, number)
        for name in IDENTITIES[:500]
        if shard_of(name, number) != shard_of(name, number + 1)
    }
    assert moved <= {parent_of(number)}


def test_a_power_of_two_divides_evenly_and_as_the_remainder_did():
    """Shards of an installation from before are the same ones."""
    import zlib

    for number in (1, 2, 8, 32, 256):
        found = Counter(shard_of(name, number) for name in IDENTITIES)
        assert len(found) == number
        assert max(found.values()) < 2 * min(found.values())
        assert all(shard_of(n, number) == zlib.crc32(n.encode()) % number for n in IDENTITIES[:99])


# --- leases ------------------------------------------------------------------------------------


async def test_who_divides_holds_both_and_the_others_hear_of_it(owner, fleet, aredis):  # noqa: F811
    other = fleet("b")
    await other.live(4, owner)
    parents = dict(owner.held)
    made = await owner.leases.divide(2 * SHARDS)
    assert await owner.leases.divide(2 * SHARDS) == {}  # the next one is the other's to divide
    assert made == {shard + SHARDS: parents[shard] for shard in range(len(made))} != {}
    assert await other.leases.divide(2 * SHARDS) == {}  # it has not been told of the first ones
    other.now += 1
    await other.tend()
    made |= await other.leases.divide(2 * SHARDS)
    assert sorted(made) == list(range(SHARDS, 2 * SHARDS))


async def test_all_shards_are_made_though_each_is_its_owners_to_divide(owner, fleet, aredis):  # noqa: F811
    other, third = fleet("b"), fleet("c")
    await other.live(8, owner, third)
    for _ in range(2 * SHARDS):
        for worker in (owner, other, third):
            worker.now += 1
            tending = await worker.tend()
            assert not tending.lost
            await worker.leases.divide(2 * SHARDS, tending.surplus)
    await other.live(2, owner, third)
    held = [shard for worker in (owner, other, third) for shard in worker.held]
    assert sorted(held) == list(range(2 * SHARDS))
    assert {worker.leases.number for worker in (owner, other, third)} == {2 * SHARDS}
    assert int(await aredis.get(keys.shards_key())) == 2 * SHARDS


async def test_a_division_whose_answer_was_lost_is_heard_of_in_the_next_round(owner, aredis):  # noqa: F811
    before = dict(owner.held)
    made = await owner.leases.divide(SHARDS + 2)
    owner.leases._told, owner.leases.held = SHARDS, dict(before)  # as if nothing had come back
    tending = await owner.tend()
    assert tending.divided == made and owner.held == before | made


async def test_what_another_has_by_now_is_not_divided_by_who_has_not_heard_of_it(owner, fleet):  # noqa: F811
    heir = fleet("b")
    await heir.live(2 * LEASE)  # the owner stands still
    assert sorted(heir.held) == sorted(owner.held) == list(range(SHARDS))
    assert await owner.leases.divide(SHARDS + 1) == {}
    assert set(await heir.leases.divide(SHARDS + 1)) == {SHARDS}


async def test_who_frees_a_shard_after_a_division_is_followed_by_a_higher_epoch(owner, fleet):  # noqa: F811
    made = await owner.leases.divide(SHARDS + 1)
    await owner.leases.release(SHARDS)
    heir = fleet("b")
    tending = await heir.tend()
    assert tending.taken[SHARDS] > made[SHARDS]


async def test_a_redis_without_data_is_told_the_number_again(owner, aredis):  # noqa: F811
    await owner.leases.divide(SHARDS + 3)
    await aredis.flushdb()
    tending = await owner.tend()
    assert not tending.lost and len(owner.held) == SHARDS + 3
    assert int(await aredis.get(keys.shards_key())) == SHARDS + 3


async def test_who_was_frozen_believes_a_lower_number_and_gives_up_what_is_beyond(owner, aredis):  # noqa: F811
    await owner.leases.divide(SHARDS + 3)
    await aredis.set(keys.shards_key(), SHARDS + 1)
    tending = await owner.tend(steady=False)
    assert sorted(tending.lost) == [SHARDS + 1, SHARDS + 2]
    assert owner.leases.number == SHARDS + 1 == len(owner.held)


# --- whole workers -----------------------------------------------------------------------------


def raised(store, number: int):
    return lambda: int(store.get(keys.shards_key()) or 0) == number


def all_booted(*workers):
    """On links that stay: one that is still being made may be given up by a loop that was late."""

    def look() -> bool:
        running = [s.consumer for each in workers for s in each.worker.fleet.running.values()]
        booted = [c for c in running if c.station.online]
        return len(booted) == len(NAMES)

    return look


@pytest.mark.django_db(transaction=True)
async def test_a_division_closes_no_link_and_commands_go_on(worker, sink, store, wanted_again):
    await configure(sink, *NAMES)
    await notify_changed(NAMES)
    await until(all_booted(worker))
    links = len(sink.connections)
    consumers = {n: s.consumer for n, s in worker.worker.fleet.running.items()}
    await in_database(call_command)("shards", "16", wait=60.0)
    answers = await send_commands(NAMES, "plug", {"connector": 1})
    assert all("result" in answer for answer in answers.values()), answers
    running = worker.worker.fleet.running
    await until(lambda: worker.worker.fleet.shards == 16)
    assert {name: station.shard for name, station in running.items()} == {
        name: shard_of(name, 16) for name in NAMES
    }
    assert {n: s.consumer for n, s in running.items()} == consumers
    assert len(sink.connections) == links
    # The right way in again for a station that is stopped after it: its shard is a new one.
    moved = next(name for name in NAMES if shard_of(name, 16) >= 8)
    await send_command(moved, "stop")
    await until(lambda: moved not in running)
    await send_command(moved, "start")
    await until(lambda: moved in running and len(sink.live()) == len(NAMES))


@pytest.mark.django_db(transaction=True)
async def test_two_workers_divide_and_share_what_came_of_it(worker, sink, store, wanted_again):
    second = RunningWorker()
    await configure(sink, *NAMES)
    await notify_changed(NAMES)
    await until(lambda: len(second.worker.leases.held) == 4)
    await until(lambda: len(sink.live()) == len(NAMES))
    await in_database(sharding.want)(16)
    await commands.notify_shards()
    await until(raised(store, 16))
    workers = (worker.worker, second.worker)
    await until(lambda: all(len(each.leases.held) == 8 for each in workers))
    await until(lambda: len(sink.live()) == len(NAMES))
    await second.kill()  # in a whole lease the first has all sixteen
    await until(lambda: len(worker.worker.leases.held) == 16)
    await until(all_booted(worker))
    answers: dict = {}
    async with asyncio.timeout(PATIENCE):  # a loop that was late says so, and is asked again
        while not all("result" in answer for answer in answers.values()) or not answers:
            answers = await send_commands(NAMES, "state")


@pytest.mark.django_db(transaction=True)
async def test_a_sender_who_knows_the_old_number_is_put_right(worker, sink, store, wanted_again):
    await configure(sink, *NAMES)
    await in_database(sharding.want)(16)
    await commands.notify_shards()
    await until(raised(store, 16))
    assert sharding.in_force() == 8
    await notify_changed(NAMES)  # by the old shards' channels
    await until(lambda: len(sink.live()) == len(NAMES))
    answers = await send_commands(NAMES, "plug", {"connector": 1})
    assert all("result" in answer for answer in answers.values()), answers
    assert sharding.in_force() == 16


@pytest.mark.django_db(transaction=True)
async def test_what_came_to_the_wrong_worker_is_sent_on_or_answered_as_moved(
    worker, sink, store, wanted_again
):
    """It was sent before the division and is heard after it, by one who gave the new shard away."""
    await configure(sink, *NAMES)
    await until(lambda: len(worker.worker.leases.held) == 8)
    fleet_there = worker.worker.fleet
    fleet_there.divide(16, {})  # as if others had made the eight new ones
    moved = next(name for name in NAMES if shard_of(name, 16) >= 8)
    listener = worker.worker._listeners[shard_of(moved, 8)]
    message = {"type": "station.command", "identities": [moved], "name": "state", "args": {}}
    assert (await listener._answers(message))[moved]["error"]["code"] == commands.MOVED
    await listener._handle({"type": "station.changed", "identities": [moved]})
    layer = listener._layer
    async with asyncio.timeout(60):
        heard = await layer.receive(commands.channel_of(shard_of(moved, 16)))
    assert heard == {"type": "station.changed", "identities": [moved]}


@pytest.mark.django_db(transaction=True)
async def test_a_station_whose_shard_another_has_made_is_let_go_of(
    worker, sink, store, wanted_again
):
    await configure(sink, *NAMES)
    await notify_changed(NAMES)
    await until(lambda: len(sink.live()) == len(NAMES))
    there = worker.worker.fleet
    there.divide(16, {8: 5})
    kept = {name for name in NAMES if shard_of(name, 16) <= 8}
    assert set(there.running) == kept != set(NAMES)
    await until(lambda: len(sink.live()) == len(kept))


@pytest.mark.django_db(transaction=True)
async def test_what_comes_out_of_a_shard_just_taken_has_its_journals_to_read(worker, store):
    there = worker.worker.fleet
    await until(lambda: len(worker.worker.leases.held) == 8 and not there.unread)
    there.unread.add(0)
    there.divide(10, {8: 5, 9: 5})
    assert there.unread == {0, 8}


@pytest.mark.django_db(transaction=True)
def test_orders_from_before_a_division_are_heard_by_both(store):
    moved = next(name for name in NAMES if shard_of(name, 16) >= 8)
    shard = shard_of(moved, 16)
    orders.keep([moved], True)
    assert [order.identities for order in orders.waiting({shard})] == [[moved]]
    assert [order.identities for order in orders.waiting({parent_of(shard)})] == [[moved]]
    sharding.learn(b"16")
    for order in orders.all_waiting():
        orders.done(order)
    stayed = next(name for name in NAMES if shard_of(name, 16) == parent_of(shard))
    orders.keep([stayed], True)
    assert orders.waiting({shard}) == []  # no order for others from here on
    assert orders.waiting({parent_of(shard)}) != []
    for order in orders.all_waiting():
        orders.done(order)


@pytest.mark.django_db(transaction=True)
def test_the_number_only_grows(store, capsys):
    try:
        call_command("shards", "12")
        assert "8 shards, 12 wanted" in capsys.readouterr().out
        with pytest.raises(CommandError, match="only grows"):
            call_command("shards", "9")
        with pytest.raises(CommandError, match="At most"):
            call_command("shards", "1000000")
        with pytest.raises(CommandError, match="not divided"):
            call_command("shards", wait=0.1)
        assert sharding.wanted() == 12 == sharding.want(5)
    finally:
        sharding._collection().delete_many({})
