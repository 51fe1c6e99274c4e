"""Plug & Charge (ISO 15118): a car that is known by its contract (C07, C08, M01, M02)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography import x509

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
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, answers, failed, folds, gathers, got, hears
from chargepoint.effects import URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.ev import EV
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.authorization.authorization import Authorization
    from chargepoint.v201.transactions.transactions import Transactions


_CTRLR = "ISO15118Ctrlr"


class PlugAndCharge(Block):
    """Block of every 2.x station. The car keeps its contract (EV.contract), so it has no state."""

    __slots__ = ("authorization", "transactions")

    KEEPS = False

    def __init__(
        self, core: Station, transactions: Transactions, authorization: Authorization
    ) -> None:
        super().__init__(core)
        self.transactions = transactions
        self.authorization = authorization

    LONGEST_CERTIFICATE, LONGEST_EXI = 5500, 5600

    # --- a car comes -------------------------------------------------------------------------

    @hears(core_topics.PLUGGED)
    def car_came(self, connector: Connector, now: float) -> None:
        """A car that charges by its contract was plugged in (C07): fetch a contract, or present the
        one that it has."""
        outlet, ev = self.core.outlets[connector.id], connector.ev
        time = self.core.clock.station_time(now)
        if not charges_by_contract(ev, time):
            return
        if not (self.speaks_15118() and self.core.model.flag(f"{_CTRLR}.PnCEnabled")):
            return
        if not self.transactions.may_charge():
            return
        if outlet.token is not None:
            return  # somebody else has authorized it
        installs = self.core.model.flag(f"{_CTRLR}.ContractCertificateInstallationEnabled")
        if self.core.online and installs and wants_contract(ev, time):
            self.ask_contract(outlet, ev, now)
        else:
            self.present_contract(outlet, now)

    def speaks_15118(self) -> bool:
        return self.core.model.flag(f"{_CTRLR}.Enabled")

    # --- Get15118EVCertificate (M01, M02) ----------------------------------------------------

    def ask_contract(self, outlet: Outlet, ev: EV, now: float, stored: int = 0) -> None:
        """`stored`: the contracts that this visit has brought already."""
        time = self.core.clock.station_time(now)
        asked = contract_request(ev, self.contract_roots(), time, self.LONGEST_EXI, stored)
        if asked is None:
            self.core.remark("Plug & Charge: the contract is too long to be told", now)
            self.present_contract(outlet, now)
            return
        payload = {**asked, **self.contracts_wanted(ev, stored)}
        self.core.calls.make(
            "Get15118EVCertificate", payload, now, (outlet.number, ev.emaid, stored)
        )

    def contracts_wanted(self, ev: EV, stored: int) -> dict[str, Any]:
        """Hook: 2.1 can ask for several."""
        return {}

    @got("Get15118EVCertificate")
    def got_get15118_ev_certificate(self, payload: dict, context: Any, now: float) -> None:
        """The answer to Get15118EVCertificate (M01, M02): keep the contract, ask for the next one.
        """
        number, emaid, stored = context
        outlet, ev = self._still_there(number, emaid)
        if ev is None:
            return
        if payload["status"] == "Accepted":
            if not stored:
                take_contract(ev, payload["exiResponse"], self.core.clock.station_time(now))
                self.core.changed(URGENT)
            if payload.get("remainingContracts", 0) > 0 and stored + 1 < ev.contracts:
                self.ask_contract(outlet, ev, now, stored + 1)
                return
        else:
            self.core.remark("Plug & Charge: the CSMS gave no contract", now)
        self.present_contract(outlet, now)

    @failed("Get15118EVCertificate")
    def failed_get15118_ev_certificate(self, code: str, context: Any, now: float) -> None:
        """Get15118EVCertificate was not answered, or by a CallError of `code`."""
        outlet, ev = self._still_there(*context[:2])
        if ev is not None:
            self.core.remark(f"Plug & Charge: no contract, {code}", now)
            self.present_contract(outlet, now)

    def _still_there(self, number: int, emaid: str) -> tuple[Outlet | None, EV | None]:
        outlet = self.core.outlets.get(number)
        ev = outlet.hardware.ev if outlet is not None else None
        return (outlet, ev) if ev is not None and ev.emaid == emaid else (outlet, None)

    # --- Authorize by the contract (C07) -----------------------------------------------------

    def contract_roots(self) -> list[x509.Certificate]:
        return self.core.block("certificates").contract_roots()

    def present_contract(self, outlet: Outlet, now: float) -> None:
        """Authorize by the car's contract (C07); why not is noted in the message log."""
        ev = outlet.hardware.ev
        if not ev.contract or not self.authorization.free(outlet):
            return  # the driver may still use a card
        why = self.contract_refusal(ev, now)
        if not why:
            token = {"idToken": ev.emaid, "type": "eMAID"}
            status = self.authorization.present(outlet, token, "Authorized", now)
            why = "" if status in ("Accepted", "Asked") else status
        if why:
            self.core.remark(f"Plug & Charge: {ev.emaid} may not charge, {why}", now)

    def contract_refusal(self, ev: EV, now: float) -> str:
        """Why the contract will not do, before anybody is asked; "" if it may."""
        model = self.core.model
        how = Validation(
            self.core.online,
            model.flag(f"{_CTRLR}.CentralContractValidationAllowed"),
            model.flag(f"{_CTRLR}.ContractValidationOffline"),
        )
        time = self.core.clock.station_time(now)
        return contract_refusal(ev, self.contract_roots(), how, time)

    @gathers(topics.AUTHORIZE_PARTS)
    def contract_told(self, outlet: Outlet, token: dict, now: float) -> dict[str, Any]:
        """The fields of Authorize that a contract adds."""
        ev = outlet.hardware.ev
        if token["type"] != "eMAID" or ev is None or ev.emaid != token["idToken"]:
            return {}
        central = self.core.model.flag(f"{_CTRLR}.CentralContractValidationAllowed")
        return contract_parts(ev, self.contract_roots(), central, self.LONGEST_CERTIFICATE)

    @folds(topics.AUTHORIZE_ANSWER)
    def heed_contract(self, payload: dict | None, context: Any, now: float) -> dict | None:
        """The answer to Authorize, its status Invalid where the contract's certificate is not
        accepted."""
        if payload is None:
            return None
        verdict = payload.get("certificateStatus", "Accepted")
        if verdict != "Accepted":
            # The contract is not good, whatever is said of the eMAID.
            self.core.remark(f"Plug & Charge: the contract is refused, {verdict}", now)
            info = payload["idTokenInfo"]
            if info["status"] == "Accepted":
                payload = {**payload, "idTokenInfo": {**info, "status": "Invalid"}}
        return payload

    @answers(topics.UNPROVEN)
    def contract_unproven(self, outlet: Outlet, token: dict) -> bool:
        """As if offline: only what can be validated here (C07.FR.07 and .08)."""
        ev = outlet.hardware.ev
        if ev is None or not ev.contract or ev.emaid != token["idToken"]:
            return False
        allowed = self.core.model.flag(f"{_CTRLR}.ContractValidationOffline")
        return not allowed or not proven_here(ev, self.contract_roots())
