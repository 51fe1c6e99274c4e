"""Meter values of 1.6 (sections 7.31-7.36): from a meter's sample to sampledValue entries."""

from typing import Any

from chargepoint.hardware.sample import Sample

REGISTER = "Energy.Active.Import.Register"


def _value(value: str, measurand: str, unit: str | None = None, phase: str | None = None, **more):
    entry: dict[str, Any] = {"value": value, "measurand": measurand, **more}
    if unit:
        entry["unit"] = unit
    if phase:
        entry["phase"] = phase
    return entry


def _register(s: Sample) -> list[dict]:
    return [_value(str(round(s.energy_wh)), REGISTER, "Wh")]


def _power(s: Sample) -> list[dict]:
    return [_value(f"{s.power_w:.1f}", "Power.Active.Import", "W")]


def _current(s: Sample) -> list[dict]:
    if len(s.currents_a) == 1:
        return [_value(f"{s.currents_a[0]:.2f}", "Current.Import", "A")]
    return [
        _value(f"{amps:.2f}", "Current.Import", "A", f"L{n}")
        for n, amps in enumerate(s.currents_a, 1)
    ]


def _voltage(s: Sample) -> list[dict]:
    if len(s.currents_a) == 1:
        return [_value(f"{s.voltage_v:.1f}", "Voltage", "V")]
    return [
        _value(f"{s.voltage_v:.1f}", "Voltage", "V", f"L{n}-N")
        for n in range(1, len(s.currents_a) + 1)
    ]


def _soc(s: Sample) -> list[dict]:
    # Without a car there is nothing to measure: the entry is left out.
    if s.soc is None:
        return []
    return [_value(str(round(s.soc)), "SoC", "Percent", location="EV")]


def _reactive(s: Sample) -> list[dict]:
    factor = s.power_factor
    var = s.power_w * (1 - factor * factor) ** 0.5 / factor if factor else 0.0
    return [_value(f"{var:.1f}", "Power.Reactive.Import", "var")]


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
}
MEASURANDS = frozenset(_MAKERS)


def sampled_values(
    sample: Sample, measurands: tuple[str, ...], context: str
) -> list[dict[str, Any]]:
    """sampledValue entries, in the order of the configuration key; context as in 7.33."""
    values = [entry for name in measurands for entry in _MAKERS[name](sample)]
    for entry in values:
        entry["context"] = context
    return values
