"""Names of the Redis keys that the fleet and the sync share."""

from django.conf import settings


def state_key(identity: str) -> str:
    """Hot state of a station: a 25-character stamp, then msgpack(snapshot)."""
    return f"{settings.REDIS_PREFIX}state:{identity}"


def dirty_key() -> str:
    """Set of identities whose hot state is newer than what MongoDB has.

    Not under `state:`, where a station named "dirty" would have its own key.
    """
    return f"{settings.REDIS_PREFIX}sync:dirty"


def sync_last_key() -> str:
    """JSON of the last sync: time, seconds, written, stale, lag."""
    return f"{settings.REDIS_PREFIX}sync:last"


def workers_key() -> str:
    """Hash of worker id to JSON statistics, rewritten every 2 s."""
    return f"{settings.REDIS_PREFIX}fleet:workers"


def lease_prefix() -> str:
    """`<prefix><shard>` holds "<worker id>:<epoch>" while the shard has an owner."""
    return f"{settings.REDIS_PREFIX}fleet:lease:"


def epochs_key() -> str:
    """Hash of shard to the last epoch given out; outlives the lease itself."""
    return f"{settings.REDIS_PREFIX}fleet:epochs"


def alive_key() -> str:
    """Sorted set of worker ids by the Redis time (ms) they were last heard of."""
    return f"{settings.REDIS_PREFIX}fleet:alive"


def generation_key() -> str:
    """Random mark; a new one tells workers that Redis lost its data."""
    return f"{settings.REDIS_PREFIX}fleet:generation"
