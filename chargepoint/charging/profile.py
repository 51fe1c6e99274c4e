"""A charging profile and when its schedule is in force (1.6 3.13 and 7.8-7.14; 2.0.1 part 2, K).

Times are whole unix milliseconds, so that a boundary is exact.
"""

from typing import Any, NamedTuple

DAY = 86_400_000
CYCLES = {"Daily": DAY, "Weekly": 7 * DAY}
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
    begin       startSchedule; where it is missing, the schedule begins with the charging
    unit        "A" or "W"
    session     of a TxProfile: the session that it belongs to
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

    def _base(self, since: int | None) -> int | None:
        return since if self.kind == "Relative" or self.begin is None else self.begin

    def period_at(self, time: int, since: int | None) -> Period | None:
        """What it asks for at `time`, None where it says nothing. since: the charging's begin."""
        if self.valid_from is not None and time < self.valid_from:
            return None
        if self.valid_to is not None and time >= self.valid_to:
            return None
        base = self._base(since)
        if base is None or time < base:
            return None
        offset = time - base
        if self.cycle is not None:
            offset %= self.cycle
        if self.duration is not None and offset >= self.duration:
            return None
        return next((p for p in reversed(self.periods) if p.start <= offset), None)

    def next_change(self, time: int, since: int | None) -> int | None:
        """The first moment after `time` at which it may ask for something else."""
        base = self._base(since)
        moments = [self.valid_from, self.valid_to]
        if base is not None:
            offsets = [period.start for period in self.periods]
            if self.duration is not None:
                offsets.append(self.duration)
            if self.cycle is not None:
                # A duration longer than the cycle is cut off by the next round.
                offsets = [min(offset, self.cycle) for offset in offsets] + [self.cycle]
                base += max(0, time - base) // self.cycle * self.cycle
            moments += [base + offset for offset in offsets]
        return min((m for m in moments if m is not None and m > time), default=None)

    def to_saved(self) -> dict[str, Any]:
        return {**self._asdict(), "periods": [list(period) for period in self.periods]}

    @classmethod
    def from_saved(cls, saved: dict[str, Any]) -> "Profile":
        periods = tuple(Period(*period) for period in saved["periods"])
        return cls(**{**saved, "periods": periods})


def prevailing(profiles: list[Profile], time: int, since: int | None) -> tuple | None:
    """(profile, period) of the highest stack level that says something at `time`.

    At the same level the connector's own profile counts more than the one for all connectors.
    """
    best = None
    for profile in profiles:
        period = profile.period_at(time, since)
        if period is None:
            continue
        rank = (profile.stack, profile.connector > 0)
        if best is None or rank > (best[0].stack, best[0].connector > 0):
            best = profile, period
    return best
