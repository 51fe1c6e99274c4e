"""The curves of DER controls (2.1, DERCurveType): read, and linear between their points.

X by the control's type: hertz (FreqWatt, HF..., LF...), volts (VoltWatt, VoltVar, HV..., LV...),
or percent of rated power (WattPF, WattVar, PowerMonitoringMustTrip). The schema gives no unit for
volts, and those who write curves use three: up to 3 all are per unit, up to 160 percent of
nominal, and beyond that volts. A curve is read as one, by its highest x.
"""

from collections.abc import Sequence

from chargepoint.hardware.mains import NOMINAL_V

Points = Sequence[tuple[float, float]]
_PER_UNIT_TO, _PERCENT_TO = 3.0, 160.0


def interpolated(points: Points, x: float) -> float:
    """The curve through the points, flat beyond its ends. Of two points at one x the later counts
    from that x on."""
    points = sorted(points, key=lambda point: point[0])
    if x < points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        if x0 <= x < x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]


def points_of(curve: dict) -> list[tuple[float, float]]:
    return [(point["x"], point["y"]) for point in curve["curveData"]]


def volts_scale(highest: float) -> float:
    """By what to multiply a voltage to have percent of nominal, if `highest` is of its kind."""
    if highest <= _PER_UNIT_TO:
        return 100.0
    return 1.0 if highest <= _PERCENT_TO else 100.0 / NOMINAL_V


def volt_points(curve: dict) -> list[tuple[float, float]]:
    """The points with x in percent of nominal."""
    points = points_of(curve)
    scale = volts_scale(max(x for x, _ in points))
    return [(x * scale, y) for x, y in points]


def as_percent(volts: float, like: float) -> float:
    """A voltage beside a curve whose highest x is `like`, or by itself, in percent of nominal."""
    return volts * volts_scale(like)
