"""What a driver touches and sees: the lock of the cable, and the light (1.6 section 9.1)."""

from typing import Any

from chargepoint.common.cables import HeldCables
from chargepoint.common.reserving import FOR_ANOTHER
from chargepoint.core import topics
from chargepoint.core.block import Block, answers, gathers, hears
from chargepoint.hardware.connector import Connector
from chargepoint.v16.configuration import Keys
from chargepoint.v16.topics import AUTHORIZED, FREED, KEPT_FROM, SIGNALLED, TURNED_AWAY
from chargepoint.v16.transactions import Sessions


class Cabinet(HeldCables, Block):
    """cables  see HeldCables: by idTag
    signal  (what the light last said, when); None: nothing yet
    """

    __slots__ = ("cables", "keys", "sessions", "signal")

    GUEST = True
    KEYS = ("locked",)

    def __init__(self, core: Any, keys: Keys, sessions: Sessions) -> None:
        super().__init__(core)
        self.keys, self.sessions = keys, sessions

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read `locked` of a snapshot: {connector: tag that frees its cable}."""
        self.signal: tuple[str, float] | None = None
        locked = {int(k): v for k, v in saved.get("locked", {}).items()}
        self.cables = {n: tag for n, tag in locked.items() if n in self.core.connectors} or None

    def saved(self) -> dict[str, Any]:
        return {"locked": {str(k): v for k, v in self.cables.items()}} if self.cables else {}

    # --- the cable ---------------------------------------------------------------------------

    def holds_cable(self, outlet: Connector) -> bool:
        """9.1.33: without UnlockConnectorOnEVSideDisconnect the cable stays in the station."""
        return (
            outlet.id in self.sessions.open
            and self.keys.flag("StopTransactionOnEVSideDisconnect")
            and not self.keys.flag("UnlockConnectorOnEVSideDisconnect")
        )

    def leave_cable(self, outlet: Connector, now: float) -> str:
        """End the transaction with EVDisconnected, the cable still in the socket; returns the tag
        that frees it."""
        tag = self.sessions.open[outlet.id].id_tag
        if (driver := self.core.there("driver")) is not None:
            driver.forget(outlet.id)
        self.sessions.stop(outlet, "EVDisconnected", "", now)
        outlet.ev = None
        return tag

    def cable_freed(self, outlet: Connector, now: float) -> None:
        self.core.tell(FREED, outlet, now)

    @answers(KEPT_FROM)
    def kept_from(self, outlet: Connector, tag: str, parent: str) -> str:
        """While somebody's cable is in the socket nobody else can charge there."""
        return FOR_ANOTHER if self.cable_held(outlet.id) else ""

    # --- the light ---------------------------------------------------------------------------

    @hears(SIGNALLED, wakes=True)
    def blink(self, word: str, now: float) -> None:
        """9.1.4 BlinkRepeat: the light answers the driver."""
        self.signal = (word, now)

    @hears(AUTHORIZED, wakes=True)
    def accept(self, outlet: Connector, tag: str, parent: str, now: float) -> None:
        self.blink("Accepted", now)

    @hears(TURNED_AWAY, wakes=True)
    def refuse(self, outlet: Connector, now: float) -> None:
        self.blink("Refused", now)

    @gathers(topics.SHOWN)
    def shown(self) -> dict[str, Any]:
        """{"light": {"intensity": percent, "signal", "blinks", "at"}}; see LightIntensity."""
        if self.signal is None:
            return {}
        word, at = self.signal
        return {
            "light": {
                "intensity": min(100, self.keys.integer("LightIntensity")),
                "signal": word,
                "blinks": self.keys.integer("BlinkRepeat"),
                "at": at,
            }
        }
