"""How much energy a transaction has taken, by the meter values that came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

REGISTER = "Energy.Active.Import.Register"  # what a value is that does not say (2.x, 3.65)


class Metered:
    """Wh between the lowest and the highest reading: events may come late and out of order."""

    def __init__(self) -> None:
        self._readings: tuple[float, float] | None = None

    def take(self, meter_value: Iterable[Mapping[str, Any]]) -> None:
        """MeterValueType, in the package's names."""
        for sample in meter_value:
            for value in sample["sampled_value"]:
                if value.get("measurand", REGISTER) == REGISTER and "phase" not in value:
                    self._read(_watt_hours(value))

    def _read(self, reading: float) -> None:
        low, high = self._readings or (reading, reading)
        self._readings = (min(low, reading), max(high, reading))

    @property
    def used_wh(self) -> float:
        low, high = self._readings or (0.0, 0.0)
        return high - low


def _watt_hours(value: Mapping[str, Any]) -> float:
    unit = value.get("unit_of_measure") or {}
    scale = 1000.0 if unit.get("unit") == "kWh" else 1.0
    return float(value["value"]) * scale * 10.0 ** unit.get("multiplier", 0)
