"""Functional block C in 2.1: a payment terminal in the station (C18, C23).

The terminal and who pays by it are emulated; what the CSMS sees of them is not.
"""

from typing import Any

from chargepoint.core.block import READS, answers, command, hears, variable
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import URGENT
from chargepoint.v21.payments.web_payments import DIRECT
from chargepoint.v21.transaction_limits import LEAST
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.variables.table import Variable

SETTLED, CANCELED, REJECTED, FAILED = "Settled", "Canceled", "Rejected", "Failed"
OUTCOMES = (SETTLED, REJECTED, FAILED)


class PaymentTerminal:
    """Block of Station21.

    payments       connector -> {"ref", "hold", "outcome", "asked", "transaction", "vat",
                   "company"}, None where nobody pays. hold: the amount that the card is good for;
                   outcome: how the settlement will go; asked: the CSMS knows of the payment;
                   transaction: "" before it has begun
    terminal_down  the terminal cannot reach its service provider
    """

    __slots__ = ()

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

    @variable(READS, "PaymentCtrlr.Problem", "PaymentCtrlr.Connected")
    def read_terminal(self, variable: Variable, evse: dict | None, now: float) -> str:
        return "true" if self.terminal_down == (variable.name == "Problem") else "false"
