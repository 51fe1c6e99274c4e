"""Functional block B, B05-B08: GetVariables, SetVariables and the reports of the device model."""

from collections.abc import Iterable
from typing import Any

import orjson

from chargepoint.config import StationConfig
from chargepoint.core import topics as core_topics
from chargepoint.core.answers import CallFault
from chargepoint.core.block import READS, REFUSES, TAKES, VALUES, Block, action, hears
from chargepoint.core.blocks import of_variable
from chargepoint.effects import URGENT
from chargepoint.v201 import topics
from chargepoint.v201.connector_types import CONNECTOR_TYPES
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.variables.device_model import initial, writable
from chargepoint.v201.variables.report_filters import asks_for, meeting
from chargepoint.v201.variables.table import READ_ONLY, WRITE_ONLY, Variable

_TROUBLES = frozenset({"Fallback", "Overload", "Problem", "Tripped"})


class VariableRequests(Block):
    __slots__ = ()

    @hears(core_topics.RECONFIGURED)
    def rebase(self, old: StationConfig, now: float) -> None:
        """The configuration has changed: its values hold for variables that the CSMS has not set.
        """
        self.core.model.rebase(initial(self.core.config))
        self.variables_changed(now)

    @action("GetVariables")
    def on_get_variables(self, payload: dict, now: float) -> dict:
        """GetVariables (B06). Raises CallFault for a message that is too large."""
        self.check_request("DeviceDataCtrlr", "GetVariables", payload, "getVariableData")
        return {"getVariableResult": [self._get(item, now) for item in payload["getVariableData"]]}

    def _get(self, item: dict, now: float) -> dict:
        kind = item.get("attributeType", "Actual")
        result = {
            "attributeType": kind,
            "component": item["component"],
            "variable": item["variable"],
        }
        variable = self.find_variable(item["component"], item["variable"])
        if isinstance(variable, str):
            return {**result, "attributeStatus": variable}
        evse = item["component"].get("evse")
        value = self.target(variable, evse) if kind == "Target" else None
        if kind != "Actual" and value is None:
            return {**result, "attributeStatus": "NotSupportedAttributeType"}
        if variable.mutability == WRITE_ONLY:
            return {**result, "attributeStatus": "Rejected"}  # B06.FR.09
        if value is None:
            value = self.read(variable, evse, now)
        return {**result, "attributeStatus": "Accepted", "attributeValue": value}

    @action("SetVariables")
    def on_set_variables(self, payload: dict, now: float) -> dict:
        """SetVariables (B05). Raises CallFault for a message that is too large."""
        self.check_request("DeviceDataCtrlr", "SetVariables", payload, "setVariableData")
        results = [self._set(item, now) for item in payload["setVariableData"]]
        self.core.changed(URGENT)
        self.core.answers.later(self.variables_changed)
        return {"setVariableResult": results}

    def _set(self, item: dict, now: float) -> dict:
        kind = item.get("attributeType", "Actual")
        result = {
            "attributeType": kind,
            "component": item["component"],
            "variable": item["variable"],
        }
        variable = self.find_variable(item["component"], item["variable"])
        if isinstance(variable, str):
            return {**result, "attributeStatus": variable}
        if kind != "Actual":
            return {**result, "attributeStatus": "NotSupportedAttributeType"}
        variable = self.core.fold(topics.AS_IT_IS, variable, item["component"].get("evse"))
        refused = self._value_refused(variable, item["attributeValue"])
        if refused is not None:
            code, why = refused
            info = {"reasonCode": code, "additionalInfo": why[:512]}
            return {**result, "attributeStatus": "Rejected", "attributeStatusInfo": info}
        waits = self.take_value(
            variable, item["component"].get("evse"), item["attributeValue"], now
        )
        return {**result, "attributeStatus": "RebootRequired" if waits else "Accepted"}

    def _value_refused(self, variable: Variable, text: str) -> tuple[str, str] | None:
        if not writable(variable):
            return "ReadOnly", "the variable is read-only"
        why = self.core.model.refusal(variable, text)
        return self.value_refusal(variable, text) if why is None else ("InvalidValue", why)

    def find_variable(self, component: dict, variable: dict) -> Variable | str:
        """The variable, or "UnknownComponent" / "UnknownVariable"."""
        found = self.core.ask(topics.FIND_VARIABLE, component, variable)
        if not found:
            places = self._places() if component.get("evse") else {}
            found = self.core.model.CATALOGUE.find(component, variable, places)
        return self.core.fold(topics.FOUND_VARIABLE, found, component)

    def value_refusal(self, variable: Variable, text: str) -> tuple[str, str] | None:
        """(reason code, words) why a value that its type allows cannot be."""
        refuse = of_variable(self.core, REFUSES, variable.key)
        return None if refuse is None else refuse(variable, text)

    def take_value(self, variable: Variable, evse: dict | None, text: str, now: float) -> bool:
        """Keep the value; True if it waits for the next boot."""
        take = of_variable(self.core, TAKES, variable.key)
        waits = None if take is None else take(variable, evse, text, now)
        return self.core.model.set(variable, text) if waits is None else waits

    def variables_changed(self, now: float) -> None:
        """Bring the values that drive timers into force; all are cheap, so all are done."""
        self.core.tell(topics.VARIABLES_CHANGED, now)

    def _places(self) -> dict[int, set[int]]:
        places: dict[int, set[int]] = {}
        for outlet in self.core.outlets.values():
            places.setdefault(outlet.evse, set()).add(outlet.connector_id)
        return places

    def check_request(self, controller: str, action: str, payload: dict, items: str) -> None:
        """B05.FR.11, B06.FR.16: no more items and bytes than the controller tells. Raises
        CallFault."""
        count = len(payload.get(items, ()))
        most = self.core.model.integer(f"{controller}.ItemsPerMessage[{action}]")
        if count > most:
            why = f"{count} items, at most {most} in one message"
            raise CallFault("OccurrenceConstraintViolation", why)
        longest = self.core.model.integer(f"{controller}.BytesPerMessage[{action}]")
        if len(orjson.dumps(payload)) > longest:
            raise CallFault("FormatViolation", f"at most {longest} bytes in one message")

    # --- values ------------------------------------------------------------------------------

    def read(self, variable: Variable, evse: dict | None, now: float) -> str:
        """The Actual value as text."""
        reader = of_variable(self.core, READS, variable.key)
        value = None if reader is None else reader(variable, evse, now)
        return self._read_here(variable, evse, now) if value is None else value

    def _read_here(self, variable: Variable, evse: dict | None, now: float) -> str:
        if variable.key == "EVSE.Power":  # as measured now; negative where a car gives back
            samples = [outlet.hardware.sample(now) for outlet in self.core.outlets_of(evse)]
            return _watts(sum(sample.power_w - sample.export_w for sample in samples))
        if variable.component in ("EVSE", "Connector"):
            return _of_outlets(variable, self.core.outlets_of(evse))
        if not variable.live:
            return self.core.model.value(variable.key)
        match variable.key:
            case "ClockCtrlr.DateTime":
                return self.core.clock.stamp(now)
            case "SecurityCtrlr.SecurityProfile":
                return str(self.core.ask(topics.SECURITY_PROFILE))
            case "SecurityCtrlr.Identity":
                return self.core.identity
            case "ChargingStation.Model":
                return self.core.config.model
            case "ChargingStation.VendorName":
                return self.core.config.vendor
            case "ChargingStation.SerialNumber":
                return self.core.config.serial
            case "ChargingStation.FirmwareVersion":
                return self.core.firmware_now()
            case _:
                return _of_outlets(variable, list(self.core.outlets.values()))

    def values_of(self, variable: Variable) -> tuple[str, ...]:
        """The values list of an option, member or sequence list; () without one."""
        values = of_variable(self.core, VALUES, variable.key)
        return variable.values if values is None else values(variable)

    def target(self, variable: Variable, evse: dict | None) -> str | None:
        """The Target value as text; None where it has no such attribute."""
        if variable.key != "EVSE.Power":
            return None
        offers = (
            o.hardware.offered_w for o in self.core.outlets_of(evse) if o.hardware.in_transaction
        )
        return _watts(sum(offers))

    def limits(self, variable: Variable, evse: dict | None) -> tuple[float | None, float | None]:
        """(minLimit, maxLimit) of the variable at this place."""
        if variable.key != "EVSE.Power":
            return variable.low, variable.high
        most = (o.hardware.config.max_power_w for o in self.core.outlets_of(evse))
        return variable.low, float(max(most, default=0))

    # --- reports (B07, B08) ------------------------------------------------------------------

    @action("GetBaseReport")
    def on_get_base_report(self, payload: dict, now: float) -> dict:
        """GetBaseReport (B07)."""
        base = payload["reportBase"]
        lines = self.inventory(now, writable_only=base == "ConfigurationInventory")
        if base == "SummaryInventory":
            lines = [line for line in lines if _tells_condition(line)]
        self.core.answers.later(self._notify_report, payload["requestId"], lines)
        return {"status": "Accepted"}

    @action("GetReport")
    def on_get_report(self, payload: dict, now: float) -> dict:
        """GetReport (B08). Raises CallFault for a message that is too large."""
        self.check_request("DeviceDataCtrlr", "GetReport", payload, "componentVariable")
        wanted = payload.get("componentVariable")
        lines = self.inventory(now, writable_only=False)
        if criteria := payload.get("componentCriteria"):
            lines = meeting(lines, criteria)
        if wanted:
            lines = list(filter(asks_for(wanted), lines))
        if not lines:
            return {"status": "EmptyResultSet"}
        self.core.answers.later(self._notify_report, payload["requestId"], lines)
        return {"status": "Accepted"}

    def inventory(self, now: float, writable_only: bool) -> list[dict]:
        """Every variable as a ReportDataType, EVSEs and connectors included."""
        lines = [self.line(v, None, now) for v in self.station_variables()]
        lines = self.core.fold(topics.INVENTORY, lines, now, writable_only)
        if writable_only:
            return [x for x in lines if x["variableAttribute"][0]["mutability"] != READ_ONLY]
        catalogue = self.core.model.CATALOGUE
        for evse, connectors in sorted(self._places().items()):
            lines += self._lines_at(catalogue.at_evses, {"id": evse}, now)
            for number in sorted(connectors):
                place = {"id": evse, "connectorId": number}
                lines += self._lines_at(catalogue.at_connectors, place, now)
        return lines

    def station_variables(self) -> Iterable[Variable]:
        """What the station has beside the variables of its EVSEs and connectors."""
        return self.core.fold(topics.STATION_VARIABLES, self.core.model.CATALOGUE.variables)

    def _lines_at(self, variables: tuple[Variable, ...], place: dict, now: float) -> list[dict]:
        """Of those that exist there."""
        return [
            self.line(v, place, now) for v in variables
            if self.find_variable(_component_of(v) | {"evse": place}, _name_of(v)) is v
        ]  # fmt: skip

    def line(self, variable: Variable, evse: dict | None, now: float) -> dict:
        """A variable as a ReportDataType; `evse`: its place, None for the station."""
        variable = self.core.fold(topics.AS_IT_IS, variable, evse)
        attribute: dict[str, Any] = {"mutability": variable.mutability}
        if variable.mutability != WRITE_ONLY:
            attribute["value"] = self.read(variable, evse, now)
        if variable.mutability != READ_ONLY:
            attribute["persistent"] = True
        attributes = [attribute]
        if (target := self.target(variable, evse)) is not None:
            attributes.append({"type": "Target", "mutability": READ_ONLY, "value": target})
        traits: dict[str, Any] = {
            "dataType": variable.kind,
            "supportsMonitoring": variable.mutability != WRITE_ONLY,
        }
        if variable.unit:
            traits["unit"] = variable.unit
        low, high = self.limits(variable, evse)
        if low is not None:
            traits["minLimit"] = low
        if high is not None:
            traits["maxLimit"] = high
        if values := self.values_of(variable):
            traits["valuesList"] = ",".join(values)
        component = _component_of(variable)
        if evse is not None:
            component["evse"] = evse
        return {
            "component": component,
            "variable": _name_of(variable),
            "variableAttribute": attributes,
            "variableCharacteristics": traits,
        }

    def _notify_report(self, request_id: int, lines: list[dict], now: float) -> None:
        self.core.block("reports").tell_in_parts(
            "NotifyReport", request_id, "reportData", self.core.block("reports").split(lines), now
        )


