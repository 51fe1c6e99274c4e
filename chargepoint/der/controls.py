"""What a SetDERControl must have, by its type (2.1 part 2, R04), and which control rules."""

from typing import Any

# Where a control of each type has its settings (R04.FR.16); all others have a curve.
FIELDS = {
    "EnterService": "enterService", "FixedPFAbsorb": "fixedPFAbsorb", "Gradients": "gradient",
    "FixedPFInject": "fixedPFInject", "FixedVar": "fixedVar", "FreqDroop": "freqDroop",
    "LimitMaxDischarge": "limitMaxDischarge",
}  # fmt: skip
DEFAULTS_ONLY = ("EnterService", "Gradients")  # R04.FR.15
_ALL_FIELDS = (*FIELDS.values(), "curve")
# The types whose curve says: beyond this, for so many seconds.
TRIPS = (
    "HFMayTrip", "HFMustTrip", "HVMayTrip", "HVMomCess", "HVMustTrip", "LFMustTrip", "LVMayTrip",
    "LVMomCess", "LVMustTrip",
)  # fmt: skip  (there is no LFMayTrip)
MONITORING = "PowerMonitoringMustTrip"
_WATTS, _VARS = ("PctMaxW", "PctWAvail"), ("PctMaxVar", "PctVarAvail")
# R04.FR.50-55. A time or a power factor is no DER unit.
_UNITS: dict[str, tuple[str, ...]] = {
    "FreqWatt": _WATTS, "VoltWatt": _WATTS, "VoltVar": _VARS, "WattVar": _VARS,
    "FixedVar": _VARS,
}  # fmt: skip
KINDS = (
    "EnterService", "FreqDroop", "FreqWatt", "FixedPFAbsorb", "FixedPFInject", "FixedVar",
    "Gradients", "HFMustTrip", "HFMayTrip", "HVMustTrip", "HVMomCess", "HVMayTrip",
    "LimitMaxDischarge", "LFMustTrip", "LVMustTrip", "LVMomCess", "LVMayTrip",
    "PowerMonitoringMustTrip", "VoltVar", "VoltWatt", "WattPF", "WattVar",
)  # fmt: skip


def field_of(kind: str) -> str:
    return FIELDS.get(kind, "curve")


def wrong(payload: dict[str, Any]) -> tuple[str, str] | None:
    """(reasonCode, text) why a SetDERControlRequest cannot be; None if it can."""
    kind, field = payload["controlType"], field_of(payload["controlType"])
    settings = payload.get(field)
    if settings is None:
        return "MissingParam", f"{field} is missing"
    if sum(name in payload for name in _ALL_FIELDS) > 1:  # R04.FR.17
        return "InvalidValue", f"{kind} takes {field} alone"
    scheduled = "startTime" in settings or "duration" in settings
    if payload["isDefault"] and scheduled:  # R04.FR.13
        return "InvalidValue", "a default has neither startTime nor duration"
    if not payload["isDefault"]:
        if kind in DEFAULTS_ONLY:
            return "InvalidValue", f"{kind} exists as a default only"
        if not ("startTime" in settings and "duration" in settings):
            return "MissingParam", "startTime and duration are missing"
        if settings["duration"] <= 0:
            return "InvalidValue", "the duration is not above 0"
    return _wrong_settings(kind, settings)


def _wrong_settings(kind: str, settings: dict[str, Any]) -> tuple[str, str] | None:
    match kind:
        case "FixedPFAbsorb" | "FixedPFInject":
            if not 0 < settings["displacement"] <= 1:
                return "InvalidValue", "displacement is above 0 and at most 1"
        case "FixedVar":
            if settings["unit"] not in _VARS:
                return "InvalidValue", f"unit is one of: {', '.join(_VARS)}"
            if not -100 <= settings["setpoint"] <= 100:
                return "InvalidValue", "setpoint is -100 to 100"
        case "FreqDroop":
            if settings["overDroop"] <= 0 or settings["underDroop"] <= 0:
                return "InvalidValue", "a droop is above 0"
            if settings["underFreq"] > settings["overFreq"]:
                return "InvalidValue", "underFreq is above overFreq"
        case "EnterService":
            low, high = settings["lowVoltage"], settings["highVoltage"]
            if low > high or settings["lowFreq"] > settings["highFreq"]:
                return "InvalidValue", "a low bound is above its high one"
        case "Gradients":
            if settings["gradient"] < 0 or settings["softGradient"] < 0:
                return "InvalidValue", "a gradient is 0 or above"
        case "LimitMaxDischarge":
            return _wrong_limit(settings)
        case _:
            return _wrong_curve(kind, settings)
    return None


def _wrong_limit(settings: dict[str, Any]) -> tuple[str, str] | None:
    curve = settings.get("powerMonitoringMustTrip")
    percent = settings.get("pctMaxDischargePower")
    if percent is None and curve is None:
        return "MissingParam", "neither pctMaxDischargePower nor powerMonitoringMustTrip is there"
    if percent is not None and not 0 <= percent <= 100:
        return "InvalidValue", "pctMaxDischargePower is 0 to 100"
    return None if curve is None else _wrong_curve(MONITORING, curve)  # R04.FR.56


def _wrong_curve(kind: str, curve: dict[str, Any]) -> tuple[str, str] | None:
    units = _UNITS.get(kind, ("Not_Applicable",))
    if curve["yUnit"] not in units:
        return "InvalidValue", f"yUnit of {kind} is one of: {', '.join(units)}"
    if kind == "WattPF" and any(not 0 < abs(p["y"]) <= 1 for p in curve["curveData"]):
        return "InvalidValue", "a power factor is above 0 and at most 1, either sign"
    if "Trip" in kind and any(p["y"] < 0 for p in curve["curveData"]):
        return "InvalidValue", "a time is not below 0"
    if kind.startswith(("HV", "LV", "Volt")) and any(p["x"] <= 0 for p in curve["curveData"]):
        return "InvalidValue", "a voltage is above 0"
    params = curve.get("voltageParams", {})
    if ("hv10MinMeanValue" in params) != ("hv10MinMeanTripDelay" in params):
        return "MissingParam", "hv10MinMeanValue and hv10MinMeanTripDelay go together"
    return None


def rank(entry: dict[str, Any]) -> int:
    """0 counts most."""
    return entry["settings"]["priority"]


def ruling(controls: dict[str, dict] | None) -> dict[str, tuple[str, dict]]:
    """type -> (controlId, settings) of the one that counts now.

    controls: controlId -> {"type", "default", "settings", "superseded", "running"}. While a
    scheduled control runs, the default of its type does not count.
    """
    found: dict[str, tuple[str, dict]] = {}
    for identity, entry in (controls or {}).items():
        if not entry["superseded"] and entry["default"]:
            found[entry["type"]] = identity, entry["settings"]
    for identity, entry in (controls or {}).items():
        if not entry["superseded"] and entry["running"]:
            found[entry["type"]] = identity, entry["settings"]
    return found
