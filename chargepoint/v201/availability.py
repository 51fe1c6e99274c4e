"""Functional block G, availability: connector statuses and ChangeAvailability."""

from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import IN_TRANSACTION_STATES, INOPERATIVE_STATES, Event
from chargepoint.station import CommandRejected
from chargepoint.v201 import topics
from chargepoint.v201.base import Base201
from chargepoint.v201.outlet import Outlet


class Availability(Base201):
    __slots__ = ()

    def send_status(self, connector: Connector, now: float, context: str | None = None) -> None:
        outlet = self.outlets[connector.id]
        payload = {
            "timestamp": self.stamp(now),
            "connectorStatus": connector.status_201,
            "evseId": outlet.evse,
            "connectorId": outlet.connector_id,
        }
        self.call("StatusNotification", payload, now, context)

    def on_change_availability(self, payload: dict, now: float) -> dict:
        # G03.FR.01 and G04: no evse means the whole station.
        outlets = self.outlets_of(payload.get("evse"))
        if not outlets:
            return {"status": "Rejected", "statusInfo": {"reasonCode": "UnknownEvse"}}
        operative = payload["operationalStatus"] == "Operative"
        outlets = [o for o in outlets if not self.core.ask(topics.HELD, o.hardware, operative)]
        waits = [self._make_available(outlet, operative, now) for outlet in outlets]
        self.later(self._report_later)
        return {"status": "Scheduled" if any(waits) else "Accepted"}

    def _report_later(self, now: float) -> None:
        self.report_all(now)

    def _make_available(self, outlet: Outlet, operative: bool, now: float) -> bool:
        """Change it, or True if that must wait for the end of a transaction (G03.FR.05)."""
        hardware = outlet.hardware
        outlet.inoperative_after = False
        if operative:
            if hardware.can(Event.MADE_OPERATIVE):
                hardware.apply(Event.MADE_OPERATIVE, now)
            return False
        if outlet.transaction is not None or hardware.state in IN_TRANSACTION_STATES:
            outlet.inoperative_after = True
            return True
        if hardware.state not in INOPERATIVE_STATES:
            hardware.apply(Event.MADE_INOPERATIVE, now)
            outlet.token = None
            self.clear_timer(("ev_timeout", outlet.number))
            outlet.seen = outlet.points()
            self.unclaim_reservation(outlet, now)
            self.end_broken_reservations(now)
        return False

    def availability_due(self, outlet: Outlet, now: float) -> None:
        """A transaction has ended: do what was scheduled."""
        if outlet.inoperative_after and not self._make_available(outlet, False, now):
            self.report(outlet.hardware, now)
        self.transaction_over(now)

    def do_availability(self, now: float, connector: int = 1, operative: bool = True) -> dict:
        if not isinstance(operative, bool):
            raise CommandRejected("invalid_arguments", "operative is true or false.")
        outlet = self.outlet(connector)
        held = self.core.ask(topics.HELD, outlet.hardware, operative)
        waits = not held and self._make_available(outlet, operative, now)
        self.report(outlet.hardware, now)
        return {"status": "Scheduled" if waits else "Accepted"}
