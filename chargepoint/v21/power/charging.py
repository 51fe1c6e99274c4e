"""Functional blocks K and Q in 2.1: profiles that end without a link, and cars that give back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargepoint.charging import offers
from chargepoint.core import topics as core_topics
from chargepoint.core.block import hears
from chargepoint.effects import URGENT
from chargepoint.hardware.states import Event, State
from chargepoint.v21.power.wish import Wish
from chargepoint.v201 import topics
from chargepoint.v201.charging.charging_limits import ChargingLimits
from chargepoint.v201.charging.charging_profiles import Installed
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.provisioning import Provisioning
    from chargepoint.v201.transactions.transactions import Transactions


class ChargingLimits21(ChargingLimits):
    """Block of Station21."""

    __slots__ = ("provisioning",)

    def __init__(
        self, core: Station, transactions: Transactions, provisioning: Provisioning
    ) -> None:
        super().__init__(core, transactions)
        self.provisioning = provisioning

    # --- what is offered ---------------------------------------------------------------------

    def offer(self, outlet: Outlet, watts: float, phases: int, now: float) -> None:
        """What the profiles leave for charging, or ask the EV to give back."""
        wish = self.core.fold(topics.WISH, Wish(watts, 0.0, watts, 0.0), outlet, now)
        super().offer(outlet, wish.take, phases, now)
        hardware = outlet.hardware
        hardware.discharge(wish.give, now)
        if wish.give and hardware.state is State.SUSPENDED_EV and hardware.ev is not None:
            hardware.apply(Event.EV_RESUMED, now)  # a full car can give

    def withheld(self, outlet: Outlet) -> bool:
        """A car that gives is not withheld from; one that talks ISO 15118 can do with little."""
        hardware = outlet.hardware
        if outlet.needs is None and hardware.discharge_w:
            return False
        ev = hardware.ev
        if outlet.needs is None and ev is not None and ev.iso15118 and ev.max_discharge_kw:
            return hardware.limit_w is not None and hardware.limit_w < offers.LEAST_DC_W
        return super().withheld(outlet)

    def end_profiles(self, outlet: Outlet, session: str, now: float) -> None:
        """A transaction has ended: no energy flows back, and its profiles go."""
        if outlet.transaction is None:
            outlet.hardware.discharge(0.0, now)
        super().end_profiles(outlet, session, now)

    # --- offline (K01) -----------------------------------------------------------------------

    def holds(self, installed: Installed, time: int) -> bool:
        """Whether a profile counts at `time` (Unix milliseconds): not beyond its
        maxOfflineDuration."""
        end = self._offline_end(installed)
        return end is None or time < end

    def _offline_end(self, installed: Installed) -> int | None:
        """When it ends if the link stays away, ms by the CSMS's clock; None: it does not."""
        most = installed.raw.get("maxOfflineDuration")
        if most is None or self.provisioning.offline_since is None:
            return None
        return round((self.provisioning.offline_since + most + self.core.clock.skew) * 1000)

    def other_changes(self) -> list[int]:
        """Unix milliseconds at which limits change for another reason than a schedule."""
        ends = (self._offline_end(installed) for installed in self.profiles or ())
        return [*super().other_changes(), *(end for end in ends if end is not None)]

    def _plan(self, now: float) -> None:
        self._drop_invalid(now)
        super()._plan(now)

    @hears(core_topics.BEING_REGISTERED)
    def drop_before(self, now: float, rebooted: bool) -> None:
        self._drop_invalid(now)

    def _drop_invalid(self, now: float) -> None:
        """invalidAfterOfflineDuration: it does not come back with the link."""
        if self.provisioning.offline_since is None or self.profiles is None:
            return
        time = round((now + self.core.clock.skew) * 1000)
        kept = [
            i for i in self.profiles
            if self.holds(i, time) or not i.raw.get("invalidAfterOfflineDuration")
        ]  # fmt: skip
        if len(kept) < len(self.profiles):
            self.profiles = kept
            self.core.changed(URGENT)

    @hears(core_topics.WENT_OFFLINE)
    def plan_offline(self, now: float) -> None:
        if any("maxOfflineDuration" in i.raw for i in self.profiles or ()):
            self.plan(now)

    @hears(core_topics.IN_SERVICE)
    def plan_online(self, now: float, rebooted: bool) -> None:
        if any("maxOfflineDuration" in i.raw for i in self.profiles or ()):
            self.plan(now)
