"""Growing waits for who fails to log in, counted in Redis for all web processes.

Ours, not django-axes: that locks out for one time, the same for each failure, and keeps its
attempts in the ORM or in a cache that may forget them. An attempt counts until it has succeeded, so
that many at once are no more than the same in a row.
"""

from __future__ import annotations

import functools
import hashlib
import logging
from typing import NamedTuple

import redis
from django.conf import settings

from accounts.errors import ApiError
from runtime import redis_clients
from runtime.stores import STORE_ERRORS

log = logging.getLogger(__name__)

MEMORY = 3600  # seconds without an attempt after which all is forgotten


class Guard(NamedTuple):
    """So many attempts are free; then one waits for 1, 2, 4 ... seconds, at most `longest`."""

    free: int
    longest: int


# By who one says to be and from where; and from where alone, for who tries many names.
GUARDS = {"pair": Guard(5, 900), "address": Guard(50, 300)}
# KEYS: of each guard the attempts and the wait. ARGV: of each guard free and longest; memory.
# Returns the milliseconds that are to be waited, 0 if this attempt counts.
_ATTEMPT = """
local longest = 0
for i = 2, #KEYS, 2 do
  longest = math.max(longest, redis.call('PTTL', KEYS[i]))
end
if longest > 0 then return longest end
for i = 1, #KEYS, 2 do
  local made = redis.call('INCR', KEYS[i])
  redis.call('EXPIRE', KEYS[i], ARGV[#ARGV])
  local free = tonumber(ARGV[i])
  if made >= free then
    local wait = math.min(2 ^ math.min(made - free, 20), tonumber(ARGV[i + 1]))
    redis.call('SET', KEYS[i + 1], 1, 'EX', wait)
  end
end
return 0
"""


class Throttled(ApiError):
    """429; `wait`: seconds."""

    def __init__(self, wait: int) -> None:
        sentence = f"Too many log-ins have failed: try again in {wait} s."
        super().__init__("too_many_attempts", sentence, 429)
        self.wait = wait


def attempt(name: str, address: str) -> None:
    """Count an attempt before its password is looked at. Raises Throttled."""
    arguments = [number for guard in GUARDS.values() for number in guard]
    try:
        script = _redis().register_script(_ATTEMPT)
        milliseconds = script(keys=_keys(name, address), args=[*arguments, MEMORY])
    except STORE_ERRORS as error:
        # The pages must work without Redis, and hashing.py bounds what this costs.
        log.warning("Log-ins are not counted, Redis is away: %s", str(error)[:200])
        return
    if milliseconds:
        wait = -(-int(milliseconds) // 1000)
        log.warning("Log-in of %r from %s is refused for %d s", name[:150], address, wait)
        raise Throttled(wait)


def succeeded(name: str, address: str) -> None:
    """The attempt was none to guess: it is taken back, and the pair begins anew."""
    pair, pair_wait, attempts, wait = _keys(name, address)
    try:
        with _redis().pipeline() as pipe:
            pipe.delete(pair, pair_wait, wait)
            pipe.decr(attempts)
            pipe.expire(attempts, MEMORY)
            pipe.execute()
    except STORE_ERRORS as error:
        log.warning("A log-in is counted as failed, Redis is away: %s", str(error)[:200])


def _keys(name: str, address: str) -> list[str]:
    """Of GUARDS in their order. Names are anybody's text, so their hashes stand there."""
    parts = {"pair": f"{name.casefold()}\0{address}", "address": address}
    found = []
    for guard in GUARDS:
        hashed = hashlib.sha256(parts[guard].encode("utf-8", "replace")).hexdigest()
        stem = f"{settings.REDIS_PREFIX}login:{guard}:{hashed}"
        found += [stem, f"{stem}:wait"]
    return found


def _redis() -> redis.Redis:
    return _client(settings.REDIS_URL)


@functools.lru_cache(maxsize=2)
def _client(url: str) -> redis.Redis:
    return redis_clients.connect(url, **settings.REDIS_CLIENT)
