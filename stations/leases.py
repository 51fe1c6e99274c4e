"""Which shards this worker owns: leases in Redis.

All of it is one script: who is alive, extending what is held, taking what is free up to a fair
share. A script runs whole or not at all, so two workers cannot both believe that they took a shard,
and there is nothing to hold while waiting.
"""

import uuid
from dataclasses import dataclass, field

from redis.asyncio import Redis

from stations import keys

LEASE_MS = 10_000
ALIVE_MS = 7_000  # shorter than a lease: the dead no longer count when their shards fall free
TEND_EVERY = 1.0  # seconds; a lease is extended each time, and the spec asks for every 3 s

# KEYS: alive, epochs, generation.
# ARGV: worker, lease ms, alive ms, shards, lease prefix, wall ms, new generation, willing (0 or 1),
#       then shard and epoch of each lease held.
# Returns {live workers, generation, kept, lost, taken shards, epochs of the taken}.
TEND = """
local worker, prefix = ARGV[1], ARGV[5]
local lease_ms, shards = tonumber(ARGV[2]), tonumber(ARGV[4])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[3]))
if ARGV[8] == '1' then redis.call('ZADD', KEYS[1], now, worker) end
local live = math.max(1, redis.call('ZCARD', KEYS[1]))
redis.call('SET', KEYS[3], ARGV[7], 'NX')
local held, kept, lost, taken, epochs = {}, {}, {}, {}, {}
for i = 9, #ARGV, 2 do
  local shard, epoch = ARGV[i], ARGV[i + 1]
  local mine, key = worker .. ':' .. epoch, prefix .. shard
  local owner = redis.call('GET', key)
  local latest = tonumber(redis.call('HGET', KEYS[2], shard) or '0')
  held[shard] = true
  -- Lapsed while Redis was away, or gone with its data: still ours if nobody had it since.
  if owner == mine or (not owner and latest <= tonumber(epoch)) then
    redis.call('SET', key, mine, 'PX', lease_ms)
    redis.call('HSET', KEYS[2], shard, epoch)
    kept[#kept + 1] = shard
  else
    lost[#lost + 1] = shard
  end
end
local share, count = math.ceil(shards / live), #kept
for number = 0, shards - 1 do
  local shard = tostring(number)
  if count >= share or ARGV[8] ~= '1' then break end
  if not held[shard] and redis.call('EXISTS', prefix .. shard) == 0 then
    local latest = tonumber(redis.call('HGET', KEYS[2], shard) or '0')
    local epoch = string.format('%.0f', math.max(latest + 1, now, tonumber(ARGV[6])))
    redis.call('SET', prefix .. shard, worker .. ':' .. epoch, 'PX', lease_ms)
    redis.call('HSET', KEYS[2], shard, epoch)
    taken[#taken + 1], epochs[#epochs + 1] = shard, epoch
    count = count + 1
  end
end
return {live, redis.call('GET', KEYS[3]), kept, lost, taken, epochs}
"""

# Give up a lease only if it is still ours. KEYS: lease; ARGV: "<worker>:<epoch>".
RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


@dataclass(slots=True)
class Tending:
    """What one round brought."""

    taken: dict[int, int] = field(default_factory=dict)  # shard -> epoch
    lost: list[int] = field(default_factory=list)  # another worker has them: stop at once
    surplus: list[int] = field(default_factory=list)  # more than a fair share: hand over in order
    live: int = 1
    redis_lost_data: bool = False


class ShardLeases:
    """The leases of one worker. Not tied to a connection; Redis may go away and come back."""

    def __init__(self, redis: Redis, worker: str, shards: int, lease_ms: int = LEASE_MS) -> None:
        self._redis = redis
        self._worker = worker
        self._shards = shards
        self._lease_ms = lease_ms
        self._tend = redis.register_script(TEND)
        self._release = redis.register_script(RELEASE)
        self._generation: str | None = None
        self._run_id: str | None = None
        self.held: dict[int, int] = {}  # shard -> epoch

    async def tend(self, wall: float, willing: bool = True) -> Tending:
        """Extend what is held, take what is free; raises RedisError and changes nothing.

        `wall`: unix seconds; epochs are at least this in ms. `willing`: False while stopping.
        """
        arguments = [
            self._worker, self._lease_ms, min(ALIVE_MS, self._lease_ms * 7 // 10), self._shards,
            keys.lease_prefix(), int(wall * 1000), uuid.uuid4().hex, int(willing),
        ]  # fmt: skip
        for shard, epoch in self.held.items():
            arguments += [shard, epoch]
        answer = await self._tend(
            keys=[keys.alive_key(), keys.epochs_key(), keys.generation_key()], args=arguments
        )
        live, generation, kept, lost, taken, epochs = answer
        return await self._account(live, generation.decode(), kept, lost, taken, epochs)

    async def _account(self, live, generation, kept, lost, taken, epochs) -> Tending:
        tending = Tending(live=live, lost=[int(shard) for shard in lost])
        for shard in tending.lost:
            self.held.pop(shard, None)
        for shard, epoch in zip(taken, epochs, strict=True):
            self.held[int(shard)] = tending.taken[int(shard)] = int(epoch)
        share = -(-self._shards // live)
        if len(kept) > share:
            tending.surplus = sorted(int(shard) for shard in kept)[share:]
        tending.redis_lost_data = await self._is_another_redis(generation)
        return tending

    async def _is_another_redis(self, generation: str) -> bool:
        """True if Redis was restarted (it may lack its last second) or emptied since last time.

        redis-py reconnects by itself, so a quick restart would otherwise go unseen.
        """
        run_id = (await self._redis.info("server"))["run_id"]
        before, self._run_id = (self._generation, self._run_id), run_id
        self._generation = generation
        return before != (None, None) and before != (generation, run_id)

    async def release(self, shard: int) -> None:
        """Let another worker have the shard; nothing happens if it is not ours any more."""
        epoch = self.held.pop(shard, None)
        if epoch is not None:
            lease = f"{keys.lease_prefix()}{shard}"
            await self._release(keys=[lease], args=[f"{self._worker}:{epoch}"])

    async def leave(self) -> None:
        """Release everything and no longer count as alive."""
        for shard in list(self.held):
            await self.release(shard)
        await self._redis.zrem(keys.alive_key(), self._worker)
