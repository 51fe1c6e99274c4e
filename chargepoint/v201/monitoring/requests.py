"""Functional block N: the CSMS sets and clears monitors (N03-N06)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from chargepoint.core.block import Block, action
from chargepoint.effects import URGENT
from chargepoint.v201 import topics
from chargepoint.v201.custom_data import plain
from chargepoint.v201.monitoring.monitoring import BASE, FACTORY, Monitoring
from chargepoint.v201.monitoring.monitors import (
    PERIODIC,
    PRECONFIGURED,
    TARGETS,
    THRESHOLDS,
    Monitor,
    place_of,
)
from chargepoint.v201.variables.table import VARIABLES, WRITE_ONLY, Variable

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.variables.requests import VariableRequests


_BASE = next(v for v in VARIABLES if v.key == BASE)
_LEVEL = next(v for v in VARIABLES if v.key == "MonitoringCtrlr.ActiveMonitoringLevel")
MONITORS_AT_MOST = 200  # of the CSMS's own: each is looked at whenever something changes
_NUMERIC = ("integer", "decimal")


class Refusal(NamedTuple):
    """SetMonitoringStatusEnumType, and the statusInfo."""

    status: str
    reason: str
    words: str


class MonitorRequests(Block):
    """What the CSMS asks of the monitors; they are in monitoring.py."""

    __slots__ = ("variables",)

    KEEPS = False

    def __init__(self, core: Station, variables: VariableRequests) -> None:
        super().__init__(core)
        self.variables = variables

    @property
    def monitoring(self) -> Monitoring:
        return self.core.block("monitoring")

    def _known(self) -> dict[int, Monitor]:
        return self.monitoring.monitors or {}

    def _look(self, now: float) -> None:
        self.monitoring.look_at_values(now)

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
        self.core.answers.later(self._look)
        self.core.tell(topics.MONITORS_SET, now)
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
        ours = (number for number in self._known() if number < FACTORY)
        monitor = Monitor(
            item["id"] if "id" in item else max(ours, default=0) + 1,
            plain(item["component"]), plain(item["variable"]), item["type"], item["value"],
            item["severity"], item.get("transaction", False), variable.kind in _NUMERIC,
        )  # fmt: skip
        self.monitoring.install(monitor, item, now)
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
        return self._monitor_clash(item) or self.core.ask(topics.REFUSES_MONITOR, item)

    def _fits_monitor(self, kind: str, variable: Variable, evse: dict | None) -> bool:
        if kind in TARGETS:
            aims = self.variables.target(variable, evse) is not None
            return aims and kind in self.monitoring.MONITOR_TYPES
        if kind in THRESHOLDS:
            return variable.kind in _NUMERIC
        return kind in PERIODIC or variable.kind != "dateTime"

    def _monitor_clash(self, item: dict) -> Refusal | None:
        """With the monitors that are there."""
        here = place_of(item["component"], item["variable"])
        known = self._known().get(item.get("id", -1))
        if "id" in item and (known is None or known.place != here):
            return Refusal("Rejected", "NotFound", "no monitor of this variable has that id")
        for other in self._known().values():
            same = (other.type, other.severity) == (item["type"], item["severity"])
            if other is not known and same and other.place == here:
                return Refusal("Duplicate", "InvalidValue", f"monitor {other.id} does that")
        ours = sum(1 for number in self._known() if number < FACTORY)
        if known is None and ours >= MONITORS_AT_MOST:
            return Refusal("Rejected", "TooManyElements", f"at most {MONITORS_AT_MOST} monitors")
        return None

    @action("ClearVariableMonitoring")
    def on_clear_variable_monitoring(self, payload: dict, now: float) -> dict:
        """ClearVariableMonitoring (N06). Raises CallFault for a message that is too large."""
        self.variables.check_request("MonitoringCtrlr", "ClearVariableMonitoring", payload, "id")
        results = []
        for number in payload["id"]:
            known = number in self._known()
            if known:
                self.monitoring.remove(number, now)
            results.append({"id": number, "status": "Accepted" if known else "NotFound"})
        self.core.changed(URGENT)
        self.core.tell(topics.MONITORS_SET, now)
        return {"clearMonitoringResult": results}

    # --- SetMonitoringBase (N03) and SetMonitoringLevel (N05) --------------------------------

    @action("SetMonitoringBase")
    def on_set_monitoring_base(self, payload: dict, now: float) -> dict:
        """SetMonitoringBase (N03)."""
        base = payload["monitoringBase"]
        self.core.model.set(_BASE, base)
        for monitor in list(self._known().values()):
            # N03.FR.03 to 05: All leaves what the CSMS has set, also in the place of what the
            # factory has configured; FactoryDefault brings that back.
            custom = monitor.origin != PRECONFIGURED
            if base == "HardWiredOnly" or (base == "FactoryDefault" and custom):
                self.monitoring.remove(monitor.id, now)
        if base != "HardWiredOnly":
            self.monitoring.install_preconfigured(now)
        self.core.changed(URGENT)
        self.core.tell(topics.MONITORS_SET, now)
        return {"status": "Accepted"}

    @action("SetMonitoringLevel")
    def on_set_monitoring_level(self, payload: dict, now: float) -> dict:
        """SetMonitoringLevel (N05)."""
        if not 0 <= payload["severity"] <= 9:
            info = {"reasonCode": "ValueOutOfRange", "additionalInfo": "severity is 0 to 9"}
            return {"status": "Rejected", "statusInfo": info}
        self.core.model.set(_LEVEL, str(payload["severity"]))
        self.core.answers.later(self._look)  # what was kept back may be told now
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
