"""From profiles to a limit: purposes merged, amperes and watts, phases, the composite schedule."""

from collections.abc import Callable, Iterable
from math import inf
from typing import Any, NamedTuple

from chargepoint.charging.profile import STATION_MAX, TX, TX_DEFAULT, Period, Profile
from chargepoint.charging.ranking import Changes, Ranking

AC_VOLTS, DC_VOLTS = 230.0, 400.0  # by which amperes are watts where nobody has measured
LOOKS_AT_MOST = 8_000  # profiles looked at for one composite schedule: some 20 ms


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
    """What a schedule's period allows a circuit: W in all or A a phase, by `unit`, and its
    phases."""
    # 7.12 numberPhases: 3 where it is not given. A DC outlet has one "phase".
    phases = min(period.phases or 3, circuit.lines)
    if unit == "W":
        return Limit(period.limit, inf, phases)
    return Limit(inf, period.limit, phases)


def for_transaction(
    ranking: Ranking, connector: int, session: str, time: int, since: int | None
) -> tuple[Profile, Period] | None:
    """3.13.1: the transaction's own profile, and where it says nothing the default one."""
    own = ranking.of((TX, session), lambda p: p.purpose == TX and p.session == session)
    if own and (found := ranking.prevailing(own, time, since)):
        return found
    default = ranking.of(
        (TX_DEFAULT, connector),
        lambda p: p.purpose == TX_DEFAULT and p.connector in (0, connector),
    )
    return ranking.prevailing(default, time, since)


def for_station(ranking: Ranking, time: int) -> tuple[Profile, Period] | None:
    """The profile and period that count as ChargingStationMaxProfile at `time`, or None."""
    station = ranking.of(STATION_MAX, lambda p: p.purpose == STATION_MAX)
    return ranking.prevailing(station, time, None)


def merged(circuit: Circuit, *found: tuple | None) -> Limit:
    """The outlet's own limit and those of the (profile, period) that were found."""
    limit = unlimited(circuit)
    for profile, period in filter(None, found):
        limit = limit.joined(limit_of(profile.unit, period, circuit))
    return limit


def next_change(profiles: list[Profile], time: int, sinces: Iterable[int]) -> int | None:
    """The first moment after `time` at which one may ask for something else.

    sinces: when charging began on each outlet.
    """
    begun = (None, *set(sinces))
    moments = [
        profile.next_change(time, since)
        for profile in profiles
        for since in (begun if profile.follows_charging() else (None,))
    ]
    return min((m for m in moments if m is not None), default=None)


def composite(
    told_at: Callable[[int], dict[str, Any]], ranking: Ranking, changes: Changes, begin: int,
    duration: int, most: int,
) -> tuple[list[tuple[int, dict[str, Any]]], int]:  # fmt: skip
    """([(ms from the begin, what is told)], seconds) of that long; neighbours differ.

    told_at: what is told of the limit at a time, in the unit that was asked for: limits that are
    told alike are one period. duration: ms; most: periods at most. The seconds are the wanted
    ones, or fewer: what follows is not promised where more than `most` periods would be needed, or
    where LOOKS_AT_MOST did not suffice to look so far ahead. Never less than one.
    """
    steps: list[tuple[int, dict[str, Any]]] = []
    time: int | None = begin
    first = ranking.looks
    while time is not None and time < begin + duration:
        told = told_at(time)
        if not steps or steps[-1][1] != told:
            if len(steps) == most:
                return steps, max(1, (time - begin) // 1000)
            steps.append((time - begin, told))
        time = changes.after(time)
        spent = ranking.looks - first + changes.looks > LOOKS_AT_MOST
        if spent and time is not None and begin + 1000 <= time < begin + duration:
            return steps, (time - begin) // 1000
    return steps, duration // 1000


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
