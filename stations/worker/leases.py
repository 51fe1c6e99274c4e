"""Which shards this worker owns: leases in Redis that rest on no clock but this process's own.

A lease is a key without an end: "<worker>:<epoch>". Its worker raises a count, its beat, in every
round. Another takes the shard once it has itself seen, on its own monotonic clock, the same owner
with the same beat for a whole lease; so a wall clock may jump, under Redis too, and nothing lapses.
A shard that was released in order is free at once. One of which Redis knows nothing (it is new, or
lost its data) is free a little later: its living owner claims it again first.

How many shards there are stands in Redis, too, and grows while the workers run: see
stations/orders/sharding.py. Each round tells it.

All of a round is one script (lease_scripts.py). It runs whole or not at all, so two workers cannot
both believe that they took a shard, and there is nothing to hold while waiting.
"""

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain

from redis.asyncio import Redis

from stations.state import keys
from stations.worker.lease_scripts import DIVIDE, RELEASE, TEND

ALIVE_PART = 0.7  # of a lease: the dead no longer count when their shards fall free
GRACE_PART = 0.2  # two rounds: by then the living have claimed again what Redis has forgotten
GAP_PART = 0.3  # after so long without an answer, what was seen before it counts for nothing
# So long after a round its worker may speak. With GAP_PART it is below 1: whoever could not reach
# Redis, froze, and speaks to this end, is done before anybody who sees Redis again can take over.
SPEAK_PART = 0.6
FORGOTTEN_LEASES = 6  # a dead worker's beat is removed after so many


@dataclass(slots=True)
class Tending:
    """What one round brought."""

    taken: dict[int, int] = field(default_factory=dict)  # shard -> epoch
    lost: list[int] = field(default_factory=list)  # another worker has them: stop at once
    surplus: list[int] = field(default_factory=list)  # more than a fair share: hand over in order
    # shard -> epoch, of those that came out of a shard held here, which the worker did not know of
    divided: dict[int, int] = field(default_factory=dict)
    live: int = 1
    redis_lost_data: bool = False


@dataclass(slots=True)
class Seen:
    """What was seen last of a lease or a worker, and since when it is so."""

    value: str
    beat: str
    since: float
    owned: bool = False  # a lease: it had an owner, and nobody has released it since
    moved: bool = False  # a worker: its beat was seen to rise


