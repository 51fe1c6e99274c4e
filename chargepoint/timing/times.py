"""Time stamps: unix seconds to ISO 8601 and back."""

from datetime import UTC, datetime
from functools import lru_cache


def iso(seconds: float) -> str:
    """UTC with milliseconds and a Z, the form that both versions recommend."""
    whole, micros = divmod(round(seconds * 1e6), 1_000_000)
    return f"{_to_the_second(whole)}.{micros // 1000:03d}Z"


@lru_cache(maxsize=64)
def _to_the_second(seconds: int) -> str:
    # A fleet stamps thousands of messages within the same second.
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:-6]


def seconds_of(text: str) -> float | None:
    """Unix seconds of an ISO 8601 time (UTC where it names no zone); None if it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.timestamp()
    except (OverflowError, ValueError):
        return None


def next_mark(time: float, seconds: int) -> float:
    """The next multiple of `seconds` since midnight UTC; midnight itself is always one."""
    midnight = time // 86_400 * 86_400
    mark = midnight + ((time - midnight) // seconds + 1) * seconds
    return min(mark, midnight + 86_400)


def last_mark(time: float, seconds: int) -> float:
    """The last multiple of `seconds` since midnight UTC that is not after `time`."""
    midnight = time // 86_400 * 86_400
    return midnight + (time - midnight) // seconds * seconds


def utc_of(seconds: float) -> datetime:
    """The moment as a datetime of UTC."""
    return datetime.fromtimestamp(seconds, UTC)
