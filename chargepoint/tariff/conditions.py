"""When a price applies: the conditions of a tariff at one moment of a transaction.

Conditions are dicts as 2.1 writes them (TariffConditionsType, TariffConditionsFixedType). All that
are set must hold. Of power, current and energy a negative bound speaks of energy that flows back:
"min" is the bound that is closer to zero, "max" the one that is farther from it.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from chargepoint.timing.times import utc_of

LEAST_S, LEAST_WH = 1e-3, 1e-3  # closer to a bound than this is at the bound
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY_S = 86_400.0


class Place(NamedTuple):
    """What stays the same for a whole transaction. brand, recognition: of an ad hoc payment."""

    kind: str  # "AC" | "DC"
    brand: str = ""
    recognition: str = ""


class Moment(NamedTuple):
    """local: seconds since 1970 as local clocks show them; the rest since the transaction began."""

    local: float
    energy_wh: float = 0.0
    power_w: float = 0.0
    current_a: float = 0.0
    elapsed_s: float = 0.0
    charging_s: float = 0.0
    idle_s: float = 0.0


def holds(conditions: dict[str, Any] | None, moment: Moment, place: Place) -> bool:
    """Whether all conditions hold at a moment and place (OCPP 2.1, TariffConditionsType): energy
    in Wh, power in W, current in A, times in s. None: always."""
    if not conditions:
        return True
    return (
        _clock_holds(conditions, moment.local)
        and _place_holds(conditions, place)
        and _within(conditions, "Energy", moment.energy_wh, LEAST_WH)
        and _within(conditions, "Power", moment.power_w, 0.0)
        and _within(conditions, "Current", moment.current_a, 0.0)
        and _within(conditions, "Time", moment.elapsed_s, LEAST_S)
        and _within(conditions, "ChargingTime", moment.charging_s, LEAST_S)
        and _within(conditions, "IdleTime", moment.idle_s, LEAST_S)
    )


def _within(conditions: dict[str, Any], name: str, value: float, slack: float) -> bool:
    """min is inclusive, max exclusive."""
    low, high = conditions.get(f"min{name}"), conditions.get(f"max{name}")
    if low is not None and not (value <= low + slack if low < 0 else value >= low - slack):
        return False
    return high is None or (value > high + slack if high < 0 else value < high - slack)


def _place_holds(conditions: dict[str, Any], place: Place) -> bool:
    for name, have in (
        ("evseKind", place.kind), ("paymentBrand", place.brand),
        ("paymentRecognition", place.recognition),
    ):  # fmt: skip
        if name in conditions and conditions[name] != have:
            return False
    return True


def _clock_holds(conditions: dict[str, Any], local: float) -> bool:
    start, end = conditions.get("startTimeOfDay"), conditions.get("endTimeOfDay")
    if start is not None or end is not None:
        low, high = _seconds_of_day(start or "00:00"), _seconds_of_day(end or "00:00")
        at = local % _DAY_S
        if low < high:
            inside = low <= at < high
        else:  # it wraps around midnight; equal bounds leave nothing out
            inside = at >= low or at < high
        if not inside:
            return False
    if not ({"dayOfWeek", "validFromDate", "validToDate"} & conditions.keys()):
        return True
    today = utc_of(local).date()
    if "dayOfWeek" in conditions and _DAYS[today.weekday()] not in conditions["dayOfWeek"]:
        return False
    if "validFromDate" in conditions and today < date.fromisoformat(conditions["validFromDate"]):
        return False
    return not (
        "validToDate" in conditions and today >= date.fromisoformat(conditions["validToDate"])
    )


def _seconds_of_day(text: str) -> float:
    """Of "HH:MM"."""
    return int(text[:2]) * 3600.0 + int(text[3:5]) * 60.0


class Bounds:
    """Where the conditions of some prices can begin or cease to hold.

    clock: seconds of the local day, None where no price asks the clock; flow: some price asks for
    power or current, which change without notice.
    """

    __slots__ = ("charging", "clock", "elapsed", "energy", "flow", "idle")

    def __init__(self, conditions: Iterable[dict[str, Any]]):
        given = list(conditions)
        self.energy = _bounds(given, "Energy")
        self.elapsed = _bounds(given, "Time")
        self.charging = _bounds(given, "ChargingTime")
        self.idle = _bounds(given, "IdleTime")
        self.flow = bool(_bounds(given, "Power") or _bounds(given, "Current"))
        hours = {
            _seconds_of_day(entry[name])
            for entry in given for name in ("startTimeOfDay", "endTimeOfDay") if name in entry
        }  # fmt: skip
        dated = any(
            name in entry
            for entry in given for name in ("dayOfWeek", "validFromDate", "validToDate")
        )  # fmt: skip
        self.clock = sorted(hours | {0.0}) if hours or dated else None

    def until_clock(self, local: float) -> float:
        """Seconds until the next of the marks; infinite where there are none."""
        if self.clock is None:
            return float("inf")
        at = local % _DAY_S
        waits = ((mark - at) % _DAY_S or _DAY_S for mark in self.clock)
        return min(waits)


def _bounds(given: list[dict[str, Any]], name: str) -> tuple[float, ...]:
    keys = (f"min{name}", f"max{name}")
    return tuple({float(entry[key]) for entry in given for key in keys if key in entry})
