"""Block of every Station: its clock, which the CSMS sets."""

from chargepoint.core import topics
from chargepoint.times import iso, last_mark, next_mark, seconds_of

# A clock that is decades off is broken; following it would lead out of the calendar.
FARTHEST_CLOCK = 50 * 365 * 86_400.0
# A clock that drifts may be a hair before the mark that a timer was set for.
HAIR = 0.001  # seconds


def next_step(begun: float, seconds: float, now: float) -> float:
    """The next of begun + n * seconds after `now`: a rhythm that a late wake or a restart does not
    shift."""
    return begun + (int((now + HAIR - begun) // seconds) + 1) * seconds


class Timekeeping:
    """`skew`: the station's clock minus ours; `clock`: what is wrong with it on purpose, if so."""

    __slots__ = ()

    def set_clock(self, text: str, now: float) -> None:
        """Follow the CSMS's clock (1.6 section 4.6, 2.0.1 G02.FR.06) unless it is unreadable."""
        if self.ask(topics.IGNORES_CLOCK):
            return
        there = seconds_of(text)
        if there is not None and abs(there - now) < FARTHEST_CLOCK:
            # A second or less is the way there and back, not a wrong clock.
            skew = there - now if abs(there - now) > 1.0 else 0.0
            if self.clock is not None:
                skew = self.clock.told(skew, now)
            before, self.skew = self.skew, skew
            if abs(skew - before) > 1.0:
                self.tell(topics.CLOCK_MOVED, now)

    def station_time(self, now: float) -> float:
        """What the station's clock shows, unix seconds."""
        return now + self.skew

    def when_it_shows(self, mark: float, now: float) -> float:
        """When the station's clock, running as it does, will show `mark`."""
        left = mark - self.station_time(now)
        return now + (left if self.clock is None else self.clock.until_shown(left))

    def next_clock_mark(self, now: float, seconds: int) -> float:
        """When the station's clock will show the next multiple of `seconds` since midnight UTC."""
        return self.when_it_shows(next_mark(self.station_time(now) + HAIR, seconds), now)

    def clock_mark(self, now: float, seconds: int) -> float:
        """The multiple of `seconds` since midnight UTC that the station's clock shows now or has
        just passed, unix seconds of that clock."""
        return last_mark(self.station_time(now) + HAIR, seconds)

    def stamp(self, now: float) -> str:
        """ISO 8601, UTC, by the station's clock, which follows the CSMS's."""
        return iso(now + self.skew)
