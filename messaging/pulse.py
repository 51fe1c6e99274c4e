"""Signs of life, told to Redis and dated by its clock alone.

Two processes need not agree about the time, and either's may be set while it runs. So the age of a
sign is the difference of two looks at one clock, Redis' own. Where that one is set, the next sign,
within 2 s, sees that it jumped and moves all that is dated along: the ages are what they were.
Until then a sign from the future counts as none.

Imports no Django: the probes read signs as well.
"""

from __future__ import annotations

from typing import Any

EVERY = 2.0  # seconds between two signs
# A silent process is named for so long; then those of its kind that live forget it.
FORGOTTEN_AFTER_MS = 30_000
FUTURE = 2.0  # seconds; a sign from further ahead was told before the clock was set back

# KEYS[1]: seen (hash of what -> ms, and "clock": when something was dated last).
# Somebody speaks every 2 s. A longer silence, in which Redis was away or nobody lived, is left out
# of the ages too: who lives must be heard first, before anybody is called silent.
DATE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local jump = now - tonumber(redis.call('HGET', KEYS[1], 'clock') or now)
if jump < -2000 or jump > 10000 then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    redis.call('HSET', KEYS[1], all[i], string.format('%.0f', tonumber(all[i + 1]) + jump))
  end
end
redis.call('HSET', KEYS[1], 'clock', string.format('%.0f', now), ARGV[1],
           string.format('%.0f', now))
"""

# KEYS: seen, lines (hash name -> JSON). ARGV: "kind:name", kind, name, line, forget ms.
TELL = (
    DATE
    + """
local prefix = ARGV[2] .. ':'
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
for _, name in ipairs(redis.call('HKEYS', KEYS[2])) do
  local seen = tonumber(redis.call('HGET', KEYS[1], prefix .. name) or '0')
  if math.abs(now - seen) > tonumber(ARGV[5]) then
    redis.call('HDEL', KEYS[2], name)
    redis.call('HDEL', KEYS[1], prefix .. name)
  end
end
"""
)

# KEYS: seen, lines; ARGV: "kind:name", name.
WITHDRAW = """
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[2])
"""


def seen_key(prefix: str) -> str:
    """Hash: "<kind>:<name>" -> Redis time in ms of the last sign."""
    return f"{prefix}health:seen"


def tell(client: Any, prefix: str, kind: str, name: str, lines_key: str, line: bytes | str) -> Any:
    """Leave a sign of a process; awaitable with a client of redis.asyncio.

    kind   which processes it counts among, e.g. "charge_points"
    line   JSON of how it is doing, kept in the hash `lines_key` under `name`
    """
    keys, member = (seen_key(prefix), lines_key), f"{kind}:{name}"
    return client.eval(TELL, 2, *keys, member, kind, name, line, FORGOTTEN_AFTER_MS)


def withdraw(client: Any, prefix: str, kind: str, name: str, lines_key: str) -> Any:
    """Leave in order: nobody is to miss it."""
    return client.eval(WITHDRAW, 2, seen_key(prefix), lines_key, f"{kind}:{name}", name)


def mark(client: Any, prefix: str, name: str) -> Any:
    """Date something that has happened and has no line, e.g. "sync:"."""
    return client.eval(DATE, 1, seen_key(prefix), name)


def seconds(clock: tuple[int, int]) -> float:
    """Redis' answer to TIME as one number."""
    return clock[0] + clock[1] / 1e6


def ages(clock: tuple[int, int], seen: dict[bytes, bytes]) -> dict[str, float]:
    """Seconds since each sign, from Redis' answers to TIME and HGETALL of seen_key."""
    now = seconds(clock)
    return {name.decode(): now - int(moment) / 1000 for name, moment in seen.items()}


def is_fresh(age: float | None, limit: float) -> bool:
    """A sign of unknown age is none, and so is one from before the clock was set back."""
    return age is not None and -FUTURE <= age <= limit
