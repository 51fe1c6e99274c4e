"""Makes for the tests: the least one, and one that says something in each field."""

from typing import Any

LEAST: dict[str, Any] = {"name": "a", "vendor": "V", "model": "M", "versions": ["1.6"]}

# One value of each field that may be left out, by its path.
VALUES: dict[str, Any] = {
    "description": "A wallbox.",
    "firmware": "1.2.3",
    "serial": "AC######",
    "meter_type": "MT1",
    "meter_serial": "##??",
    "outlets": [{"id": 1, "evse": 1, "kind": "CCS2", "phases": 0, "max_power_w": 50_000}],
    "keys": {"VendorInterval": {"effect": "MeterValueSampleInterval", "reboot": True}},
    "variables": {"AcmeCtrlr.Interval": {"effect": "SampledDataCtrlr.TxUpdatedInterval"}},
    "features.profiles": ["SmartCharging"],
    "features.off": ["ClearCache"],
    "features.answer": "NotImplemented",
    "meter.measurands": ["Energy.Active.Import.Register", "Voltage"],
    "meter.values": {"Voltage": {"fixed": 230, "decimals": 0}},
    "meter.energy_unit": "kWh",
    "meter.power_unit": "kW",
    "meter.voltage_phases": "L1-L2",
    "meter.line_phases": "L1-N",
    "meter.decimals": 3,
    "meter.noise_pct": 1,
    "meter.register_per_session": True,
    "meter.roll_over_wh": 100_000,
    "meter.start_wh": 5000,
    "meter.dc_efficiency": 0.9,
    "time.zone": "+02:00",
    "time.fractions": 0,
    "delays.boot": 5,
    "delays.reset": [1, 2],
    "delays.restart": [1, 2],
    "delays.firmware": [1, 2],
    "delays.relink": [1, 2],
    "delays.reconnect": [1, 2],
    "status.told_as": {"Preparing": "Available"},
    "status.charging_states": {"SuspendedEV": "SuspendedEVSE"},
    "status.connector_0": False,
    "status.repeat_s": 60,
    "power.shared_w": 50_000,
    "faults.connector_0": True,
    "faults.warnings": ["HighTemperature"],
    "faults.codes": {"GroundFailure": {"vendor_error_code": "E-42", "vendor_id": "com.acme"}},
    "rules": [{"action": "DataTransfer", "status": "Accepted"}],
}


def document(versions: list[str], /, **fields: Any) -> dict[str, Any]:
    """The least make of these versions, with fields by their paths, "__" for a point."""
    made: dict[str, Any] = {**LEAST, "versions": versions}
    for path, value in fields.items():
        *above, name = path.split("__")
        place = made
        for part in above:
            place = place.setdefault(part, {})
        place[name] = value
    return made


def with_value(path: str, version: str) -> dict[str, Any]:
    return document([version], **{path.replace(".", "__"): VALUES[path]})
