"""What the meter of one outlet shows at one moment."""

from math import hypot
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
    export_a: tuple[float, ...] = ()  # as currents_a, while the EV gives back
    outlet: int = 1  # number of the connector that the meter is of
    reactive_var: float = 0.0  # above 0: taken from the grid (inductive), below: given to it

    def with_reactive(self, var: float) -> "Sample":
        """The same watts with so much reactive power; behind a DC outlet its currents stay."""
        active = max(self.power_w, self.export_w)
        apparent = hypot(active, var)
        factor = active / apparent if apparent else 1.0
        changed = self._replace(reactive_var=var, power_factor=round(factor, 4))
        if self.frequency == 0.0:
            return changed
        used = sum(1 for a in (self.export_a if self.export_w else self.currents_a) if a)
        phases = len(self.currents_a)
        used = used or phases
        amps = apparent / (used * self.voltage_v)
        flowing = tuple(amps if n < used else 0.0 for n in range(phases))
        if self.export_w:
            return changed._replace(export_a=flowing)
        return changed._replace(currents_a=flowing)
