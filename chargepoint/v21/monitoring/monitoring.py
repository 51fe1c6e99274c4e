"""Monitoring in 2.1: events tell their severity, reports where a monitor comes from."""

from typing import Any, ClassVar

from chargepoint.v201.monitoring.events import Events
from chargepoint.v201.monitoring.monitoring import Monitoring
from chargepoint.v201.monitoring.monitoring_report import MonitoringReport
from chargepoint.v201.monitoring.monitors import TARGETS, Monitor


class Events21(Events):
    __slots__ = ()

    def event_of(self, event: dict[str, Any], severity: int) -> dict[str, Any]:
        return {**event, "severity": severity}


class Monitoring21(Monitoring):
    __slots__ = ()

    MONITOR_TYPES: ClassVar[tuple[str, ...]] = (*Monitoring.MONITOR_TYPES, *TARGETS)


class MonitoringReport21(MonitoringReport):
    __slots__ = ()

    def monitor_told(self, monitor: Monitor) -> dict[str, Any]:
        return {**super().monitor_told(monitor), "eventNotificationType": monitor.origin}
