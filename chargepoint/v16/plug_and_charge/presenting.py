"""A car that charges by its contract (Using ISO 15118 Plug & Charge with OCPP 1.6, 3.2 and 5)."""

from typing import Any

from chargepoint.common.plug_and_charge import (
    Validation,
    charges_by_contract,
    contract_parts,
    contract_refusal,
    contract_request,
    proven_here,
    take_contract,
    wants_contract,
)
from chargepoint.common.reserving import FOR_ANOTHER
from chargepoint.core import topics
from chargepoint.core.block import Block, failed, got, hears
from chargepoint.effects import URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.ev import EV
from chargepoint.hardware.states import Event
from chargepoint.timing.times import seconds_of
from chargepoint.v16.authorization import Authorization, same
from chargepoint.v16.configuration import Keys
from chargepoint.v16.keys import TYPED
from chargepoint.v16.plug_and_charge import messages
from chargepoint.v16.topics import TAG_INFO, TAG_JUDGED

ROW = "plug"
EMAID = "eMAID"
LONGEST_GROUP = 20  # parentIdTag, CiString20Type
# AuthorizationStatusEnumType (8.1), which is 1.6's; what 2.0.1 has besides is Invalid here.
_STATUSES = frozenset({"Accepted", "Blocked", "ConcurrentTx", "Expired", "Invalid"})
_OFFLINE = ("Timeout", "Disconnected")


