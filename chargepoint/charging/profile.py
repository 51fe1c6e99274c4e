"""A charging profile and when its schedule is in force (1.6 3.13 and 7.8-7.14; 2.0.1 part 2, K).

Times are whole unix milliseconds, so that a boundary is exact.
"""

from bisect import bisect_right
from operator import attrgetter
from typing import Any, NamedTuple

from chargepoint.timing.local_time import offset_changes, offset_ms

DAY = 86_400_000
CYCLES = {"Daily": DAY, "Weekly": 7 * DAY}
_START = attrgetter("start")
STATION_MAX, TX_DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"


class Period(NamedTuple):
    """From `start` ms into the schedule: `limit` A a phase, or W; on `phases` (None: 3).

    setpoint, discharge, mode, reactive: 2.1's setpoint, dischargeLimit (below 0), operationMode
    and setpointReactive (above 0: inductive).
    """

    start: int
    limit: float
    phases: int | None = None
    setpoint: float | None = None
    discharge: float | None = None
    mode: str = ""
    reactive: float | None = None


class Profile(NamedTuple):
    """One installed profile.

    connector   0: the station, or all connectors
    kind        Absolute | Recurring | Relative; cycle: ms of a recurring one
    periods     in order; the first starts at 0
    begin       startSchedule; where it is missing, the schedule begins with the charging
    unit        "A" or "W"
    session     of a TxProfile: the session that it belongs to
    zone        where it is set, `begin` is in local time, and so are its rounds (2.1 useLocalTime)
    """

    id: int
    connector: int
    purpose: str
    stack: int
    kind: str
    unit: str
    periods: tuple[Period, ...]
    begin: int | None = None
    cycle: int | None = None
    duration: int | None = None
    valid_from: int | None = None
    valid_to: int | None = None
    session: str = ""
    zone: str = ""

    def _base(self, since: int | None) -> int | None:
        return since if self.kind == "Relative" or self.begin is None else self.begin

    def period_at(self, time: int, since: int | None) -> Period | None:
        """What it asks for at `time`, None where it says nothing. since: the charging's begin."""
        if self.valid_from is not None and time < self.valid_from:
            return None
        if self.valid_to is not None and time >= self.valid_to:
            return None
        base = self._base(since)
        if self.zone:
            time += offset_ms(self.zone, time)
        if base is None or time < base:
            return None
        offset = time - base
        if self.cycle is not None:
            offset %= self.cycle
        if self.duration is not None and offset >= self.duration:
            return None
        return self.periods[bisect_right(self.periods, offset, key=_START) - 1]

    def next_change(self, time: int, since: int | None) -> int | None:
        """The first moment after `time` at which it may ask for something else."""
        if self.valid_to is not None and time >= self.valid_to:
            return None
        if self.valid_from is not None and time < self.valid_from:
            return self.valid_from
        base, moments = self._base(since), []
        if base is not None:
            if self.zone:
                base -= offset_ms(self.zone, time)
            if self.cycle is not None:
                base += max(0, time - base) // self.cycle * self.cycle
            moments = [base + offset for offset in self._offsets_after(time - base)]
            if self.zone and moments:  # as the clocks are now; another look where they change
                moved = offset_changes(self.zone, time, min(moments))
                moments = moments if moved is None else [moved]
        if self.valid_to is not None:
            moments.append(self.valid_to)
        return min(moments, default=None)

    def _offsets_after(self, offset: int) -> list[int]:
        """Candidates for the next change, ms into the schedule or into its round."""
        offsets = []
        following = bisect_right(self.periods, offset, key=_START)
        if following < len(self.periods):
            offsets.append(self.periods[following].start)
        if self.duration is not None and self.duration > offset:
            offsets.append(self.duration)
        if self.cycle is not None:  # what is longer than the cycle is cut off by the next round
            offsets.append(self.cycle)
        return offsets

    def follows_charging(self) -> bool:
        """Whether it begins with the charging, and so at another time on each outlet."""
        return self.kind == "Relative" or self.begin is None

    def without_repetition(self) -> "Profile":
        """The same limits with fewer changes: what asks for the same in a row is one period.

        Of a period only limit and phases stay meaningful.
        """
        kept: list[Period] = []
        for period in self.periods:
            if not kept or kept[-1][1:3] != period[1:3]:
                kept.append(period)
        endless = self.duration is None or (self.cycle is not None and self.duration >= self.cycle)
        if len(kept) == 1 and self.cycle is not None and endless:
            return self._replace(periods=tuple(kept), cycle=None, duration=None)
        return self._replace(periods=tuple(kept))

    def to_saved(self) -> dict[str, Any]:
        """As plain JSON, for `from_saved`."""
        saved = {**self._asdict(), "periods": [list(period) for period in self.periods]}
        if not self.zone:
            del saved["zone"]
        return saved

    @classmethod
    def from_saved(cls, saved: dict[str, Any]) -> "Profile":
        """The profile that was saved as plain JSON."""
        periods = tuple(Period(*period) for period in saved["periods"])
        return cls(**{**saved, "periods": periods})


def rank(profile: Profile) -> tuple[int, bool]:
    """At the same stack level the connector's own profile counts more than the one for all."""
    return profile.stack, profile.connector > 0
