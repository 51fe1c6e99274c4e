"""NotifyEvent: what the monitors see and what the hardware has to tell (part 2, N07 and N08)."""

from typing import Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, failed, hears
from chargepoint.effects import SOON
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.errors import NO_ERROR

_FAULT_SEVERITY = 3  # Critical
_KEPT_AT_MOST = 100  # events of a long time offline; the oldest go first


class Events(Block):
    """event_count  the number of the last that was told
    kept_events  [[severity, EventDataType]] that wait for a link; None where there are none
    """

    __slots__ = ("event_count", "kept_events")

    GUEST = True
    KEYS = ("event_count", "kept_events")

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Takes up the number of the last event, and those that wait for a link."""
        self.event_count: int = saved.get("event_count", 0)
        self.kept_events: list | None = saved.get("kept_events")

    def saved(self) -> dict[str, Any]:
        """The number of the last event, and those that wait for a link."""
        saved: dict[str, Any] = {}
        if self.event_count:
            saved["event_count"] = self.event_count
        if self.kept_events:
            saved["kept_events"] = [*self.kept_events]
        return saved

    def least_severe(self) -> int:
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

    @hears(core_topics.FAULTED, wakes=True)
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
            if connector.error.info:
                event["techInfo"] = connector.error.info[:500]
        self.tell_event(event, _FAULT_SEVERITY, now)

    def tell_event(
        self, event: dict[str, Any], severity: int, now: float, at: float | None = None
    ) -> None:
        """Send an event, or keep it while offline (N07). `severity`: 0 to 9, 0 the worst; less
        severe than the level is not sent. `at`: Unix seconds when it happened."""
        if severity > self.least_severe():
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
        """EventDataType as the version has it."""
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
