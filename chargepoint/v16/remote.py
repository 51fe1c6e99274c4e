"""What the CSMS has the station do for a driver: start, stop, unlock (1.6 5.11, 5.12, 5.18)."""

from typing import Any

from chargepoint.common.reserving import PERHAPS
from chargepoint.core.block import Block, action
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import RESERVED_STATES, Event
from chargepoint.v16.authorization import Authorization
from chargepoint.v16.charging_profiles import fits_remote_start
from chargepoint.v16.configuration import Keys
from chargepoint.v16.transactions import Sessions


def _preference(outlet: Connector) -> tuple[bool, bool]:
    """A connector that is kept for the driver, then one with a car on it."""
    return outlet.state in RESERVED_STATES, outlet.ev is not None


class Remote(Block):
    """It keeps nothing."""

    __slots__ = ("authorization", "keys", "sessions")

    KEEPS = False

    def __init__(
        self, core: Any, keys: Keys, sessions: Sessions, authorization: Authorization
    ) -> None:
        super().__init__(core)
        self.keys, self.sessions, self.authorization = keys, sessions, authorization

    @action("RemoteStartTransaction")
    def on_remote_start_transaction(self, payload: dict, now: float) -> dict:
        """RemoteStartTransaction (5.11)."""
        core, number = self.core, payload.get("connectorId")
        if core.registration != "Accepted":  # 4.2: not allowed while Pending
            return {"status": "Rejected"}
        if core.calls.queue_is_full():
            return {"status": "Rejected"}
        tag = payload["idTag"]
        outlet = core.connectors.get(number) if number is not None else self._any_free(tag)
        if outlet is None or not outlet.can(Event.AUTHORIZED) or core.timers.has("reset"):
            return {"status": "Rejected"}
        if not self._remote_allowed(outlet, tag):
            return {"status": "Rejected"}
        given = payload.get("chargingProfile")
        if given and not (fits_remote_start(given) and self._kept(given, outlet.id)):
            return {"status": "Rejected"}
        core.answers.later(self._remote_start, outlet.id, tag)
        return {"status": "Accepted"}

    def _kept(self, profile: dict[str, Any], number: int) -> bool:
        return self.core.block("charging").keep_for_start(profile, number)

    def _any_free(self, tag: str) -> Connector | None:
        free = [c for c in self.core.connectors.values() if c.can(Event.AUTHORIZED)]
        free = [c for c in free if self._remote_allowed(c, tag)]
        return max(free, key=_preference) if free else None

    def _remote_allowed(self, outlet: Connector, tag: str) -> bool:
        kept = self.authorization.kept_from(outlet, tag)
        asks = self.keys.flag("AuthorizeRemoteTxRequests")
        return not kept or (kept == PERHAPS and asks)

    def _remote_start(self, number: int, tag: str, now: float) -> None:
        outlet = self.core.connectors[number]
        if outlet.ev is None and self.keys.flag("EmulatorAutoPlug"):
            self.core.block("driver").expect(number)
        # 9.1.3 AuthorizeRemoteTxRequests: as if the driver had presented the tag, or trusted.
        if self.keys.flag("AuthorizeRemoteTxRequests"):
            self.authorization.authorize(tag, outlet, now)
        else:
            self.authorization.authorized(outlet, tag, now)

    @action("RemoteStopTransaction")
    def on_remote_stop_transaction(self, payload: dict, now: float) -> dict:
        """RemoteStopTransaction (5.12)."""
        if self.core.registration != "Accepted":  # 4.2
            return {"status": "Rejected"}
        wanted = payload["transactionId"]
        for session in self.sessions.open.values():
            if session.transaction_id == wanted:
                self.core.answers.later(self.sessions.stop_at, session.connector, "Remote")
                return {"status": "Accepted"}
        return {"status": "Rejected"}

    @action("UnlockConnector")
    def on_unlock_connector(self, payload: dict, now: float) -> dict:
        """UnlockConnector (5.18)."""
        outlet = self.core.connectors.get(payload["connectorId"])
        if outlet is None:
            return {"status": "NotSupported"}
        if outlet.error_code == "ConnectorLockFailure":
            return {"status": "UnlockFailed"}
        if outlet.id in self.sessions.open:
            self.core.answers.later(self.sessions.stop_at, outlet.id, "UnlockCommand")
        if (cabinet := self.core.there("cabinet")) is not None:
            self.core.answers.later(cabinet.free_cable, outlet.id)
        return {"status": "Unlocked"}
