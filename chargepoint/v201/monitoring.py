"""Functional block N: the CSMS sets, lists and clears monitors (N02-N06)."""

from typing import Any

from chargepoint.effects import URGENT
from chargepoint.v201.device_model import find
from chargepoint.v201.events import Events
from chargepoint.v201.monitors import CRITERIA, PERIODIC, PRECONFIGURED, THRESHOLDS, Monitor
from chargepoint.v201.variable_requests import _asked_for
from chargepoint.v201.variables import VARIABLES, WRITE_ONLY, Variable

_ITEMS = 100  # in one NotifyMonitoringReport
_BASE, _LEVEL = (
    next(v for v in VARIABLES if v.key == f"MonitoringCtrlr.ActiveMonitoring{what}")
    for what in ("Base", "Level")
)
_NOTICE = 7


class Monitoring(Events):
    __slots__ = ()

    def restore_monitors(self, saved: dict, now: float) -> None:
        self.event_count: int = saved.get("event_count", 0)
        self.kept_events: list | None = saved.get("kept_events")
        monitors = [Monitor.from_saved(entry) for entry in saved.get("monitors", ())]
        self.monitors: dict[int, Monitor] | None = {m.id: m for m in monitors} or None
        for monitor in monitors:
            self.watch(monitor, now)

    def saved_monitors(self) -> dict[str, Any]:
        saved: dict[str, Any] = {}
        if self.event_count:
            saved["event_count"] = self.event_count
        if self.kept_events:
            saved["kept_events"] = [*self.kept_events]
        if self.monitors:
            saved["monitors"] = [monitor.to_saved() for monitor in self.monitors.values()]
        return saved

    def monitor_installed(self, monitor: Monitor, data: dict, now: float) -> None:
        """Hook. `data`: the SetMonitoringDataType that asked for it."""

    def monitor_removed(self, monitor_id: int, now: float) -> None:
        """Hook."""

    # --- SetVariableMonitoring (N04) ---------------------------------------------------------

    def on_set_variable_monitoring(self, payload: dict, now: float) -> dict:
        items = payload["setMonitoringData"]
        self.check_request("MonitoringCtrlr", "SetVariableMonitoring", payload, "setMonitoringData")
        results = [self._set_monitor(item, now) for item in items]
        self.changed(URGENT)
        self.later(self.look_at_values)
        return {"setMonitoringResult": results}

    def _set_monitor(self, item: dict, now: float) -> dict:
        result = {name: item[name] for name in ("type", "severity", "component", "variable")}
        if "id" in item:
            result["id"] = item["id"]
        variable = find(item["component"], item["variable"], self._places())
        if isinstance(variable, str):
            return {**result, "status": variable}
        refused = self._monitor_refusal(item, variable)
        if refused is not None:
            status, why = refused
            info = {"reasonCode": "InvalidValue", "additionalInfo": why}
            return {**result, "status": status, "statusInfo": info}
        monitor = Monitor(
            item["id"] if "id" in item else max(self.monitors or (0,)) + 1,
            item["component"], item["variable"], item["type"], item["value"], item["severity"],
            item.get("transaction", False), _numeric(variable),
        )  # fmt: skip
        self._install_monitor(monitor, item, now)
        return {**result, "id": monitor.id, "status": "Accepted"}

    def _monitor_refusal(self, item: dict, variable: Variable) -> tuple[str, str] | None:
        kind, value = item["type"], item["value"]
        fits = kind in PERIODIC or (
            _numeric(variable) if kind in THRESHOLDS else variable.kind != "dateTime"
        )
        if not fits or not any(kind in kinds for kinds in CRITERIA.values()):
            return "UnsupportedMonitorType", f"no {kind} monitor of this variable"
        if variable.mutability == WRITE_ONLY:
            return "Rejected", "the variable is write-only"
        if not 0 <= item["severity"] <= 9:
            return "Rejected", "severity is 0 to 9"
        if kind in PERIODIC and value < 1 or kind == "Delta" and _numeric(variable) and value < 0:
            return "Rejected", "the value is too low"
        if kind in THRESHOLDS and _beyond(variable, value):
            return "Rejected", "the variable never has that value"
        known = (self.monitors or {}).get(item.get("id", -1))
        if "id" in item and (known is None or _place(known.component, known.variable) != _of(item)):
            return "Rejected", "no monitor of this variable has that id"
        for other in (self.monitors or {}).values():
            same = _place(other.component, other.variable) == _of(item) and other.type == kind
            if other is not known and same and other.severity == item["severity"]:
                return "Duplicate", f"monitor {other.id} does that"
        return None

    def _install_monitor(self, monitor: Monitor, data: dict, now: float) -> None:
        if monitor.id in (self.monitors or ()):
            self._remove_monitor(monitor.id, now)
        self.monitors = {**(self.monitors or {}), monitor.id: monitor}
        if monitor.type == "Delta":
            monitor.look(self.monitored_value(monitor, now))
        self.watch(monitor, now)
        self.monitor_installed(monitor, data, now)

    def _remove_monitor(self, number: int, now: float) -> None:
        self.monitors = {k: m for k, m in self.monitors.items() if k != number} or None
        self.clear_timer(("monitor", number))
        if self.monitors is None:
            self.clear_timer("monitors")
        self.monitor_removed(number, now)

    def on_clear_variable_monitoring(self, payload: dict, now: float) -> dict:
        self.check_request("MonitoringCtrlr", "ClearVariableMonitoring", payload, "id")
        results = []
        for number in payload["id"]:
            known = number in (self.monitors or ())
            if known:
                self._remove_monitor(number, now)
            results.append({"id": number, "status": "Accepted" if known else "NotFound"})
        self.changed(URGENT)
        return {"clearMonitoringResult": results}

    # --- GetMonitoringReport (N02) -----------------------------------------------------------

    def on_get_monitoring_report(self, payload: dict, now: float) -> dict:
        lines = self._monitoring_lines(payload)
        if not lines:
            return {"status": "EmptyResultSet"}
        self.later(self._notify_monitoring_report, payload["requestId"], lines)
        return {"status": "Accepted"}

    def _monitoring_lines(self, payload: dict) -> list[dict]:
        criteria = payload.get("monitoringCriteria") or CRITERIA
        types = {kind for criterion in criteria for kind in CRITERIA[criterion]}
        wanted = payload.get("componentVariable")
        lines: dict[tuple, dict] = {}
        for monitor in (self.monitors or {}).values():
            line = {"component": monitor.component, "variable": monitor.variable}
            if monitor.type not in types:
                continue
            if wanted and not any(_asked_for(line, ask) for ask in wanted):
                continue
            place = _place(monitor.component, monitor.variable)
            line = lines.setdefault(place, {**line, "variableMonitoring": []})
            line["variableMonitoring"].append(self.monitor_told(monitor))
        return list(lines.values())

    def monitor_told(self, monitor: Monitor) -> dict[str, Any]:
        """VariableMonitoringType."""
        names = ("id", "transaction", "value", "type", "severity")
        return {name: getattr(monitor, name) for name in names}

    def _notify_monitoring_report(self, request_id: int, lines: list[dict], now: float) -> None:
        parts = [lines[n : n + _ITEMS] for n in range(0, len(lines), _ITEMS)]
        for number, part in enumerate(parts):
            report = {
                "requestId": request_id,
                "generatedAt": self.stamp(now),
                "seqNo": number,
                "tbc": number + 1 < len(parts),
                "monitor": part,
            }
            self.call("NotifyMonitoringReport", report, now, "triggered")

    # --- SetMonitoringBase (N05) and SetMonitoringLevel (N03) --------------------------------

    def on_set_monitoring_base(self, payload: dict, now: float) -> dict:
        base = payload["monitoringBase"]
        self.model.set(_BASE, base)
        for monitor in list((self.monitors or {}).values()):
            # N05: All leaves what the CSMS has set; the other two do not.
            if base != "All" or monitor.origin == PRECONFIGURED:
                self._remove_monitor(monitor.id, now)
        if base == "All":
            self._install_preconfigured(now)
        self.changed(URGENT)
        return {"status": "Accepted"}

    def _install_preconfigured(self, now: float) -> None:
        """A Delta monitor of each connector's state. The factory's default has none of them."""
        for outlet in self.outlets.values():
            place = {"id": outlet.evse, "connectorId": outlet.connector_id}
            component = {"name": "Connector", "evse": place}
            variable = {"name": "AvailabilityState"}
            number = max(self.monitors or (0,)) + 1
            monitor = Monitor(
                number, component, variable, "Delta", 0, _NOTICE, False, False, PRECONFIGURED
            )
            self._install_monitor(monitor, {}, now)

    def on_set_monitoring_level(self, payload: dict, now: float) -> dict:
        if not 0 <= payload["severity"] <= 9:
            return {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidValue"}}
        self.model.set(_LEVEL, str(payload["severity"]))
        self.changed(URGENT)
        return {"status": "Accepted"}


def _numeric(variable: Variable) -> bool:
    return variable.kind in ("integer", "decimal")


def _beyond(variable: Variable, value: float) -> bool:
    low, high = variable.low, variable.high
    return (low is not None and value < low) or (high is not None and value > high)


def _of(item: dict) -> tuple:
    return _place(item["component"], item["variable"])


def _place(component: dict, variable: dict) -> tuple:
    """Which variable that is, without regard to case."""
    evse = component.get("evse") or {}
    names = (component["name"], variable["name"], variable.get("instance", ""))
    return (*map(str.lower, names), evse.get("id"), evse.get("connectorId"))
