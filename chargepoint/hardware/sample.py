"""What the meter of one outlet shows at one moment."""

from typing import NamedTuple


class Sample(NamedTuple):
    time: float  # unix seconds
    energy_wh: float  # the register, exact
    power_w: float
    currents_a: tuple[float, ...]  # one a phase (connector's phases); one for DC
    voltage_v: float  # line to neutral; for DC at the outlet
    soc: float | None  # percent, while an EV is plugged in
    frequency: float  # Hz; 0 for DC
    power_factor: float
    temperature: float  # degrees Celsius
    offered_a: float
    offered_w: float
    export_wh: float = 0.0  # the register of what EVs gave back
    export_w: float = 0.0
