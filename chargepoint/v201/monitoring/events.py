"""NotifyEvent: what the monitors see and what the hardware has to tell (part 2, N07 and N08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, failed, hears, timer
from chargepoint.effects import SOON
from chargepoint.hardware.connector import NO_ERROR, Connector
from chargepoint.timers import near_tick
from chargepoint.v201 import topics
from chargepoint.v201.monitoring.monitors import PERIODIC, TARGETS, Monitor

if TYPE_CHECKING:
    from chargepoint.station import Station
    from chargepoint.v201.variables.requests import VariableRequests


_LOOK = 10.0  # seconds: for values whose change nobody announces, as power
_EARLY = 0.001  # seconds: a clock that drifts may be a hair before the mark it was armed for
_FAULT_SEVERITY = 3  # Critical
_KEPT_AT_MOST = 100  # events of a long time offline; the oldest go first


class Events(Block):
    """Costs nothing while `monitors` is None: values are looked at when something has changed.

    unseen: something has, since they were looked at; they are at the end of the event, once.
    """

    __slots__ = ("event_count", "kept_events", "monitors", "variables")

    def __init__(self, core: Station, variables: VariableRequests) -> None:
        super().__init__(core)
        self.variables = variables

    def monitored_values(self, monitor: Monitor, now: float) -> tuple[str | None, str | None]:
        """(Actual, Target) of its variable; None where there is none."""
        variable = self.variables.find_variable(monitor.component, monitor.variable)
        if isinstance(variable, str):
            return None, None
        evse = monitor.component.get("evse")
        target = self.variables.target(variable, evse) if monitor.type in TARGETS else None
        return self.variables.read(variable, evse, now), target

    def watch(self, monitor: Monitor, now: float) -> None:
        """Set the timer that the monitor needs."""
        if monitor.type == "Periodic":
            self.core.timers.set(("monitor", monitor.id), monitor.next_at(now))
        elif monitor.type in PERIODIC:
            mark = monitor.next_mark(self.core.clock.station_time(now) + _EARLY)
            self.core.timers.set(("monitor", monitor.id), self.core.clock.when_it_shows(mark, now))
        elif not self.core.timers.has("monitors"):
            self.core.timers.set("monitors", near_tick(now + _LOOK, self.core.config.ticks))

    @hears(core_topics.CLOCK_MOVED)
    def watch_marks(self, now: float) -> None:
        for monitor in (self.monitors or {}).values():
            if monitor.type == "PeriodicClockAligned":
                self.watch(monitor, now)

    @hears(core_topics.VALUES_UNSEEN, topics.VARIABLES_CHANGED)
    def look_at_values(self, now: float) -> None:
        """Show every monitor its value, and tell the CSMS what they say."""
        if self.monitors is None or not self.core.model.flag("MonitoringCtrlr.Enabled"):
            return
        told = []
        for monitor in self.monitors.values():
            if monitor.type in PERIODIC or not self._heeds_monitor(monitor):
                continue
            text, target = self.monitored_values(monitor, now)
            seen = None if text is None else monitor.look(text, target)
            if seen is not None:
                told.append((monitor, text, *seen))
        for entry in told:
            self.tell_monitor(*entry, now)

    def _heeds_monitor(self, monitor: Monitor) -> bool:
        """A monitor that must not speak now is not shown the value, so that the CSMS hears of the
        difference later (N07.FR.18; the remark at N07 advises it of what happens offline)."""
        if monitor.severity > self._least_severe():
            return False
        return not monitor.transaction or self.transaction_at(monitor.component) is not None

    def _least_severe(self) -> int:
        """N05 and N07.FR.04: events of a higher number are not told."""
        level = self.core.model.integer("MonitoringCtrlr.ActiveMonitoringLevel")
        if self.core.online:
            return level
        return min(level, self.core.model.integer("MonitoringCtrlr.OfflineQueuingSeverity"))

    def transaction_at(self, component: dict) -> str | None:
        """The id of the transaction at a component's EVSE, or None."""
        for outlet in self.core.outlets_of(component.get("evse")):
            if outlet.transaction is not None:
                return outlet.transaction.id
        return None

    @timer("monitors")
    def at_monitors(self, now: float) -> None:
        """Look at all monitored values, every few seconds."""
        if self.monitors is None:
            return
        self.look_at_values(now)
        if any(m.type not in PERIODIC for m in self.monitors.values()):
            self.core.timers.set("monitors", near_tick(now + _LOOK, self.core.config.ticks))

    @timer("monitor")
    def at_monitor(self, now: float, number: int) -> None:
        """A periodic monitor is due: report its value (N08)."""
        monitor = (self.monitors or {}).get(number)
        if monitor is None:
            return
        self.watch(monitor, now)
        if self._heeds_monitor(monitor) and self.core.model.flag("MonitoringCtrlr.Enabled"):
            text, _ = self.monitored_values(monitor, now)
            if text is not None:
                self.tell_monitor(monitor, text, "Periodic", False, now)

    # --- when something has changed ----------------------------------------------------------

    @hears(core_topics.REPORTED)
    def status_reported(self, connector: Connector, now: float) -> None:
        self.core.look_later(self.monitors is not None)

    @hears(core_topics.FAULTED)
    def tell_fault(self, connector: Connector, now: float) -> None:
        """Send NotifyEvent of a connector's fault, or of its end."""
        outlet = self.core.outlets[connector.id]
        component = {
            "name": "Connector",
            "evse": {"id": outlet.evse, "connectorId": outlet.connector_id},
        }
        event = {
            "trigger": "Alerting",
            "actualValue": "true" if connector.faulted else "false",
            "eventNotificationType": "HardWiredNotification",
            "component": component,
            "variable": {"name": "Problem"},
        }
        if not connector.faulted:
            event["cleared"] = True
        elif connector.error_code != NO_ERROR:
            event["techCode"] = connector.error_code[:50]
            if connector.info:
                event["techInfo"] = connector.info[:500]
        self.tell_event(event, _FAULT_SEVERITY, now)

    # --- telling -----------------------------------------------------------------------------

    def tell_monitor(
        self, monitor: Monitor, text: str, trigger: str, cleared: bool, now: float,
        at: float | None = None,
    ) -> None:  # fmt: skip
        """`at`: when it was seen, if not now."""
        event = {
            "trigger": trigger,
            "actualValue": text[:2500],
            "eventNotificationType": monitor.origin,
            "component": monitor.component,
            "variable": monitor.variable,
            "variableMonitoringId": monitor.id,
        }
        if cleared:
            event["cleared"] = True
        self.tell_event(event, monitor.severity, now, at)

    def tell_event(
        self, event: dict[str, Any], severity: int, now: float, at: float | None = None
    ) -> None:
        """Send an event, or keep it while offline (N07). `severity`: 0 to 9, 0 the worst; less
        severe than the level is not sent. `at`: Unix seconds when it happened."""
        if severity > self._least_severe():
            return
        self.event_count += 1
        self.core.changed(SOON)  # no number twice, also after a restart
        stamp = self.core.clock.stamp(now if at is None else at)
        event = {"eventId": self.event_count, "timestamp": stamp, **event}
        transaction = self.transaction_at(event["component"])
        if transaction is not None and "evse" in event["component"]:
            event["transactionId"] = transaction
        event = self.event_of(event, severity)
        if self.core.online:
            self._send_event(event, severity, now)
        else:
            self._keep_event(event, severity)

    def raise_count(self, number: int) -> bool:
        """The CSMS has seen the event of that number: whether it is beyond what was known."""
        known, self.event_count = self.event_count, max(self.event_count, number)
        return self.event_count > known

    def event_of(self, event: dict[str, Any], severity: int) -> dict[str, Any]:
        """Hook: EventDataType as the version has it."""
        return event

    def _send_event(self, event: dict[str, Any], severity: int, now: float) -> None:
        payload = {"generatedAt": self.core.clock.stamp(now), "seqNo": 0, "eventData": [event]}
        self.core.calls.make("NotifyEvent", payload, now, (event["eventId"], severity, event))

    @failed("NotifyEvent")
    def failed_notify_event(self, code: str, context: Any, now: float) -> None:
        if code == "Disconnected":
            self._keep_event(context[2], context[1])

    def _keep_event(self, event: dict[str, Any], severity: int) -> None:
        if severity > self.core.model.integer("MonitoringCtrlr.OfflineQueuingSeverity"):
            return
        kept = [*(self.kept_events or ()), [severity, event]]
        self.kept_events = kept[-_KEPT_AT_MOST:]
        self.core.changed(SOON)

    @hears(core_topics.REGISTERED)
    def tell_kept_events(self, now: float, rebooted: bool) -> None:
        """Send what was kept while offline."""
        kept, self.kept_events = self.kept_events, None
        for severity, event in kept or ():
            self._send_event(event, severity, now)
        self.look_at_values(now)  # what was left out offline, and what a reboot has changed
