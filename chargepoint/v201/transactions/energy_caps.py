"""Functional block E: energy that ends before the transaction does, at a register's value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargepoint.core.block import Block, hears, timer
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.transactions.transactions import Transactions


_LEAST_WH = 0.01
_IDLE = 60.0  # seconds until the next look while no energy flows


class EnergyCaps(Block):
    """Block of a 2.x station. transaction.cap_wh: the register at which energy ends."""

    __slots__ = ("transactions",)

    KEEPS = False

    def __init__(self, core: Station, transactions: Transactions) -> None:
        super().__init__(core)
        self.transactions = transactions

    @hears(topics.ENERGY_CAPPED)
    def watch_cap(self, outlet: Outlet, now: float) -> None:
        """Look again when the energy may have flowed, as the power is now."""
        left = outlet.transaction.cap_wh - outlet.hardware.meter_wh
        power = outlet.hardware.power_w
        wait = min(_IDLE, left * 3600.0 / power) if power else _IDLE
        self.core.timers.set(("cap", outlet.number), now + max(0.01, wait))

    @timer("cap")
    def at_cap(self, now: float, number: int) -> None:
        """Stop the energy where the limit in Wh is reached, else look again later."""
        outlet = self.core.outlets.get(number)
        transaction = outlet.transaction if outlet is not None else None
        if transaction is None or transaction.cap_wh is None or transaction.barred:
            return
        outlet.hardware.advance(now)
        if outlet.hardware.meter_wh >= transaction.cap_wh - _LEAST_WH:
            self.transactions.bar(outlet, "EnergyLimitReached", now)
        else:
            self.watch_cap(outlet, now)
