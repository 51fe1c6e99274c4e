"""Functional block N: the CSMS sets and clears monitors (N03-N06)."""

import math
from typing import Any, ClassVar, NamedTuple

from chargepoint.config import StationConfig
from chargepoint.core import topics as core_topics
from chargepoint.core.block import action, hears
from chargepoint.effects import URGENT
from chargepoint.v201.custom_data import plain
from chargepoint.v201.monitoring.monitoring_report import MonitoringReport
from chargepoint.v201.monitoring.monitors import (
    BOUNDARIES,
    PERIODIC,
    PRECONFIGURED,
    TARGETS,
    THRESHOLDS,
    Monitor,
    place_of,
)
from chargepoint.v201.variables.table import VARIABLES, WRITE_ONLY, Variable

_BASE, _LEVEL = (
    next(v for v in VARIABLES if v.key == f"MonitoringCtrlr.ActiveMonitoring{what}")
    for what in ("Base", "Level")
)
_NOTICE = 7
MONITORS_AT_MOST = 200  # of the CSMS's own: each is looked at whenever something changes
_NUMERIC = ("integer", "decimal")
_FACTORY = 1_000_000  # ids of what the factory has configured lie above


class Refusal(NamedTuple):
    """SetMonitoringStatusEnumType, and the statusInfo."""

    status: str
    reason: str
    words: str


