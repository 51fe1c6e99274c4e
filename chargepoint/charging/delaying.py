"""randomizedDelay of a schedule: each period but the first begins later by a random time (2.1 K01).

The delays are drawn from a name, so they are the same whenever they are asked for, also after a
restart: nothing is kept of them.
"""

from math import inf
from zlib import crc32

from chargepoint.charging.profile import Profile


def places(profile: Profile, most: int, key: str) -> list[tuple[int, int]]:
    """[(number of the period, its start in ms)] of those that come about.

    most: seconds; key: of whom they are drawn for, such as a transaction.
    K01.FR.97: what would begin after the next one, or after the schedule's end, is left out.
    """
    end: float = inf if profile.duration is None else profile.duration
    found = []
    for number in range(len(profile.periods) - 1, 0, -1):
        start = profile.periods[number].start + _drawn(f"{key}:{profile.id}:{number}", most) * 1000
        if start < end:
            found.append((number, start))
            end = start
    return [(0, profile.periods[0].start), *reversed(found)]


def delayed(profile: Profile, most: int, key: str) -> Profile:
    """The profile with the periods of `places`."""
    periods = [
        profile.periods[number]._replace(start=start)
        for number, start in places(profile, most, key)
    ]
    return profile._replace(periods=tuple(periods))


def _drawn(name: str, most: int) -> int:
    """Whole seconds from 0 to `most`."""
    return crc32(name.encode()) * (most + 1) >> 32
