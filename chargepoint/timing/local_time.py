"""The local time of a station: of a tariff's hours (2.1, TariffConditionsType) and of schedules
with useLocalTime (2.1, ChargingScheduleType)."""

from functools import lru_cache
from zoneinfo import ZoneInfo

from chargepoint.timing.times import utc_of

# Offsets of zones change at these marks only, and are multiples of it.
QUARTER = 900.0


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def is_zone(name: str) -> bool:
    """Whether `name` is "", an offset such as "+02:00" or a name such as "Europe/Berlin"."""
    try:
        offset_at(name, 0.0)
    except (ValueError, LookupError, OSError):
        return False
    return True


def offset_at(zone: str, time: float) -> float:
    """Seconds that local time is ahead of UTC at `time` (unix seconds).

    Raises ValueError, LookupError or OSError for what is no zone.
    """
    if not zone or zone == "Z":
        return 0.0
    if zone[0] in "+-":
        hours, _, minutes = zone[1:].partition(":")
        if not (len(hours) == 2 and hours.isdigit() and int(hours) < 15):
            raise ValueError(zone)
        if not (len(minutes) == 2 and minutes.isdigit() and int(minutes) in (0, 15, 30, 45)):
            raise ValueError(zone)
        seconds = int(hours) * 3600.0 + int(minutes) * 60.0
        return seconds if zone[0] == "+" else -seconds
    return utc_of(time).astimezone(_zone(zone)).utcoffset().total_seconds()


def offset_ms(zone: str, time: int) -> int:
    """The same in milliseconds, as `time` is."""
    return round(offset_at(zone, time / 1000) * 1000)


def offset_changes(zone: str, time: int, until: int) -> int | None:
    """A moment after `time` and not after `until` at which the offset changes, where it is another
    at `until`; in unix milliseconds."""
    quarter, now = round(QUARTER * 1000), offset_ms(zone, time)
    if offset_ms(zone, until) == now:
        return None
    low, high = time // quarter, -(-until // quarter)  # marks; at `low` it is as now
    while high - low > 1:
        middle = (low + high) // 2
        if offset_ms(zone, middle * quarter) == now:
            low = middle
        else:
            high = middle
    return high * quarter
