"""Meter values of 1.6 (sections 7.31-7.36): from a meter's sample to sampledValue entries."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from chargepoint.hardware.sample import Sample

REGISTER = "Energy.Active.Import.Register"
PHASES = ("L1", "L2", "L3")
AGAINST_NEUTRAL = ("L1-N", "L2-N", "L3-N")


def _value(value: str, measurand: str, unit: str | None = None, phase: str | None = None, **more):
    entry: dict[str, Any] = {"value": value, "measurand": measurand, **more}
    if unit:
        entry["unit"] = unit
    if phase:
        entry["phase"] = phase
    return entry


def _register(s: Sample) -> list[dict]:
    return [{"value": str(round(s.energy_wh)), "measurand": REGISTER, "unit": "Wh"}]


def _power(s: Sample) -> list[dict]:
    return [{"value": f"{s.power_w:.1f}", "measurand": "Power.Active.Import", "unit": "W"}]


def _current(s: Sample) -> list[dict]:
    amps = s.currents_a
    if len(amps) == 1:
        return [{"value": f"{amps[0]:.2f}", "measurand": "Current.Import", "unit": "A"}]
    return [
        {"value": f"{each:.2f}", "measurand": "Current.Import", "unit": "A", "phase": phase}
        for each, phase in zip(amps, PHASES, strict=False)
    ]


def _voltage(s: Sample) -> list[dict]:
    volts = f"{s.voltage_v:.1f}"
    if len(s.currents_a) == 1:
        return [{"value": volts, "measurand": "Voltage", "unit": "V"}]
    return [
        {"value": volts, "measurand": "Voltage", "unit": "V", "phase": phase}
        for phase in AGAINST_NEUTRAL[: len(s.currents_a)]
    ]


def _no_current(s: Sample) -> list[dict]:
    return [{**entry, "value": "0.00", "measurand": "Current.Export"} for entry in _current(s)]


def _tangent(s: Sample) -> float:
    """Reactive over active, by the power factor."""
    factor = s.power_factor
    return (1 - factor * factor) ** 0.5 / factor if factor else 0.0


def _rpm(s: Sample) -> list[dict]:
    # The fan of the power stage starts at 30 degrees.
    return [_value(str(round(max(0.0, s.temperature - 30.0) * 120)), "RPM", location="Body")]


def _zero(measurand: str, unit: str) -> Any:
    """What would flow back from the car: none of our cars does that."""
    value = "0.0" if measurand.startswith("Power") else "0"
    return lambda s: [_value(value, measurand, unit)]


def _soc(s: Sample) -> list[dict]:
    # Without a car there is nothing to measure: the entry is left out.
    if s.soc is None:
        return []
    return [_value(str(round(s.soc)), "SoC", "Percent", location="EV")]


def _reactive(s: Sample) -> list[dict]:
    return [_value(f"{s.power_w * _tangent(s):.1f}", "Power.Reactive.Import", "var")]


def _reactive_register(s: Sample) -> list[dict]:
    varh = str(round(s.energy_wh * _tangent(s)))
    return [_value(varh, "Energy.Reactive.Import.Register", "varh")]


def _interval(s: Sample, since_wh: float) -> list[dict]:
    wh = str(round(s.energy_wh) - round(since_wh))
    return [_value(wh, "Energy.Active.Import.Interval", "Wh")]


def _reactive_interval(s: Sample, since_wh: float) -> list[dict]:
    varh = str(round((s.energy_wh - since_wh) * _tangent(s)))
    return [_value(varh, "Energy.Reactive.Import.Interval", "varh")]


def _temperature(s: Sample) -> list[dict]:
    return [_value(f"{s.temperature:.1f}", "Temperature", "Celsius", location="Body")]


def _frequency(s: Sample) -> list[dict]:
    # 7.35 has no unit for it. DC outlets have no frequency.
    return [_value(f"{s.frequency:.2f}", "Frequency")] if s.frequency else []


_MAKERS = {
    REGISTER: _register,
    "Power.Active.Import": _power,
    "Current.Import": _current,
    "Voltage": _voltage,
    "SoC": _soc,
    "Power.Reactive.Import": _reactive,
    "Temperature": _temperature,
    "Frequency": _frequency,
    "Power.Factor": lambda s: [_value(f"{s.power_factor:.3f}", "Power.Factor")],
    "Power.Offered": lambda s: [_value(f"{s.offered_w:.1f}", "Power.Offered", "W")],
    "Current.Offered": lambda s: [_value(f"{s.offered_a:.2f}", "Current.Offered", "A")],
    "Current.Export": _no_current,
    "Energy.Reactive.Import.Register": _reactive_register,
    "RPM": _rpm,
}
for _name, _unit in (
    ("Energy.Active.Export.Register", "Wh"), ("Energy.Active.Export.Interval", "Wh"),
    ("Energy.Reactive.Export.Register", "varh"), ("Energy.Reactive.Export.Interval", "varh"),
    ("Power.Active.Export", "W"), ("Power.Reactive.Export", "var"),
):  # fmt: skip
    _MAKERS[_name] = _zero(_name, _unit)
_INTERVALS = {
    "Energy.Active.Import.Interval": _interval,
    "Energy.Reactive.Import.Interval": _reactive_interval,
}
MEASURANDS = frozenset(_MAKERS) | frozenset(_INTERVALS)

# --- phases ----------------------------------------------------------------------------------


def _power_of(s: Sample, phase: int) -> dict[str, Any]:
    total = sum(s.currents_a)
    watts = s.power_w * s.currents_a[phase] / total if total else 0.0
    return _value(f"{watts:.1f}", "Power.Active.Import", "W")


# What the meter has for each phase by itself.
_PHASED = {
    "Current.Export": lambda s, n: _no_current(s)[n],
    "Current.Import": lambda s, n: _current(s)[n],
    "Power.Active.Import": _power_of,
    "Voltage": lambda s, n: _voltage(s)[n],
}


@lru_cache(maxsize=256)
def split(name: str) -> tuple[str, str]:
    """(measurand, phase) of a name in a key such as "Voltage.L1" (9.1.17); phase "" for none.

    A voltage is of a phase against neutral: "Voltage.L1-N" is the same.
    """
    measurand, _, phase = name.rpartition(".")
    against = phase.removesuffix("-N") if measurand == "Voltage" else phase
    if measurand in _PHASED and against in PHASES:
        return measurand, phase
    return name, ""


def _of_phase(s: Sample, measurand: str, phase: str) -> list[dict]:
    """Nothing of a phase that the connector does not have."""
    number = PHASES.index(phase[:2])
    if number >= len(s.currents_a) or not s.frequency:  # DC has no phases
        return []
    return [{**_PHASED[measurand](s, number), "phase": phase}]


@lru_cache(maxsize=256)
def _wiring(rotation: str) -> tuple[int, int, int]:
    """For each line of the meter, the line of the connector that is wired to it."""
    return tuple(rotation.index(line) for line in "RST")


def as_wired(sample: Sample, rotation: str) -> Sample:
    """The sample as the meter sees it (9.1.7 ConnectorPhaseRotation).

    rotation: to which of the meter's lines R, S and T (L1, L2, L3) the connector's three are
    wired, in their order. By STR the car on the connector's L1 draws from L2.
    """
    if len(sample.currents_a) != 3 or len(rotation) != 3:
        return sample
    return sample._replace(currents_a=tuple(sample.currents_a[n] for n in _wiring(rotation)))


# --- entries ---------------------------------------------------------------------------------



def sampled_values(
    sample: Sample, measurands: tuple[str, ...], context: str, since_wh: float | None = None,
    begun_wh: float | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """sampledValue entries, in the order of the configuration key; context as in 7.33.

    since_wh: the register at the begin of the interval; without one the interval is empty.
    begun_wh: the register as the transaction began, for meters that count from there.
    """
    begin = sample.energy_wh if since_wh is None else since_wh
    values: list[dict[str, Any]] = []
    for entries, of_interval in _plan(measurands):
        values += entries(sample, begin) if of_interval else entries(sample)
    for entry in values:
        entry["context"] = context
    return values


@lru_cache(maxsize=256)
def _plan(measurands: tuple[str, ...]) -> tuple[tuple[Callable[..., list[dict]], bool], ...]:
    """For each: what makes its entries of a sample, and whether of the begin's register as well."""
    return tuple(map(_entries_of, measurands))


def _entries_of(name: str) -> tuple[Callable[..., list[dict]], bool]:
    measurand, phase = split(name)
    if phase:
        return lambda sample: _of_phase(sample, measurand, phase), False
    if name in _MAKERS:
        return _MAKERS[name], False
    return _INTERVALS[name], True
