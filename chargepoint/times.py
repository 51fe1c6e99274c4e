"""Time stamps: unix seconds to ISO 8601 and back."""

from datetime import UTC, datetime


def iso(seconds: float) -> str:
    """UTC with milliseconds and a Z, the form that both versions recommend."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


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
