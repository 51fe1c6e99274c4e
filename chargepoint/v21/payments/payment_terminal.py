"""Functional block C in 2.1: a payment terminal in the station (C18, C23).

The terminal and who pays by it are emulated; what the CSMS sees of them is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core.block import READS, Block, answers, command, got, hears, variable
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import URGENT
from chargepoint.v21.payments.settlements import FAILED, REJECTED, SETTLED
from chargepoint.v21.payments.web_payments import DIRECT
from chargepoint.v21.transaction_limits import LEAST
from chargepoint.v201 import topics
from chargepoint.v201.authorization.auth_cache import key as token_key
from chargepoint.v201.outlet import Outlet, Transaction
from chargepoint.v201.variables.table import Variable

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v21.payments.settlements import Settlements
    from chargepoint.v21.payments.web_payments import WebPayments
    from chargepoint.v201.authorization.authorization import Authorization
    from chargepoint.v201.transactions.transactions import Transactions

OUTCOMES = (SETTLED, REJECTED, FAILED)


class PaymentTerminal(Block):
    """Block of Station21.

    payments       connector -> {"ref", "hold", "outcome", "asked", "transaction", "vat",
                   "company"}, None where nobody pays. hold: the amount that the card is good for;
                   outcome: how the settlement will go; asked: the CSMS knows of the payment;
                   transaction: "" before it has begun
    terminal_down  the terminal cannot reach its service provider
    """

    __slots__ = ("authorization", "payments", "terminal_down", "transactions", "web")

    GUEST = True
    KEYS = ("payments", "terminal_down")

    def __init__(
        self, core: Station, transactions: Transactions, authorization: Authorization,
        web: WebPayments,
    ) -> None:  # fmt: skip
        super().__init__(core)
        self.transactions = transactions
        self.authorization = authorization
        self.web = web

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read payments and the state of the terminal of a snapshot."""
        kept = {int(n): {**payment} for n, payment in saved.get("payments", {}).items()}
        self.payments: dict[int, dict] | None = kept or None
        self.terminal_down: bool = saved.get("terminal_down", False)

    def saved(self) -> dict[str, Any]:
        """Payments and the state of the terminal, for the snapshot."""
        saved: dict[str, Any] = {}
        if self.payments:
            saved["payments"] = {str(key): {**entry} for key, entry in self.payments.items()}
        if self.terminal_down:
            saved["terminal_down"] = True
        return saved

    @property
    def settlements(self) -> Settlements:
        return self.core.block("settlements")

    # --- a card is presented (C18) -----------------------------------------------------------

    @command("pay-terminal")
    def do_pay_terminal(
        self, now: float, connector: int = 1, brand: str = "Visa", recognition: str = "CC",
        card: str = "1234", amount: float | None = None, outcome: str = SETTLED,
        vat_number: str | None = None,
    ) -> dict:  # fmt: skip
        """Hold a bank card to the terminal. `outcome`: how the settlement at the end will go.

        `amount` is what is held on the card. Raises CommandRejected where
        the terminal is down or not for this connector, for an amount that is not above 0, or
        without the CSMS where it is asked.
        """
        outlet = self.core.outlet(connector)
        self._check_terminal(outlet, outcome, now)
        hold = amount if amount is not None else float(
            self.core.model.value("PaymentCtrlr.AuthorizationAmount")
        )  # fmt: skip
        if hold <= 0:
            raise CommandRejected("invalid_arguments", "amount is above 0.")
        asks = self.core.model.flag("PaymentCtrlr.AuthorizeDirectPayment")
        if asks and not self.core.online:
            raise CommandRejected("not_possible_now", "The CSMS is to be asked and is away.")
        token = self._payment_token(brand, recognition, card)
        self.payments = {**(self.payments or {}), outlet.number: {
            "ref": token["idToken"], "hold": hold, "outcome": outcome, "asked": asks,
            "transaction": "", "vat": "", "company": None,
        }}  # fmt: skip
        if vat_number:
            self.do_vat_number(now, connector, vat_number)
        if asks:
            self.authorization.ask_csms(outlet, token, "Authorized", now)
        else:
            self.transactions.authorized(outlet, token, "Authorized", now)
        self.core.changed(URGENT)
        return {"authorization": "Pending" if asks else "Accepted", "psp_ref": token["idToken"],
                "hold": hold}  # fmt: skip

    def _check_terminal(self, outlet: Outlet, outcome: str, now: float) -> None:
        if outcome not in OUTCOMES:
            raise CommandRejected("invalid_arguments", f"outcome is one of: {', '.join(OUTCOMES)}.")
        self.core.block("desk").check_registered()
        if not self.core.model.flag("PaymentCtrlr.Enabled"):
            raise CommandRejected("not_possible_now", "PaymentCtrlr.Enabled is false.")
        if self.terminal_down:
            raise CommandRejected("not_possible_now", "The terminal cannot reach its provider.")
        if not self.authorization.free(outlet):
            raise CommandRejected("not_possible_now", "Nobody can start there now.")
        if self.web.locked(outlet.evse, now) or self.authorization.kept_from(
            outlet, {"idToken": "", "type": DIRECT}
        ):
            raise CommandRejected("not_possible_now", "The EVSE is kept for somebody else.")
        tariff, _ = self.core.block("pricing").tariff_for(outlet, None, now)
        currency = self.core.model.value("TariffCostCtrlr.Currency")
        if tariff is not None and tariff["currency"] != currency:
            why = f"The terminal takes {currency}, the tariff asks for {tariff['currency']}."
            raise CommandRejected("not_possible_now", why)

    def _payment_token(self, brand: str, recognition: str, card: str) -> dict[str, Any]:
        """The provider's reference becomes the idToken; details as the CSMS wants them."""
        known = {"PaymentBrand": brand, "PaymentRecognition": recognition, "CardLast4Digits": card}
        wanted = self.core.model.members("PaymentCtrlr.PaymentDetails")
        told = [
            {"type": name, "additionalIdToken": value[:255]}
            for name, value in known.items() if name in wanted and value
        ]  # fmt: skip
        token: dict[str, Any] = {"idToken": f"PSP-{self.core.uuid()}", "type": DIRECT}
        return {**token, "additionalInfo": told} if told else token

    @command("terminal")
    def do_terminal(self, now: float, operative: bool = True) -> dict:
        """The terminal loses its service provider, or finds it again."""
        if self.terminal_down == operative:
            self.terminal_down = not operative
            event = {
                "trigger": "Alerting", "actualValue": "true" if self.terminal_down else "false",
                "eventNotificationType": "HardWiredNotification",
                "component": {"name": "PaymentCtrlr"}, "variable": {"name": "Problem"},
            }  # fmt: skip
            self.core.block("events").tell_event(
                event | ({} if self.terminal_down else {"cleared": True}), 3, now
            )
        return {"operative": operative}

    # --- its transaction ---------------------------------------------------------------------

    def payment_of(self, outlet: Outlet, token: dict | None) -> dict[str, Any] | None:
        """The payment of a token at an outlet, or None."""
        payment = (self.payments or {}).get(outlet.number)
        return payment if payment and token and payment["ref"] == token["idToken"] else None

    @hears(topics.AUTHORIZING)
    def limit_by_card(self, outlet: Outlet, token: dict, now: float) -> None:
        """The card was accepted after the cable began the transaction: limit its cost."""
        payment = self.payment_of(outlet, token)
        if payment is not None and outlet.transaction is not None:
            # The cable began it: what the card is good for limits it from here on.
            payment["transaction"] = outlet.transaction.id
            self.transactions.limit_cost(outlet, payment["hold"])

    @hears(topics.BEGUN)
    def pay_for(self, outlet: Outlet, now: float) -> None:
        """A transaction begins by a card: limit its cost by what is held."""
        payment = self.payment_of(outlet, outlet.token)
        if payment is not None:
            payment["transaction"] = outlet.transaction.id
            self.transactions.limit_cost(outlet, payment["hold"])

    @answers(topics.NEXT_COST)
    def next_hold(self, outlet: Outlet) -> float | None:
        """The cost at which a higher amount is held; None where it is not raised."""
        payment = self._extendable(outlet)
        if payment is None:
            return None
        threshold = float(self.core.model.value("PaymentCtrlr.IncrementalAuthorizationThreshold"))
        return max(0.0, payment["hold"] - threshold)

    def _extendable(self, outlet: Outlet) -> dict[str, Any] | None:
        """The payment whose hold limits the transaction and may be raised."""
        payment = self.payment_of(outlet, outlet.token)
        limit = (outlet.transaction.limits or {}).get("maxCost")
        step = float(self.core.model.value("PaymentCtrlr.IncrementalAuthorizationAmount"))
        if payment is None or limit != payment["hold"] or step <= 0 or self.terminal_down:
            return None
        return payment

    @hears(topics.COST_KNOWN)
    def raise_hold(self, outlet: Outlet, amount: float, now: float) -> None:
        """C23: the hold is raised when the cost comes close to it."""
        payment = self._extendable(outlet)
        if payment is not None and amount >= self.next_hold(outlet) - LEAST:
            step = float(self.core.model.value("PaymentCtrlr.IncrementalAuthorizationAmount"))
            short = amount - self.next_hold(outlet)
            payment["hold"] += step * (int(short // step) + 1 if short > 0 else 1)
            self.transactions.limit_cost(outlet, payment["hold"])
            self.transactions.happened(outlet, "LimitSet", now)

    # --- its end (C19-C22) -------------------------------------------------------------------

    @hears(topics.ENDING)
    def settle_ended(self, outlet: Outlet, transaction: Transaction, now: float) -> None:
        """A paid transaction ends: settle it by the tariff, or wait for the cost of the CSMS."""
        payment = (self.payments or {}).get(outlet.number)
        if payment is not None and payment["transaction"] == transaction.id:
            total = self.core.block("costs").total_of(transaction)
            self._take_away(outlet.number)
            if total is not None:
                self.settlements.settle(outlet.number, payment, total, now)
            else:  # by what the CSMS answers to the Ended event
                self.settlements.await_cost(outlet.number, payment)

    def _take_away(self, number: int) -> None:
        self.payments = {k: v for k, v in self.payments.items() if k != number} or None

    @answers(topics.TERMINAL_DOWN)
    def is_down(self) -> bool:
        return self.terminal_down

    def _cancel_unused(self, now: float) -> None:
        """C19: what was authorized came to no transaction; the hold is released."""
        for number, payment in list((self.payments or {}).items()):
            outlet = self.core.outlets.get(number)
            waits = any(
                token_key(context[1]) == token_key({"idToken": payment["ref"], "type": DIRECT})
                for context in self.core.calls.waiting("Authorize")
            )
            here = outlet is not None and self.payment_of(outlet, outlet.token) is not None
            if payment["transaction"] or here or waits:
                continue
            self._take_away(number)
            if payment["asked"]:  # the CSMS has never heard of it else
                self.settlements.settle(number, payment, 0.0, now)
            self.core.changed(URGENT)

    @hears(topics.LOOKED)
    def look_for_unused(self, outlet: Outlet, now: float) -> None:
        if self.payments is not None:
            self._cancel_unused(now)

    @hears(topics.AUTHORIZE_ENDED)
    def heed_verdict(self, status: str, context: Any, now: float) -> None:
        if self.payments is not None:
            if status not in ("", "Accepted"):
                self._unasked(context[1])
            self._cancel_unused(now)

    def _unasked(self, token: dict) -> None:
        """The CSMS has said no: it does not wait for a settlement."""
        for payment in (self.payments or {}).values():
            if payment["ref"] == token["idToken"]:
                payment["asked"] = False

    # --- VAT numbers -------------------------------------------------------------------------

    @command("vat-number")
    def do_vat_number(self, now: float, connector: int = 1, vat_number: str = "") -> dict:
        """Who pays enters a VAT number for a company's receipt: the CSMS is asked about it.

        Raises CommandRejected for a number that is empty or too long, or without the CSMS.
        """
        outlet = self.core.outlet(connector)
        if not 0 < len(vat_number) <= 20:
            raise CommandRejected("invalid_arguments", "vat_number has 1 to 20 characters.")
        if not self.core.online:
            raise CommandRejected("not_possible_now", "The CSMS is to be asked and is away.")
        payload = {"vatNumber": vat_number, "evseId": outlet.evse}
        self.core.calls.make("VatNumberValidation", payload, now, outlet.number)
        return {"validation": "Pending"}

    @got("VatNumberValidation")
    def got_vat_number_validation(self, payload: dict, number: int, now: float) -> None:
        """The answer to VatNumberValidation (C18)."""
        payment = (self.payments or {}).get(number)
        good = payload["status"] == "Accepted"
        if payment is not None and good:
            payment["vat"], payment["company"] = payload["vatNumber"], payload.get("company")
            self.core.changed(URGENT)
        self.core.remark(f"VAT number {payload['vatNumber']}: {payload['status']}", now)

    @variable(READS, "PaymentCtrlr.Problem", "PaymentCtrlr.Connected")
    def read_terminal(self, variable: Variable, evse: dict | None, now: float) -> str:
        return "true" if self.terminal_down == (variable.name == "Problem") else "false"