class PlugAndCharge(Block):
    """It keeps nothing: the car has its contract (EV.contract)."""

    __slots__ = ("authorization", "keys")

    KEEPS = False

    def __init__(self, core: Any, keys: Keys, authorization: Authorization) -> None:
        super().__init__(core)
        self.keys, self.authorization = keys, authorization

    @property
    def is_on(self) -> bool:
        return self.keys.flag("ISO15118PnCEnabled")

    @hears(topics.PLUGGED)
    def car_came(self, outlet: Connector, now: float) -> None:
        """A car that charges by a contract was plugged in: it fetches one, or presents the one that
        it has."""
        if not self.is_on:
            return
        ev, time = outlet.ev, self.core.clock.station_time(now)
        if not charges_by_contract(ev, time) or not self._is_free(outlet):
            return
        if self.authorization.asks() and wants_contract(ev, time):
            self._ask_contract(outlet, ev, now)
        else:
            self._present_contract(outlet, ev, now)

    def _is_free(self, outlet: Connector) -> bool:
        return outlet.can(Event.AUTHORIZED) and not self.core.timers.has("reset")

    def _roots(self) -> list:
        return self.core.block("certificates").contract_roots()

    # --- Get15118EVCertificate (3.2, 6.4) ------------------------------------------------------

    def _ask_contract(self, outlet: Connector, ev: EV, now: float) -> None:
        time = self.core.clock.station_time(now)
        told = contract_request(ev, self._roots(), time, messages.LONGEST_EXI)
        if told is None:
            self.core.remark("Plug & Charge: the contract is too long to be told", now)
            self._present_contract(outlet, ev, now)
            return
        context = ("Get15118EVCertificate", outlet.id, ev.emaid)
        messages.ask(self.core, "Get15118EVCertificate", told, now, context, ROW)

    def _take_contract(self, payload: dict, outlet: Connector, ev: EV, now: float) -> None:
        answer = messages.answer_in(payload, messages.EVCertificate)
        if answer is not None and answer.status == "Accepted":
            take_contract(ev, answer.exi_response, self.core.clock.station_time(now))
            self.core.changed(URGENT)
        else:
            self.core.remark("Plug & Charge: the CSMS gave no contract", now)
        self._present_contract(outlet, ev, now)

    # --- Authorize (5, 6.1) --------------------------------------------------------------------

    def _present_contract(self, outlet: Connector, ev: EV, now: float) -> None:
        if ev.contract and self._is_free(outlet):  # without one the driver may still use a card
            self.present(outlet, ev.emaid, now)

    def present(self, outlet: Connector, emaid: str, now: float) -> str:
        """Authorize an eMAID, with the contract of the car where it is that car's: "Accepted",
        "Invalid" or, with the CSMS asked, "Pending". Why not is noted in the message log."""
        ev, asks = self._car_of(outlet, emaid), self.authorization.asks()
        if why := self._refusal(outlet, emaid, ev, now):
            self.core.remark(f"Plug & Charge: {emaid} may not charge, {why}", now)
            self.authorization.turn_away(outlet, now)
            return "Invalid"
        if not asks:
            self.authorization.authorized(outlet, emaid, now)
            return "Accepted"
        token = {"idToken": emaid}
        if self.keys.text("EmulatorPnCIdToken") == TYPED:
            token["type"] = EMAID
        told: dict[str, Any] = {"idToken": token}
        if ev is not None:
            central, longest = self._central(), messages.LONGEST_CERTIFICATE
            told |= contract_parts(ev, self._roots(), central, longest)
        context = ("Authorize", outlet.id, emaid, ev is not None)
        messages.ask(self.core, "Authorize", told, now, context, ROW)
        return "Pending"

    def _car_of(self, outlet: Connector, emaid: str) -> EV | None:
        """The car there, if the eMAID is its own and it has the contract."""
        ev = outlet.ev
        return ev if ev is not None and ev.contract and same(ev.emaid, emaid) else None

    def _central(self) -> bool:
        return self.keys.flag("CentralContractValidationAllowed")

    def _refusal(self, outlet: Connector, emaid: str, ev: EV | None, now: float) -> str:
        """Why nobody is to be asked, or why the eMAID may not charge offline; "" if it may."""
        asks = self.authorization.asks()
        kept = self.authorization.kept_from(outlet, emaid)
        if kept == FOR_ANOTHER or (kept and not asks):
            return "the connector is reserved for another"
        if ev is not None:
            offline = self.keys.flag("ContractValidationOffline")
            how = Validation(asks, self._central(), offline)
            time = self.core.clock.station_time(now)
            if why := contract_refusal(ev, self._roots(), how, time):
                return why
        return "" if asks else self._refusal_offline(emaid, ev, now)

    def _refusal_offline(self, emaid: str, ev: EV | None, now: float) -> str:
        """Section 5, offline behavior: a contract that is valid by what is installed here, and then
        the rules for an idTag."""
        if not self.keys.flag("ContractValidationOffline"):
            return "contracts are not validated offline"
        if ev is None or not proven_here(ev, self._roots()):
            return "there is no contract that can be validated here"
        allowed = self.authorization.allowed_offline(emaid, now)
        return "" if allowed else "it is not known as good"

    # --- answers -------------------------------------------------------------------------------

    @got("DataTransfer", own=True)
    def answered(self, payload: dict, context: Any, now: float) -> None:
        """The answer to Get15118EVCertificate or Authorize; of a car that has left it counts for
        nothing."""
        message, number, emaid, *by_car = context
        outlet = self.core.connectors.get(number)
        if message == "Authorize":
            self._judge(payload, outlet, emaid, by_car == [True], now)
        elif outlet is not None and outlet.ev is not None and outlet.ev.emaid == emaid:
            self._take_contract(payload, outlet, outlet.ev, now)

    def _judge(
        self, payload: dict, outlet: Connector | None, emaid: str, by_car: bool, now: float
    ) -> None:
        """6.1.2: the status of the eMAID and that of the contract's certificates decide."""
        answer = messages.answer_in(payload, messages.Authorized)
        info = {"status": "Invalid"} if answer is None else _info_of(answer)
        if answer is None:
            why = f"the CSMS has answered {payload['status']} without a usable answer to Authorize"
            self.core.remark(f"Plug & Charge: {emaid} may not charge, {why}", now)
        else:
            verdict = answer.certificate_status or "Accepted"
            if verdict != "Accepted":
                self.core.remark(f"Plug & Charge: the contract is refused, {verdict}", now)
            self.core.tell(TAG_INFO, emaid, info)
            self.core.tell(TAG_JUDGED, emaid, info["status"], now)
        if outlet is None or (by_car and self._car_of(outlet, emaid) is None):
            return
        if info["status"] == "Accepted":
            self.authorization.authorized(outlet, emaid, now, info.get("parentIdTag", ""))
        else:
            self.authorization.turn_away(outlet, now)

    @failed("DataTransfer", own=True)
    def not_answered(self, code: str, context: Any, now: float) -> None:
        """No answer: without one to Get15118EVCertificate the car presents what it has; without one
        to Authorize the rules for a station that is offline decide."""
        message, number, emaid, *_ = context
        outlet = self.core.connectors.get(number)
        if outlet is None:
            return
        if message == "Get15118EVCertificate":
            if outlet.ev is not None and outlet.ev.emaid == emaid:
                self.core.remark(f"Plug & Charge: no contract, {code}", now)
                self._present_contract(outlet, outlet.ev, now)
            return
        ev = self._car_of(outlet, emaid)
        why = code if code not in _OFFLINE else self._refusal_offline(emaid, ev, now)
        if not why:
            self.authorization.authorized(outlet, emaid, now)
        else:
            self.core.remark(f"Plug & Charge: {emaid} may not charge, {why}", now)
            self.authorization.turn_away(outlet, now)


def _info_of(answer: messages.Authorized) -> dict[str, str]:
    """IdTagInfo (7.27) of what the CSMS has said."""
    told = answer.id_token_info
    status = told.status if told.status in _STATUSES else "Invalid"
    if (answer.certificate_status or "Accepted") != "Accepted" and status == "Accepted":
        status = "Invalid"  # the contract is not good, whatever is said of the eMAID
    info = {"status": status}
    until = told.cache_expiry_date_time
    if until and seconds_of(until) is not None:  # anything else would be kept at any length
        info["expiryDate"] = until
    group = told.group_id_token and told.group_id_token.id_token
    if group and len(group) <= LONGEST_GROUP:
        info["parentIdTag"] = group
    return info
