"""What DER controls make of watts and vars, from values alone: no station, no clock in here.

Watts given to the grid are above 0 in this module, as DER controls count them; what an EV takes
is below 0. Vars are the other way round, as meters count them: above 0 they are taken.
"""

from math import acos, sqrt, tan
from typing import NamedTuple

from chargepoint.der.curves import interpolated, points_of, volt_points
from chargepoint.hardware.mains import NOMINAL_HZ, Mains

Ruling = dict[str, tuple[str, dict]]  # type -> (controlId, settings), see controls.ruling
BOUNDS = ("FreqWatt", "VoltWatt")
# Of the controls of reactive power one counts: that of the lowest priority number, and then this.
_REACTIVE = ("VoltVar", "WattVar", "WattPF", "FixedVar", "FixedPFAbsorb", "FixedPFInject")


class Rating(NamedTuple):
    """What the inverter can do, in W, VA and var: a DC EVSE's own, at AC the EV's within the EVSE.

    ev_w: the EV's rated discharge; now_w: what the EV could give now.
    """

    give_w: float
    take_w: float
    va: float
    var: float
    ev_w: float
    now_w: float


def percent(kind: str, curve: dict, mains: Mains) -> float:
    """Where the FreqWatt or VoltWatt curve is, percent of its yUnit."""
    if kind == "FreqWatt":
        return interpolated(points_of(curve), mains.frequency_hz)
    return interpolated(volt_points(curve), mains.voltage_pct)


def bound_w(curve: dict, level: float, rating: Rating) -> float:
    """The most that may be given at `level` percent; below 0: so much must be taken."""
    if level < 0:
        return rating.take_w * level / 100.0
    most = rating.now_w if curve["yUnit"] == "PctWAvail" else rating.give_w
    return most * level / 100.0


def droop(settings: dict, mains: Mains) -> float:
    """By how much of its rating a DER shall give more (above 0) or less at this frequency.

    A droop is the change of frequency, per unit of nominal, for the whole rating (IEEE 1547-2018,
    6.5.2.7.1). One above 1 can only be meant in percent.
    """
    hertz = mains.frequency_hz
    if hertz > settings["overFreq"]:
        return -(hertz - settings["overFreq"]) / (NOMINAL_HZ * _per_unit(settings["overDroop"]))
    if hertz < settings["underFreq"]:
        return (settings["underFreq"] - hertz) / (NOMINAL_HZ * _per_unit(settings["underDroop"]))
    return 0.0


def _per_unit(value: float) -> float:
    return value / 100.0 if value > 1.0 else value


def limited_w(settings: dict, rating: Rating) -> float:
    """What LimitMaxDischarge leaves. With a curve it watches the power, and does not limit it."""
    if "powerMonitoringMustTrip" in settings:
        return rating.ev_w
    return rating.ev_w * settings["pctMaxDischargePower"] / 100.0


def shaped(
    base: float, ruling: Ruling, levels: dict[str, float], rating: Rating, least: float, most: float
) -> float:
    """The watts to give where `base` was planned; between `least` (taking) and `most`.

    levels: what FreqDroop, FreqWatt and VoltWatt are at, after their response times.
    """
    wanted, highest = base, most
    if "FreqDroop" in ruling:
        # The side that the EV works on has the rating.
        rated = rating.give_w or rating.take_w
        wanted += levels["FreqDroop"] * rated
    for kind in BOUNDS:
        if kind in ruling:
            highest = min(highest, bound_w(ruling[kind][1], levels[kind], rating))
    if "LimitMaxDischarge" in ruling:
        highest = min(highest, limited_w(ruling["LimitMaxDischarge"][1], rating))
    return max(least, min(wanted, highest))


# --- reactive power ------------------------------------------------------------------------------


def reactive_kind(ruling: Ruling) -> str | None:
    """The control that sets the vars."""
    there = [kind for kind in _REACTIVE if kind in ruling]
    return min(there, key=lambda kind: ruling[kind][1]["priority"], default=None)


def of_factor(watts: float, factor: float, absorbing: bool) -> float:
    """The vars that go with so many watts."""
    var = abs(watts) * tan(acos(min(1.0, factor)))
    return var if absorbing else -var


def watt_factor(curve: dict, watts: float, rating: Rating) -> tuple[float, bool]:
    """(power factor, absorbing) of a WattPF curve: y above 0 absorbs, below 0 injects.

    It goes through 1 from one side to the other, so what is interpolated is the way to 1.
    """
    points = [(x, (1.0 - abs(y)) * (1 if y > 0 else -1)) for x, y in points_of(curve)]
    away = interpolated(points, _of_rating(watts, rating))
    return 1.0 - abs(away), away >= 0


def _of_rating(watts: float, rating: Rating) -> float:
    rated = rating.give_w if watts >= 0 else rating.take_w
    return watts / rated * 100.0 if rated else 0.0


def percent_var(
    kind: str, settings: dict, watts: float, rating: Rating, mains: Mains, vref: float
) -> float:
    """What VoltVar, WattVar or FixedVar ask for, percent of their unit: above 0 is given.

    vref: percent of nominal that counts as 100 % on the curve of VoltVar.
    """
    match kind:
        case "VoltVar":
            return interpolated(volt_points(settings), mains.voltage_pct / vref * 100.0)
        case "WattVar":
            return interpolated(points_of(settings), _of_rating(watts, rating))
        case _:
            return settings["setpoint"]


def vars_of(unit: str, level: float, watts: float, rating: Rating) -> float:
    """Vars taken, at so many percent (above 0 is given) of the unit."""
    most = rating.var
    if unit == "PctVarAvail":
        most = min(most, sqrt(max(0.0, rating.va**2 - watts**2)))
    return -max(-100.0, min(100.0, level)) / 100.0 * most


def left_w(watts: float, factor: float | None, var: float, rating: Rating) -> float:
    """The watts that fit into the rated VA: beside so many vars, which come first
    (IEEE 1547-2018, 5.3.1), or at the power factor if there is one."""
    room = sqrt(max(0.0, rating.va**2 - var**2)) if factor is None else rating.va * factor
    return max(-room, min(room, watts))