class ShardLeases:
    """The leases of one worker. Not tied to a connection; Redis may go away and come back."""

    def __init__(
        self,
        redis: Redis,
        worker: str,
        shards: int,
        lease_ms: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`shards`: how many, where Redis knows none. `clock`: seconds that no change of the wall
        clock moves."""
        self._redis = redis
        self._worker = worker
        self._at_first = shards
        self._told = 0  # how many shards there are, as Redis has told
        self._lease = lease_ms / 1000
        self._clock = clock
        self._tend = redis.register_script(TEND)
        self._release = redis.register_script(RELEASE)
        self._divide = redis.register_script(DIVIDE)
        self._data: tuple[str, str] | None = None  # generation and run of the Redis of last time
        self._loss = False  # others lived before the Redis of now, as one of them has told
        self._beat = 0
        self._answered = float("-inf")
        self._leases: dict[int, Seen] = {}
        self._workers: dict[str, Seen] = {}
        self.held: dict[int, int] = {}  # shard -> epoch

    @property
    def number(self) -> int:
        """How many shards there are, as the last round has told."""
        return self._told or self._at_first

    @property
    def speaking_time(self) -> float:
        """Seconds after the beginning of a round for which the leases it kept are surely ours."""
        return self._lease * SPEAK_PART

    async def tend(self, wall: float, willing: bool = True, steady: bool = True) -> Tending:
        """Keep what is held, take what is free; raises RedisError and changes nothing.

        `wall`: unix seconds; epochs are at least this in ms. `willing`: False while stopping.
        `steady`: False if this process may have been frozen long enough to be taken for dead.
        """
        began = self._clock()
        if began - self._answered > self._lease * GAP_PART:
            self._start_watching_again(began)
        self._beat += 1
        arguments = [
            self._worker, self._beat, round(self._lease * 1000), self._at_first,
            keys.lease_prefix(), int(wall * 1000), uuid.uuid4().hex, int(willing), int(steady),
            *(self._data or ("", "")), self._told,
            *_counted([(shard, epoch) for shard, epoch in self.held.items()]),
            *_counted(self._dead(began)),
            *_counted(self._unmoved(began)),
        ]  # fmt: skip
        names = [
            keys.beats_key(), keys.epochs_key(), keys.generation_key(),
            keys.speaking_key(self._worker), keys.loss_key(),
            keys.shards_key(),
        ]  # fmt: skip
        answer = await self._tend(keys=names, args=arguments)
        live, generation, run, kept, lost, taken, epochs, values, beats, loss, number = answer
        self._answered = self._clock()
        if self._answered - began > self._lease * GAP_PART:
            self._start_watching_again(self._answered)
        tending = self._account(live, kept, lost, taken, epochs)
        leases = [value.decode() for value in values]
        before, self._told = self.number, number
        if steady:
            tending.divided = self._unheard(range(before, number), leases)
        self._watch(leases, _pairs(beats))
        tending.surplus = self._surplus(kept)
        data, self._data = self._data, (generation.decode(), run.decode())
        tending.redis_lost_data = data is not None and data != self._data
        self._loss = loss == run
        return tending

    def _account(self, live, kept, lost, taken, epochs) -> Tending:
        tending = Tending(live=live, lost=[int(shard) for shard in lost])
        for shard in tending.lost:
            self.held.pop(shard, None)
        for shard, epoch in zip(taken, epochs, strict=True):
            self.held[int(shard)] = tending.taken[int(shard)] = int(epoch)
        return tending

    def _unheard(self, fresh: range, leases: list[str]) -> dict[int, int]:
        """Shards that this worker has made, whose script's answer was lost."""
        found = [(shard, *leases[shard].rpartition(":")[::2]) for shard in fresh]
        made = {
            shard: int(epoch)
            for shard, owner, epoch in found
            if owner == self._worker and shard not in self.held
        }
        self.held |= made
        return made

    # --- dividing ----------------------------------------------------------------------------

    async def divide(self, wanted: int, without: Iterable[int] = ()) -> dict[int, int]:
        """Go on towards so many shards: the next ones, while their parents are held here and not
        in `without`. Returns {shard: epoch} of those made, which are held from now on."""
        apart = set(without)
        parents = [row for row in self.held.items() if row[0] not in apart]
        answer = await self._divide(
            keys=[keys.shards_key(), keys.epochs_key()],
            args=[self._worker, keys.lease_prefix(), self._told, wanted, *chain(*parents)],
        )
        numbers = [int(each) for each in answer]
        made = dict(zip(numbers[::2], numbers[1::2], strict=True))
        self._told += len(made)
        self.held |= made
        return made

    # --- what the others do ------------------------------------------------------------------

    def _start_watching_again(self, now: float) -> None:
        """Nothing was seen for a while: owners that are well had no way to show it."""
        for seen in (*self._leases.values(), *self._workers.values()):
            seen.since = now

    def _watch(self, values: list[str], beats: dict[str, str]) -> None:
        now = self._answered
        beats.pop(self._worker, None)
        self._workers = {
            worker: self._look(self._workers.get(worker), "", beat, now)
            for worker, beat in beats.items()
        }
        for shard, value in enumerate(values):
            before = self._leases.get(shard)
            if shard in self.held:
                # Should it be lost, its next owner is one that we have not seen yet.
                self._leases[shard] = Seen(value, "", now, owned=True)
                continue
            owner = value.rpartition(":")[0]
            seen = self._look(before, value, beats.get(owner, ""), now)
            seen.owned = not value.startswith(":") and bool(value or (before and before.owned))
            self._leases[shard] = seen

    @staticmethod
    def _look(before: Seen | None, value: str, beat: str, now: float) -> Seen:
        if before is None:
            return Seen(value, beat, now)
        if (before.value, before.beat) != (value, beat):
            return Seen(value, beat, now, moved=True)
        return before

    def _unmoved(self, now: float) -> list[tuple[int, str, str]]:
        """Leases that were seen unmoved for long enough; the script looks whether they still are.

        A mark of release that is not of this Redis' life is as good as none, hence the grace.
        """
        return [
            (shard, seen.value, seen.beat)
            for shard, seen in self._leases.items()
            if now - seen.since >= self._lease * (1 if seen.owned or self._loss else GRACE_PART)
        ]

    def _dead(self, now: float) -> list[tuple[str, str, int]]:
        """Workers whose beat has stopped; 1: for so long that it may be removed."""
        quiet = {worker: now - seen.since for worker, seen in self._workers.items()}
        return [
            (worker, self._workers[worker].beat, int(seconds > self._lease * FORGOTTEN_LEASES))
            for worker, seconds in quiet.items()
            if seconds >= self._lease * ALIVE_PART
        ]

    def _surplus(self, kept: list[bytes]) -> list[int]:
        """What is above a fair share among the workers that were seen to live."""
        now, alive = self._answered, self._lease * ALIVE_PART
        others = sum(seen.moved and now - seen.since < alive for seen in self._workers.values())
        share = -(-self.number // (1 + others))
        return sorted(int(shard) for shard in kept)[share:]

    # --- giving up ---------------------------------------------------------------------------

    async def release(self, shard: int) -> None:
        """Let another worker have the shard; nothing happens if it is not ours any more."""
        epoch = self.held.pop(shard, None)
        if epoch is not None:
            lease = f"{keys.lease_prefix()}{shard}"
            await self._release(keys=[lease], args=[f"{self._worker}:{epoch}", epoch])

    async def leave(self) -> None:
        """Release everything and no longer count as alive."""
        for shard in list(self.held):
            await self.release(shard)
        await self._redis.hdel(keys.beats_key(), self._worker)
        await self._redis.delete(keys.speaking_key(self._worker))


def _counted(rows: list[tuple]) -> list:
    return [len(rows), *(value for row in rows for value in row)]


def _pairs(flat: list[bytes]) -> dict[str, str]:
    return {
        name.decode(): value.decode() for name, value in zip(flat[::2], flat[1::2], strict=True)
    }
