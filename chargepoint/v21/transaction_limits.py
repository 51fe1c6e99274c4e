"""Functional block E in 2.1, E16: the CSMS limits a transaction's energy, time, SoC or cost."""

from typing import Any

from chargepoint.core.block import answers, gathers, hears, timer
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.transactions.transactions import Transactions

_LOOK = 10.0  # seconds between looks at the state of charge
LEAST = 1e-6  # of a currency: closer to a limit than this is at it


class TransactionLimits21(Transactions):
    """Block of Station21. transaction.limits: a TransactionLimitType, None where there is none."""

    __slots__ = ()

    def resume(self, now: float) -> None:
        """Go on with transactions and watch their limits."""
        super().resume(now)
        for outlet in self.core.outlets.values():
            self.resume_limits(outlet, now)

    @hears(topics.EVENT_ANSWERED)
    def heed_limits(self, payload: dict, message: dict, now: float) -> None:
        """The limits of a transaction in the answer to its event (E16)."""
        if "transactionLimit" not in payload:
            return
        outlet = self.core.outlets.get(message["connector"])
        transaction = outlet.transaction if outlet is not None else None
        asked = message["payload"]["transactionInfo"]["transactionId"]
        if transaction is None or transaction.id != asked:
            return
        if payload["transactionLimit"] != transaction.limits:
            self._set_limits(outlet, payload["transactionLimit"], now)

    def limit_cost(self, outlet: Outlet, amount: float) -> None:
        """The station itself sets a limit: what the card of an ad hoc payment is good for."""
        transaction = outlet.transaction
        transaction.limits = {**(transaction.limits or {}), "maxCost": amount}

    @answers(topics.NEXT_COST)
    def most_cost(self, outlet: Outlet) -> float | None:
        """The cost, with tax, at which something is to be done; None where there is none."""
        return (outlet.transaction.limits or {}).get("maxCost")

    @hears(topics.COST_KNOWN)
    def cost_known(self, outlet: Outlet, amount: float, now: float) -> None:
        """What the transaction costs so far, by the CSMS or by our own bill."""
        most = (outlet.transaction.limits or {}).get("maxCost")
        if most is not None and amount >= most - LEAST and not outlet.transaction.barred:
            self.bar(outlet, "CostLimitReached", now)

    def _set_limits(self, outlet: Outlet, limits: dict[str, Any], now: float) -> None:
        transaction = outlet.transaction
        transaction.limits = limits
        transaction.barred = False  # a limit that was reached may have been raised
        most = limits.get("maxEnergy")
        transaction.cap_wh = None if most is None else transaction.meter_start + most
        self.resume_limits(outlet, now)
        self.happened(outlet, "LimitSet", now)

    def resume_limits(self, outlet: Outlet, now: float) -> None:
        """Set the timers of what limits the outlet's transaction."""
        transaction = outlet.transaction
        if transaction is None or transaction.limits is None or transaction.barred:
            return
        if transaction.cap_wh is not None:
            self.core.tell(topics.ENERGY_CAPPED, outlet, now)
        if "maxTime" in transaction.limits:
            end = transaction.started + transaction.limits["maxTime"]
            self.core.timers.set(("time_limit", outlet.number), max(now, end))
        if "maxSoC" in transaction.limits:
            self.core.timers.set(("soc_limit", outlet.number), now + _LOOK)
        if "maxCost" in transaction.limits:
            self.core.tell(topics.COST_LIMITED, outlet, now)

    @timer("time_limit")
    def at_time_limit(self, now: float, number: int) -> None:
        """maxTime seconds are over: no more energy."""
        outlet = self.core.outlets.get(number)
        transaction = outlet.transaction if outlet is not None else None
        if transaction is None or transaction.barred:
            return
        most = (transaction.limits or {}).get("maxTime")
        if most is not None and now >= transaction.started + most - 0.001:
            self.bar(outlet, "TimeLimitReached", now)

    @timer("soc_limit")
    def at_soc_limit(self, now: float, number: int) -> None:
        """Look whether maxSoC percent are reached: no more energy then."""
        outlet = self.core.outlets.get(number)
        transaction = outlet.transaction if outlet is not None else None
        most = ((transaction.limits if transaction else None) or {}).get("maxSoC")
        if most is None or transaction.barred:
            return
        outlet.hardware.advance(now)
        ev = outlet.hardware.ev
        if ev is not None and ev.soc >= most:
            self.bar(outlet, "SoCLimitReached", now)
        else:
            self.core.timers.set(("soc_limit", number), now + _LOOK)

    @gathers(topics.INFO_PARTS)
    def limits_told(self, outlet: Outlet) -> dict[str, Any]:
        """`transactionLimit` of a TransactionEvent: what the CSMS has set, as it is (E16)."""
        limits = outlet.transaction.limits
        return {"transactionLimit": limits} if limits else {}
