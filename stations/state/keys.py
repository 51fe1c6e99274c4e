"""Names of the Redis keys that the fleet and the sync share."""

from django.conf import settings


def state_key(identity: str) -> str:
    """Hot state of a station: a 25-character stamp, then msgpack(snapshot)."""
    return f"{settings.REDIS_PREFIX}state:{identity}"


def moments_key(identity: str) -> str:
    """List of what befell a station in the past day; see stations/state/moments.py."""
    return f"{settings.REDIS_PREFIX}moments:{identity}"


def dirty_key() -> str:
    """Set of identities whose hot state is newer than what MongoDB has.

    Not under `state:`, where a station named "dirty" would have its own key.
    """
    return f"{settings.REDIS_PREFIX}sync:dirty"


def census_key() -> str:
    """The newest look at a large fleet, packed; see stations/state/census.py."""
    return f"{settings.REDIS_PREFIX}fleet:census"


def rollcall_key() -> str:
    """Hash {state: packed identities} of the same look; see stations/state/rollcall.py."""
    return f"{settings.REDIS_PREFIX}fleet:rollcall"


def roster_key() -> str:
    """Stream of which rows of stations were written; see stations/roster/marks.py."""
    return f"{settings.REDIS_PREFIX}roster"


def sync_last_key() -> str:
    """JSON of the last sync: time, seconds, written, stale, lag."""
    return f"{settings.REDIS_PREFIX}sync:last"


def workers_key() -> str:
    """Hash of worker id to JSON statistics, rewritten every 2 s."""
    return f"{settings.REDIS_PREFIX}fleet:workers"


def lease_prefix() -> str:
    """`<prefix><shard>` holds "<worker id>:<epoch>"; see stations/worker/lease_scripts.py."""
    return f"{settings.REDIS_PREFIX}fleet:lease:"


def epochs_key() -> str:
    """Hash of shard to the last epoch given out; outlives the lease itself."""
    return f"{settings.REDIS_PREFIX}fleet:epochs"


def beats_key() -> str:
    """Hash of worker id to a count that the worker raises in each round of its leases."""
    return f"{settings.REDIS_PREFIX}fleet:beats"


def speaking_key(worker: str) -> str:
    """There while the worker is heard of. Only tells whether a command is worth sending."""
    return f"{settings.REDIS_PREFIX}fleet:speaking:{worker}"


def shards_key() -> str:
    """How many shards there are; see stations/orders/sharding.py. Without it: as configured."""
    return f"{settings.REDIS_PREFIX}fleet:shards"


def loss_key() -> str:
    """Run id of a Redis that somebody has seen without the data of before."""
    return f"{settings.REDIS_PREFIX}fleet:loss"


def generation_key() -> str:
    """Random mark; a new one tells workers that Redis lost its data."""
    return f"{settings.REDIS_PREFIX}fleet:generation"
