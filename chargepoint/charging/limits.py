"""From profiles to a limit: purposes merged, amperes and watts, phases, the composite schedule."""

from math import inf
from typing import NamedTuple

from chargepoint.charging.profile import STATION_MAX, TX, TX_DEFAULT, Period, Profile, prevailing

AC_VOLTS, DC_VOLTS = 230.0, 400.0  # by which amperes are watts where nobody has measured
PERIODS_AT_MOST = 500


class Circuit(NamedTuple):
    """What is limited. phases: 1 or 3, 0 for DC; volts: of a phase, or of the DC outlet."""

    phases: int
    max_w: float
    volts: float

    @property
    def lines(self) -> int:
        return self.phases or 1


class Limit(NamedTuple):
    """At most `watts` in all and `amps` on each of `phases`."""

    watts: float
    amps: float
    phases: int

    def joined(self, other: "Limit") -> "Limit":
        return Limit(
            min(self.watts, other.watts), min(self.amps, other.amps),
            min(self.phases, other.phases),
        )  # fmt: skip

    def total_w(self, volts: float) -> float:
        return min(self.watts, self.amps * volts * self.phases)


def unlimited(circuit: Circuit) -> Limit:
    """What the outlet itself allows."""
    return Limit(circuit.max_w, circuit.max_w / (circuit.volts * circuit.lines), circuit.lines)


def limit_of(unit: str, period: Period, circuit: Circuit) -> Limit:
    # 7.12 numberPhases: 3 where it is not given. A DC outlet has one "phase".
    phases = min(period.phases or 3, circuit.lines)
    if unit == "W":
        return Limit(period.limit, inf, phases)
    return Limit(inf, period.limit, phases)


def for_transaction(
    profiles: list[Profile], connector: int, session: str, time: int, since: int | None
) -> tuple | None:
    """3.13.1: the transaction's own profile, and where it says nothing the default one."""
    own = [p for p in profiles if p.purpose == TX and p.session == session]
    default = [p for p in profiles if p.purpose == TX_DEFAULT and p.connector in (0, connector)]
    return prevailing(own, time, since) or prevailing(default, time, since)


def for_station(profiles: list[Profile], time: int) -> tuple | None:
    return prevailing([p for p in profiles if p.purpose == STATION_MAX], time, None)


def merged(circuit: Circuit, *found: tuple | None) -> Limit:
    """The outlet's own limit and those of the (profile, period) that were found."""
    limit = unlimited(circuit)
    for profile, period in filter(None, found):
        limit = limit.joined(limit_of(profile.unit, period, circuit))
    return limit


def next_change(profiles: list[Profile], time: int, since: int | None) -> int | None:
    moments = [profile.next_change(time, since) for profile in profiles]
    return min((m for m in moments if m is not None), default=None)


def composite(limit_at, next_at, begin: int, duration: int) -> list[tuple[int, Limit]]:
    """[(ms from the begin, Limit)] over `duration` ms; neighbours differ.

    limit_at(time) and next_at(time) as above. Cut off after PERIODS_AT_MOST changes.
    """
    steps: list[tuple[int, Limit]] = []
    time: int | None = begin
    while time is not None and time < begin + duration and len(steps) < PERIODS_AT_MOST:
        limit = limit_at(time)
        if not steps or steps[-1][1] != limit:
            steps.append((time - begin, limit))
        time = next_at(time)
    return steps


def shared(wanted: list[float], least: list[float], total: float) -> list[float]:
    """Watts for each, in the order of their begin, together at most `total`.

    All get the same, or what they want if that is less. Where the same is too little to charge
    with (`least`), those who came last wait.
    """
    for count in range(len(wanted), 0, -1):
        shares = _filled(wanted[:count], total)
        enough = zip(shares, wanted, least, strict=False)
        if all(share >= min(want, floor) - 1e-6 for share, want, floor in enough):
            return shares + [0.0] * (len(wanted) - count)
    return [0.0] * len(wanted)


def _filled(wanted: list[float], total: float) -> list[float]:
    shares, left, open_ = [0.0] * len(wanted), total, len(wanted)
    for place in sorted(range(len(wanted)), key=wanted.__getitem__):
        shares[place] = min(wanted[place], left / open_)
        left -= shares[place]
        open_ -= 1
    return shares
