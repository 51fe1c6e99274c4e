"""What a driver touches and sees: the lock of the cable, and the light (1.6 section 9.1)."""

from typing import Any

from chargepoint.cables import HeldCables
from chargepoint.hardware.connector import Connector
from chargepoint.v16.reservation import FOR_ANOTHER


class Cabinet(HeldCables):
    """Block of Station16.

    cables  see HeldCables: by idTag
    signal  (what the light last said, when); None: nothing yet
    """

    __slots__ = ()

    # --- the cable ---------------------------------------------------------------------------

    def holds_cable(self, outlet: Connector) -> bool:
        """9.1.33: without UnlockConnectorOnEVSideDisconnect the cable stays in the station."""
        return (
            outlet.id in self.sessions
            and self.keys.flag("StopTransactionOnEVSideDisconnect")
            and not self.keys.flag("UnlockConnectorOnEVSideDisconnect")
        )

    def leave_cable(self, outlet: Connector, now: float) -> str:
        tag = self.sessions[outlet.id].id_tag
        self.auto_plug -= {outlet.id}
        self.stop(outlet, "EVDisconnected", "", now)
        outlet.ev = None
        return tag

    def cable_freed(self, outlet: Connector, now: float) -> None:
        self.show_reserved(outlet, now)

    def kept_from(self, outlet: Connector, tag: str, parent: str = "") -> str:
        """While somebody's cable is in the socket nobody else can charge there."""
        if self.cable_held(outlet.id):
            return FOR_ANOTHER
        return super().kept_from(outlet, tag, parent)

    # --- the light ---------------------------------------------------------------------------

    def blink(self, word: str, now: float) -> None:
        """9.1.4 BlinkRepeat: the light answers the driver."""
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
