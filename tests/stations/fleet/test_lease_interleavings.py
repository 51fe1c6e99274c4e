"""No interleaving of rounds, freezes, kills, divisions and losses of Redis gives a station two
speakers.

The leases are the real code on a real Redis; each worker's monotonic clock and the wall's are made
up. A worker believes in what it holds, and speaks for the stations of it while its gate is open:
never two at once, also where one was frozen in the meantime. Redis may lose its data, come back
with older data, be away for everybody, or do something and lose the answer; wall clocks jump by
hours; more shards are wanted while all this goes on.
"""

import asyncio
import contextlib

import pytest
from django.conf import settings
from hypothesis import HealthCheck, strategies
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)  # fmt: skip
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from stations.orders.sharding import shard_of
from stations.worker.leases import ShardLeases

SHARDS, MOST_SHARDS = 3, 9
STATIONS = [f"CP-{number}" for number in range(40)]
LEASE, ROUND, TIMEOUT = 10.0, 1.0, 2.0
PICK = strategies.integers(0, 5)
OFTEN, LONG = strategies.sampled_from((0.3, 1.0, 2.5)), strategies.sampled_from((4.0, 8.0, 11.0))


class Clock:
    """The time that passes for all; a wall clock beside it may jump."""

    def __init__(self) -> None:
        self.now, self.wall = 1000.0, 1_700_000_000.0


class FlakyRedis(Redis):
    """A Redis that is away when told."""

    away = False
    mute = 0  # so many scripts are run, and nobody hears what they brought

    async def execute_command(self, *arguments, **options):
        if FlakyRedis.away:
            raise RedisConnectionError("away")
        answer = await super().execute_command(*arguments, **options)
        if FlakyRedis.mute and arguments[0] == "EVALSHA":
            FlakyRedis.mute -= 1
            raise RedisConnectionError("reset")
        return answer


class Worker:
    """What a worker does with its leases, as stations.worker.worker does it."""

    def __init__(self, clock: Clock, client: Redis, name: str) -> None:
        self.clock = clock
        self.leases = ShardLeases(client, name, SHARDS, int(LEASE * 1000), lambda: clock.now)
        self.until = float("-inf")  # the gate
        self.next_round = clock.now
        self.frozen_until = clock.now
        self.started = False
        self.wanted = SHARDS

    @property
    def frozen(self) -> bool:
        return self.clock.now < self.frozen_until

    def speaks_for(self) -> list[str]:
        """What it would say something for, were it to run now."""
        if self.clock.now > self.until:
            return []
        leases = self.leases
        return [name for name in STATIONS if shard_of(name, leases.number) in leases.held]

    async def round(self) -> None:
        began, steady = self.clock.now, not self.started or self.clock.now <= self.until
        self.started = True
        try:
            tending = await self.leases.tend(self.clock.wall, True, steady)
        except RedisConnectionError:
            if steady:
                self.until = began + self.leases.speaking_time
        else:
            self.until = began + self.leases.speaking_time
            await self.follow(tending.surplus)
        self.next_round = self.clock.now + ROUND


    async def follow(self, surplus: list[int]) -> None:
        with contextlib.suppress(RedisConnectionError):
            for shard in surplus:
                await self.leases.release(shard)
            if self.wanted > self.leases.number:
                await self.leases.divide(self.wanted)


