"""What limits mean for outlets: their circuits, the least a car can use, the shares of a station.

Profiles that limit several outlets together are shared out among those that charge.
"""

from typing import Any

from chargepoint.charging import limits
from chargepoint.charging.limits import AC_VOLTS, DC_VOLTS, Circuit, Limit
from chargepoint.charging.profile import Period
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.meter import AC_POWER_FACTOR

LEAST_AMPS = 6.0  # IEC 61851-1: below this an AC outlet cannot tell a car to charge
LEAST_DC_W = 1.0


def circuit_of(outlet: Connector, measured: bool) -> Circuit:
    """measured: watts as the meter sees them, so that no more amperes flow than allowed."""
    if outlet.dc:
        return Circuit(0, outlet.config.max_power_w, DC_VOLTS)
    volts = outlet.mains.voltage_v * AC_POWER_FACTOR if measured else AC_VOLTS
    return Circuit(outlet.config.phases, outlet.config.max_power_w, volts)


def least_w(outlet: Connector) -> float:
    """The least power in W at which an outlet can charge: AC by 6 A a phase (IEC 61851-1), DC by
    LEAST_DC_W."""
    if outlet.dc:
        return LEAST_DC_W
    return LEAST_AMPS * outlet.mains.voltage_v * AC_POWER_FACTOR * outlet.phases_used - 1e-6


def paused(outlet: Connector) -> bool:
    """Too little is on offer to charge with."""
    return outlet.limit_w is not None and outlet.limit_w < least_w(outlet)


def grid_of(dc: bool, total_w: float) -> Circuit:
    """The circuit that feeds a whole station; dc: all its outlets are."""
    return Circuit(0 if dc else 3, total_w, DC_VOLTS if dc else AC_VOLTS)


def cabinet_of(shared_w: float | None) -> list[tuple[str, Period]]:
    """What all outlets can carry together, as a limit of the station; [] where each has its own."""
    return [] if shared_w is None else [("W", Period(0, shared_w, None))]


def divided(
    outlets: list[Connector], found: list[Limit], station: list[tuple[str, Period]], grid: Circuit
) -> list[tuple[float, int]]:
    """(watts, phases) for each outlet, together within the station's limits.

    outlets: in the order of their begin; found: what each may have by itself; station: the
    (unit, period) of each limit of the whole.
    """
    circuits = [circuit_of(outlet, True) for outlet in outlets]
    if not station or not outlets:
        pairs = zip(found, circuits, strict=True)
        return [(limit.total_w(circuit.volts), limit.phases) for limit, circuit in pairs]
    grid = grid._replace(volts=circuits[0].volts)
    whole = min(limits.limit_of(*one, grid).total_w(grid.volts) for one in station)
    alone = list(found)
    for one in station:  # no single outlet may have more amperes a phase than the station
        alone = [
            limit.joined(limits.limit_of(*one, circuit))
            for limit, circuit in zip(alone, circuits, strict=True)
        ]
    watts = [limit.total_w(c.volts) for limit, c in zip(alone, circuits, strict=True)]
    # What a full or missing car leaves is for the others.
    wants = [outlet.ev is not None and not outlet.ev.full for outlet in outlets]
    asked = [w if want else 0.0 for w, want in zip(watts, wants, strict=True)]
    shares = limits.shared(asked, [least_w(o) for o in outlets], whole)
    rest = [s if want else w for s, w, want in zip(shares, watts, wants, strict=True)]
    return [(w, limit.phases) for w, limit in zip(rest, alone, strict=True)]


def period_of(limit: Limit, unit: str, circuit: Circuit) -> dict[str, Any]:
    """What a ChargingSchedulePeriod tells of a limit, all but its startPeriod.

    unit: "A" a phase, or "W".
    """
    watts = limit.total_w(circuit.volts)
    value = watts if unit == "W" else watts / (circuit.volts * limit.phases)
    told: dict[str, Any] = {"limit": round(value, 1)}
    if circuit.phases:
        told["numberPhases"] = limit.phases
    return told


def periods(steps: list[tuple[int, dict[str, Any]]]) -> list[dict[str, Any]]:
    """[ChargingSchedulePeriod] of a composite schedule; no two neighbours tell the same.

    steps: (milliseconds from its begin, what is told of the limit), in order.
    """
    starts = {round(offset / 1000): told for offset, told in steps}  # of a second, the last
    return unlike_neighbours([{"startPeriod": start, **told} for start, told in starts.items()])


def unlike_neighbours(periods: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without those that tell the same as the one before."""
    found: list[dict[str, Any]] = []
    for period in periods:
        if not found or {**period, "startPeriod": found[-1]["startPeriod"]} != found[-1]:
            found.append(period)
    return found
