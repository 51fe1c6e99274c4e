"""Functional block B, B05-B08: GetVariables, SetVariables and the reports of the device model."""

from typing import Any

import orjson

from chargepoint.answers import CallFault
from chargepoint.effects import URGENT, PingInterval
from chargepoint.v201.authorization import Authorization
from chargepoint.v201.connector_types import CONNECTOR_TYPES
from chargepoint.v201.device_model import DeviceModel, find, writable
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.variables import (
    CONNECTOR_VARIABLES,
    EVSE_VARIABLES,
    READ_ONLY,
    VARIABLES,
    WRITE_ONLY,
    Variable,
)

_ITEMS = 100  # in one NotifyReport


class VariableRequests(Authorization):
    __slots__ = ()

    def on_get_variables(self, payload: dict, now: float) -> dict:
        self.check_request("DeviceDataCtrlr", "GetVariables", payload, "getVariableData")
        return {"getVariableResult": [self._get(item, now) for item in payload["getVariableData"]]}

    def _get(self, item: dict, now: float) -> dict:
        kind = item.get("attributeType", "Actual")
        result = {
            "attributeType": kind,
            "component": item["component"],
            "variable": item["variable"],
        }
        variable = find(item["component"], item["variable"], self._places())
        if isinstance(variable, str):
            return {**result, "attributeStatus": variable}
        if kind != "Actual":
            return {**result, "attributeStatus": "NotSupportedAttributeType"}
        if variable.mutability == WRITE_ONLY:
            return {**result, "attributeStatus": "Rejected"}  # B06.FR.09
        value = self.read(variable, item["component"].get("evse"), now)
        return {**result, "attributeStatus": "Accepted", "attributeValue": value}

    def on_set_variables(self, payload: dict, now: float) -> dict:
        self.check_request("DeviceDataCtrlr", "SetVariables", payload, "setVariableData")
        results = [self._set(item) for item in payload["setVariableData"]]
        self.changed(URGENT)
        self.later(self.variables_changed)
        return {"setVariableResult": results}

    def _set(self, item: dict) -> dict:
        kind = item.get("attributeType", "Actual")
        result = {
            "attributeType": kind,
            "component": item["component"],
            "variable": item["variable"],
        }
        variable = find(item["component"], item["variable"], self._places())
        if isinstance(variable, str):
            return {**result, "attributeStatus": variable}
        if kind != "Actual":
            return {**result, "attributeStatus": "NotSupportedAttributeType"}
        variable = self.as_it_is_here(variable, item["component"].get("evse"))
        why, code = "the variable is read-only", "ReadOnly"
        if writable(variable):
            why, code = DeviceModel.refusal(variable, item["attributeValue"]), "InvalidValue"
        if why is not None:
            info = {"reasonCode": code, "additionalInfo": why[:512]}
            return {**result, "attributeStatus": "Rejected", "attributeStatusInfo": info}
        waits = self.model.set(variable, item["attributeValue"])
        return {**result, "attributeStatus": "RebootRequired" if waits else "Accepted"}

    def variables_changed(self, now: float) -> None:
        """Bring the values that drive timers into force; all are cheap, so all are done."""
        interval = self.default_interval()
        if interval != self.interval and self.booted:
            self.set_heartbeat(interval, now)
        if self.connected:
            self._out.append(PingInterval(self.ping_interval()))
        for outlet in self.outlets.values():
            self.restart_timers(outlet, now)
        self.schedule_aligned(now)

    def _places(self) -> dict[int, set[int]]:
        places: dict[int, set[int]] = {}
        for outlet in self.outlets.values():
            places.setdefault(outlet.evse, set()).add(outlet.connector_id)
        return places

    def check_request(self, controller: str, action: str, payload: dict, items: str) -> None:
        """B05.FR.11, B06.FR.16: no more items and bytes than the controller tells."""
        count = len(payload.get(items, ()))
        most = self.model.integer(f"{controller}.ItemsPerMessage[{action}]")
        if count > most:
            why = f"{count} items, at most {most} in one message"
            raise CallFault("OccurrenceConstraintViolation", why)
        longest = self.model.integer(f"{controller}.BytesPerMessage[{action}]")
        if len(orjson.dumps(payload)) > longest:
            raise CallFault("FormatViolation", f"at most {longest} bytes in one message")

    def as_it_is_here(self, variable: Variable, evse: dict | None) -> Variable:
        """The variable with what this station's hardware makes of it."""
        if variable.key == "EVSE.Power":  # its maxLimit is required, and the EVSE's own
            outlets = self.outlets_of(evse)
            return variable._replace(high=max(o.hardware.config.max_power_w for o in outlets))
        return variable

    # --- values ------------------------------------------------------------------------------

    def read(self, variable: Variable, evse: dict | None, now: float) -> str:
        """The Actual value as text."""
        if variable.component in ("EVSE", "Connector"):
            return _of_outlets(variable, self.outlets_of(evse))
        if not variable.live:
            return self.model.value(variable.key)
        match variable.key:
            case "SmartChargingCtrlr.Entries[ChargingProfiles]":
                return str(len(self.profiles or ()))
            case "LocalAuthListCtrlr.Entries":
                return str(len(self.local_list or ()))
            case "ClockCtrlr.DateTime":
                return self.stamp(now)
            case "SecurityCtrlr.CertificateEntries":
                return str(len(self.all_roots()))
            case "SecurityCtrlr.SecurityProfile":
                return str(self.security_profile())
            case "SecurityCtrlr.Identity":
                return self.identity
            case "ChargingStation.Model":
                return self.config.model
            case "ChargingStation.VendorName":
                return self.config.vendor
            case "ChargingStation.SerialNumber":
                return self.config.serial
            case "ChargingStation.FirmwareVersion":
                return self.firmware_version()
            case _:
                return _of_outlets(variable, list(self.outlets.values()))

    # --- reports (B07, B08) ------------------------------------------------------------------

    def on_get_base_report(self, payload: dict, now: float) -> dict:
        base = payload["reportBase"]
        if base == "SummaryInventory":  # B07.FR.09: components with a problem; we report none
            return {"status": "NotSupported"}
        lines = self._inventory(now, writable_only=base == "ConfigurationInventory")
        self.later(self._notify_report, payload["requestId"], lines)
        return {"status": "Accepted"}

    def on_get_report(self, payload: dict, now: float) -> dict:
        self.check_request("DeviceDataCtrlr", "GetReport", payload, "componentVariable")
        if payload.get("componentCriteria"):
            return {"status": "NotSupported"}
        wanted = payload.get("componentVariable")
        lines = self._inventory(now, writable_only=False)
        if wanted:
            lines = [line for line in lines if any(_asked_for(line, ask) for ask in wanted)]
        if not lines:
            return {"status": "EmptyResultSet"}
        self.later(self._notify_report, payload["requestId"], lines)
        return {"status": "Accepted"}

    def _inventory(self, now: float, writable_only: bool) -> list[dict]:
        lines = [self._line(v, None, now) for v in VARIABLES]
        if writable_only:
            return [x for x in lines if x["variableAttribute"][0]["mutability"] != READ_ONLY]
        for evse, connectors in sorted(self._places().items()):
            lines += [self._line(v, {"id": evse}, now) for v in EVSE_VARIABLES]
            for number in sorted(connectors):
                place = {"id": evse, "connectorId": number}
                lines += [self._line(v, place, now) for v in CONNECTOR_VARIABLES]
        return lines

    def _line(self, variable: Variable, evse: dict | None, now: float) -> dict:
        variable = self.as_it_is_here(variable, evse)
        attribute: dict[str, Any] = {"mutability": variable.mutability}
        if variable.mutability != WRITE_ONLY:
            attribute["value"] = self.read(variable, evse, now)
        if variable.mutability != READ_ONLY:
            attribute["persistent"] = True
        traits: dict[str, Any] = {
            "dataType": variable.kind,
            "supportsMonitoring": variable.mutability != WRITE_ONLY,
        }
        if variable.unit:
            traits["unit"] = variable.unit
        if variable.low is not None:
            traits["minLimit"] = variable.low
        if variable.high is not None:
            traits["maxLimit"] = variable.high
        if variable.values:
            traits["valuesList"] = ",".join(variable.values)
        component: dict[str, Any] = {"name": variable.component}
        if evse is not None:
            component["evse"] = evse
        name: dict[str, Any] = {"name": variable.name}
        if variable.instance:
            name["instance"] = variable.instance
        return {
            "component": component,
            "variable": name,
            "variableAttribute": [attribute],
            "variableCharacteristics": traits,
        }

    def _notify_report(self, request_id: int, lines: list[dict], now: float) -> None:
        parts = [lines[n : n + _ITEMS] for n in range(0, len(lines), _ITEMS)]
        for number, part in enumerate(parts):
            report = {
                "requestId": request_id,
                "generatedAt": self.stamp(now),
                "seqNo": number,
                "tbc": number + 1 < len(parts),
                "reportData": part,
            }
            self.call("NotifyReport", report, now, "triggered")




