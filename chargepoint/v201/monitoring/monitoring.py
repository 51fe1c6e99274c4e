"""Functional block N: the monitors of a station, and when they look (N03, N07)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from chargepoint.config import StationConfig
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, hears, timer
from chargepoint.hardware.connector import Connector
from chargepoint.timing.ticks import near_tick
from chargepoint.v201 import topics
from chargepoint.v201.monitoring.monitors import (
    BOUNDARIES,
    PERIODIC,
    PRECONFIGURED,
    TARGETS,
    THRESHOLDS,
    Monitor,
)

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.variables.requests import VariableRequests


BASE = "MonitoringCtrlr.ActiveMonitoringBase"
FACTORY = 1_000_000  # ids of what the factory has configured lie above
_NOTICE = 7
_LOOK = 10.0  # seconds: for values whose change nobody announces, as power
_EARLY = 0.001  # seconds: a clock that drifts may be a hair before the mark it was armed for


class Monitoring(Block):
    """Values are looked at when something has changed, at the end of the event.

    monitors  id -> Monitor; None where there are none
    """

    __slots__ = ("monitors", "variables")

    GUEST = True
    KEYS = ("monitors",)
    MONITOR_TYPES: ClassVar[tuple[str, ...]] = (*THRESHOLDS, "Delta", *PERIODIC)

    def __init__(self, core: Station, variables: VariableRequests) -> None:
        super().__init__(core)
        self.variables = variables

    def restore(self, saved: dict[str, Any], now: float) -> None:
        # A station that was of another version may have had types that this one knows not.
        """Read monitors and kept events of a snapshot."""
        kept = [e for e in saved.get("monitors", ()) if e["type"] in self.MONITOR_TYPES]
        monitors = [Monitor.from_saved(entry) for entry in kept]
        self.monitors: dict[int, Monitor] | None = {m.id: m for m in monitors} or None

    def resume(self, now: float) -> None:
        for monitor in (self.monitors or {}).values():
            self.watch(monitor, now)

    def saved(self) -> dict[str, Any]:
        """Monitors, kept events and their last number, for the snapshot."""
        if not self.monitors:
            return {}
        return {"monitors": [monitor.to_saved() for monitor in self.monitors.values()]}

    # --- they come and go --------------------------------------------------------------------

    def install(self, monitor: Monitor, data: dict, now: float) -> None:
        """Put it in the place of one with its id. `data`: the SetMonitoringDataType that asked for
        it."""
        old = (self.monitors or {}).get(monitor.id)
        if old is not None:
            self.remove(monitor.id, now)
        self.monitors = {**(self.monitors or {}), monitor.id: monitor}
        if monitor.type not in PERIODIC:
            text, target = self.monitored_values(monitor, now)
            if monitor.type not in BOUNDARIES:
                monitor.look(text)  # a change is measured from now
            elif old is not None:
                monitor.follow(old, text, target)
        self.watch(monitor, now)
        self.core.tell(topics.MONITOR_INSTALLED, monitor, data, now)

    def remove(self, number: int, now: float) -> None:
        """Of the monitor with that id, its timers too."""
        self.monitors = {k: m for k, m in self.monitors.items() if k != number} or None
        self.core.timers.clear(("monitor", number))
        if self.monitors is None:
            self.core.timers.clear("monitors")
        self.core.tell(topics.MONITOR_REMOVED, number, now)

    def install_preconfigured(self, now: float) -> None:
        """A Delta monitor of each connector's state, where it is not there."""
        for number, outlet in self.core.outlets.items():
            if FACTORY + number in (self.monitors or ()):
                continue
            place = {"id": outlet.evse, "connectorId": outlet.connector_id}
            component = {"name": "Connector", "evse": place}
            variable = {"name": "AvailabilityState"}
            monitor = Monitor(
                FACTORY + number, component, variable, "Delta", 0, _NOTICE, False, False,
                PRECONFIGURED,
            )  # fmt: skip
            self.install(monitor, {}, now)

    @hears(core_topics.RECONFIGURED, wakes=True)
    def match_monitors(self, old: StationConfig, now: float) -> None:
        """Connectors came or went: a monitor ends with its variable."""
        for monitor in list((self.monitors or {}).values()):
            if isinstance(self.variables.find_variable(monitor.component, monitor.variable), str):
                self.remove(monitor.id, now)
        if self.core.model.value(BASE) != "HardWiredOnly":
            self.install_preconfigured(now)

    # --- they look ---------------------------------------------------------------------------

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
            if monitor.type in PERIODIC or not self._heeds(monitor):
                continue
            text, target = self.monitored_values(monitor, now)
            seen = None if text is None else monitor.look(text, target)
            if seen is not None:
                told.append((monitor, text, *seen))
        for entry in told:
            self.tell_monitor(*entry, now)

    def _heeds(self, monitor: Monitor) -> bool:
        """A monitor that must not speak now is not shown the value, so that the CSMS hears of the
        difference later (N07.FR.18; the remark at N07 advises it of what happens offline)."""
        events = self.core.block("events")
        if monitor.severity > events.least_severe():
            return False
        return not monitor.transaction or events.transaction_at(monitor.component) is not None

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
        if self._heeds(monitor) and self.core.model.flag("MonitoringCtrlr.Enabled"):
            text, _ = self.monitored_values(monitor, now)
            if text is not None:
                self.tell_monitor(monitor, text, "Periodic", False, now)

    # --- when something has changed ----------------------------------------------------------

    @hears(core_topics.REGISTERED)
    def look_online(self, now: float, rebooted: bool) -> None:
        self.look_at_values(now)  # what was left out offline, and what a reboot has changed

    @hears(core_topics.REPORTED)
    def status_reported(self, connector: Connector, now: float) -> None:
        self.core.look_later(self.monitors is not None)

    def tell_monitor(
        self, monitor: Monitor, text: str, trigger: str, cleared: bool, now: float,
        at: float | None = None,
    ) -> None:  # fmt: skip
        """`at`: when it was seen, if not now."""
        if self.core.ask(topics.STREAMED, monitor, text, now):
            return
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
        self.core.block("events").tell_event(event, monitor.severity, now, at)
