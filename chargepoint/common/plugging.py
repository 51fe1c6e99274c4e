"""What befalls an outlet: a car comes or leaves, or something breaks; and frames by hand."""

from typing import Any

from chargepoint.common.arriving import arriving
from chargepoint.core import topics
from chargepoint.core.block import Block, command
from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.errors import Error
from chargepoint.hardware.states import Event
from chargepoint.wire import rpc


class Plugging(Block):
    """It keeps nothing: the outlets are the core's."""

    __slots__ = ()

    KEEPS = False

    @command("plug")
    def do_plug(self, now: float, connector: int = 1, ev: dict | None = None) -> dict:
        """Plug a car in. `ev`: its fields (see EV), what is left out is as usual for the connector.
        Raises CommandRejected for a field that makes no sense."""
        outlet = self.core.connector(connector)
        try:
            car = arriving(self.core, outlet.config, ev)
        except ValueError as error:
            raise CommandRejected("invalid_arguments", f"{error}.") from None
        outlet.plug(car, now)
        self.core.tell(topics.PLUGGED, outlet, now)
        self.core.statuses.report(outlet, now)
        return {"status": self.core.ask(topics.STATUS_OF, outlet)}

    @command("unplug")
    def do_unplug(self, now: float, connector: int = 1) -> dict:
        """Pull the plug; where the station keeps the cable locked it stays in the socket."""
        outlet = self.core.connector(connector)
        kept = self.core.ask(topics.KEPT_CABLE, outlet, now)
        if kept:
            return kept
        outlet.unplug(now)
        self.core.tell(topics.UNPLUGGED, outlet, now)
        self.core.statuses.report(outlet, now)
        return {"status": self.core.ask(topics.STATUS_OF, outlet)}

    @command("fault")
    def do_fault(
        self,
        now: float,
        connector: int = 1,
        error_code: str = "OtherError",
        info: str = "",
        vendor_error_code: str = "",
        vendor_id: str = "",
    ) -> dict:
        """Give a connector a fault, or clear it with NoError. `error_code` is in 1.6 one of
        ChargePointErrorCode (7.6), in 2.x a technical code of at most 50 characters. The vendor's
        code and its vendorId are told in 1.6 (6.47); without a vendorId it is the station's."""
        outlet = self.core.connector(connector)
        given = Error(error_code, info, vendor_error_code, vendor_id)
        error = self.core.fold(topics.ERROR_GIVEN, given)
        warned = self.core.ask(topics.WARNED, outlet, error, now)
        if warned:
            return warned
        if error_code == "NoError":
            outlet.apply(Event.FAULT_CLEARED, now)
            self.core.remark(f"connector {outlet.id}: fault cleared", now)
        else:
            self.core.tell(topics.CHECK_ERROR_CODE, error_code)
            outlet.fault(now, error)
            # A second fault leaves the status as it is but is news all the same.
            self.core.statuses.forget_reported(outlet.id)
            self.core.remark(f"connector {outlet.id}: fault {error_code}", now)
        self.core.tell(topics.FAULTING, outlet, now)
        self.core.tell(topics.FAULTED, outlet, now)
        self.core.statuses.report(outlet, now)
        return {"status": self.core.ask(topics.STATUS_OF, outlet)}

    @command("wake")
    def do_wake(self, now: float, connector: int = 1) -> dict:
        """Interrupt the control pilot for a moment: a car that has fallen asleep looks anew, where
        its EV profile is woken by that. Raises CommandRejected without a car."""
        outlet = self.core.connector(connector)
        if outlet.ev is None:
            raise CommandRejected("not_possible_now", "No car is plugged in.")
        outlet.toggle(now)
        self.core.tell(topics.PILOT_TOGGLED, outlet, now)
        self.core.statuses.report(outlet, now)
        return {"status": self.core.ask(topics.STATUS_OF, outlet)}

    @command("message")
    def do_message(
        self, now: float, text: str | None = None, action: str | None = None,
        payload: Any = None, cause: str = "",
    ) -> dict:  # fmt: skip
        """Send any frame, valid or not: `text` as it is, or a Call of `action`. Raises
        CommandRejected without a connection, or for both or neither of text and action."""
        if not self.core.connected:
            raise CommandRejected("not_connected", "Connect the station first.")
        if (text is None) == (action is None):
            raise CommandRejected("invalid_arguments", "Give either text or action and payload.")
        if text is None:
            # Not an id as the station's own Calls have: its numbers say nothing of the state.
            unique_id = f"{self.core.calls.new_id()}-crafted"
            text = rpc.call_text(unique_id, action, {} if payload is None else payload)
        return {"unique_id": self.core.answers.send_crafted(text, now, cause), "text": text}
