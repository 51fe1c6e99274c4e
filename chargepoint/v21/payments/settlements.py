"""Functional block C in 2.1: what was paid at the terminal is settled (C19-C22); VAT numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, command, gathers, got, hears
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.v21.payments.payment_terminal import CANCELED, FAILED, SETTLED, PaymentTerminal
from chargepoint.v21.payments.web_payments import DIRECT
from chargepoint.v201 import topics
from chargepoint.v201.authorization.auth_cache import key as token_key
from chargepoint.v201.outlet import Outlet, Transaction

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v21.payments.web_payments import WebPayments
    from chargepoint.v201.authorization.authorization import Authorization
    from chargepoint.v201.transactions.transactions import Transactions


class Settlements(PaymentTerminal, Block):
    """Block of Station21; for `payments` see PaymentTerminal.

    settling     transaction id -> its payment, while the CSMS is to tell the cost; None
    settlements  connector -> the last NotifySettlement, with what the CSMS answered to it and
                 what the terminal's receipt says, None
    """

    __slots__ = (
        "authorization",
        "payments",
        "settlements",
        "settling",
        "terminal_down",
        "transactions",
        "web",
    )

    GUEST = True

    def __init__(
        self, core: Station, transactions: Transactions, authorization: Authorization,
        web: WebPayments,
    ) -> None:  # fmt: skip
        super().__init__(core)
        self.transactions = transactions
        self.authorization = authorization
        self.web = web

    # --- its end (C19-C22) -------------------------------------------------------------------

    @hears(topics.ENDING)
    def settle_ended(self, outlet: Outlet, transaction: Transaction, now: float) -> None:
        """A paid transaction ends: settle it by the tariff, or wait for the cost of the CSMS."""
        payment = (self.payments or {}).get(outlet.number)
        if payment is not None and payment["transaction"] == transaction.id:
            total = self.core.block("pricing").total_of(transaction)
            self.payments = _without(self.payments, outlet.number)
            if total is not None:
                self.settle_payment(outlet.number, payment, total, now)
            else:  # by what the CSMS answers to the Ended event
                self.settling = {**(self.settling or {}), payment["transaction"]: payment | {
                    "connector": outlet.number}}  # fmt: skip

    @hears(topics.EVENT_ANSWERED)
    def settle_by_answer(self, payload: dict, message: dict, now: float) -> None:
        if message["payload"]["eventType"] == "Ended":
            self._settle_centrally(message, payload.get("totalCost"), now)

    @hears(core_topics.MESSAGE_GIVEN_UP)
    def settle_without_answer(self, message: dict[str, Any], code: str, now: float) -> None:
        if message["payload"]["eventType"] == "Ended":
            self._settle_centrally(message, None, now)

    def _settle_centrally(self, message: dict, cost: float | None, now: float) -> None:
        identity = message["payload"]["transactionInfo"]["transactionId"]
        payment = (self.settling or {}).get(identity)
        if payment is not None:
            self.settling = _without(self.settling, identity)
            self.settle_payment(payment["connector"], payment, cost, now)

    def settle_payment(
        self, number: int, payment: dict[str, Any], cost: float | None, now: float
    ) -> None:
        """Have the provider take the money, and tell the CSMS how that went."""
        if self.core.model.flag("PaymentCtrlr.SettlementByCSMS"):
            return
        amount, words = round(min(cost or 0.0, payment["hold"]), 2), ""
        if cost is None:
            status, words = FAILED, "the CSMS did not tell the cost"
        elif amount <= 0:
            status = CANCELED  # C20: the hold is released
        elif self.terminal_down:
            status, words = FAILED, "the terminal cannot reach its service provider"
        else:
            status = payment["outcome"]
            words = "" if status == SETTLED else f"the provider answered: {status}"
        told: dict[str, Any] = {
            "pspRef": payment["ref"], "status": status, "settlementAmount": amount,
            "settlementTime": self.core.clock.stamp(now),
        }  # fmt: skip
        if payment["transaction"]:
            told["transactionId"] = payment["transaction"]
        if words:
            told["statusInfo"] = words
        if status == SETTLED:
            told |= self._receipt(payment)
        shown = {**told, "receipt": self._printed()} if "receiptId" in told else told
        self.settlements = {**(self.settlements or {}), number: shown}
        self.core.block("delivery").deliver("NotifySettlement", told, now)

    def _receipt(self, payment: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {}
        if payment["vat"]:
            told["vatNumber"] = payment["vat"]
        if payment["company"]:
            told["vatCompany"] = payment["company"]
        if not self.core.model.flag("PaymentCtrlr.ReceiptByCSMS"):
            told["receiptId"] = payment["ref"][4:]
            if server := self.core.model.value("PaymentCtrlr.ReceiptServerUrl"):
                told["receiptUrl"] = f"{server.rstrip('/')}/{told['receiptId']}"
        return told

    def _printed(self) -> dict[str, str]:
        """What the terminal's receipt says beside the amount: who is paid."""
        names = ("Id", "Name", "TaxId", "Address", "City")
        merchant = {name: self.core.model.value(f"PaymentCtrlr.Merchant[{name}]") for name in names}
        return {name: value for name, value in merchant.items() if value} | {
            "TerminalID": self.core.model.value("PaymentCtrlr.TerminalID"),
            "currency": self.core.model.value("TariffCostCtrlr.Currency"),
        }

    @got("NotifySettlement")
    def got_notify_settlement(self, payload: dict, context: Any, now: float) -> None:
        """The answer to NotifySettlement (C21): a receipt, if the CSMS makes them."""
        told = self.core.block("delivery").delivered(context)
        for number, known in (self.settlements or {}).items():
            if told and known["pspRef"] == told["pspRef"]:
                # C21: with ReceiptByCSMS the receipt comes with the answer.
                self.settlements = {**self.settlements, number: {**known, **payload}}
                return

    def cancel_unused_payments(self, now: float) -> None:
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
            self.payments = _without(self.payments, number)
            if payment["asked"]:  # the CSMS has never heard of it else
                self.settle_payment(number, payment, 0.0, now)
            self.core.changed(URGENT)

    @hears(topics.LOOKED)
    def look_for_unused(self, outlet: Outlet, now: float) -> None:
        if self.payments is not None:
            self.cancel_unused_payments(now)

    @hears(topics.AUTHORIZE_ENDED)
    def heed_verdict(self, status: str, context: Any, now: float) -> None:
        if self.payments is not None:
            if status not in ("", "Accepted"):
                self._unasked(context[1])
            self.cancel_unused_payments(now)

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

    # --- saving ------------------------------------------------------------------------------

    @gathers(core_topics.CONNECTOR_SHOWN)
    def settlement_shown(self, connector: Connector) -> dict[str, Any]:
        """`settlement` of the station's state."""
        told = (self.settlements or {}).get(connector.id)
        return {} if told is None else {"settlement": told}

    KEYS = ("payments", "settlements", "settling", "terminal_down")

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read payments and settlements of a snapshot."""
        kept = {int(n): {**payment} for n, payment in saved.get("payments", {}).items()}
        self.payments: dict[int, dict] | None = kept or None
        done = {int(n): {**told} for n, told in saved.get("settlements", {}).items()}
        self.settlements: dict[int, dict] | None = done or None
        self.settling: dict[str, dict] | None = {**saved.get("settling", {})} or None
        self.terminal_down: bool = saved.get("terminal_down", False)

    def saved(self) -> dict[str, Any]:
        """Payments and settlements for the snapshot."""
        saved: dict[str, Any] = {}
        for name in ("payments", "settlements", "settling"):
            if entries := getattr(self, name):
                saved[name] = {str(key): {**entry} for key, entry in entries.items()}
        if self.terminal_down:
            saved["terminal_down"] = True
        return saved


def _without(entries: dict | None, key: Any) -> dict | None:
    return {k: v for k, v in (entries or {}).items() if k != key} or None
