"""What a driver touches and sees: the lock of the cable, and the light (1.6 section 9.1)."""

from typing import Any

from chargepoint.effects import URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import Event
from chargepoint.station import CommandRejected
from chargepoint.v16.reservation import FOR_ANOTHER

# Outlets where the driver brings the cable; at the others it is fixed to the station.
SOCKETS = frozenset({"Type2", "Schuko", "GBT_AC"})


class Cabinet:
    """Block of Station16.

    locked  connector -> idTag that frees the cable which its driver left behind; None: no cable
    signal  (what the light last said, when); None: nothing yet
    """

    __slots__ = ()

    # --- the cable ---------------------------------------------------------------------------

    def do_unplug(self, now: float, connector: int = 1) -> dict:
        """The cable is pulled at the car, and where the station lets go of it, here as well."""
        outlet = self.connector(connector)
        if outlet.id in (self.locked or ()):
            message = "The cable is locked here: present the idTag, or have the CSMS unlock it."
            raise CommandRejected("not_possible_now", message)
        if not self._holds_cable(outlet):
            return super().do_unplug(now, connector)
        tag = self.sessions[outlet.id].id_tag
        self.auto_plug.discard(outlet.id)
        self.stop(outlet, "EVDisconnected", "", now)
        outlet.ev = None
        self.locked = {**(self.locked or {}), outlet.id: tag}
        self.changed(URGENT)
        return {"status": self.status_of(outlet), "locked": True}

    def _holds_cable(self, outlet: Connector) -> bool:
        """9.1.29: without UnlockConnectorOnEVSideDisconnect the cable stays in the station."""
        return (
            outlet.id in self.sessions
            and outlet.ev is not None
            and outlet.config.kind in SOCKETS
            and self.keys.flag("StopTransactionOnEVSideDisconnect")
            and not self.keys.flag("UnlockConnectorOnEVSideDisconnect")
        )

    def kept_from(self, outlet: Connector, tag: str, parent: str = "") -> str:
        """While somebody's cable is in the socket nobody else can charge there."""
        if outlet.id in (self.locked or ()):
            return FOR_ANOTHER
        return super().kept_from(outlet, tag, parent)

    def frees_cable(self, outlet: Connector, tag: str) -> bool:
        """Whether the tag is the one of the driver whose cable is locked here."""
        return (self.locked or {}).get(outlet.id, "").casefold() == tag.casefold()

    def free_cable(self, number: int, now: float) -> None:
        """Let go of a cable that was left behind; nothing where there is none."""
        if number not in (self.locked or ()):
            return
        del self.locked[number]
        self.locked = self.locked or None
        outlet = self.connectors.get(number)
        if outlet is None:
            return
        if outlet.can(Event.EV_UNPLUGGED):
            outlet.unplug(now)
        self.show_reserved(outlet, now)
        self.report(outlet, now)
        self.changed(URGENT)

    # --- the light ---------------------------------------------------------------------------

    def blink(self, word: str, now: float) -> None:
        """9.1.3 BlinkRepeat: the light answers the driver."""
        self.signal = (word, now)

    def snapshot(self) -> dict[str, Any]:
        """With "light": {"intensity": percent, "signal", "blinks", "at"}; see LightIntensity."""
        taken = super().snapshot()
        if self.signal is not None:
            word, at = self.signal
            taken["light"] = {
                "intensity": min(100, self.keys.integer("LightIntensity")),
                "signal": word,
                "blinks": self.keys.integer("BlinkRepeat"),
                "at": at,
            }
        return taken
