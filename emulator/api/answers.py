"""An example of every schema and answer of the API, as /api/docs shows it.

Put together from one value for each name of a field, so the same station, user and run are in all
of them. tests/emulator/test_documented.py holds each against its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.api.examples import CAR, EV_PROFILE, JSON, MAKE, SCENARIO, STATION, STEPS

NOW, LATER, BEFORE = "2026-03-02T08:15:30Z", "2026-03-02T09:00:00Z", "2026-03-02T08:15:00Z"
UNIX = 1_772_439_330.0  # NOW
RECORD = "064c0c3f2a7c1000010001000000"
OBJECT = "69a5478a5d1f4c2b9e0d7a31"
FRAME = '[2,"7","Heartbeat",{}]'

# {field, or schema.field where that differs: value}
VALUES: dict[str, Any] = {
    "about": {"timeout": "Milliseconds that the step may take"}, "act": RECORD,
    "action": "Heartbeat", "actions": ["BootNotification", "Heartbeat"], "actor": "ada",
    "add_tags": ["metered"], "address": "203.0.113.7", "against": OBJECT, "amount": 20,
    "answer": {"status": "Preparing"}, "answers": ["currentTime"], "arguments": {"connector": 1},
    "asked": NOW, "attempt": 0, "back": UNIX + 30, "batch": 1, "behaviour": "", "broke": [],
    "battery": None, "brand": "Visa", "by": "ada", "caller": "station", "calls": 1200,
    "card": "1234", "cause": "", "changes": [{"field": "running", "old": False, "new": True}],
    "check": "ok", "checks": {"ok": 2}, "chosen": "", "choosing": 0, "cleanup": [],
    "cleared": [1], "code": "InternalError", "command": "plug", "configuration": {},
    "connector": 1, "connectors": STATION["connectors"], "contract": "made", "cost": None,
    "count": 1, "counts": {"passed": 1}, "created": BEFORE, "csms_url": "ws://127.0.0.1:9220",
    "csms_urls": [{"url": "ws://127.0.0.1:9220", "share": 1}], "data": "hello", "days": 30,
    "default_id_tag": "TAG-1", "delays": {"reset": "5-8"}, "description": "One charging session",
    "details": {}, "direction": "sent", "display": None, "documented": True, "driver": None,
    "email": "ada@example.com", "emaid": "DE8ACC12E46L89", "ended": LATER, "energy_wh": 5120.0,
    "error": "", "error_code": "GroundFailure", "ev": CAR, "every_minutes": 1440, "evse": 1,
    "example": STEPS[1], "execution": "", "expected": None, "expires": "2026-06-01T00:00:00Z",
    "extra": {}, "fault": "drop", "faults": None, "field": "running", "fields": None,
    "findings": [], "firmware": "1.4.2", "first": 1, "first_id": RECORD, "folder": "Boot/wrong",
    "foreign": [], "form": None, "frame": RECORD, "frames": [RECORD], "from": BEFORE,
    "group": "messages", "groups": ["Operators"], "has_password": False, "heartbeat_interval": 300,
    "held_back": "", "help": "Wait for a frame", "hint": "ocpp_3f", "iccid": "8931440400000000001",
    "id": OBJECT, "id_tag": "TAG-1", "identities": ["CP-1"], "identity": "CP-1",
    "imsi": "204046811111111", "info": "", "inner": [], "isBuiltin": False, "key": "f3a1",
    "kind": "Call", "label": "Expect a frame", "last": UNIX, "last_id": RECORD,
    "last_message": UNIX, "last_used": NOW, "latency": 0.012, "latency_ms": 12.4,
    "latitude": 52.52, "level": "error", "limit": 7000, "limits": {}, "lines": [],
    "link_error": "", "longitude": 13.405, "make": "wall-11", "mark": "", "shipped": False,
    "document": MAKE,
    "measurands": ["Energy.Active.Import.Register"],
    "message": "", "message_id": "hello", "messageType": "Call", "meter_aligned_interval": 0,
    "meter_sample_interval": 60, "method": "OCMF", "model": "Wall 11", "moments": [],
    "mutability": "ReadWrite", "name": "Weekday", "named": ["CP-1"], "new": True, "next": None,
    "notice": "", "number": 1, "object": "CP-1", "objects": ["CP-1"], "obligation": "",
    "ocpp_version": "1.6", "offered_versions": ["1.6"], "old": False, "only": ["TC_0*"],
    "page": "POST /stations/{identity}/start", "parameters": {}, "params": {"connector": 1},
    "parted": [], "password": "...", "password_encoding": "text", "path": "1",
    "pattern": "SITE-{n:03}", "payload": {}, "payment_url": None, "phases": 3, "plan": OBJECT,
    "pointer": "/steps/0/type", "power": "on", "power_w": 11000.0, "proxy_password": None,
    "proxy_url": "", "proxy_username": "", "psp_ref": "psp-8f21", "quality": "M",
    "also": None, "given": 3, "match": None, "nothing": None, "rules": [],
    "query": "state=faulted&tag=north", "range": "1h", "reading": "strict", "reason": "Local",
    "recognition": "CC", "refreshable_until": "2026-03-09T08:15:30Z", "region": "Germany",
    "registration": "Accepted", "remove_tags": [], "reports": ["junit"], "requests": [],
    "result": "done", "rule": "unanswered", "run": OBJECT, "scenario": "first-session",
    "scenarioId": "first-session", "scopes": ["read", "drive"], "search": "", "searched_to": None,
    "seed": 7, "sentence": "There is no such type of step.", "serial": "VC-000123",
    "session": "", "set": {"meter_sample_interval": 30}, "settlement": None, "signed": True,
    "since": BEFORE, "soc": 40.0, "started": NOW, "started_by": "ada", "state": "connected",
    "station": "CP-1", "stationId": "CP-1", "stations": ["CP-1"], "status": "Available",
    "step": "", "steps": STEPS, "suite": "ocpp16", "tag": "building-a", "tags": ["building-a"],
    "target": {"stations": ["CP-1"], "tag": "", "template": ""}, "template": "AC 11 kW",
    "ac_kw": 7.4, "dc_kw": None, "weight": 1.0, "ev_profiles": [EV_PROFILE],
    "EvProfileRow.name": "my-car", "EvProfileRow.title": "My car", "EvProfileRow.shipped": False,
    "EvProfileOut.name": "my-car", "EvProfileOut.title": "My car", "EvProfileOut.shipped": False,
    "EvProfileOut.document": EV_PROFILE, "EvProfileImportedOut.name": "my-car",
    "EvProfileImportedOut.action": "created", "cars": [{"profile": "compact", "weight": 3}],
    "profile": "compact", "text": FRAME, "time": NOW,
    "title": "Plug a car in: 1 stations", "tls_ca_pem": "",
    "tls_ciphers": "", "tls_client_cert_pem": "", "tls_client_key_pem": None,
    "tls_max_version": "", "tls_min_version": "", "to": LATER, "token": "ocpp_3f...",
    "token_type": "ISO14443", "transaction": "4711", "transaction_id": "4711",
    "type": "expect", "types": [], "uid": "7", "unique_id": "7", "unit": "W", "until": LATER,
    "updated": NOW, "url": "ws://127.0.0.1:9220", "user": None, "username": "ada",
    "value": "300", "values": None, "variables": {"energy_kwh": 5}, "variant": "",
    "vat_number": "DE123456789", "vendor": "Volt & Co", "vendor_error_code": "",
    "vendor_id": "Acme", "verdict": "PASS", "version": "1.6", "versions": ["1.6"], "via": "api",
    "waits": None, "watch": "warn", "webhook_url": "https://ci.example/hooks/17",
    "what": "reset", "why": "", "worker_seen": UNIX, "worst": None,
    "ActionRow.calls": 1200, "AddressIn.share": 3, "AnswerOut.kind": "CallResult",
    "BreachOut.kind": "value", "BreachOut.what": "status", "BreachOut.detail": "Acepted",
    "BreakpointOut.until": UNIX + 60, "CaseOut.id": "TC_001", "CaseOut.name": "Cold boot",
    "CaseOut.message": "", "CaseOut.version": "1.6", "CommandOut.result": {"status": "Preparing"},
    "ComparisonOut.new": [], "ConnectorIO.id": 1, "ConnectorIO.kind": "Type2",
    "ConnectorState.id": 1, "ConnectorState.status": "Charging", "ConnectorState.error": None,
    "DoneOut.detail": "You are logged out.", "ErrorOut.code": "station_not_found",
    "ErrorOut.message": 'There is no station "CP-1": see GET /api/stations.',
    "ExecutionDetail.stations": 1, "ExecutionOut.stations": 1, "ExecutionDetail.driver": None,
    "FaultsOut.connectors": [], "FindingOut.first": UNIX, "FindingOut.action": "Heartbeat",
    "FirmwareResult.status": None, "FrameFaultOut.id": 1, "FrameFaultOut.until": UNIX + 600,
    "HeldOut.id": 1, "HeldOut.since": UNIX, "HeldOut.until": UNIX + 60,
    "JobOut.kind": "command", "JobOut.state": "running", "JobOut.counts": {"done": 1},
    "JobOut.asked": {"command": "plug"}, "JobStationOut.result": "done",
    "LaidDownOut.id": 1, "LaidDownOut.code": None, "LaidDownOut.until": UNIX + 60,
    "LaidDownOut.action": "Reset",
    "RuleOut.id": 1, "RuleOut.name": "no reset", "RuleOut.code": None, "RuleOut.until": None,
    "RuleOut.action": "Reset", "RuleOut.count": None,
    "LinkResult.state": "open", "LinkResult.next": None,
    "MessageOut.id": RECORD, "MessageOut.run": 1, "NewTokenOut.name": "ci",
    "OwnTokenOut.name": "ci", "PastSessionOut.started": UNIX, "PastSessionOut.ended": UNIX + 1800,
    "PeriodOut.start": 0, "RunPreviewOut.stations": 1, "JobPreviewOut.stations": 1,
    "PreviewFitOut.stations": 1,
    "ScenarioOut.version": "1.0", "ScenarioOut.name": "First session",
    "ScheduleOut.start": UNIX, "SeenOut.id": RECORD, "SentDetail.stations": 1,
    "SentOut.stations": 1, "SettingOut.key": "HeartbeatInterval", "SettingOut.group": "Core",
    "SettingOut.name": "HeartbeatInterval", "SettingOut.kind": "integer", "SettingOut.unit": "s",
    "SettingOut.evse": None, "SettingOut.connector": None, "StateOut.state": "charging",
    "SignedValue.meter": "BHM-0042", "SignedValue.page": "T17", "SignedValue.check": "valid",
    "SignedValue.key": "session", "StationRow.station": "CP-1", "Stations.stations": 1,
    "StatusResult.status": "Preparing",
    "StepOut.started": UNIX, "StepOut.ended": UNIX + 1, "StepOut.frame": RECORD,
    "StepOut.description": "", "SuiteOut.stations": "1", "SuiteIn.stations": "1",
    "MakeOut.name": "wall-11", "MakeRow.name": "wall-11", "MakeOut.stations": 3,
    "MakeRow.stations": 3, "MakesOut.format": "ocpp-emulator/1", "MakesOut.makes": [MAKE],
    "MakeImportedOut.name": "wall-11", "MakeImportedOut.action": "created",
    "MakeOut.versions": ["1.6"], "MakeRow.versions": ["1.6"],
    "SwitchOut.stations": 1, "SyncOut.time": UNIX, "TemplateOut.name": "AC 11 kW",
    "TimelineOut.from": UNIX - 86400, "TimelineOut.to": UNIX, "StateOut.grid": None,
    "TokenOut.token_type": "bearer", "TrailEntry.id": RECORD, "TrailEntry.action": "started",
    "TrailEntry.model": "stations.station", "TrailEntry.status": 200, "FilterOut.name": "North",
    "StationOut.template": "AC 11 kW", "StationOut.name": "", "FitOut.versions": None,
    "ClockOut.off_seconds": -3600.0, "BrokenConnectorOut.info": "", "SavedOut.text": FRAME,
    "PaletteOut.groups": ["messages"], "StepTypeOut.params": {"properties": {}},
    "AcceptedResult.status": "Accepted", "StoppedResult.status": "Accepted",
    "ResetResult.status": "Accepted", "AuthorizationResult.authorization": "Accepted",
    "FirmwareResult.outcome": "InstallationFailed", "PaymentUrlResult.url": "https://pay.example/q",
    "SwapResult.authorization": "Accepted", "PaymentResult.authorization": "Accepted",
    "ValidationResult.validation": "Pending", "voltage_pct": 95.0, "voltage_v": 218.5,
    "frequency_hz": 49.9, "load_w": 1500.0, "secure_csms_url": "",
    "GridIn.voltage_v": None, "voltage": None, "boot_delay": 0, "meter_variance": 0.02,
    "call_timeout": 30, "ev_max_power_w": None, "max_power_w": 22000, "probability": 0.33,
    "ppm": 100.0, "power_back": None, "paying_until": None, "connected": True, "running": True,
    "enabled": True, "autostart": True, "tls_verify": True, "compression": True, "done": 1,
    "warnings": 0, "bad": 0, "dropped": 0, "skipped": 0, "total": 1, "planned": 1, "answered": 1,
    "seconds": 2.5, "stagger_ms": 100, "per_second": 20, "delay_ms": 500, "jitter_ms": 100,
    "hold_seconds": 60, "bytes": 24, "seq": 12, "waiting": 0, "left_out": 0, "off": 0,
    "disabled": 0, "errors": 0, "min_ms": 4.1, "mean_ms": 12.4, "p50_ms": 11.0, "p95_ms": 30.2,
    "p99_ms": 48.9, "max_ms": 80.5, "deviation_ms": 6.3, "revision": 3, "parallel": 1,
    "battery_kwh": 77, "max_power_kw": 11, "max_discharge_kw": 10, "departure_s": 28800,
    "min_soc": 20, "target_soc": 80, "soh": 99, "max_cost": 20, "max_energy": 30_000,
    "max_time": 7200, "offset_seconds": -3600, "written": 120, "stale": 0, "lag": 0.4,
    "low": None, "high": None, "hold": 20.0, "seconds_left": 14.2, "request": 8123,
    "ExecutionOut.state": "passed", "ExecutionDetail.state": "passed", "StepOut.state": "passed",
    "StationRunOut.state": "passed", "SuiteRunOut.state": "passed",
    "SuiteRunDetail.state": "passed", "ExecutionOut.name": "First session",
    "ExecutionDetail.name": "First session", "SuiteRunOut.name": "Nightly, OCPP 1.6",
    "SuiteRunDetail.name": "Nightly, OCPP 1.6", "SuiteOut.name": "Nightly, OCPP 1.6",
    "StopTransactionIn.transaction": 4711,
}  # fmt: skip
_COUNTS = {
    "total": 480, "sent": 240, "received": 240, "errors": 1, "latency_ms": 12.4,
    "actions": {"Heartbeat": 400}, "codes": {"InternalError": 1},
}
_SERIES = [{"time": BEFORE, "total": 480, "sent": 240, "received": 240, "errors": 1}]
_HOUR = {"hours": 1, "step": 60, **_COUNTS, "series": _SERIES}
_DAY = {
    "hours": 24, "started": 12, "ended": 11, "active": 1, "energy_wh": 61_440.0,
    "mean_seconds": 1800.0, "reasons": {"Local": 11},
}
_LIVE = {"time": UNIX, "stream": {}, "workers": {}, "queue": None, "redis": "ok"}
# Answers that have no schema of their own, by operation.
ANSWERS: dict[str, Any] = {
    "GET /schemas/{version}/{action}": {
        "type": "object", "properties": {"chargePointModel": {"type": "string", "maxLength": 20}},
        "required": ["chargePointModel", "chargePointVendor"],
    },
    "GET /stations/export": {
        "stations": [STATION], "makes": [MAKE], "templates": [], "tag_groups": [],
    },
    "GET /make-schema": {"title": "A make of charging stations", "type": "object"},
    "GET /scenarios/export": {"scenarios": [SCENARIO]},
    "POST /scenarios/export": {"scenarios": [SCENARIO]},
    "GET /stations/{identity}/recording": SCENARIO,
    "GET /ev-profile-schema": {"title": "An EV profile", "type": "object", "required": ["name"]},
    "GET /scenario-schema": {"title": "A scenario", "type": "object", "required": ["name"]},
    "GET /messages/stats": {"hours": 1, **_COUNTS, "live": _LIVE},
    "GET /analytics/messages": _HOUR,
    "GET /analytics/transactions": {
        **_DAY, "days": [{"day": "2026-03-02", "started": 12, "ended": 11, "energy_wh": 61_440.0}],
    },
    "GET /analytics/errors": {
        "hours": 1, "total": 480, "errors": 1, "rate": 0.002083, "codes": {"InternalError": 1},
        "recent": [],
    },
    "GET /analytics/dashboard": {"messages": _HOUR, "transactions": _DAY, "live": _LIVE},
    "GET /transactions/{session_id}": {
        "id": "CP-1:1:1", "station": "CP-1", "connector": 1, "transaction_id": "4711",
        "id_tag": "TAG-1", "state": "ended", "started": NOW, "ended": LATER, "reason": "Local",
        "energy_wh": 5120.0, "samples": [{"t": UNIX, "energy_wh": 0.0}],
    },
    "GET /jobs/{job}/report": {"job": OBJECT, "stations": []},
    "GET /suite-runs/{run}/report": "<testsuites tests=\"1\" failures=\"0\"/>",
}  # fmt: skip
_REF = "$ref"


class _Made:
    """Examples of the schemas of one document; those that hold others are made of them."""

    def __init__(self, shapes: Mapping[str, Any]) -> None:
        self._shapes = shapes
        self._made: dict[str, Any] = {}

    def named(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._of(self._shapes[name], name)
        return self._made[name]

    def of(self, shape: Mapping[str, Any]) -> Any:
        """Of a schema without a name: an answer's."""
        return self._of(shape, "")

    def _of(self, shape: Mapping[str, Any], name: str) -> Any:
        if _REF in shape:
            return self.named(shape[_REF].rpartition("/")[2])
        if "allOf" in shape:
            parts = [self._of(each, name) for each in shape["allOf"]]
            return {key: value for part in parts for key, value in part.items()}
        if "anyOf" in shape:
            return self._of(shape["anyOf"][0], name)
        if "enum" in shape or "const" in shape:
            return shape.get("const", shape.get("enum", [None])[0])
        kind = shape.get("type", "object")
        if kind == "array":
            return [self._of(shape.get("items", {}), name)]
        if kind != "object":
            return {"string": "", "boolean": False, "null": None}.get(kind, 1)
        fields = shape.get("properties", {})
        return {field: self._field(name, field, inner) for field, inner in fields.items()}

    def _field(self, name: str, field: str, shape: Mapping[str, Any]) -> Any:
        for known in (f"{name}.{field}", field):
            if known in VALUES and _is_of(VALUES[known], shape):
                return VALUES[known]
        return shape["default"] if "default" in shape else self._of(shape, name)


