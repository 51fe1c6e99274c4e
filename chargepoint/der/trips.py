"""Where the grid leaves what a trip curve allows, and for how long it may: values alone."""

from chargepoint.der.controls import MONITORING
from chargepoint.der.curves import as_percent, interpolated, points_of, volt_points, volts_scale
from chargepoint.hardware.mains import Mains

# By the first two letters of the type: GridEventFaultEnumType.
_FAULTS = {
    "HF": "OverFrequency", "LF": "UnderFrequency", "HV": "OverVoltage", "LV": "UnderVoltage",
    "Po": "OverCurrent",
}  # fmt: skip


def fault_of(kind: str) -> str:
    return _FAULTS[kind[:2]]


def _seen(kind: str, curve: dict, mains: Mains) -> tuple[list[tuple[float, float]], float]:
    """(the points, the grid's value on the same axis)."""
    if kind[1] == "F":
        return points_of(curve), mains.frequency_hz
    return volt_points(curve), mains.voltage_pct


def beyond(kind: str, curve: dict, mains: Mains) -> float | None:
    """Seconds that the grid may stay as it is now; None while it is within the curve."""
    points, value = _seen(kind, curve, mains)
    ends = [x for x, _ in points]
    out = value > min(ends) if kind[0] == "H" else value < max(ends)
    return interpolated(points, value) if out else None


def is_back(kind: str, curve: dict, mains: Mains) -> bool:
    """The grid is within the curve again, and within its hysteresis where it has one."""
    if beyond(kind, curve, mains) is not None:
        return False
    _, value = _seen(kind, curve, mains)
    low, high = band(kind, curve)
    return low <= value <= high


def band(kind: str, curve: dict) -> tuple[float, float]:
    """(low, high) of the hysteresis, on the axis of the grid's value: Hz or percent."""
    hysteresis = curve.get("hysteresis", {})
    low = hysteresis.get("hysteresisLow", float("-inf"))
    high = hysteresis.get("hysteresisHigh", float("inf"))
    if kind[1] == "F" or kind.startswith("Freq"):
        return low, high
    scale = volts_scale(max(x for x, _ in points_of(curve)))
    return low * scale, high * scale


def within_service(settings: dict, mains: Mains) -> bool:
    """EnterService: the grid is good enough to begin with."""
    high = settings["highVoltage"]
    return (
        settings["lowFreq"] <= mains.frequency_hz <= settings["highFreq"]
        and as_percent(settings["lowVoltage"], high) - 1e-9
        <= mains.voltage_pct
        <= as_percent(high, high) + 1e-9
    )


def monitored(limit: dict | None, curve: dict | None) -> tuple[float, dict] | None:
    """(percent of the EV's rated discharge, curve) of power monitoring; None without any.

    limit: settings of LimitMaxDischarge; curve: those of PowerMonitoringMustTrip.
    """
    inner = (limit or {}).get("powerMonitoringMustTrip")
    if inner is not None:
        lowest = min(x for x, _ in points_of(inner))
        return limit.get("pctMaxDischargePower", lowest), inner
    if curve is not None:
        return min(x for x, _ in points_of(curve)), curve
    return None


def over_power(found: tuple[float, dict], percent: float) -> float | None:
    """Seconds that an EV may give `percent` of its rating; None while that is allowed."""
    return interpolated(points_of(found[1]), percent) if percent > found[0] + 1e-9 else None


def mean_volts(history: list[list[float]], now: float, seconds: float = 600.0) -> float:
    """The mean of the last `seconds`. history: [[since, percent]], in order, the last one now;
    before the first it was as at the first."""
    begin, total = now - seconds, 0.0
    for place, (since, value) in enumerate(history):
        start = begin if place == 0 else max(begin, since)
        end = history[place + 1][0] if place + 1 < len(history) else now
        total += value * max(0.0, end - start)
    return total / seconds


__all__ = [
    "MONITORING", "band", "beyond", "fault_of", "is_back", "mean_volts", "monitored",
    "over_power", "within_service",
]  # fmt: skip
