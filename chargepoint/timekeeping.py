"""Block of every Station: its clock, which the CSMS sets."""

from chargepoint.times import iso, seconds_of

# A clock that is decades off is broken; following it would lead out of the calendar.
FARTHEST_CLOCK = 50 * 365 * 86_400.0


class Timekeeping:
    """`_skew`: the station's clock minus ours; `clock`: what is wrong with it on purpose, if so."""

    __slots__ = ()

    def clock_moved(self, now: float) -> None:
        """Hook: the clock was set to another time; what waits for a time of day is set anew."""

    def set_clock(self, text: str, now: float) -> None:
        """Follow the CSMS's clock (1.6 section 4.6, 2.0.1 G02.FR.06) unless it is unreadable."""
        there = seconds_of(text)
        if there is not None and abs(there - now) < FARTHEST_CLOCK:
            # A second or less is the way there and back, not a wrong clock.
            skew = there - now if abs(there - now) > 1.0 else 0.0
            if self.clock is not None:
                skew = self.clock.told(skew, now)
            before, self._skew = self._skew, skew
            if abs(skew - before) > 1.0:
                self.clock_moved(now)

    def station_time(self, now: float) -> float:
        """What the station's clock shows, unix seconds."""
        return now + self._skew

    def when_it_shows(self, mark: float, now: float) -> float:
        """When the station's clock, running as it does, will show `mark`."""
        left = mark - self.station_time(now)
        return now + (left if self.clock is None else self.clock.until_shown(left))

    def stamp(self, now: float) -> str:
        """ISO 8601, UTC, by the station's clock, which follows the CSMS's."""
        return iso(now + self._skew)
