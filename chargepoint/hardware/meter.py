"""The energy register of one outlet, and the electrical picture around a power figure."""

from zlib import crc32

AC_POWER_FACTOR = 0.99
# A DC battery's voltage rises with its state of charge; 400 V class.
_DC_EMPTY_V = 340.0
_DC_FULL_V = 420.0
_AMBIENT_C = 21.0
_SPREADS = 0x9E3779B1  # odd: no two words become one


class Meter:
    """An import register in Wh, and one of export: `out_wh`. Neither ever falls."""

    __slots__ = ("out_wh", "wh")

    def __init__(self, wh: float = 0.0, out_wh: float = 0.0):
        self.wh = max(0.0, float(wh))
        self.out_wh = max(0.0, float(out_wh))

    def add(self, wh: float) -> None:
        """Count `wh`. Raises ValueError below zero."""
        if wh < 0:
            raise ValueError("a meter register never falls")
        self.wh += wh

    def give_back(self, wh: float) -> None:
        """Count energy that flows back to the grid, in Wh. Raises ValueError for less than 0."""
        if wh < 0:
            raise ValueError("a meter register never falls")
        self.out_wh += wh


def noise(seed: int, now: float, name: str, variance: float) -> float:
    """A factor of 1 ± variance. The same question always has the same answer.

    A hash rather than a generator: no generator state to keep for each of thousands of outlets.
    """
    if variance <= 0:
        return 1.0
    # A CRC is linear: without the factor one name's values would follow those of another.
    word = crc32(f"{seed}:{name}:{now:.3f}".encode()) * _SPREADS & 0xFFFFFFFF
    return 1.0 + variance * (word / 0x7FFFFFFF - 1.0)


def dc_voltage(soc: float | None) -> float:
    return _DC_EMPTY_V + (_DC_FULL_V - _DC_EMPTY_V) * (soc if soc is not None else 50.0) / 100.0


def temperature_c(power_w: float, max_power_w: float) -> float:
    """Inside the outlet: ambient, and up to 30 degrees more at full load."""
    return _AMBIENT_C + 30.0 * min(1.0, power_w / max_power_w if max_power_w > 0 else 0.0)
