"""Plug & Charge (ISO 15118): a car that is known by its contract (C07, C08, M01, M02)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography import x509

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, answers, failed, folds, gathers, got, hears
from chargepoint.effects import URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.ev import EV
from chargepoint.trust import exi
from chargepoint.trust.certificates import chain_fault, pem_of, read_chain
from chargepoint.trust.contracts import (
    MADE,
    emaid_of,
    hashes_of,
    issuer_of,
    make_contract,
    without_root,
)
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.authorization.authorization import Authorization
    from chargepoint.v201.transactions.transactions import Transactions


RENEW_BEFORE = 30 * 86_400.0
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
        if ev is None or not ev.iso15118 or not (ev.emaid or ev.contract):
            return
        if ev.contract == MADE:
            ev.contract = make_contract(ev.emaid, self.core.clock.station_time(now))
        ev.emaid = ev.emaid or emaid_of(ev.contract)
        if not (self.speaks_15118() and self.core.model.flag(f"{_CTRLR}.PnCEnabled")):
            return
        if not self.transactions.may_charge():
            return
        if outlet.token is not None:
            return  # somebody else has authorized it
        installs = self.core.model.flag(f"{_CTRLR}.ContractCertificateInstallationEnabled")
        if self.core.online and installs and self._wants_contract(ev, now):
            self.ask_contract(outlet, ev, now)
        else:
            self.present_contract(outlet, now)

    def speaks_15118(self) -> bool:
        return self.core.model.flag(f"{_CTRLR}.Enabled")

    def _wants_contract(self, ev: EV, now: float) -> bool:
        chain = read_chain(ev.contract)
        if not chain:
            return True
        left = chain[0].not_valid_after_utc.timestamp() - self.core.clock.station_time(now)
        return left < RENEW_BEFORE

    # --- Get15118EVCertificate (M01, M02) ----------------------------------------------------

    def ask_contract(self, outlet: Outlet, ev: EV, now: float, stored: int = 0) -> None:
        """`stored`: the contracts that this visit has brought already."""
        chain, roots = read_chain(ev.contract), self.contract_roots()
        if chain and not stored:
            action = "Update"
            coded = exi.update_request(ev.emaid, chain, roots, self.LONGEST_EXI)
        else:
            action, time = "Install", self.core.clock.station_time(now)
            coded = exi.installation_request(ev.emaid, roots, time, self.LONGEST_EXI)
        if not coded:
            self.core.remark("Plug & Charge: the contract is too long to be told", now)
            self.present_contract(outlet, now)
            return
        payload = {
            "iso15118SchemaVersion": exi.MESSAGES_2, "action": action, "exiRequest": coded,
            **self.contracts_wanted(ev, stored),
        }  # fmt: skip
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
                brought = exi.contract_in(payload["exiResponse"])
                ev.contract = brought or make_contract(emaid, self.core.clock.station_time(now))
                ev.emaid = emaid_of(ev.contract) or emaid
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
        if not self.core.online and not model.flag(f"{_CTRLR}.ContractValidationOffline"):
            return "contracts are not validated offline"  # C07.FR.07
        chain = without_root(read_chain(ev.contract))
        if fault := chain_fault(chain, [], self.core.clock.station_time(now)):
            return fault
        if issuer_of(chain[-1], self.contract_roots()) is not None:
            return ""
        if not self.core.online:
            return "its root is not installed"
        if not model.flag(f"{_CTRLR}.CentralContractValidationAllowed"):
            return "its root is not installed, and the CSMS is not to be asked"
        return ""

    @gathers(topics.AUTHORIZE_PARTS)
    def contract_told(self, outlet: Outlet, token: dict, now: float) -> dict[str, Any]:
        """The fields of Authorize that a contract adds."""
        ev = outlet.hardware.ev
        if token["type"] != "eMAID" or ev is None or ev.emaid != token["idToken"]:
            return {}
        chain, roots, told = read_chain(ev.contract), self.contract_roots(), {}
        if not chain:
            return {}
        if hashed := hashes_of(chain, roots):
            told["iso15118CertificateHashData"] = hashed
        central = self.core.model.flag(f"{_CTRLR}.CentralContractValidationAllowed")
        path = without_root(chain)
        if central and issuer_of(path[-1], roots) is None:
            text = "".join(pem_of(certificate) for certificate in path)
            if len(text) <= self.LONGEST_CERTIFICATE:
                told["certificate"] = text
        return told

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
        chain = without_root(read_chain(ev.contract))
        return not allowed or issuer_of(chain[-1], self.contract_roots()) is None
