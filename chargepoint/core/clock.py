"""What time is to a station: its timers, its clock, which the CSMS sets, and how long it takes.

A station has one to five timers; the earliest is its deadline. A dict, not a heap: the worker's
own heap orders stations.

How long it takes for what it does is drawn from a range of its make, `config.delays`, name ->
(least, most) in seconds:

    reset      from the answer to Reset until the link ends
    restart    without a link, while it restarts; one EVSE: out of service for both
    firmware   to install firmware
    relink     from the answer to changed credentials until the link ends
    reconnect  from there to the next dial

A real station answers, finishes what it is at and goes; none is gone in the tick of its answer,
and a CSMS that waits a moment for that answer is right to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core import topics
from chargepoint.tap.clock import Clock
from chargepoint.timing.times import last_mark, next_mark, seconds_of

if TYPE_CHECKING:
    from chargepoint.core.station import Station

# A clock that is decades off is broken; following it would lead out of the calendar.
FARTHEST_CLOCK = 50 * 365 * 86_400.0
# A clock that drifts may be a hair before the mark that a timer was set for.
HAIR = 0.001  # seconds
RESTART_SECONDS = 3.0  # where the configuration has no range


def next_step(begun: float, seconds: float, now: float) -> float:
    """The next of begun + n * seconds after `now`: a rhythm that a late wake or a restart does not
    shift."""
    return begun + (int((now + HAIR - begun) // seconds) + 1) * seconds


class Timers:
    """`key` of a timer is a name, or (name, *arguments): who is marked as its owner is told."""

    __slots__ = ("times",)

    def __init__(self) -> None:
        self.times: dict[Any, float] = {}

    @property
    def deadline(self) -> float | None:
        """When `wake` is due; None if nothing is."""
        return min(self.times.values()) if self.times else None

    def set(self, key: Any, at: float) -> None:
        """`key`: a name, or (name, argument); who is marked as its owner is told."""
        self.times[key] = at

    def clear(self, key: Any) -> None:
        self.times.pop(key, None)

    def has(self, key: Any) -> bool:
        return key in self.times

    def due(self, key: Any) -> float | None:
        """When the timer is due; None where it is not set."""
        return self.times.get(key)

    def take_due(self, now: float) -> list[Any]:
        """The keys of those that are due, the earliest first; they are set no longer."""
        due = [key for key, at in self.times.items() if at <= now]
        if len(due) > 1:
            due.sort(key=self.times.__getitem__)
        for key in due:
            del self.times[key]
        return due

    def forget(self) -> None:
        """None is set any longer."""
        self.times.clear()


class StationClock:
    """skew   what the station's clock shows beyond ours, seconds; it follows the CSMS's
    fault  what is wrong with it on purpose, if anything is
    """

    __slots__ = ("core", "fault", "skew")

    def __init__(self, core: Station) -> None:
        self.core = core
        self.skew = 0.0
        self.fault: Clock | None = None

    def use(self, fault: Clock | None, skew: float, now: float) -> None:
        """What is wrong with the clock from now on, if anything is."""
        self.fault, self.skew = fault, skew
        self.core.tell(topics.CLOCK_MOVED, now)

    def run(self, now: float) -> None:
        """A clock that runs wrong has moved on."""
        self.skew = self.fault.skew_at(now)

    def restore(self, saved: dict[str, Any]) -> None:
        self.skew = saved.get("skew", 0.0)

    def follow(self, text: str, now: float) -> None:
        """Follow the CSMS's clock (1.6 section 4.6, 2.0.1 G02.FR.06) unless it is unreadable."""
        if self.core.ask(topics.IGNORES_CLOCK):
            return
        there = seconds_of(text)
        if there is None:
            return
        skew = there - now
        if -1.0 <= skew <= 1.0:
            skew = 0.0  # the way there and back, not a wrong clock
        elif not -FARTHEST_CLOCK < skew < FARTHEST_CLOCK:
            return
        if self.fault is not None:
            skew = self.fault.told(skew, now)
        before, self.skew = self.skew, skew
        if not -1.0 <= skew - before <= 1.0:
            self.core.tell(topics.CLOCK_MOVED, now)

    def station_time(self, now: float) -> float:
        """What the station's clock shows, unix seconds."""
        return now + self.skew

    def when_it_shows(self, mark: float, now: float) -> float:
        """When the station's clock, running as it does, will show `mark`."""
        left = mark - self.station_time(now)
        return now + (left if self.fault is None else self.fault.until_shown(left))

    def next_clock_mark(self, now: float, seconds: int) -> float:
        """When the station's clock will show the next multiple of `seconds` since midnight UTC."""
        return self.when_it_shows(next_mark(self.station_time(now) + HAIR, seconds), now)

    def clock_mark(self, now: float, seconds: int) -> float:
        """The multiple of `seconds` since midnight UTC that the station's clock shows now or has
        just passed, unix seconds of that clock."""
        return last_mark(self.station_time(now) + HAIR, seconds)

    def stamp(self, now: float) -> str:
        """ISO 8601, of UTC where the make writes no other, by the station's clock, which follows
        the CSMS's."""
        return self.core.HABITS.stamp(now + self.skew)

    # --- how long it takes -------------------------------------------------------------------

    def delay(self, name: str, usual: float) -> float:
        """Seconds, another at each time; `usual` where the configuration has no range."""
        span = self.core.config.delays.get(name)
        if span is None:
            return usual
        least, most = span
        return least + (most - least) * self.core.rng.random()

    def restart_seconds(self) -> float:
        return self.delay("restart", RESTART_SECONDS)
