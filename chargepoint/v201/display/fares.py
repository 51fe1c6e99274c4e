"""Functional block I: the driver reads the tariff, the running cost and the total (I01-I05)."""

from typing import Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, action, hears, timer
from chargepoint.effects import SOON
from chargepoint.v201 import topics
from chargepoint.v201.authorization.auth_cache import key as token_key
from chargepoint.v201.outlet import Outlet, Transaction
from chargepoint.v201.variables.device_model import DeviceModel

SHOWN_AFTER = 60.0  # seconds that the total of a transaction stays on the display
NOTICE = 20.0  # seconds for a word to somebody who may not charge
_CTRLR = "TariffCostCtrlr"
_NOTHING: dict[str, Any] = {}
_PRICE = ("cost", "currency")
_TO_ANOTHER = ("notice", "notice_until")


class Fares(Block):
    """Block of a 2.x station.

    fares  outlet -> what is known of tariff and cost there; None where nothing is. Each part may be
           missing:
           personal [MessageContentType], one text; languages: the driver's, first choice first
           cost     so far; currency: of it and of the total, where the station works them out by a
                    tariff (2.1), else they are in TariffCostCtrlr.Currency
           ended    the transaction that was the last there, until `until`; token: whose, its key
           answered the CSMS has the Ended event; total: what it said
           notice   [MessageContentType] to somebody whose card was refused, until `notice_until`
    """

    __slots__ = ("fares",)

    GUEST = True
    KEYS = ("fares",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Takes up what is known at the outlets."""
        kept = {int(k): {**entry} for k, entry in (saved.get("fares") or {}).items()}
        self.fares: dict[int, dict[str, Any]] | None = kept or None

    def resume(self, now: float) -> None:
        for number, entry in (self.fares or {}).items():
            for name, until in (("fare", "until"), ("notice", "notice_until")):
                if until in entry:
                    self.core.timers.set((name, number), max(now, entry[until]))

    def saved(self) -> dict[str, Any]:
        """What is known at the outlets, by their numbers."""
        if not self.fares:
            return {}
        return {"fares": {str(k): {**entry} for k, entry in self.fares.items()}}

    def _keep_fare(self, number: int, entry: dict[str, Any]) -> None:
        kept = {k: e for k, e in (self.fares or {}).items() if k != number}
        self.fares = {**kept, number: entry} if entry else kept or None
        if "until" not in entry:
            self.core.timers.clear(("fare", number))
        self.core.changed(SOON)

    def fare(self, outlet: Outlet) -> dict[str, Any]:
        """What is known of who is there now, or of who has just left; {} for nothing."""
        entry = (self.fares or {}).get(outlet.number, _NOTHING)
        present = outlet.token is not None or outlet.transaction is not None
        notice = {k: entry[k] for k in _TO_ANOTHER if k in entry}
        return notice if present == ("ended" in entry) else entry

    # --- what the CSMS tells -----------------------------------------------------------------

    @action("CostUpdated")
    def on_cost_updated(self, payload: dict, now: float) -> dict:
        """CostUpdated (I02)."""
        outlet = self.core.running(payload["transactionId"])
        if outlet is None:  # the response has no status to say so
            self.core.remark("CostUpdated for no transaction that runs here: ignored", now)
        else:
            self.show_cost(outlet, payload["totalCost"], now)
        return {}

    def show_cost(self, outlet: Outlet, amount: float, now: float, currency: str = "") -> None:
        """The outlet's transaction has cost that much so far."""
        told = {"cost": amount} | ({"currency": currency} if currency else {})
        self._keep_fare(outlet.number, {**self.fare(outlet), **told})
        self.core.tell(topics.COST_KNOWN, outlet, amount, now)

    def show_total(self, outlet: Outlet, amount: float, currency: str) -> None:
        """What the transaction that has just ended there has cost."""
        told = {"total": amount, "currency": currency}
        self._keep_fare(outlet.number, {**self.fare(outlet), **told})

    def fare_currency(self, outlet: Outlet) -> str:
        """Of what is known of the cost there."""
        return self.fare(outlet).get("currency") or self.core.model.value(f"{_CTRLR}.Currency")

    @hears(topics.EVENT_ANSWERED, wakes=True)
    def read_answer(self, payload: dict, message: dict, now: float) -> None:
        """Costs and personal messages in the answer to a TransactionEvent (I02, I03)."""
        number, event = message["connector"], message["payload"]
        if not payload and event["eventType"] != "Ended":
            return  # as to nearly all of them
        told = event["transactionInfo"]["transactionId"]
        outlet = self.core.outlets.get(number)
        if outlet is None:
            return
        if event["eventType"] == "Ended":
            if self.fare(outlet).get("ended") != told:
                return  # somebody else is there, or the display has gone on
            total = {"total": payload["totalCost"]} if "totalCost" in payload else {}
            self._keep_fare(number, {**self.fare(outlet), "answered": True, **total})
        elif outlet.transaction is None or outlet.transaction.id != told:
            return
        elif "totalCost" in payload:
            self.show_cost(outlet, payload["totalCost"], now)
        self._hear(outlet, payload.get("idTokenInfo", {}), payload)

    @hears(core_topics.MESSAGE_GIVEN_UP)
    def not_answered(self, message: dict[str, Any], code: str, now: float) -> None:
        """The Ended event was given up: the display waits for no total any more."""
        outlet, event = self.core.outlets.get(message["connector"]), message["payload"]
        if outlet is None or event["eventType"] != "Ended":
            return
        if self.fare(outlet).get("ended") == event["transactionInfo"]["transactionId"]:
            self._keep_fare(outlet.number, {**self.fare(outlet), "answered": True})

    @hears(topics.AUTHORIZE_HEARD, wakes=True)
    def read_verdict(self, payload: dict, context: Any, now: float) -> None:
        """The personal message in the answer to Authorize, also for a driver who is refused."""
        outlet, token, info = self.core.outlets.get(context[0]), context[1], payload["idTokenInfo"]
        if outlet is None:
            return
        if outlet.token == token:
            self._hear(outlet, info, {})
        elif "personalMessage" in info:
            entry = (self.fares or {}).get(outlet.number, _NOTHING)
            notice = {"notice": [info["personalMessage"]], "notice_until": now + NOTICE}
            self._keep_fare(outlet.number, {**entry, **notice})
            self.core.timers.set(("notice", outlet.number), now + NOTICE)

    def _hear(self, outlet: Outlet, info: dict, told: dict) -> None:
        """Of an idTokenInfo and a TransactionEventResponse, what is for the driver to read."""
        news: dict[str, Any] = {}
        if "updatedPersonalMessage" in told:
            extra = told.get("updatedPersonalMessageExtra", ())
            news["personal"] = [told["updatedPersonalMessage"], *extra]
        elif "personalMessage" in info:
            news["personal"] = [info["personalMessage"]]
        languages = [info[name] for name in ("language1", "language2") if name in info]
        if languages:
            news["languages"] = languages
        if news:
            self._keep_fare(outlet.number, {**self.fare(outlet), **news})

    # --- who comes and goes ------------------------------------------------------------------

    @hears(topics.AUTHORIZING)
    def somebody_comes(self, outlet: Outlet, token: dict, now: float) -> None:
        if outlet.number in (self.fares or ()):
            known = self.fare(outlet) if outlet.transaction is not None else _NOTHING
            self._keep_fare(outlet.number, {k: known[k] for k in _PRICE if k in known})

    @hears(topics.ENDED, wakes=True)
    def keep_last(self, outlet: Outlet, transaction: Transaction, now: float) -> None:
        """A transaction has ended: the display shows its total for SHOWN_AFTER seconds."""
        entry = (self.fares or {}).get(outlet.number, _NOTHING)
        kept = {k: v for k, v in entry.items() if k in ("languages", *_PRICE)}
        if "ended" in entry:  # of the one before
            kept = {}
        kept |= {"ended": transaction.id, "until": now + SHOWN_AFTER}
        if transaction.id_token:
            kept["token"] = token_key(transaction.id_token)
        self._keep_fare(outlet.number, kept)
        self.core.timers.set(("fare", outlet.number), now + SHOWN_AFTER)

    @timer("fare")
    def at_fare(self, now: float, number: int) -> None:
        self.end_fare(number)

    def end_fare(self, number: int) -> None:
        """Nothing more is shown of who was there."""
        entry = (self.fares or {}).get(number, _NOTHING)
        self._keep_fare(number, {k: entry[k] for k in _TO_ANOTHER if k in entry})

    @timer("notice")
    def at_notice(self, now: float, number: int) -> None:
        self.drop_words({number}, _TO_ANOTHER)

    def drop_words(self, numbers: set[int], names: tuple[str, ...]) -> None:
        """Forget these parts of what is known at the outlets."""
        for number in numbers & set(self.fares or ()):
            entry = {k: v for k, v in self.fares[number].items() if k not in names}
            self._keep_fare(number, entry)


# Available is the operator's to say, Enabled the CSMS's.


def tariffs_on(model: DeviceModel) -> bool:
    """Whether tariffs are available and enabled."""
    flag = model.flag
    return flag("TariffCostCtrlr.Available[Tariff]") and flag("TariffCostCtrlr.Enabled[Tariff]")


def costs_on(model: DeviceModel) -> bool:
    """Whether costs are available and enabled."""
    flag = model.flag
    return flag("TariffCostCtrlr.Available[Cost]") and flag("TariffCostCtrlr.Enabled[Cost]")
