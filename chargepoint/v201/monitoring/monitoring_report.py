"""Functional block N: the CSMS asks which monitors there are (N02)."""

from collections.abc import Sequence
from typing import Any

from chargepoint.core.answers import CallFault
from chargepoint.core.block import Block, action
from chargepoint.v201.monitoring.monitors import CRITERIA, Monitor
from chargepoint.v201.variables.report_filters import asks_for

_ITEMS = 100  # MonitoringCtrlr.ItemsPerMessage and DeviceDataCtrlr's say the same


class MonitoringReport(Block):
    __slots__ = ()

    KEEPS = False

    @action("GetMonitoringReport")
    def on_get_monitoring_report(self, payload: dict, now: float) -> dict:
        """GetMonitoringReport (N02). Raises CallFault for too many items."""
        check_count(payload.get("componentVariable", ()))  # N02.FR.07
        lines = self._monitoring_lines(payload)
        if not lines:
            return {"status": "EmptyResultSet"}
        self.core.answers.later(self._notify_monitoring_report, payload["requestId"], lines)
        return {"status": "Accepted"}

    def _monitoring_lines(self, payload: dict) -> list[dict]:
        criteria = payload.get("monitoringCriteria") or CRITERIA
        types = {kind for criterion in criteria for kind in CRITERIA[criterion]}
        wanted = payload.get("componentVariable")
        is_wanted = asks_for(wanted) if wanted else None
        lines: dict[tuple, dict] = {}
        for monitor in (self.core.block("monitoring").monitors or {}).values():
            line = {"component": monitor.component, "variable": monitor.variable}
            if monitor.type not in types:
                continue
            if is_wanted is not None and not is_wanted(line):
                continue
            line = lines.setdefault(monitor.place, {**line, "variableMonitoring": []})
            line["variableMonitoring"].append(self.monitor_told(monitor))
        return list(lines.values())

    def monitor_told(self, monitor: Monitor) -> dict[str, Any]:
        """VariableMonitoringType."""
        names = ("id", "transaction", "value", "type", "severity")
        return {name: getattr(monitor, name) for name in names}

    def _notify_monitoring_report(self, request_id: int, lines: list[dict], now: float) -> None:
        parts = self.core.block("reports").split(lines)
        self.core.block("reports").tell_in_parts(
            "NotifyMonitoringReport", request_id, "monitor", parts, now
        )


def check_count(items: Sequence) -> None:
    """CallFault for more than a message may hold. Raises CallFault."""
    if len(items) > _ITEMS:
        why = f"{len(items)} items, at most {_ITEMS} in one message"
        raise CallFault("OccurrenceConstraintViolation", why)
