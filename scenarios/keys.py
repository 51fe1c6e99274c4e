"""Names of the Redis keys that runners, the API and the health page share."""

from django.conf import settings


def lease_key(runner: str) -> str:
    """There while the runner lives; it lapses by itself."""
    return f"{settings.REDIS_PREFIX}scenarios:lease:{runner}"


def runners_key() -> str:
    """Hash of runner id to JSON of how it is doing, rewritten every 2 s."""
    return f"{settings.REDIS_PREFIX}scenarios:runners"


def nudge_key(runner: str = "") -> str:
    """List: something waits to be done. Of all runners, or of one (somebody asked to cancel)."""
    return f"{settings.REDIS_PREFIX}scenarios:nudge:{runner}"
