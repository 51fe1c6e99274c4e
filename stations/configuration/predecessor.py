"""The station format of the system before this one: every field is kept, or reported by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stations.configuration.connector_rules import usual_phases

# field -> ours, taken as it is.
PLAIN = {
    "station_id": "identity",
    "name": "name",
    "enabled": "enabled",
    "auto_start": "autostart",
    "vendor": "vendor",
    "model": "model",
    "serial_number": "serial",
    "firmware_version": "firmware",
    "iccid": "iccid",
    "imsi": "imsi",
    "csms_url": "csms_url",
    "tags": "tags",
    "meter_values_config.interval": "meter_sample_interval",
    "meter_values_config.aligned_data_interval": "meter_aligned_interval",
    "meter_values_config.measurands": "measurands",
    "simulation.boot_delay": "boot_delay",
    "simulation.heartbeat_interval": "heartbeat_interval",
    "simulation.default_id_tag": "default_id_tag",
    "simulation.energy_delivery_rate": "ev_max_power_w",
}
# Kept for an export, but nothing here acts on it.
WITHOUT_EFFECT = {
    "supported_profiles": "Kept, not announced: a station announces the profiles it has here.",
    "simulation.status_notification_on_change": "Kept; a station always notifies, as OCPP asks.",
}
STATE = "Not taken over: it is state, not configuration, and begins afresh."
STATE_FIELDS = ("connection_status",)
CONNECTOR_STATE_FIELDS = ("status", "current_transaction_id")
# "CCS" does not say which of the two: the predecessor's stations are European.
KINDS = {"CCS": "CCS2", "GB/T AC": "GBT_AC", "GB/T DC": "GBT_DC", "Type 1": "Type1",
         "Type 2": "Type2", "Tesla": "NACS"}  # fmt: skip


@dataclass(slots=True)
class Converted:
    """One station read from a file. Outcomes are by the file's own field names."""

    values: dict[str, Any] = field(default_factory=dict)
    password: str | None = None
    password_encoding: str = "text"
    proxy_password: str | None = None
    client_key: str | None = None
    kept: list[str] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def is_predecessor(data: dict) -> bool:
    return "station_id" in data


def convert(data: dict) -> Converted:
    """A station of the predecessor as ours: values, and which fields were kept or left out."""
    out = Converted()
    fields = flatten(data)
    for name, ours in PLAIN.items():
        if name in fields:
            out.values[ours] = fields.pop(name)
            out.kept.append(name)
    out.values["extra"] = {}
    _version(fields, out)
    _connectors(fields, out)
    _authentication(fields, out)
    _variance(fields, out)
    for name in STATE_FIELDS:
        if fields.pop(name, None) is not None:
            out.ignored[name] = STATE
    for name, value in fields.items():
        out.values["extra"][name] = value
        out.ignored[name] = WITHOUT_EFFECT.get(name, "Kept, but nothing here knows this field.")
    return out


def flatten(data: dict, prefix: str = "") -> dict[str, Any]:
    """{"simulation.boot_delay": 5}: nested objects by dotted names, lists whole."""
    flat: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict) and value:
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _version(fields: dict, out: Converted) -> None:
    text = fields.pop("protocol_version", None)
    if text is not None:
        out.values["ocpp_version"] = str(text).lower().removeprefix("ocpp").removesuffix("j")
        out.kept.append("protocol_version")


def _connectors(fields: dict, out: Converted) -> None:
    rows = fields.pop("connectors", None)
    if rows is None:
        return
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        out.errors["connectors"] = "Give a list of connectors."
        return
    out.values["connectors"] = [_connector(dict(row), out) for row in rows]


def _connector(row: dict, out: Converted) -> dict:
    number, kind, power = row.pop("id", None), row.pop("type", None), row.pop("max_power", None)
    for name in ("id", "type", "max_power"):
        _note(out.kept, f"connectors[].{name}")
    ours = KINDS.get(kind, kind) if isinstance(kind, str) else kind
    if ours != kind:
        out.changed["connectors[].type"] = f"{kind} became {ours}: change it if that is wrong."
    for name in CONNECTOR_STATE_FIELDS:
        if name in row:
            row.pop(name)
            out.ignored[f"connectors[].{name}"] = STATE
    for name, value in row.items():
        out.values["extra"][f"connectors[{number}].{name}"] = value
        out.ignored[f"connectors[].{name}"] = "Kept, but nothing here knows this field."
    phases = usual_phases(ours, power) if isinstance(ours, str) and isinstance(power, int) else 0
    return {"id": number, "evse": number, "kind": ours, "phases": phases, "max_power_w": power}


def _authentication(fields: dict, out: Converted) -> None:
    kind = fields.pop("csms_auth.type", None)
    if kind not in (None, "basic", "none"):
        out.errors["csms_auth.type"] = f'"{kind}" is not known here: use basic or none.'
        return
    if kind is not None:
        out.kept.append("csms_auth.type")
    username = fields.pop("csms_auth.username", None)
    password = fields.pop("csms_auth.password", None)
    fields.pop("csms_auth", None)
    for name, value in (("username", username), ("password", password)):
        if value is None:
            continue
        if not isinstance(value, str):
            out.errors[f"csms_auth.{name}"] = "Give a text."
        elif kind == "none":
            out.ignored[f"csms_auth.{name}"] = "Not taken over: csms_auth.type is none."
        else:
            out.kept.append(f"csms_auth.{name}")
    if kind == "none":
        username = password = ""
    if username is not None:
        out.values["username"] = username
    out.password = password  # None: a station that has one keeps it


def _variance(fields: dict, out: Converted) -> None:
    """Two fields there, one here: no noise is a variance of 0."""
    random = fields.pop("simulation.randomize_meter_values", None)
    variance = fields.pop("simulation.meter_value_variance", None)
    if random is not None:
        out.kept.append("simulation.randomize_meter_values")
    if random is False and variance:
        out.values["extra"]["simulation.meter_value_variance"] = variance
        out.changed["simulation.meter_value_variance"] = (
            f"Kept aside; the variance is 0, as randomize_meter_values is false (was {variance})."
        )
        variance = 0
    elif variance is not None:
        out.kept.append("simulation.meter_value_variance")
    if variance is not None:
        out.values["meter_variance"] = variance


def _note(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)