class Monitoring(MonitoringReport):
    __slots__ = ()

    KEYS = ("event_count", "kept_events", "monitors")
    MONITOR_TYPES: ClassVar[tuple[str, ...]] = (*THRESHOLDS, "Delta", *PERIODIC)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read monitors and kept events of a snapshot."""
        self.event_count: int = saved.get("event_count", 0)
        self.kept_events: list | None = saved.get("kept_events")
        # A station that was of another version may have had types that this one knows not.
        kept = [e for e in saved.get("monitors", ()) if e["type"] in self.MONITOR_TYPES]
        monitors = [Monitor.from_saved(entry) for entry in kept]
        self.monitors: dict[int, Monitor] | None = {m.id: m for m in monitors} or None

    def resume(self, now: float) -> None:
        for monitor in (self.monitors or {}).values():
            self.watch(monitor, now)

    def saved(self) -> dict[str, Any]:
        """Monitors, kept events and their last number, for the snapshot."""
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

    @action("SetVariableMonitoring")
    def on_set_variable_monitoring(self, payload: dict, now: float) -> dict:
        """SetVariableMonitoring (N04). Raises CallFault for a message that is too large."""
        items = payload["setMonitoringData"]
        self.variables.check_request(
            "MonitoringCtrlr", "SetVariableMonitoring", payload, "setMonitoringData"
        )
        results = [self._set_monitor(item, now) for item in items]
        self.core.changed(URGENT)
        self.core.answers.later(self.look_at_values)
        return {"setMonitoringResult": results}

    def _set_monitor(self, item: dict, now: float) -> dict:
        result = {name: item[name] for name in ("type", "severity", "component", "variable")}
        variable = self.variables.find_variable(item["component"], item["variable"])
        if isinstance(variable, str):
            return {**result, "status": variable}
        refused = self.monitor_refusal(item, variable)
        if refused is not None:
            info = {"reasonCode": refused.reason, "additionalInfo": refused.words}
            return {**result, "status": refused.status, "statusInfo": info}
        ours = (number for number in self.monitors or () if number < _FACTORY)
        monitor = Monitor(
            item["id"] if "id" in item else max(ours, default=0) + 1,
            plain(item["component"]), plain(item["variable"]), item["type"], item["value"],
            item["severity"], item.get("transaction", False), variable.kind in _NUMERIC,
        )  # fmt: skip
        self._install_monitor(monitor, item, now)
        return {**result, "id": monitor.id, "status": "Accepted"}

    def monitor_refusal(self, item: dict, variable: Variable) -> Refusal | None:
        """Why this SetMonitoringDataType cannot be had."""
        kind, evse = item["type"], item["component"].get("evse")
        if not self._fits_monitor(kind, variable, evse):
            words = f"no {kind} monitor of this variable"
            return Refusal("UnsupportedMonitorType", "UnsupportedRequest", words)
        if variable.mutability == WRITE_ONLY:
            return Refusal("Rejected", "WriteOnly", "the variable is write-only")
        if not 0 <= item["severity"] <= 9:
            return Refusal("Rejected", "ValueOutOfRange", "severity is 0 to 9")
        if item["value"] < _least_value(kind):
            return Refusal("Rejected", "ValueTooLow", f"the value is {_least_value(kind)} or more")
        if kind in THRESHOLDS and _beyond(self.variables.limits(variable, evse), item["value"]):
            return Refusal("Rejected", "ValueOutOfRange", "the variable never has that value")
        return self._monitor_clash(item)

    def _fits_monitor(self, kind: str, variable: Variable, evse: dict | None) -> bool:
        if kind in TARGETS:
            return kind in self.MONITOR_TYPES and self.variables.target(variable, evse) is not None
        if kind in THRESHOLDS:
            return variable.kind in _NUMERIC
        return kind in PERIODIC or variable.kind != "dateTime"

    def _monitor_clash(self, item: dict) -> Refusal | None:
        """With the monitors that are there."""
        here = place_of(item["component"], item["variable"])
        known = (self.monitors or {}).get(item.get("id", -1))
        if "id" in item and (known is None or known.place != here):
            return Refusal("Rejected", "NotFound", "no monitor of this variable has that id")
        for other in (self.monitors or {}).values():
            same = (other.type, other.severity) == (item["type"], item["severity"])
            if other is not known and same and other.place == here:
                return Refusal("Duplicate", "InvalidValue", f"monitor {other.id} does that")
        ours = sum(1 for number in self.monitors or () if number < _FACTORY)
        if known is None and ours >= MONITORS_AT_MOST:
            return Refusal("Rejected", "TooManyElements", f"at most {MONITORS_AT_MOST} monitors")
        return None

    def _install_monitor(self, monitor: Monitor, data: dict, now: float) -> None:
        old = (self.monitors or {}).get(monitor.id)
        if old is not None:
            self._remove_monitor(monitor.id, now)
        self.monitors = {**(self.monitors or {}), monitor.id: monitor}
        if monitor.type not in PERIODIC:
            text, target = self.monitored_values(monitor, now)
            if monitor.type not in BOUNDARIES:
                monitor.look(text)  # a change is measured from now
            elif old is not None:
                monitor.follow(old, text, target)
        self.watch(monitor, now)
        self.monitor_installed(monitor, data, now)

    def _remove_monitor(self, number: int, now: float) -> None:
        self.monitors = {k: m for k, m in self.monitors.items() if k != number} or None
        self.core.timers.clear(("monitor", number))
        if self.monitors is None:
            self.core.timers.clear("monitors")
        self.monitor_removed(number, now)

    @action("ClearVariableMonitoring")
    def on_clear_variable_monitoring(self, payload: dict, now: float) -> dict:
        """ClearVariableMonitoring (N06). Raises CallFault for a message that is too large."""
        self.variables.check_request("MonitoringCtrlr", "ClearVariableMonitoring", payload, "id")
        results = []
        for number in payload["id"]:
            known = number in (self.monitors or ())
            if known:
                self._remove_monitor(number, now)
            results.append({"id": number, "status": "Accepted" if known else "NotFound"})
        self.core.changed(URGENT)
        return {"clearMonitoringResult": results}

    # --- SetMonitoringBase (N03) and SetMonitoringLevel (N05) --------------------------------

    @action("SetMonitoringBase")
    def on_set_monitoring_base(self, payload: dict, now: float) -> dict:
        """SetMonitoringBase (N03)."""
        base = payload["monitoringBase"]
        self.core.model.set(_BASE, base)
        for monitor in list((self.monitors or {}).values()):
            # N03.FR.03 to 05: All leaves what the CSMS has set, also in the place of what the
            # factory has configured; FactoryDefault brings that back.
            custom = monitor.origin != PRECONFIGURED
            if base == "HardWiredOnly" or (base == "FactoryDefault" and custom):
                self._remove_monitor(monitor.id, now)
        if base != "HardWiredOnly":
            self._install_preconfigured(now)
        self.core.changed(URGENT)
        return {"status": "Accepted"}

    def _install_preconfigured(self, now: float) -> None:
        """A Delta monitor of each connector's state, where it is not there."""
        for number, outlet in self.core.outlets.items():
            if _FACTORY + number in (self.monitors or ()):
                continue
            place = {"id": outlet.evse, "connectorId": outlet.connector_id}
            component = {"name": "Connector", "evse": place}
            variable = {"name": "AvailabilityState"}
            monitor = Monitor(
                _FACTORY + number, component, variable, "Delta", 0, _NOTICE, False, False,
                PRECONFIGURED,
            )  # fmt: skip
            self._install_monitor(monitor, {}, now)

    @hears(core_topics.RECONFIGURED)
    def match_monitors(self, old: StationConfig, now: float) -> None:
        """Connectors came or went: a monitor ends with its variable."""
        for monitor in list((self.monitors or {}).values()):
            if isinstance(self.variables.find_variable(monitor.component, monitor.variable), str):
                self._remove_monitor(monitor.id, now)
        if self.core.model.value(_BASE.key) != "HardWiredOnly":
            self._install_preconfigured(now)

    @action("SetMonitoringLevel")
    def on_set_monitoring_level(self, payload: dict, now: float) -> dict:
        """SetMonitoringLevel (N05)."""
        if not 0 <= payload["severity"] <= 9:
            info = {"reasonCode": "ValueOutOfRange", "additionalInfo": "severity is 0 to 9"}
            return {"status": "Rejected", "statusInfo": info}
        self.core.model.set(_LEVEL, str(payload["severity"]))
        self.core.answers.later(self.look_at_values)  # what was kept back may be told now
        self.core.changed(URGENT)
        return {"status": "Accepted"}


def _least_value(kind: str) -> float:
    """Of a monitor: seconds, or a difference (N04.FR.14). A threshold may be anywhere."""
    if kind in THRESHOLDS:
        return -math.inf
    return 1 if kind in PERIODIC else 0


def _beyond(limits: tuple[float | None, float | None], value: float) -> bool:
    low, high = limits
    return (low is not None and value < low) or (high is not None and value > high)