def _of_outlets(variable: Variable, outlets: list[Outlet]) -> str:
    """A value that the hardware gives, of one outlet or of several together."""
    configs = [outlet.hardware.config for outlet in outlets]
    match variable.name:
        case "AvailabilityState":
            states = {outlet.hardware.status_201 for outlet in outlets}
            # Of several: available while one of them is (part 2, 4.4 on EVSEs of many connectors).
            order = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")
            return next((state for state in order if state in states), "Unavailable")
        case "Power":
            return f"{sum(outlet.hardware.power_w for outlet in outlets):.0f}"
        case "SupplyPhases":
            return str(max((config.phases for config in configs), default=0))
        case "ConnectorType":
            return CONNECTOR_TYPES.get(configs[0].kind, "Unknown")
        case _:
            return variable.default


def _asked_for(line: dict, ask: dict) -> bool:
    return all(_same(line[part], ask[part]) for part in ("component", "variable") if part in ask)


def _same(line: dict, ask: dict) -> bool:
    """What the question leaves open matches everything."""
    if line["name"].lower() != ask["name"].lower():
        return False
    if "instance" in ask and line.get("instance", "").lower() != ask["instance"].lower():
        return False
    return "evse" not in ask or all(
        line.get("evse", {}).get(k) == v for k, v in ask["evse"].items() if k != "customData"
    )
