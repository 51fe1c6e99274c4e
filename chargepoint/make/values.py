"""Meter values as a make tells them, made of those that the version writes.

1.6 writes a value as text with `unit`, 2.x as a number with `unitOfMeasure`; a `Form` is which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from chargepoint.hardware import meter as metering
from chargepoint.hardware.register import Register
from chargepoint.hardware.sample import Sample
from chargepoint.make.make import Measurand, MeterHabits

IMPORT = "Energy.Active.Import.Register"
_KILO = {"Wh": "kWh", "varh": "kvarh", "W": "kW", "var": "kvar"}
_ENERGY = ("Wh", "varh")
_BEFORE_RECTIFIER = frozenset({
    "Energy.Active.Import.Interval", IMPORT, "Power.Active.Import",
})  # fmt: skip
_MOST = {"Power.Factor": 1.0, "SoC": 100.0}  # what noise never leads beyond
_NOTHING = Measurand()
KILO_DECIMALS = 3  # where the make says nothing: to the Wh, to the W

Entry = dict[str, Any]


class Form(NamedTuple):
    """unit_of    entry -> its unit, "" for none
    put_unit   (entry, unit) -> none: it has that unit now
    written    (number, decimals or None for as they come, the value as it was) -> the value
    """

    unit_of: Callable[[Entry], str]
    put_unit: Callable[[Entry, str], None]
    written: Callable[[float, int | None, Any], Any]


def _unit_16(entry: Entry) -> str:
    return entry.get("unit", "")


def _put_unit_16(entry: Entry, unit: str) -> None:
    entry["unit"] = unit


def _written_16(number: float, decimals: int | None, before: str) -> str:
    """With as many digits as it had, where nothing else is said."""
    digits = len(before.partition(".")[2]) if decimals is None else decimals
    return f"{number:.{digits}f}"


def _unit_2(entry: Entry) -> str:
    return entry.get("unitOfMeasure", {}).get("unit", "")


def _put_unit_2(entry: Entry, unit: str) -> None:
    entry["unitOfMeasure"] = {**entry.get("unitOfMeasure", {}), "unit": unit}


def _written_2(number: float, decimals: int | None, before: float) -> float:
    return round(number, 3 if decimals is None else decimals)


FORM_16 = Form(_unit_16, _put_unit_16, _written_16)
FORM_2 = Form(_unit_2, _put_unit_2, _written_2)


class Dressing:
    """What a make does to the entries of a MeterValue. One for all stations of a make.

    kilo   unit -> the one that is told in its place
    """

    __slots__ = ("decimals", "form", "kilo", "lines", "register", "values", "voltages")

    def __init__(self, meter: MeterHabits, register: Register, form: Form) -> None:
        self.form, self.register = form, register
        self.values, self.decimals = meter.values, meter.decimals
        thousands = (
            *(_ENERGY if meter.energy_unit == "kWh" else ()),
            *(("W", "var") if meter.power_unit == "kW" else ()),
        )
        self.kilo = {unit: _KILO[unit] for unit in thousands}
        self.voltages, self.lines = meter.voltage_phases, meter.line_phases

    def dress(self, entries: list[Entry], sample: Sample, begun_wh: float | None) -> None:
        """Change the entries, whose values are of the sample, in place."""
        for entry in entries:
            self._dress(entry, sample, begun_wh)

    def _dress(self, entry: Entry, sample: Sample, begun_wh: float | None) -> None:
        name, dc = entry["measurand"], sample.frequency == 0.0
        habit = self.values.get(name, _NOTHING)
        number = self._number(name, float(entry["value"]), sample, begun_wh, dc)
        if habit.fixed is not None:
            number = habit.fixed
        if habit.noise_pct:
            which = f"{name}.{entry.get('phase', '')}"
            number *= metering.noise(sample.outlet, sample.time, which, habit.noise_pct / 100.0)
            number = min(number, _MOST.get(name, number))
        if habit.minimum is not None and abs(number) < habit.minimum:
            number = 0.0
        decimals = self.decimals if habit.decimals is None else habit.decimals
        unit, factor, before = self.form.unit_of(entry), 1.0, entry["value"]
        if unit in self.kilo:
            factor = 1000.0
            decimals = KILO_DECIMALS if decimals is None else decimals
            self.form.put_unit(entry, self.kilo[unit])
        entry["value"] = self.form.written(number / factor, decimals, before)
        if name == IMPORT and self.register.over(float(entry["value"]) * factor):
            entry["value"] = self.form.written(0.0, decimals, before)
        if dc and self.register.dc_efficiency < 1.0 and name in _BEFORE_RECTIFIER:
            entry["location"] = "Inlet"
        if "phase" in entry:
            entry["phase"] = self._phase(name, entry["phase"])

    def _number(
        self, name: str, number: float, sample: Sample, begun_wh: float | None, dc: bool
    ) -> float:
        if name == IMPORT:
            return self.register.told(sample.energy_wh, begun_wh, dc)
        if dc and name in _BEFORE_RECTIFIER:
            return number / self.register.dc_efficiency
        return number

    def _phase(self, name: str, phase: str) -> str:
        """1.6: Phase (7.40); 2.x: PhaseEnumType."""
        wanted = self.voltages if name == "Voltage" else self.lines
        line = phase[:2]
        if wanted == "L1-L2":
            return f"{line}-{_FOLLOWING[line]}"
        return {"": phase, "L1": line, "L1-N": f"{line}-N"}[wanted]


_FOLLOWING = {"L1": "L2", "L2": "L3", "L3": "L1"}
