"""Functional block C in 2.1: what was paid at the terminal is settled (C19-C22)."""

from __future__ import annotations

from typing import Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, gathers, got, hears
from chargepoint.hardware.connector import Connector
from chargepoint.v201 import topics

SETTLED, CANCELED, REJECTED, FAILED = "Settled", "Canceled", "Rejected", "Failed"


class Settlements(Block):
    """Block of Station21; for a payment see PaymentTerminal.

    settling     transaction id -> its payment, while the CSMS is to tell the cost; None
    settlements  connector -> the last NotifySettlement, with what the CSMS answered to it and
                 what the terminal's receipt says, None
    """

    __slots__ = ("settlements", "settling")

    GUEST = True

    def await_cost(self, number: int, payment: dict[str, Any]) -> None:
        """Settle the payment of a connector by what the CSMS answers to the Ended event."""
        waiting = {payment["transaction"]: payment | {"connector": number}}
        self.settling = {**(self.settling or {}), **waiting}

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
            self.settle(payment["connector"], payment, cost, now)

    def settle(self, number: int, payment: dict[str, Any], cost: float | None, now: float) -> None:
        """Have the provider take the money, and tell the CSMS how that went."""
        if self.core.model.flag("PaymentCtrlr.SettlementByCSMS"):
            return
        amount, words = round(min(cost or 0.0, payment["hold"]), 2), ""
        if cost is None:
            status, words = FAILED, "the CSMS did not tell the cost"
        elif amount <= 0:
            status = CANCELED  # C20: the hold is released
        elif self.core.ask(topics.TERMINAL_DOWN):
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

    # --- saving ------------------------------------------------------------------------------

    @gathers(core_topics.CONNECTOR_SHOWN)
    def settlement_shown(self, connector: Connector) -> dict[str, Any]:
        """`settlement` of the station's state."""
        told = (self.settlements or {}).get(connector.id)
        return {} if told is None else {"settlement": told}

    KEYS = ("settlements", "settling")

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read settlements of a snapshot."""
        done = {int(n): {**told} for n, told in saved.get("settlements", {}).items()}
        self.settlements: dict[int, dict] | None = done or None
        self.settling: dict[str, dict] | None = {**saved.get("settling", {})} or None

    def saved(self) -> dict[str, Any]:
        """Settlements for the snapshot."""
        saved: dict[str, Any] = {}
        for name in ("settlements", "settling"):
            if entries := getattr(self, name):
                saved[name] = {str(key): {**entry} for key, entry in entries.items()}
        return saved


def _without(entries: dict | None, key: Any) -> dict | None:
    return {k: v for k, v in (entries or {}).items() if k != key} or None
