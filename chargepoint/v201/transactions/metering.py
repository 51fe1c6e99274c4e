"""Meter values as 2.x writes them (part 2, MeterValueType), from a sample of the hardware."""

from collections.abc import Callable, Iterable

from chargepoint.hardware.sample import Sample

PHASES = ("L1", "L2", "L3")
AGAINST_NEUTRAL = ("L1-N", "L2-N", "L3-N")


def _of_unit(value: float, unit: str) -> list[dict]:
    return [{"value": value, "unitOfMeasure": {"unit": unit}}]


def _by_phase(sample: Sample, currents: tuple[float, ...]) -> list[dict]:
    if sample.frequency == 0.0:  # DC
        return _of_unit(round(sum(currents), 2), "A")
    return [
        {"value": round(amps, 2), "phase": phase, "unitOfMeasure": {"unit": "A"}}
        for amps, phase in zip(currents, PHASES, strict=False)
    ]


def _reactive(var: float) -> list[dict]:
    return _of_unit(round(max(0.0, var), 1), "var")


def _voltages(sample: Sample) -> list[dict]:
    volts = round(sample.voltage_v, 1)
    if sample.frequency == 0.0:
        return _of_unit(volts, "V")
    return [
        {"value": volts, "phase": phase, "unitOfMeasure": {"unit": "V"}}
        for phase in AGAINST_NEUTRAL[: len(sample.currents_a)]
    ]


def _soc(sample: Sample) -> list[dict]:
    if sample.soc is None:
        return []
    soc = round(sample.soc, 1)
    return [{"value": soc, "unitOfMeasure": {"unit": "Percent"}, "location": "EV"}]


def _frequency(sample: Sample) -> list[dict]:
    return _of_unit(sample.frequency, "Hz") if sample.frequency else []


# An empty list: this outlet cannot measure it now.
_WRITERS: dict[str, Callable[[Sample], list[dict]]] = {
    "Current.Export": lambda s: _by_phase(s, s.export_a),
    "Current.Import": lambda s: _by_phase(s, s.currents_a),
    "Current.Offered": lambda s: _of_unit(round(s.offered_a, 2), "A"),
    "Energy.Active.Export.Register": lambda s: _of_unit(round(s.export_wh, 3), "Wh"),
    "Energy.Active.Import.Register": lambda s: _of_unit(round(s.energy_wh, 3), "Wh"),
    "Frequency": _frequency,
    "Power.Active.Export": lambda s: _of_unit(round(s.export_w, 1), "W"),
    "Power.Active.Import": lambda s: _of_unit(round(s.power_w, 1), "W"),
    "Power.Factor": lambda s: [{"value": s.power_factor}],
    "Power.Offered": lambda s: _of_unit(round(s.offered_w, 1), "W"),
    "Power.Reactive.Export": lambda s: _reactive(-s.reactive_var),
    "Power.Reactive.Import": lambda s: _reactive(s.reactive_var),
    "SoC": _soc,
    "Voltage": _voltages,
}


def meter_value(
    sample: Sample, measurands: Iterable[str], context: str, timestamp: str,
    begun_wh: float | None = None,
) -> dict | None:  # fmt: skip
    """One MeterValue with the measurands that can be measured; None if there is none of them.

    begun_wh: the register as the transaction began, for meters that count from there.
    """
    values: list[dict] = []
    for measurand in measurands:
        for value in _WRITERS[measurand](sample):
            value["measurand"] = measurand
            value["context"] = context
            values.append(value)
    return {"timestamp": timestamp, "sampledValue": values} if values else None