def _component_of(variable: Variable) -> dict[str, Any]:
    """ComponentType; an instance stands in brackets behind the component's name."""
    name, _, instance = variable.component.rstrip("]").partition("[")
    return {"name": name, "instance": instance} if instance else {"name": name}


def _name_of(variable: Variable) -> dict[str, Any]:
    """VariableType."""
    return {"name": variable.name} | ({"instance": variable.instance} if variable.instance else {})


def _of_outlets(variable: Variable, outlets: list[Outlet]) -> str:
    """A value that the hardware gives, of one outlet or of several together."""
    configs = [outlet.hardware.config for outlet in outlets]
    match variable.name:
        case "AvailabilityState":
            states = {outlet.hardware.status_201 for outlet in outlets}
            # Of several: available while one of them is (part 2, 4.4 on EVSEs of many connectors).
            order = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")
            return next((state for state in order if state in states), "Unavailable")
        case "Problem":
            return "true" if any(outlet.hardware.faulted for outlet in outlets) else "false"
        case "SupplyPhases":
            return str(max((config.phases for config in configs), default=0))
        case "ConnectorType":
            return CONNECTOR_TYPES.get(configs[0].kind, "Unknown")
        case _:
            return variable.default


def _tells_condition(line: dict) -> bool:
    """B07, SummaryInventory: whether it can charge, and what is wrong with it."""
    name = line["variable"]["name"]
    value = line["variableAttribute"][0].get("value")
    return name == "AvailabilityState" or name in _TROUBLES and value == "true"


def _watts(power: float) -> str:
    return f"{power:.0f}"