_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list,
    "object": dict, "null": type(None),
}  # fmt: skip


def _is_of(value: Any, shape: Mapping[str, Any]) -> bool:
    """Whether a value is of a field's kind, so that one name may stand for several."""
    if "anyOf" in shape:
        return any(_is_of(value, each) for each in shape["anyOf"])
    if "enum" in shape:
        return value in shape["enum"]
    if _REF in shape:
        return False  # its own example
    if "const" in shape:
        return value == shape["const"]
    if isinstance(value, bool):
        return shape.get("type", "boolean") == "boolean"
    if isinstance(value, list) and value and (items := shape.get("items")):
        return _is_of(value[0], items)
    return "type" not in shape or isinstance(value, _KINDS[shape["type"]])


def add_to(schema: Mapping[str, Any], prefix: str) -> None:
    """Put examples into the OpenAPI document of the API, whose paths begin with the prefix."""
    shapes = schema["components"]["schemas"]
    made = _Made(shapes)
    for name, shape in shapes.items():
        shape["example"] = made.named(name)
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            told = ANSWERS.get(f"{method.upper()} {path.removeprefix(prefix)}")
            for status, answer in operation["responses"].items():
                content = answer.get("content", {}).get(JSON)
                if content is not None and str(status) < "300":
                    content["example"] = made.of(content["schema"]) if told is None else told
