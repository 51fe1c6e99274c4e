"""An example of the body of each operation that takes one, as /api/docs shows it to be tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JSON = "application/json"
STATION = {
    "identity": "CP-1", "ocpp_version": "1.6", "csms_url": "ws://127.0.0.1:9220",
    "connectors": [{"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 22000}],
    "default_id_tag": "TAG-1", "tags": ["building-a"], "autostart": True,
}  # fmt: skip
TEMPLATE = {
    "name": "AC 11 kW", "ocpp_version": "2.0.1", "vendor": "Volt & Co", "model": "Wall 11",
    "connectors": [{"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 11000}],
    "csms_url": "ws://127.0.0.1:9220", "meter_sample_interval": 60,
}  # fmt: skip
MAKE = {
    "name": "wall-11", "vendor": "Volt & Co", "model": "Wall 11", "versions": ["1.6"],
    "outlets": [{"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 11000}],
    "keys": {"HouseFuse": {"type": "integer", "value": "16", "effect": "max_current"}},
    "meter": {"energy_unit": "kWh", "decimals": 2}, "status": {"connector_0": False},
}  # fmt: skip
STEPS = [
    {"type": "wait_for_state", "params": {"target": "station", "state": "accepted"}},
    {"type": "start-transaction", "params": {"connector": 1}},
    {"type": "expect", "params": {"direction": "sent", "action": "StartTransaction"}},
    {"type": "expect", "params": {
        "answers": True, "payload": {"idTagInfo": {"status": "Accepted"}}}},
]  # fmt: skip
SCENARIO = {
    "scenarioId": "first-session", "name": "First session", "steps": STEPS,
    "cleanup": [{"type": "unplug", "params": {"connector": 1}, "optional": True}],
}  # fmt: skip
BEHAVIOUR = {
    "name": "weekday", "scenario": "load", "tag": "building-a",
    "variables": {"sessions_per_hour": 2},
}  # fmt: skip
SUITE = {
    "name": "Nightly, OCPP 1.6", "suite": "ocpp16", "csms_url": "ws://127.0.0.1:9220",
    "only": ["TC_0*"], "every_minutes": 1440, "webhook_url": "https://ci.example/hooks/17",
}  # fmt: skip
CAR = {"battery_kwh": 77, "soc": 20, "max_power_kw": 11}
CHOICE = {"tag": "building-a"}
SAVED = {
    "folder": "Boot/wrong", "name": "No vendor", "version": "1.6", "action": "BootNotification",
    "text": '{"chargePointModel": "Wall 11"}', "shared": True,
}

EV_PROFILE = {
    "name": "my-car", "title": "My car", "battery_kwh": 52.0, "wake_up_s": 8.0,
    "ac": {
        "max_power_kw": 7.4, "phases": 1, "min_current_a": 6.0, "efficiency": 0.88,
        "curve": [[0.0, 7.4], [95.0, 7.4], [100.0, 0.9]],
    },
}  # fmt: skip

# operation, as the table of rights has it: body
EXAMPLES: dict[str, Any] = {
    "POST /auth/login": {"username": "ada", "password": "...", "scopes": ["read", "drive"]},
    "POST /auth/tokens": {"name": "ci", "scopes": ["read", "drive"], "days": 30},
    "POST /stations": STATION,
    "PUT /stations/{identity}": STATION,
    "PATCH /stations/{identity}": {
        "reading": "strict", "delays": {"reset": "5-8"},
        "rules": [{"name": "no reset", "action": "Reset", "status": "Rejected"}],
    },
    "POST /stations/{identity}/clone": {"identity": "CP-2"},
    "POST /stations/import": [STATION],
    "POST /stations/bulk": {
        "template": "AC single 22 kW, OCPP 1.6", "pattern": "SITE-{n:03}", "count": 100,
    },
    "POST /stations/bulk/start": CHOICE,
    "POST /stations/bulk/stop": CHOICE,
    "POST /filters": {"name": "Faulted in the north", "query": "state=faulted&tag=north"},
    "POST /jobs/create": {
        "template": "AC single 22 kW, OCPP 1.6", "pattern": "SITE-{n:04}", "count": 2000,
        "csms_urls": [
            {"url": "ws://127.0.0.1:9220", "share": 3}, {"url": "ws://127.0.0.1:9221"},
        ],
        "tags": ["load"], "region": "Germany", "start": True, "per_second": 20,
    },
    "POST /jobs/command": {
        "tag": "building-a", "state": "connected", "command": "plug",
        "arguments": {"connector": 1, "ev": CAR}, "per_second": 5,
    },
    "POST /jobs/edit": {
        "template": "AC single 22 kW, OCPP 1.6", "set": {"meter_sample_interval": 30},
        "add_tags": ["metered"],
    },
    "POST /templates": TEMPLATE,
    "PUT /templates/{template}": TEMPLATE,
    "PATCH /templates/{template}": {"meter_sample_interval": 30},
    "POST /makes": MAKE,
    "PUT /makes/{make}": MAKE,
    "POST /makes/import": {"makes": [MAKE]},
    "POST /makes/{make}/copy": {"name": "wall-11-ours"},
    "POST /stations/{identity}/plug": {"connector": 1, "ev": CAR},
    "POST /stations/{identity}/unplug": {"connector": 1},
    "POST /stations/{identity}/authorize": {"connector": 1, "id_tag": "TAG-1"},
    "POST /stations/{identity}/start-transaction": {"connector": 1, "id_tag": "TAG-1", "ev": CAR},
    "POST /stations/{identity}/stop-transaction": {"connector": 1, "reason": "Local"},
    "POST /stations/{identity}/fault": {"connector": 1, "error_code": "GroundFailure"},
    "POST /stations/{identity}/wake": {"connector": 1},
    "PUT /ev-profiles/{ev_profile}": EV_PROFILE,
    "POST /ev-profiles/import": [EV_PROFILE],
    "POST /stations/{identity}/reset": {"kind": "Soft"},
    "POST /stations/{identity}/firmware": {"outcome": "InstallationFailed"},
    "POST /stations/{identity}/charging-limit": {"limit": 7000, "unit": "W", "source": "EMS"},
    "POST /stations/{identity}/grid": {"voltage_pct": 90, "frequency_hz": 49.6},
    "POST /stations/{identity}/battery-swap": {"kind": "stock", "connector": 2, "soc": 95},
    "POST /stations/{identity}/pay-terminal": {"connector": 1, "brand": "Visa", "amount": 20},
    "POST /stations/{identity}/payment-url": {"connector": 1, "max_cost": 20},
    "POST /stations/{identity}/refuse-tariff": {"connector": 1},
    "POST /stations/{identity}/terminal": {"operative": False},
    "POST /stations/{identity}/vat-number": {"connector": 1, "vat_number": "DE123456789"},
    "POST /stations/{identity}/bay": {"connector": 1, "occupied": True},
    "POST /stations/{identity}/priority-charging": {"connector": 1, "operative": True},
    "POST /stations/{identity}/der-alarm": {"kind": "FixedVar", "fault": "OverVoltage"},
    "POST /stations/{identity}/data-transfer": {"vendor_id": "Acme", "data": "hello"},
    "POST /stations/{identity}/availability": {"connector": 1, "operative": False},
    "POST /stations/{identity}/messages": {"action": "Heartbeat", "payload": {}},
    "POST /stations/{identity}/faults": {
        "fault": "drop", "direction": "sent", "action": "Heartbeat", "probability": 0.33,
        "seconds": 600,
    },
    "POST /stations/{identity}/respond": {
        "action": "Reset", "payload": {"status": "Rejected"}, "count": 1,
    },
    "POST /stations/{identity}/clock": {"offset_seconds": -3600, "follow": False},
    "POST /stations/{identity}/half-open": {"seconds": 60},
    "POST /stations/{identity}/power-cut": {"seconds": 30},
    "POST /stations/{identity}/breakpoints": {"action": "StartTransaction", "count": 1},
    "POST /stations/{identity}/held/{number}/release": {"text": '[2,"1","Heartbeat",{}]'},
    "POST /stations/{identity}/held/{number}/answer": {"payload": {"status": "Rejected"}},
    "POST /stations/{identity}/settings": {"key": "MeterValueSampleInterval", "value": "30"},
    "POST /crafter/requests": SAVED,
    "PUT /crafter/requests/{kept}": SAVED,
    "POST /crafter/requests/import": {"requests": [SAVED]},
    "POST /crafter/sends": {
        "tag": "building-a", "version": "1.6", "action": "Heartbeat", "payload": {},
    },
    "POST /scenarios": SCENARIO,
    "PUT /scenarios/{scenario}": SCENARIO,
    "POST /scenarios/import": [SCENARIO],
    "POST /scenarios/{scenario}/run": {"tag": "building-a", "stagger_ms": 100},
    "POST /scenarios/{scenario}/preview": {"tag": "building-a", "number": 20},
    "POST /scenario-check": {"name": "First session", "steps": STEPS},
    "POST /scenario-try": {"station": "CP-1", "steps": STEPS[1:2]},
    "POST /executions": {"scenario": "first-session", "stations": ["CP-1"]},
    "POST /behaviours": BEHAVIOUR,
    "PUT /behaviours/{behaviour}": BEHAVIOUR,
    "POST /suites": SUITE,
    "PUT /suites/{plan}": SUITE,
    "POST /questions/{question}/answer": {"done": True},
}  # fmt: skip


def add_to(schema: Mapping[str, Any], prefix: str) -> None:
    """Put each into the OpenAPI document of the API, whose paths begin with the prefix."""
    for operation, body in EXAMPLES.items():
        method, path = operation.split(" ")
        wanted = schema["paths"][prefix + path][method.lower()]["requestBody"]["content"]
        wanted[JSON]["example"] = body