class Leasing(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        FlakyRedis.away, FlakyRedis.mute = False, 0
        self.wanted = SHARDS
        self.client = FlakyRedis.from_url(settings.REDIS_URL)
        self.run(self.client.flushdb())
        self.clock = Clock()
        self.names = 0
        self.workers: list[Worker] = []
        self.epochs: dict[int, int] = {}
        self.older: list[tuple] = []
        self.lost = float("-inf")  # when Redis lost data
        for _ in range(2):
            self.start()
        self.let_pass(5.0)

    def run(self, work):
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        FlakyRedis.away, FlakyRedis.mute = False, 0
        for worker in self.workers:
            worker.wanted = self.wanted
            worker.frozen_until = self.clock.now
        self.let_pass(4 * LEASE)
        if self.workers:  # whatever was, all is taken in the end, by one worker each
            held = [shard for worker in self.workers for shard in worker.leases.held]
            assert sorted(held) == list(range(self.wanted))
            assert {worker.leases.number for worker in self.workers} == {self.wanted}
        self.run(self.client.aclose())
        self.loop.close()

    def let_pass(self, seconds: float) -> None:
        """Time passes; whoever is not frozen makes its rounds, in the order that they fall due."""
        end = self.clock.now + seconds
        while True:
            due = [
                (max(worker.next_round, worker.frozen_until), number)
                for number, worker in enumerate(self.workers)
            ]
            moment, number = min(due, default=(end, 0))
            if moment >= end:
                break
            self.clock.now = max(self.clock.now, moment)
            self.run(self.workers[number].round())
            self.only_one_speaks()
        self.clock.now = end

    # --- what happens --------------------------------------------------------------------------

    # Who starts just after a loss knows of nobody; that all who do stand still then is the one
    # hole that docs/explanation/concurrency.md names.
    @precondition(lambda self: len(self.workers) < 3 and self.clock.now - self.lost > LEASE)
    @rule()
    def start(self):
        self.names += 1
        self.workers.append(Worker(self.clock, self.client, f"w{self.names}"))
        self.run(self.workers[-1].round())

    @rule(seconds=OFTEN)
    def time_passes(self, seconds):
        self.let_pass(seconds)

    @rule(seconds=LONG)
    def much_time_passes(self, seconds):
        self.let_pass(seconds)

    @precondition(lambda self: self.workers)
    @rule(pick=PICK, seconds=strategies.sampled_from((3.0, 9.0, 12.0, 40.0)))
    def freeze(self, pick, seconds):
        self.workers[pick % len(self.workers)].frozen_until = self.clock.now + seconds

    @precondition(lambda self: self.workers)
    @rule(pick=PICK)
    def kill(self, pick):
        del self.workers[pick % len(self.workers)]

    @precondition(lambda self: self.workers and not FlakyRedis.away)
    @rule(pick=PICK)
    def leave(self, pick):
        worker = self.workers[pick % len(self.workers)]
        if not worker.frozen:
            self.workers.remove(worker)
            with contextlib.suppress(RedisConnectionError):
                self.run(worker.leases.leave())

    @precondition(lambda self: self.workers and self.wanted < MOST_SHARDS)
    @rule(more=strategies.integers(0, 3), pick=PICK)
    def more_shards_are_wanted(self, more, pick):
        """Each worker hears of it by itself, one of them at once."""
        self.wanted = min(self.wanted + more, MOST_SHARDS)
        self.workers[pick % len(self.workers)].wanted = self.wanted

    @rule(scripts=strategies.integers(1, 3))
    def answers_are_lost(self, scripts):
        FlakyRedis.mute = scripts

    @rule(seconds=strategies.sampled_from((-3600.0, 3600.0)))
    def the_wall_jumps(self, seconds):
        self.clock.wall += seconds

    @rule(seconds=strategies.sampled_from((1.5, 6.0, 25.0)))
    def redis_is_away(self, seconds):
        FlakyRedis.away = True
        self.let_pass(seconds)
        FlakyRedis.away = False

    @rule()
    def remember(self):
        """What Redis has on its disk by now."""
        self.older = self.run(self.dump())

    @rule(away=strategies.sampled_from((0.2, 3.0)))
    def redis_restarts_with_older_data(self, away):
        self.redis_is_away(away)
        self.lost = self.clock.now
        self.run(self.restore(self.older))

    @rule()
    def redis_loses_its_data(self):
        self.lost = self.clock.now
        self.run(self.client.flushdb())

    async def dump(self) -> list:
        return [(key, await self.client.dump(key)) for key in await self.client.keys("*")]

    async def restore(self, rows: list) -> None:
        await self.client.flushdb()
        for key, value in rows:
            if value:
                # A mark of release bears the run of the Redis that made it: that one has ended.
                await self.client.restore(key, 0, value)
                text = await self.client.get(key) if b":lease:" in key else None
                if text and text.startswith(b":"):
                    await self.client.set(key, text[:-4] + b"0000")

    # --- what must hold ------------------------------------------------------------------------

    @invariant()
    def only_one_speaks(self):
        speakers = [(worker, worker.speaks_for()) for worker in getattr(self, "workers", ())]
        spoken = [name for _, names in speakers for name in names]
        assert len(spoken) == len(set(spoken)), [names for _, names in speakers]


@pytest.mark.parametrize("away", [0.0, 2.5, 8.0])
def test_who_freezes_is_silent_before_anybody_takes_over(away):
    """The tightest case: its last round was made without Redis, just before that came back."""
    fleet = Leasing()
    owner = fleet.workers[0]
    if away:
        fleet.redis_is_away(away)
    owner.frozen_until = fleet.clock.now + 100
    for _ in range(60):
        fleet.let_pass(0.5)
        fleet.only_one_speaks()
    assert sorted(fleet.workers[1].leases.held) == list(range(SHARDS))
    fleet.teardown()


@pytest.mark.slow
def test_no_shard_has_two_speakers():
    run_state_machine_as_test(
        Leasing,
        settings=hypothesis_settings(
            max_examples=60, stateful_step_count=25, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
