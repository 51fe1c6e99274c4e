"""What an operator can do at the station itself: hold a card to it, start, stop."""

from typing import Any

from chargepoint.common.arriving import arriving
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, command
from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.states import Event, State
from chargepoint.v201 import topics
from chargepoint.v201.authorization.authorization import ACCEPTED, ASKED
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.reservation import FOR_ANOTHER
from chargepoint.v201.transactions.transactions import NO_AUTHORIZATION

# ReasonEnumType, with the trigger that goes with each; the rest are for the station to find out.
_TRIGGERS = {
    "Local": "StopAuthorized",
    "DeAuthorized": "Deauthorized",
    "EVDisconnected": "EVCommunicationLost",
    "EnergyLimitReached": "EnergyLimitReached",
    "TimeLimitReached": "TimeLimitReached",
    "Timeout": "EVConnectTimeout",
    "Remote": "RemoteStop",
    "EmergencyStop": "AbnormalCondition",
    "GroundFault": "AbnormalCondition",
    "OvercurrentFault": "AbnormalCondition",
    "PowerLoss": "AbnormalCondition",
    "PowerQuality": "AbnormalCondition",
    "Other": "AbnormalCondition",
    "LocalOutOfCredit": "StopAuthorized",
    "MasterPass": "StopAuthorized",
    "SOCLimitReached": "EnergyLimitReached",
    "StoppedByEV": "ChargingStateChanged",
    "Reboot": "ResetCommand",
    "ImmediateReset": "ResetCommand",
}


