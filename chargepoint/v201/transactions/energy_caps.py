"""Functional block E: energy that ends before the transaction does, at a register's value."""

from chargepoint.core.block import timer
from chargepoint.hardware.states import Event
from chargepoint.v201.outlet import Outlet

_LEAST_WH = 0.01
_IDLE = 60.0  # seconds until the next look while no energy flows


class EnergyCaps:
    """Block of a 2.x station. transaction.cap_wh: the register at which energy ends."""

    __slots__ = ()

    def barred_after(self, outlet: Outlet, now: float) -> None:
        """E05.FR.03: an invalid token still gets MaxEnergyOnInvalidId, if that is above 0."""
        allowed = self.core.model.integer("TxCtrlr.MaxEnergyOnInvalidId")
        transaction = outlet.transaction
        if transaction.barred or transaction.cap_wh is not None:
            return
        if allowed:
            outlet.hardware.advance(now)
            transaction.cap_wh = outlet.hardware.meter_wh + allowed
            self.watch_cap(outlet, now)
            self.happened(outlet, "Deauthorized", now)
        else:
            self.bar(outlet, "Deauthorized", now)

    def bar(self, outlet: Outlet, trigger: str, now: float) -> None:
        """No more energy; the transaction stays open."""
        outlet.transaction.barred = True
        if outlet.hardware.can(Event.EVSE_SUSPENDED):
            outlet.hardware.apply(Event.EVSE_SUSPENDED, now)
        self.happened(outlet, trigger, now)

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
            self.bar(outlet, self.cap_trigger(outlet), now)
        else:
            self.watch_cap(outlet, now)

    def cap_trigger(self, outlet: Outlet) -> str:
        return "EnergyLimitReached"
