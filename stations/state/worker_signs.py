"""When the workers that run stations were heard of last: how far a state of theirs can be believed.

A state is what a station was doing when its worker wrote it. A worker that was killed writes
nothing more, and until another takes its shards, a lease later, its stations would look well.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from messaging import pulse
from runtime.stores import STORE_ERRORS
from stations.orders import sharding
from stations.state import keys
from stations.state.snapshots import redis_client

# Seconds. A worker tells every 2 s; one that is so late stands still, for whatever reason.
SILENT_AFTER = 6.0
NEVER = float("inf")


def last_signs(identities: Iterable[str]) -> dict[str, float | None]:
    """Seconds since the worker of each station gave a sign; one round trip to Redis.

    NEVER where no worker has the station's shard, or its owner is long dead; None where it is not
    known: Redis is away, or a clock was set back.
    """
    names = list(identities)
    if not names:
        return {}
    signs = None
    try:
        while signs is None:
            members = sharding.by_shard(names)
            signs = _signs(sorted(members))
    except STORE_ERRORS:
        return dict.fromkeys(names)
    return {name: signs[shard] for shard, named in members.items() for name in named}


def _signs(shards: list[int]) -> dict[int, float | None] | None:
    """None: there are more shards than this process knew of until now."""
    client = redis_client()
    with client.pipeline(transaction=False) as pipe:
        pipe.get(keys.shards_key())
        pipe.time()
        pipe.mget([f"{keys.lease_prefix()}{shard}" for shard in shards])
        pipe.hgetall(pulse.seen_key(settings.REDIS_PREFIX))
        number, clock, leases, seen = pipe.execute()
    if sharding.learn(number):
        return None
    ages = pulse.ages(clock, seen)
    owners = {shard: _owner(lease) for shard, lease in zip(shards, leases, strict=True)}
    told = {owner: _age(ages.get(f"charge_points:{owner}")) for owner in set(owners.values())}
    for owner in [owner for owner, age in told.items() if owner and age == NEVER]:
        if client.exists(keys.speaking_key(owner)):
            told[owner] = None  # it has just begun, and taken shards before its first sign
    return {shard: told[owner] for shard, owner in owners.items()}


def _owner(lease: bytes | None) -> str:
    """Of "<worker>:<epoch>"; "" for one that was released."""
    return (lease or b"").decode().rpartition(":")[0].partition(":")[0]


def _age(age: float | None) -> float | None:
    if age is None:
        return NEVER
    return None if age < -pulse.FUTURE else max(0.0, age)


def words(age: float | None) -> str:
    """What to tell of a station whose worker is silent; "" for one that speaks."""
    if age is None or age <= SILENT_AFTER:
        return ""
    if age == NEVER:
        return "no worker runs this station: its state is the last that was known"
    return f"its worker has given no sign for {age:.0f} s: its state is of before"
