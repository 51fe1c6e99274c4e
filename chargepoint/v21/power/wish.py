"""What an outlet wishes to take or to give, and what its inverter can do."""

from math import inf
from typing import NamedTuple

from chargepoint.der.power import Rating
from chargepoint.hardware.connector import Connector

VAR_SHARE = 0.6  # of its VA an inverter can turn into vars


class Wish(NamedTuple):
    """What profiles and driver make of an outlet, in W.

    take: the limit of charging; give: what the EV is to give back instead, 0 for nothing;
    most, room: how much it may take and give if the grid asks for it.
    """

    take: float
    give: float
    most: float
    room: float


def rating_of(hardware: Connector) -> Rating:
    """Of an outlet at which a car stands."""
    ev = hardware.ev
    outlet_w = float(hardware.config.max_power_w)
    ev_w = min(outlet_w, ev.max_discharge_kw * 1000.0)
    take_w = ev.ceiling_w(hardware.config)
    give_w, va = (outlet_w, outlet_w) if hardware.dc else (ev_w, max(ev_w, take_w))
    return Rating(give_w, take_w, va, va * VAR_SHARE, ev_w, ev.gives_w(inf))
