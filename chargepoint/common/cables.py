"""The lock of a socket: a cable that was pulled at the car alone stays in the station."""

from chargepoint.core.block import answers
from chargepoint.core.commands import CommandRejected
from chargepoint.core.topics import CABLE_HELD, KEPT_CABLE, STATUS_OF
from chargepoint.effects import URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import Event

# Outlets where the driver brings the cable; at the others it is fixed to the station.
SOCKETS = frozenset({"Type2", "Schuko", "GBT_AC"})


class HeldCables:
    """Block of a version's cabinet.

    cables  connector -> who frees the cable that was left behind there; None: no cable
    """

    __slots__ = ()

    @answers(KEPT_CABLE)
    def unplugging(self, outlet: Connector, now: float) -> dict | None:
        """The cable is pulled at the car; None where the station lets go of it, here as well.
        Raises CommandRejected where the cable is locked."""
        if self.cable_held(outlet.id):
            message = "The cable is locked here: present the idTag, or have the CSMS unlock it."
            raise CommandRejected("not_possible_now", message)
        if outlet.ev is None or outlet.config.kind not in SOCKETS or not self.holds_cable(outlet):
            return None
        owner = self.leave_cable(outlet, now)
        self.cables = {**(self.cables or {}), outlet.id: owner}
        self.core.statuses.report(outlet, now)
        self.core.changed(URGENT)
        return {"status": self.core.ask(STATUS_OF, outlet), "locked": True}

    def holds_cable(self, outlet: Connector) -> bool:
        """Whether the station keeps hold of a cable that is now pulled at the car. Raises
        NotImplementedError here: a version says so."""
        raise NotImplementedError

    def leave_cable(self, outlet: Connector, now: float) -> str:
        """The car has gone without its cable; returns who frees it. Raises NotImplementedError
        here."""
        raise NotImplementedError

    def cable_freed(self, outlet: Connector, now: float) -> None:
        """Hook: the socket is empty again."""

    @answers(CABLE_HELD)
    def has_cable(self, outlet: Connector) -> bool:
        return self.cable_held(outlet.id)

    def cable_held(self, number: int) -> bool:
        return number in (self.cables or ())

    def frees_cable(self, outlet: Connector, who: str) -> bool:
        """Whether that is the driver whose cable is locked here."""
        return (self.cables or {}).get(outlet.id, "").casefold() == who.casefold()

    def free_cable(self, number: int, now: float) -> None:
        """Let go of a cable that was left behind; nothing where there is none."""
        if not self.cable_held(number):
            return
        self.cables = {n: who for n, who in self.cables.items() if n != number} or None
        outlet = self.core.connectors.get(number)
        if outlet is None:
            return
        if outlet.can(Event.EV_UNPLUGGED):
            outlet.unplug(now)
        self.cable_freed(outlet, now)
        self.core.statuses.report(outlet, now)
        self.core.changed(URGENT)
