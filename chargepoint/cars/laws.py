"""Power and energy over a piece of a charging curve, in closed form.

Along a straight piece watts are a line over the state of charge, so the state of charge over time
is an exponential; a limit makes it a straight line, a ramp a parabola. Nothing here takes steps.

per_ws: percent of the battery gained for each watt-second at the meter.
"""

from itertools import pairwise
from math import copysign, inf, sqrt
from typing import NamedTuple

Curve = tuple[tuple[float, float], ...]  # (percent, W)


class Piece(NamedTuple):
    """Up to `end` percent watts = power + slope * (percent gained)."""

    end: float
    power: float
    slope: float


def piece_at(curve: Curve, soc: float, target: float, cap_w: float = inf) -> Piece:
    """The law that holds at `soc` while `cap_w` is on offer."""
    for (s0, w0), (s1, w1) in pairwise(curve):  # noqa: B007 - used after the loop
        if soc < s1:
            break
    slope = (w1 - w0) / (s1 - s0)
    power, end = w0 + slope * (soc - s0), min(s1, target)
    if slope == 0.0 or cap_w == inf:
        return Piece(end, min(power, cap_w), slope)
    crossing = s0 + (cap_w - w0) / slope
    capped = power > cap_w if slope < 0 else power >= cap_w
    if capped:
        if slope < 0:
            if crossing <= soc:  # only by rounding
                return Piece(end, cap_w, slope)
            end = min(end, crossing)
        return Piece(end, cap_w, 0.0)
    if slope > 0:
        if crossing <= soc:  # only by rounding
            return Piece(end, cap_w, 0.0)
        end = min(end, crossing)
    return Piece(end, power, slope)


def ramp_gain(seconds: float, from_w: float, rate: float, per_ws: float) -> float:
    """Percent gained in `seconds` while watts = from_w + rate * seconds."""
    return per_ws * seconds * (from_w + rate * seconds / 2.0)


def ramp_duration(percent: float, from_w: float, rate: float, per_ws: float) -> float:
    """Seconds until a ramp has gained `percent`."""
    work = percent / per_ws
    return 2.0 * work / (from_w + sqrt(from_w * from_w + 2.0 * rate * work))


def ramp_meets(piece: Piece, from_w: float, rate: float, per_ws: float) -> float:
    """Seconds until a ramp that is below the piece's law has reached it; inf if never.

    The ramp is from_w + rate*t, the law power + slope*ramp_gain(t): a quadratic equation.
    """
    a = piece.slope * per_ws * rate / 2.0
    b = piece.slope * per_ws * from_w - rate
    c = piece.power - from_w
    if c <= 0.0:
        return 0.0
    discriminant = b * b - 4.0 * a * c
    if discriminant < 0.0:
        return inf
    q = -(b + copysign(sqrt(discriminant), b)) / 2.0  # without the difference of close numbers
    roots = [root for root in (q / a if a else inf, c / q if q else inf) if root > 0.0]
    return min(roots, default=inf)
