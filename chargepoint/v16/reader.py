"""A driver at the reader: the commands by which tokens are presented and sessions ended."""

from typing import Any

from chargepoint.common.arriving import arriving
from chargepoint.common.reserving import FOR_ANOTHER
from chargepoint.core.block import Block, command
from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import RESERVED_STATES, Event, State
from chargepoint.v16.authorization import Authorization, same
from chargepoint.v16.plug_and_charge.presenting import EMAID
from chargepoint.v16.session import Session16
from chargepoint.v16.transactions import Sessions

LONGEST_TAG = 20  # CiString20Type
STOP_REASONS = frozenset({
    "DeAuthorized", "EmergencyStop", "EVDisconnected", "HardReset", "Local", "Other", "PowerLoss",
    "Reboot", "Remote", "SoftReset", "UnlockCommand",
})  # fmt: skip


class Reader(Block):
    """It keeps nothing."""

    __slots__ = ("authorization", "sessions")

    KEEPS = False

    def __init__(self, core: Any, sessions: Sessions, authorization: Authorization) -> None:
        super().__init__(core)
        self.sessions, self.authorization = sessions, authorization

    @command("authorize")
    def do_authorize(
        self, now: float, id_tag: str = "", connector: int | None = None, token_type: str = ""
    ) -> dict:
        """Present a token at the reader: starts at the connector, or stops its own transaction.
        `token_type`: eMAID for Plug & Charge, with the contract of the car there if it is its own.

        Raises CommandRejected where the connector is taken, or charges for another idTag.
        """
        tag, core = self._tag(id_tag, token_type), self.core
        outlet = core.connector(connector) if connector is not None else self._for_tag(tag)
        session = self.sessions.open.get(outlet.id)
        if self._frees_cable(outlet, tag):
            core.block("cabinet").free_cable(outlet.id, now)
            return {"authorization": "Accepted", "connector": outlet.id, "released": True}
        if session is None:
            self._check_free(outlet, tag)
            status = self._authorize(tag, token_type, outlet, now)
            return {"authorization": status, "connector": outlet.id}
        if same(session.id_tag, tag) or self.authorization.of_its_group(session, tag, now):
            self.sessions.stop(outlet, "Local", tag, now)
            return {"authorization": "Accepted", "connector": outlet.id, "stopped": True}
        grouped = token_type != EMAID and self.authorization.group_of(session)
        if grouped and self.authorization.asks():
            self.authorization.ask_to_stop(session, tag, now)
            return {"authorization": "Pending", "connector": outlet.id}
        message = f"Connector {outlet.id} is charging for another idTag."
        raise CommandRejected("not_possible_now", message)

    @command("start-transaction")
    def do_start_transaction(
        self, now: float, connector: int = 1, id_tag: str = "", token_type: str = ""
    ) -> dict:
        """A driver plugs in (if no car is there) and presents the tag. Raises CommandRejected where
        a transaction runs or the connector is not free."""
        tag, outlet = self._tag(id_tag, token_type), self.core.connector(connector)
        if outlet.in_transaction:
            message = f"Connector {connector} has a transaction: stop it first."
            raise CommandRejected("not_possible_now", message)
        if outlet.state is not State.READY:
            self._check_free(outlet, tag)
        if outlet.ev is None and outlet.can(Event.EV_PLUGGED_IN):
            self.core.block("driver").expect(outlet.id)
            outlet.plug(arriving(self.core, outlet.config), now)
            self.core.statuses.report(outlet, now)
        if outlet.state is State.READY:
            return {"authorization": "Accepted", "connector": outlet.id}
        status = self._authorize(tag, token_type, outlet, now)
        return {"authorization": status, "connector": outlet.id}

    def _authorize(self, tag: str, token_type: str, outlet: Connector, now: float) -> str:
        if token_type == EMAID:
            return self.core.block("plug").present(outlet, tag, now)
        return self.authorization.authorize(tag, outlet, now)

    @command("stop-transaction")
    def do_stop_transaction(
        self, now: float, connector: int | None = None, transaction: Any = None,
        reason: str = "Local", id_tag: str = "",
    ) -> dict:  # fmt: skip
        """Stop a transaction, named by connector or transactionId, else the only one. Raises
        CommandRejected for no such transaction, or a reason that OCPP 1.6 does not know (7.36)."""
        if reason not in STOP_REASONS:
            known = ", ".join(sorted(STOP_REASONS))
            raise CommandRejected("invalid_arguments", f"The reason is one of: {known}.")
        session = self._named_session(connector, transaction)
        outlet = self.core.connectors[session.connector]
        self.sessions.stop(outlet, reason, id_tag or session.id_tag, now)
        return {"connector": outlet.id, "transaction": session.transaction_id}

    def _named_session(self, connector: int | None, transaction: Any) -> Session16:
        for session in self.sessions.open.values():
            wanted = str(session.transaction_id) == str(transaction)
            if session.connector == connector or (transaction is not None and wanted):
                return session
        if connector is None and transaction is None and len(self.sessions.open) == 1:
            return next(iter(self.sessions.open.values()))
        message = "No such transaction is open: name a connector that is charging."
        raise CommandRejected("no_transaction", message)

    # --- which outlet, which token -----------------------------------------------------------

    def _tag(self, id_tag: Any, token_type: str) -> str:
        if token_type not in ("", EMAID):
            message = f"The idTags of OCPP 1.6 have no type; give {EMAID} for a contract, or none."
            raise CommandRejected("invalid_arguments", message)
        if token_type == EMAID and not self.core.block("plug").is_on:
            message = "Set ISO15118PnCEnabled to true first: the station has no Plug & Charge."
            raise CommandRejected("not_possible_now", message)
        tag = id_tag or self.core.config.default_id_tag
        if not isinstance(tag, str) or not 0 < len(tag) <= LONGEST_TAG:
            message = f"Give an id_tag of 1 to {LONGEST_TAG} characters."
            raise CommandRejected("invalid_arguments", message)
        return tag

    def _frees_cable(self, outlet: Connector, tag: str) -> bool:
        cabinet = self.core.there("cabinet")
        return cabinet is not None and cabinet.frees_cable(outlet, tag)

    def _for_tag(self, tag: str) -> Connector:
        """Where a driver who names no connector means to charge."""
        connectors = self.core.connectors
        for session in self.sessions.open.values():
            if same(session.id_tag, tag):
                return connectors[session.connector]
        for outlet in connectors.values():
            if self._frees_cable(outlet, tag):
                return outlet
        free = [c for c in connectors.values() if c.can(Event.AUTHORIZED)]
        free = [c for c in free if self.authorization.kept_from(c, tag) != FOR_ANOTHER]
        if not free:
            raise CommandRejected("not_possible_now", "No connector is free.")
        mine = [c for c in free if c.state in RESERVED_STATES]
        return max(mine or free, key=lambda outlet: outlet.ev is not None)

    def _check_free(self, outlet: Connector, tag: str) -> None:
        if self.core.timers.has("reset"):
            raise CommandRejected("not_possible_now", "The station is about to restart.")
        if not outlet.can(Event.AUTHORIZED):
            status = outlet.status_16
            message = f"Connector {outlet.id} is {status}: it cannot start now."
            raise CommandRejected("not_possible_now", message)
        if self.authorization.kept_from(outlet, tag) == FOR_ANOTHER:
            message = f"Connector {outlet.id} is reserved for another idTag, or has its cable."
            raise CommandRejected("not_possible_now", message)