class OperatorCommands(Block):
    __slots__ = ()

    KEEPS = False

    @command("authorize")
    def do_authorize(
        self, now: float, id_tag: Any = None, connector: int | None = None,
        token_type: str | None = None,
    ) -> dict:  # fmt: skip
        """Hold a token to the reader: starts, or stops what the same token or group started."""
        token = self.core.block("authorization").token(id_tag, token_type)
        if answer := self.core.ask(topics.TOKEN_READ, token, connector, now):
            return answer
        self.check_registered()
        outlet = self._reader(connector, token)
        if outlet.token is not None:
            return self._present_again(outlet, token, now)
        self._check_free(outlet)
        self._check_kept(outlet, token)
        self._check_allowed(token, now)
        return self._verdict(
            outlet, self.core.block("authorization").present(outlet, token, "Authorized", now)
        )

    def _present_again(self, outlet: Outlet, token: dict, now: float) -> dict:
        if self.core.block("authorization").may_stop(outlet, token):
            self.core.block("transactions").stop(outlet, "StopAuthorized", "Local", now, token)
        elif not self.core.block("authorization").stopped_by_master(token, "", now):
            if not self.core.block("authorization").may_be_entitled(outlet, token):
                why = "Another token is in use on this connector."
                raise CommandRejected("not_authorized", why)
            self.core.block("authorization").ask_csms(outlet, token, "StopAuthorized", now)
            return self._verdict(outlet, ASKED)
        return {"authorization": "Stopped", "connector": outlet.number}

    def _check_kept(self, outlet: Outlet, token: dict) -> None:
        if self.core.block("authorization").kept_from(outlet, token) == FOR_ANOTHER:
            why = "The connector is reserved for another token."
            raise CommandRejected("not_possible_now", why)

    def _reader(self, connector: int | None, token: dict) -> Outlet:
        """The outlet that a token without a place is meant for."""
        if connector is not None:
            return self.core.outlet(connector)
        outlets = list(self.core.outlets.values())
        for outlet in outlets:
            if outlet.token is not None and self.core.block("authorization").may_stop(
                outlet, token
            ):
                return outlet
        free = [outlet for outlet in outlets if self.core.block("authorization").free(outlet)]
        free = [
            outlet
            for outlet in free
            if self.core.block("authorization").kept_from(outlet, token) != FOR_ANOTHER
        ]
        waiting = [o for o in free if o.hardware.state is State.CONNECTED]
        if not free:
            raise CommandRejected("not_possible_now", "No connector is free.")
        return (waiting or free)[0]

    @command("start-transaction")
    def do_start_transaction(
        self, now: float, connector: int = 1, id_tag: Any = None, ev: dict | None = None,
        token_type: str | None = None,
    ) -> dict:  # fmt: skip
        """Plug in a usual car if none is there, and authorize. Raises CommandRejected where the
        station or the connector is not ready, or the token may not charge."""
        outlet = self.core.outlet(connector)
        id_tag = id_tag or self.core.config.default_id_tag
        if id_tag or self.core.model.flag("AuthCtrlr.Enabled"):
            token = self.core.block("authorization").token(id_tag, token_type)
        else:
            token = NO_AUTHORIZATION
        self.check_registered()
        self._check_free(outlet)
        self._check_kept(outlet, token)
        self._check_allowed(token, now)  # before a car is plugged in for it
        hardware = outlet.hardware
        if hardware.ev is None and hardware.can(Event.EV_PLUGGED_IN):
            try:
                car = arriving(self.core, hardware.config, ev)
            except ValueError as error:
                raise CommandRejected("invalid_arguments", f"{error}.") from None
            if self.core.model.flag("EmulatorCtrlr.AutoPlug"):
                self.core.block("driver").leaves_after(outlet)
            hardware.plug(car, now)
            self.core.tell(core_topics.PLUGGED, hardware, now)
        if outlet.token is not None:  # authorization is off: plugging in was enough
            return self._verdict(outlet, ACCEPTED)
        return self._verdict(
            outlet, self.core.block("authorization").present(outlet, token, "Authorized", now)
        )

    @command("bay")
    def do_bay(self, now: float, connector: int = 1, occupied: bool = True) -> dict:
        """A car drives into the parking bay of the connector, or leaves it. Raises CommandRejected
        for an empty bay with a car plugged in."""
        outlet = self.core.outlet(connector)
        if not occupied and outlet.hardware.ev is not None:
            raise CommandRejected("not_possible_now", "The car is still plugged in.")
        if outlet.bay != occupied:
            outlet.bay = occupied
            trigger = "EVDetected" if occupied else "EVDeparted"
            self.core.block("transactions").happened(
                outlet, trigger, now, None if occupied else "EVDisconnected"
            )
        return {"occupied": occupied}

    @command("stop-transaction")
    def do_stop_transaction(
        self,
        now: float,
        connector: int | None = None,
        transaction: str | None = None,
        reason: str | None = None,
        id_tag: Any = None,
    ) -> dict:
        """Stop a transaction, named by connector or id, else the only one; `id_tag`: who stops it.
        Raises CommandRejected for no such transaction, an unknown reason, or a token that may not
        stop it."""
        outlet = self._stoppable(connector, transaction)
        reason = reason or "Local"
        if reason not in _TRIGGERS:
            known = ", ".join(_TRIGGERS)
            raise CommandRejected("invalid_arguments", f"reason is one of: {known}.")
        token = outlet.token if reason == "Local" else None
        if id_tag:
            token = self.core.block("authorization").token(id_tag)
            if outlet.token is not None and not self.core.block("authorization").may_stop(
                outlet, token
            ):
                raise CommandRejected("not_authorized", "Another token started this transaction.")
        stopped = outlet.transaction.id
        self.core.block("transactions").stop(outlet, _TRIGGERS[reason], reason, now, token)
        return {"status": "Accepted", "transaction": stopped}

    def _stoppable(self, connector: int | None, transaction: str | None) -> Outlet:
        if transaction is not None:
            found = self.core.running(str(transaction))
        elif connector is not None:
            found = self.core.outlet(connector)
        else:
            running = [o for o in self.core.outlets.values() if o.transaction is not None]
            if len(running) > 1:
                raise CommandRejected(
                    "invalid_arguments", "Several run: name connector or transaction."
                )
            found = running[0] if running else None
        if found is None or found.transaction is None:
            raise CommandRejected("no_transaction", "No transaction is running there.")
        return found

    def _check_free(self, outlet: Outlet) -> None:
        if not self.core.block("authorization").free(outlet):
            state = outlet.hardware.state
            raise CommandRejected(
                "not_possible_now", f"The connector is {state}: nobody can start there."
            )

    def check_registered(self) -> None:
        if not self.core.block("transactions").may_charge():  # B02
            raise CommandRejected(
                "not_accepted", "The CSMS has not accepted this station yet; connect it first."
            )

    def _check_allowed(self, token: dict, now: float) -> None:
        why = self.core.block("authorization").refusal(token, now)
        if why is not None:
            message = f"The CSMS is not asked, and without it the token is not allowed: {why}."
            raise CommandRejected("not_authorized", message)

    def _verdict(self, outlet: Outlet, status: str) -> dict:
        answer = "Pending" if status == ASKED else status
        return {"authorization": answer, "connector": outlet.number}
