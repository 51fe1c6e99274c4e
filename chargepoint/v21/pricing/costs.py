"""Functional block I in 2.1: the station works out what a transaction costs (I12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import (
    REFUSES,
    Block,
    action,
    answers,
    gathers,
    hears,
    timer,
    variable,
)
from chargepoint.core.calls import QUEUE_AT_MOST
from chargepoint.core.clock import next_step
from chargepoint.effects import SOON
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.meter import AC_POWER_FACTOR, dc_voltage
from chargepoint.hardware.states import State
from chargepoint.tariff.bill import Bill, Flow
from chargepoint.tariff.conditions import Place
from chargepoint.timing.local_time import is_zone
from chargepoint.v21.pricing.cost_details import cost_details
from chargepoint.v21.pricing.tariffs import DRIVER, OFF, refused
from chargepoint.v201 import topics
from chargepoint.v201.custom_data import plain
from chargepoint.v201.display.fares import costs_on, tariffs_on
from chargepoint.v201.outlet import Outlet, Transaction
from chargepoint.v201.variables.table import Variable

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v21.pricing.tariffs import Tariffs
    from chargepoint.v201.transactions.meter_schedule import MeterSchedule
    from chargepoint.v201.transactions.transactions import Transactions

# A faulty meter measures nothing that could be charged (the name that 1.6 gave it).
_METER_FAULT = "PowerMeterFailure"
_LOOK = 10.0  # seconds between looks at a cost that has a limit
_SHOWN = 60.0  # seconds, at most, that what an operator sees is old
# What tells the running cost, beside the events that are made for it.
_TELLING = ("CostLimitReached", "LimitSet", "TariffChanged")


class Entry:
    """The bill of a transaction and what the next stretch of it needs.

    kind: DEFAULT or DRIVER; register: net Wh of the meter at the last look; charging: since then.
    failure: why the cost cannot be worked out, "" while it can.
    """

    __slots__ = ("bill", "charging", "failure", "kind", "register")

    def __init__(self, bill: Bill, kind: str, register: float, charging: bool, failure: str = ""):
        self.bill, self.kind, self.register = bill, kind, register
        self.charging, self.failure = charging, failure

    def to_saved(self) -> list[Any]:
        return [self.bill.to_saved(), self.kind, self.register, self.charging, self.failure]

    @classmethod
    def from_saved(cls, saved: list[Any]) -> Entry:
        return cls(Bill.from_saved(saved[0]), *saved[1:])


class Costs(Block):
    """Block of Station21. bills: transaction id -> Entry, None where there are none."""

    __slots__ = ("bills", "metering", "transactions")

    GUEST = True
    BESIDE = "pricing"
    KEYS = ("bills",)

    def __init__(self, core: Station, transactions: Transactions, metering: MeterSchedule) -> None:
        super().__init__(core)
        self.transactions = transactions
        self.metering = metering

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read `bills` of a snapshot: {transaction: entry}."""
        bills = {key: Entry.from_saved(entry) for key, entry in saved.get("bills", {}).items()}
        self.bills: dict[str, Entry] | None = bills or None
        for entry in bills.values():
            entry.charging = entry.charging and self.core.booted  # while it was off nothing flowed

    def saved(self) -> dict[str, Any]:
        """`bills` for the snapshot."""
        if not self.bills:
            return {}
        return {"bills": {key: entry.to_saved() for key, entry in self.bills.items()}}

    @property
    def pricing(self) -> Tariffs:
        return self.core.block("pricing")

    @gathers(core_topics.CONNECTOR_SHOWN)
    def cost_shown(self, connector: Connector) -> dict[str, Any]:
        """`cost` of the station's state."""
        cost = self.running_cost(self.core.outlets[connector.id])
        return {} if cost is None else {"cost": cost}

    def entry_of(self, outlet: Outlet) -> Entry | None:
        """The entry of an outlet's transaction, or None."""
        if self.bills is None or outlet.transaction is None:
            return None
        return self.bills.get(outlet.transaction.id)

    def bill_of(self, outlet: Outlet) -> Bill | None:
        """The bill of an outlet's transaction, or None."""
        entry = self.entry_of(outlet)
        return entry and entry.bill

    @answers(topics.TARIFF_IN_USE)
    def tariff_in_use(self, outlet: Outlet) -> tuple[dict[str, Any], str] | None:
        """(tariff, kind) by which the transaction there is charged, or None."""
        entry = self.entry_of(outlet)
        return entry and (entry.bill.tariff, entry.kind)

    def running_cost(self, outlet: Outlet, now: float | None = None) -> dict[str, Any] | None:
        """{"amount" with tax, "currency", "tariff"}; None where it is not known here.

        Without `now` as at the last look, a minute ago at most. For a display, and for operators.
        """
        if now is not None:
            self.price(outlet, now)
        entry = self.entry_of(outlet)
        if entry is None or entry.failure or not costs_on(self.core.model):
            return None
        tariff = entry.bill.tariff
        amount = round(entry.bill.totals().total.gross, 2)
        return {"amount": amount, "currency": tariff["currency"], "tariff": tariff["tariffId"]}

    # --- how it begins -----------------------------------------------------------------------

    @hears(topics.BEGUN)
    def open_bill(self, outlet: Outlet, now: float) -> None:
        """A transaction begins: its tariff stays until it ends (I07, I08)."""
        tariff, kind = self.pricing.tariff_for(outlet, outlet.token, now)
        if tariff is not None:
            self._open_bill(outlet, tariff, kind, outlet.transaction.started)

    def _open_bill(
        self, outlet: Outlet, tariff: dict, kind: str, started: float, fees: bool = True
    ) -> Entry:
        skew = self.core.clock.skew
        bill = Bill(tariff, started, self._place_of(outlet), self._zone(), skew, fees)
        charging = outlet.hardware.state is State.CHARGING
        entry = Entry(bill, kind, _register(outlet), charging)
        self.bills = {**(self.bills or {}), outlet.transaction.id: entry}
        return entry

    def _place_of(self, outlet: Outlet) -> Place:
        told = (outlet.token or {}).get("additionalInfo", ())
        more = {info["type"]: info["additionalIdToken"] for info in told}
        kind = "DC" if outlet.hardware.dc else "AC"
        return Place(kind, more.get("PaymentBrand", ""), more.get("PaymentRecognition", ""))

    def _zone(self) -> str:
        model = self.core.model
        return model.value("ClockCtrlr.TimeZone") or model.value("ClockCtrlr.TimeOffset")

    @variable(REFUSES, "ClockCtrlr.TimeZone", "ClockCtrlr.TimeOffset")
    def refuse_zone(self, variable: Variable, text: str) -> tuple[str, str] | None:
        return None if is_zone(text) else ("InvalidValue", "no such time zone")

    @hears(topics.RESERVATION_USED)
    def charge_reservation(self, outlet: Outlet, since: float) -> None:
        """A reservation was used: its time costs from `since` (Unix seconds)."""
        bill = self.bill_of(outlet)
        if bill is not None and bill.reserved_s is None:
            bill.reserved(since)

    @hears(topics.AUTHORIZING)
    def bill_who_comes(self, outlet: Outlet, token: dict, now: float) -> None:
        """A transaction that the cable began gets the tariff of who is charged for it."""
        if outlet.transaction is not None:
            outlet.token, before = token, outlet.token
            self._bill_driver(outlet, token, now)
            outlet.token = before

    def _bill_driver(self, outlet: Outlet, token: dict, now: float) -> None:
        tariff, kind = self.pricing.tariff_for(outlet, token, now)
        old = self.entry_of(outlet)
        if tariff is None:
            if old is not None and kind == DRIVER:  # the CSMS is to work out the cost
                self._drop_bill(outlet.transaction.id)
            return
        if old is None or old.bill.energy_wh == 0.0:
            # No energy has flowed: as if it had counted from the start.
            since = outlet.transaction.started if old is not None or kind == DRIVER else now
            entry = self._open_bill(outlet, tariff, kind, since)
            entry.bill.advance(now, 0.0, Flow())
        elif tariff is not old.bill.tariff:
            self.price(outlet, now)
            old.bill.change(tariff, now)
            old.kind = kind

    # --- how it goes on ----------------------------------------------------------------------

    @hears(topics.LOOKING, topics.LOOKED, topics.OFFERING, topics.OFFERED)
    def price(self, outlet: Outlet, now: float) -> None:
        """Charge what has flowed since the last look."""
        entry = self.entry_of(outlet)
        if entry is None:
            return
        outlet.hardware.advance(now)
        register, bill = _register(outlet), entry.bill
        wh, seconds = register - entry.register, now - bill.at
        watts = wh * 3600.0 / seconds if entry.charging and seconds > 0 else 0.0
        bill.shift, bill.zone = self.core.clock.skew, self._zone()
        bill.advance(now, wh, self._flow(outlet, entry.charging, watts))
        entry.register = register
        entry.charging = outlet.hardware.state is State.CHARGING

    def _flow(self, outlet: Outlet, charging: bool, watts: float) -> Flow:
        hardware = outlet.hardware
        soc = hardware.ev.soc if hardware.ev is not None else None
        volts = dc_voltage(soc) if hardware.dc else hardware.mains.voltage_v * AC_POWER_FACTOR
        return Flow(charging, watts, watts / volts)

    @hears(core_topics.FAULTING)
    def heed_meter_fault(self, connector: Connector, now: float) -> None:
        """A faulty meter: the cost of the transaction cannot be computed."""
        entry = self.entry_of(self.core.outlets[connector.id])
        if entry is not None and connector.error_code == _METER_FAULT:
            entry.failure = "the energy meter failed during the transaction"

    # --- changed under way (I11) -------------------------------------------------------------

    @action("ChangeTransactionTariff")
    def on_change_transaction_tariff(self, payload: dict, now: float) -> dict:
        """ChangeTransactionTariff (I11)."""
        outlet = self.core.running(payload["transactionId"])
        if not tariffs_on(self.core.model):  # I11.FR.01
            return refused("Rejected", "NotEnabled", OFF)
        if outlet is None:  # I11.FR.04
            return refused("TxNotFound", "TxNotFound", "no such transaction is running")
        why = self.pricing.unusable(payload["tariff"])  # I11.FR.02, .03
        if why is not None:
            return why
        bill = self.bill_of(outlet)
        if bill is not None and bill.tariff["currency"] != payload["tariff"]["currency"]:
            words = f"the transaction is charged in {bill.tariff['currency']}"
            return refused("NoCurrencyChange", "InvalidValue", words)  # I11.FR.05
        self.core.answers.later(
            self._change_tariff, payload["transactionId"], plain(payload["tariff"])
        )
        return {"status": "Accepted"}

    def _change_tariff(self, transaction: str, tariff: dict[str, Any], now: float) -> None:
        """I11.FR.08: it counts from now on. It is the transaction's own, as a driver's is."""
        outlet = self.core.running(transaction)
        if outlet is None:
            return
        self.price(outlet, now)
        entry = self.entry_of(outlet)
        if entry is None:
            self._open_bill(outlet, tariff, DRIVER, now, fees=False)
        else:
            entry.bill.change(tariff, now)
            entry.kind = DRIVER
        self.transactions.happened(outlet, "TariffChanged", now)
        self.metering.restart_timers(outlet, now)

    # --- timers ------------------------------------------------------------------------------

    @hears(topics.OUTLET_TIMERS)
    def restart_cost_timers(self, outlet: Outlet, now: float) -> None:
        """Arm the timers of cost and running cost of an outlet."""
        number, entry = outlet.number, self.entry_of(outlet)
        if entry is None:
            self.core.timers.clear(("cost", number))
            self.core.timers.clear(("running_cost", number))
            return
        self.watch_cost(outlet, now)
        seconds = self.core.model.integer("TariffCostCtrlr.Interval[Cost]")
        if seconds and self.core.model.flag("TariffCostCtrlr.Enabled[RunningCost]"):
            # In step with the transaction's start, also after a restart.
            due = next_step(outlet.transaction.started, seconds, now)
            self.core.timers.set(("running_cost", number), due)
        else:
            self.core.timers.clear(("running_cost", number))

    @timer("running_cost")
    def at_running_cost(self, now: float, number: int) -> None:
        """Send a RunningCost event (I12)."""
        outlet = self.core.outlets.get(number)
        if outlet is None or self.entry_of(outlet) is None:
            return
        if self.core.online and len(self.core.calls.queued) < QUEUE_AT_MOST:
            self.transactions.updated(outlet, "RunningCost", now)
        self.metering.restart_timers(outlet, now)

    @hears(topics.COST_LIMITED)
    def watch_cost(self, outlet: Outlet, now: float) -> None:
        """Look again when a condition may have changed unseen, or the limit may be reached."""
        entry = self.entry_of(outlet)
        if entry is None:
            return
        waits = [_SHOWN]
        if entry.bill.bounds.flow:
            waits.append(float(self.core.model.integer("TariffCostCtrlr.Interval[Tariff]")))
        limit = self.core.ask(topics.NEXT_COST, outlet)
        if limit is not None and not outlet.transaction.barred:
            flow = self._flow(outlet, entry.charging, _power(outlet))
            rate, left = entry.bill.per_second(flow), limit - entry.bill.totals().total.gross
            waits.append(min(_LOOK, left / rate) if rate > 0 else _LOOK)
        self.core.timers.set(("cost", outlet.number), now + max(0.01, min(waits)))

    @timer("cost")
    def at_cost(self, now: float, number: int) -> None:
        """Compute the cost up to now and show it."""
        outlet = self.core.outlets.get(number)
        if outlet is None or self.entry_of(outlet) is None:
            return
        self.price(outlet, now)
        self.core.changed(SOON)
        entry = self.entry_of(outlet)
        if not entry.failure:
            gross, currency = entry.bill.totals().total.gross, entry.bill.tariff["currency"]
            self.core.block("fares").show_cost(outlet, gross, now, currency)
        self.watch_cost(outlet, now)

    # --- what the CSMS is told ---------------------------------------------------------------

    @gathers(topics.INFO_PARTS)
    def tariff_told(self, outlet: Outlet) -> dict[str, Any]:
        """`tariffId` for transactionInfo."""
        bill = self.bill_of(outlet)
        return {} if bill is None else {"tariffId": bill.tariff["tariffId"]}

    @gathers(topics.EVENT_PARTS)
    def cost_told(self, outlet: Outlet, kind: str, trigger: str, now: float) -> dict[str, Any]:
        """`costDetails` for a TransactionEvent; empty where it has none."""
        entry = self.entry_of(outlet)
        if entry is None or not costs_on(self.core.model):
            return {}
        running = trigger == "RunningCost" or (
            trigger in _TELLING and self.core.model.flag("TariffCostCtrlr.Enabled[RunningCost]")
        )
        if kind != "Ended" and not running:
            return {}
        self.price(outlet, now)
        stamp = self.core.clock.stamp if kind == "Ended" else None
        return {"costDetails": cost_details(entry.bill, entry.failure, stamp)}

    @hears(topics.ENDED)
    def close_bill(self, outlet: Outlet, transaction: Transaction, now: float) -> None:
        """A transaction has ended: show its total, forget its tariff."""
        self.pricing.forget_driver_tariff(transaction.id_token, now)
        total = self.total_of(transaction)
        if total is not None:
            self.core.block("fares").show_total(
                outlet, total, self.bills[transaction.id].bill.tariff["currency"]
            )
        self._drop_bill(transaction.id)

    def total_of(self, transaction: Transaction) -> float | None:
        """With tax, of a transaction that has ended; None where the CSMS is to tell it."""
        entry = (self.bills or {}).get(transaction.id)
        if entry is None or entry.failure or not costs_on(self.core.model):
            return None
        return entry.bill.totals().total.gross

    def _drop_bill(self, transaction: str) -> None:
        if self.bills is not None:
            self.bills = {k: v for k, v in self.bills.items() if k != transaction} or None


def _register(outlet: Outlet) -> float:
    """Net Wh: what flowed back counts against what was drawn."""
    saved = outlet.hardware
    return saved.meter_wh - saved.export_wh


def _power(outlet: Outlet) -> float:
    return outlet.hardware.power_w - outlet.hardware.export_w
