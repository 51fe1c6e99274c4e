"""Meter values as 2.x writes them (part 2, MeterValueType), from a sample of the hardware."""

from collections.abc import Callable, Iterable

from chargepoint.hardware.sample import Sample


def _one(value: float, unit: str = "", phase: str = "") -> dict:
    sampled: dict = {"value": value}
    if phase:
        sampled["phase"] = phase
    if unit:
        sampled["unitOfMeasure"] = {"unit": unit}
    return sampled


def _currents(sample: Sample) -> list[dict]:
    return _by_phase(sample, sample.currents_a)


def _by_phase(sample: Sample, currents: tuple[float, ...]) -> list[dict]:
    if sample.frequency == 0.0:  # DC
        return [_one(round(sum(currents), 2), "A")]
    return [_one(round(amps, 2), "A", f"L{n}") for n, amps in enumerate(currents, 1)]


def _reactive(var: float) -> list[dict]:
    return [_one(round(max(0.0, var), 1), "var")]


def _voltages(sample: Sample) -> list[dict]:
    volts = round(sample.voltage_v, 1)
    if sample.frequency == 0.0:
        return [_one(volts, "V")]
    return [_one(volts, "V", f"L{n}-N") for n in range(1, len(sample.currents_a) + 1)]


def _soc(sample: Sample) -> list[dict]:
    if sample.soc is None:
        return []
    return [{**_one(round(sample.soc, 1), "Percent"), "location": "EV"}]


def _frequency(sample: Sample) -> list[dict]:
    return [_one(sample.frequency, "Hz")] if sample.frequency else []


# An empty list: this outlet cannot measure it now.
_WRITERS: dict[str, Callable[[Sample], list[dict]]] = {
    "Current.Export": lambda s: _by_phase(s, s.export_a),
    "Current.Import": _currents,
    "Current.Offered": lambda s: [_one(round(s.offered_a, 2), "A")],
    "Energy.Active.Export.Register": lambda s: [_one(round(s.export_wh, 3), "Wh")],
    "Energy.Active.Import.Register": lambda s: [_one(round(s.energy_wh, 3), "Wh")],
    "Frequency": _frequency,
    "Power.Active.Export": lambda s: [_one(round(s.export_w, 1), "W")],
    "Power.Active.Import": lambda s: [_one(round(s.power_w, 1), "W")],
    "Power.Factor": lambda s: [_one(s.power_factor)],
    "Power.Offered": lambda s: [_one(round(s.offered_w, 1), "W")],
    "Power.Reactive.Export": lambda s: _reactive(-s.reactive_var),
    "Power.Reactive.Import": lambda s: _reactive(s.reactive_var),
    "SoC": _soc,
    "Voltage": _voltages,
}


def meter_value(
    sample: Sample, measurands: Iterable[str], context: str, timestamp: str
) -> dict | None:
    """One MeterValue with the measurands that can be measured; None if there is none of them."""
    values: list[dict] = []
    for measurand in measurands:
        for value in _WRITERS[measurand](sample):
            value["measurand"] = measurand
            value["context"] = context
            values.append(value)
    return {"timestamp": timestamp, "sampledValue": values} if values else None
