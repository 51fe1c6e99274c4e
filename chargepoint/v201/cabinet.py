"""The lock of the cable in 2.x: UnlockOnEVSideDisconnect and UnlockConnector (F05)."""

from typing import Any

from chargepoint.common.cables import SOCKETS, HeldCables
from chargepoint.core import topics as core_topics
from chargepoint.core.block import READS, Block, answers, folds, variable
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import Event
from chargepoint.v201 import topics
from chargepoint.v201.authorization.auth_cache import key
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.variables.table import READ_ONLY, Variable

UNLOCK = "OCPPCommCtrlr.UnlockOnEVSideDisconnect"


class Cabinet(HeldCables, Block):
    """Block of a 2.x station. cables: see HeldCables; by the token's key."""

    __slots__ = ("cables",)

    GUEST = True
    KEYS = ("cables",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read `cables` of a snapshot: {connector: token that frees its cable}."""
        kept = {int(number): who for number, who in saved.get("cables", {}).items()}
        self.cables = {n: who for n, who in kept.items() if n in self.core.connectors} or None

    def saved(self) -> dict[str, Any]:
        """`cables` for the snapshot."""
        if not self.cables:
            return {}
        return {"cables": {str(number): who for number, who in self.cables.items()}}

    @answers(core_topics.KEPT_CABLE, wakes=True)
    def unplugging(self, outlet: Connector, now: float) -> dict | None:
        return super().unplugging(outlet, now)

    def holds_cable(self, outlet: Connector) -> bool:
        return (
            outlet.in_transaction
            and self.core.outlets[outlet.id].token is not None
            and self.core.model.flag("TxCtrlr.StopTxOnEVSideDisconnect")
            and not self.core.model.flag(UNLOCK)
        )

    def leave_cable(self, outlet: Connector, now: float) -> str:
        """The car has gone without its cable; returns the key of the token that frees it."""
        who = key(self.core.outlets[outlet.id].token)
        outlet.apply(Event.TRANSACTION_ENDED, now)
        outlet.ev = None
        self.core.block("transactions").withdraw(self.core.outlets[outlet.id])
        self.core.tell(core_topics.UNPLUGGED, outlet, now)
        return who

    def cable_freed(self, outlet: Connector, now: float) -> None:
        self.core.tell(topics.PLACES_CHANGED, now)

    @answers(topics.IN_THE_WAY)
    def cable_in_the_way(self, outlet: Outlet) -> bool:
        """While somebody's cable is in the socket nobody else can charge there."""
        return self.cable_held(outlet.number)

    @answers(topics.TOKEN_READ)
    def give_back(self, token: dict, connector: int | None, now: float) -> dict | None:
        """The driver of a cable that is locked here gets it back."""
        for number in list(self.cables or ()):
            outlet = self.core.connectors.get(number)  # None where it was removed since
            here = outlet is not None and connector in (None, number)
            if here and self.frees_cable(outlet, key(token)):
                self.free_cable(number, now)
                return {"authorization": "Accepted", "connector": number, "released": True}
        return None

    @answers(topics.UNLOCKING, wakes=True)
    def unlock(self, outlet: Outlet) -> str | None:
        """UnlockConnector (F05): UnlockFailed for a faulty lock, else None; the cable is freed
        after the answer."""
        if outlet.hardware.error_code == "ConnectorLockFailure":
            return "UnlockFailed"
        self.core.answers.later(self.free_cable, outlet.number)
        return None


class Sockets(Block):
    """Block of a 2.x station: the variable UnlockOnEVSideDisconnect. It keeps nothing."""

    __slots__ = ()

    KEEPS = False

    # --- the variable ------------------------------------------------------------------------

    # With fixed cables alone there is nothing to unlock: it is read-only, and false.

    def _has_socket(self) -> bool:
        return any(outlet.hardware.config.kind in SOCKETS for outlet in self.core.outlets.values())

    @folds(topics.AS_IT_IS)
    def as_sockets_have_it(self, variable: Variable, evse: dict | None) -> Variable:
        """UnlockOnEVSideDisconnect is read-only where no connector has a socket."""
        if variable.key == UNLOCK and not self._has_socket():
            return variable._replace(mutability=READ_ONLY)
        return variable

    @variable(READS, UNLOCK)
    def read_unlock(self, variable: Variable, evse: dict | None, now: float) -> str | None:
        return None if self._has_socket() else "false"
