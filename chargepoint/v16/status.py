"""StatusNotification and availability (1.6 sections 4.9 and 5.2)."""

from typing import Any

from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import INOPERATIVE_STATES, STATUS_16, Event
from chargepoint.station import CommandRejected

# Section 7.6, ChargePointErrorCode.
ERROR_CODES = frozenset({
    "ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature",
    "InternalError", "LocalListConflict", "OtherError", "OverCurrentFailure", "OverVoltage",
    "PowerMeterFailure", "PowerSwitchFailure", "ReaderFailure", "ResetFailure", "UnderVoltage",
    "WeakSignal",
})  # fmt: skip


class Status:
    """Block of Station16."""

    __slots__ = ()

    def status_of(self, connector: Connector) -> str:
        return connector.status_16

    def report(self, connector: Connector, now: float) -> None:
        """9.1.20 MinimumStatusDuration: a status is sent once it has lasted that long."""
        seconds = self.keys.integer("MinimumStatusDuration")
        told, status = self._reported.get(connector.id), self.status_of(connector)
        waiting = ("status", connector.id, status)
        if self.has_timer(waiting):
            return
        for other in {*STATUS_16.values()} if seconds else ():
            self.clear_timer(("status", connector.id, other))
        # What the CSMS has never been told, after a boot or of a fault, is not kept from it.
        if seconds and told is not None and told != status:
            self.changed("soon")
            self.set_timer(waiting, now + seconds)
            return
        super().report(connector, now)

    def at_status(self, now: float, number: int, status: str) -> None:
        connector = self.connectors.get(number)
        if connector is not None and self.status_of(connector) == status:
            super().report(connector, now)

    def send_status(self, connector: Connector, now: float) -> None:
        self.call("StatusNotification", self.status_payload(connector, now), now, connector.id)

    def failed_status_notification(self, code: str, number: int | None, now: float) -> None:
        if code == "Disconnected":  # the CSMS has not heard of it: to be said on the next link
            self._reported.pop(number, None)

    def status_payload(self, connector: Connector, now: float) -> dict[str, Any]:
        payload = {
            "connectorId": connector.id,
            "errorCode": connector.error_code,
            "status": self.status_of(connector),
            "timestamp": self.stamp(now),
        }
        if connector.info:
            payload["info"] = connector.info[:50]
        if connector.vendor_error_code:
            payload["vendorErrorCode"] = connector.vendor_error_code[:50]
            payload["vendorId"] = self.config.vendor[:255]
        return payload

    def send_station_status(
        self, now: float, more: dict | None = None, context: Any = None
    ) -> None:
        """Connector 0 is the station itself: Available, Unavailable or Faulted (4.9)."""
        payload = {
            "connectorId": 0,
            "errorCode": "NoError",
            "status": "Available" if self.operative else "Unavailable",
            "timestamp": self.stamp(now),
        }
        self.call("StatusNotification", payload | (more or {}), now, context)

    def check_error_code(self, code: str) -> None:
        if code not in ERROR_CODES:
            known = ", ".join(sorted(ERROR_CODES))
            raise CommandRejected("invalid_arguments", f"The error code is NoError or: {known}.")

    def do_availability(self, now: float, connector: int = 0, operative: bool = True) -> dict:
        """An operator takes a connector (0: the station) out of service, or puts it back."""
        if connector:
            self.connector(connector)
        return {"status": self.set_availability(connector, bool(operative), now)}

    # --- ChangeAvailability (5.2) ------------------------------------------------------------

    def on_change_availability(self, payload: dict, now: float) -> dict:
        number, operative = payload["connectorId"], payload["type"] == "Operative"
        if number and number not in self.connectors:
            return {"status": "Rejected"}
        # The answer comes before the StatusNotification that tells of the effect.
        status = self._availability_status(number, operative)
        self.later(self._set_availability_later, number, operative)
        return {"status": status}

    def _set_availability_later(self, number: int, operative: bool, now: float) -> None:
        self.set_availability(number, operative, now)

    def _targets(self, number: int) -> list[Connector]:
        return [self.connectors[number]] if number else list(self.connectors.values())

    def _availability_status(self, number: int, operative: bool) -> str:
        busy = not operative and any(c.in_transaction for c in self._targets(number))
        return "Scheduled" if busy else "Accepted"

    def set_availability(self, number: int, operative: bool, now: float) -> str:
        status = self._availability_status(number, operative)
        if number == 0:
            self.operative = operative
            if not operative:
                self.end_reservations_of(0, now)
            if self.connected and self.registration == "Accepted":
                self.send_station_status(now)
        for outlet in self._targets(number):
            self.scheduled -= {outlet.id}
            if not self.held_for_update(outlet, operative):
                self._apply_availability(outlet, operative, now)
        self.changed("urgent")
        return status

    def _apply_availability(self, outlet: Connector, operative: bool, now: float) -> None:
        event = Event.MADE_OPERATIVE if operative else Event.MADE_INOPERATIVE
        if outlet.can(event):
            waited = self.tags.pop(outlet.id, None) is not None
            self.clear_timer(("plug_timeout", outlet.id))
            outlet.apply(event, now)
            if waited:  # what came with the authorization ends with it
                self.auto_plug -= {outlet.id}
                self.unclaim_reservation(outlet, now)
            if not operative:
                self.end_reservations_of(outlet.id, now)
        elif not operative and outlet.state not in INOPERATIVE_STATES:
            self.scheduled |= {outlet.id}  # in a transaction: when it has ended
        self.report(outlet, now)

    def after_stop(self, outlet: Connector, now: float) -> None:
        """A transaction has ended: carry out what was scheduled."""
        if outlet.id in self.scheduled:
            self.scheduled -= {outlet.id}
            self._apply_availability(outlet, False, now)
        self.transaction_over(now)
