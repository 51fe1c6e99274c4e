"""Functional block G, availability: connector statuses and ChangeAvailability."""

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, action, answers, command, hears
from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import IN_TRANSACTION_STATES, INOPERATIVE_STATES, Event
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet


class Availability(Block):
    __slots__ = ()

    @answers(core_topics.STATUS_OF)
    def status_of(self, connector: Connector) -> str:
        return connector.status_201

    @hears(core_topics.CHECK_ERROR_CODE)
    def check_error_code(self, code: str) -> None:
        if not isinstance(code, str) or not 0 < len(code) <= 50:
            raise CommandRejected("invalid_arguments", "error_code has 1 to 50 characters.")

    @hears(core_topics.SEND_STATUS)
    def send_status(self, connector: Connector, now: float, context: str | None = None) -> None:
        """Send StatusNotification of a connector (G01)."""
        outlet = self.core.outlets[connector.id]
        payload = {
            "timestamp": self.core.clock.stamp(now),
            "connectorStatus": connector.status_201,
            "evseId": outlet.evse,
            "connectorId": outlet.connector_id,
        }
        self.core.calls.make("StatusNotification", payload, now, context)

    @action("ChangeAvailability")
    def on_change_availability(self, payload: dict, now: float) -> dict:
        """ChangeAvailability (G03, G04)."""
        # G03.FR.01 and G04: no evse means the whole station.
        outlets = self.core.outlets_of(payload.get("evse"))
        if not outlets:
            return {"status": "Rejected", "statusInfo": {"reasonCode": "UnknownEvse"}}
        operative = payload["operationalStatus"] == "Operative"
        outlets = [o for o in outlets if not self.core.ask(topics.HELD, o.hardware, operative)]
        waits = [self.make_available(outlet, operative, now) for outlet in outlets]
        self.core.answers.later(self._report_later)
        return {"status": "Scheduled" if any(waits) else "Accepted"}

    def _report_later(self, now: float) -> None:
        self.core.statuses.report_all(now)

    def make_available(self, outlet: Outlet, operative: bool, now: float) -> bool:
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
            self.core.block("transactions").withdraw(outlet)
            self.core.timers.clear(("ev_timeout", outlet.number))
            outlet.seen = outlet.points()
            self.core.tell(topics.ABANDONED, outlet, now)
            self.core.tell(topics.OUT_OF_USE, now)
        return False

    @hears(topics.OUTLET_IDLE)
    def availability_due(self, outlet: Outlet, now: float) -> None:
        """A transaction has ended: do what was scheduled."""
        if outlet.inoperative_after and not self.make_available(outlet, False, now):
            self.core.statuses.report(outlet.hardware, now)

    @command("availability")
    def do_availability(self, now: float, connector: int = 1, operative: bool = True) -> dict:
        """Switch a connector by hand; Scheduled while a transaction runs. Raises CommandRejected
        for an `operative` that is neither true nor false."""
        if not isinstance(operative, bool):
            raise CommandRejected("invalid_arguments", "operative is true or false.")
        outlet = self.core.outlet(connector)
        held = self.core.ask(topics.HELD, outlet.hardware, operative)
        waits = not held and self.make_available(outlet, operative, now)
        self.core.statuses.report(outlet.hardware, now)
        return {"status": "Scheduled" if waits else "Accepted"}
