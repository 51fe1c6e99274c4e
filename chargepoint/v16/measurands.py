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


def sampled_values(
    sample: Sample, measurands: tuple[str, ...], context: str, since_wh: float | None = None
) -> list[dict[str, Any]]:
    """sampledValue entries, in the order of the configuration key; context as in 7.33.

    since_wh: the register at the begin of the interval; without one the interval is empty.
    """
    values: list[dict[str, Any]] = []
    for name in measurands:
        maker = _MAKERS.get(name)
        if maker is not None:
            values += maker(sample)
        else:
            begin = sample.energy_wh if since_wh is None else since_wh
            values += _INTERVALS[name](sample, begin)
    for entry in values:
        entry["context"] = context
    return values
