"""The grid where a station is connected to it, as plain values."""

from typing import NamedTuple

NOMINAL_V, NOMINAL_HZ = 230.0, 50.0


class Mains(NamedTuple):
    """Volts of a phase to neutral, hertz, and `load_w`: what else the site draws from the grid."""

    voltage_v: float = NOMINAL_V
    frequency_hz: float = NOMINAL_HZ
    load_w: float = 0.0

    @property
    def voltage_pct(self) -> float:
        return self.voltage_v / NOMINAL_V * 100.0

    @property
    def sag(self) -> float:
        """What is left of a power that is bounded by its current; never above 1."""
        return min(1.0, self.voltage_v / NOMINAL_V)


NOMINAL = Mains()
