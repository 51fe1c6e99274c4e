"""Functional blocks K and Q in 2.1: profiles that end without a link, and cars that give back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.charging import offers
from chargepoint.charging.delaying import places
from chargepoint.charging.profile import TX, TX_DEFAULT, Period, Profile
from chargepoint.core import topics as core_topics
from chargepoint.core.block import hears, timer
from chargepoint.effects import URGENT
from chargepoint.hardware.ev import FULL
from chargepoint.hardware.states import Event, State
from chargepoint.v21.power.extras import Extras, in_zone
from chargepoint.v21.power.wish import Wish
from chargepoint.v201 import topics
from chargepoint.v201.charging.charging_limits import ChargingLimits
from chargepoint.v201.charging.charging_profiles import Installed
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.provisioning import Provisioning
    from chargepoint.v201.transactions.transactions import Transactions


NOTHING: list[Installed] = []  # one for all, so that its extras are worked out once


class ChargingLimits21(ChargingLimits):
    """Block of Station21.

    seen   the extras of the profiles that were looked at last
    asked  whether a profile had evseSleep or preconditioningRequest since the station was made
    """

    __slots__ = ("asked", "provisioning", "seen")

    def __init__(
        self, core: Station, transactions: Transactions, provisioning: Provisioning
    ) -> None:
        super().__init__(core, transactions)
        self.provisioning = provisioning
        self.seen: Extras | None = None
        self.asked = False

    def resume(self, now: float) -> None:
        """Plan anew with the profiles of the snapshot, by the station's time zone."""
        self._localize()
        super().resume(now)

    def install(self, installed: Installed, now: float) -> None:
        """It replaces the one of its id (K01.FR.05)."""
        super().install(installed, now)
        self._localize()

    # --- what schedules have beyond 2.0.1's --------------------------------------------------

    def extras(self) -> Extras:
        """Of the profiles as they are installed now."""
        installed = self.profiles or NOTHING
        if self.seen is None or self.seen.installed is not installed:
            self.seen = Extras(installed)
            self.asked = self.asked or self.seen.flags
        return self.seen

    def _localize(self) -> None:
        """useLocalTime: what is installed, by the station's time zone as it is now."""
        if self.profiles:
            model = self.core.model
            zone = model.value("ClockCtrlr.TimeZone") or model.value("ClockCtrlr.TimeOffset")
            moved = [in_zone(installed, zone) for installed in self.profiles]
            if moved != self.profiles:
                self.profiles = moved

    @hears(topics.VARIABLES_CHANGED)
    def zone_changed(self, now: float) -> None:
        self._localize()

    def schedules(self) -> list[Profile]:
        """Whatever may change by a schedule; of one with randomizedDelay what was drawn."""
        extras, found = self.extras(), super().schedules()
        if not extras.delays:
            return found
        keys = {self._key(outlet.evse) for outlet in self.core.outlets.values()}
        delayed = [profile for profile in found if profile.id in extras.delays]
        return found + [extras.drawn(profile, key) for profile in delayed for key in keys]

    def _key(self, evse: int) -> str:
        """For whom delays are drawn: K01, at the start of the transaction."""
        transaction = self.place_of(evse).transaction
        return transaction.id if transaction is not None else ""

    def prevailing(
        self, purpose: str, evse: int, time: int, since: int | None, session: str = ""
    ) -> tuple[Profile, Period] | None:
        """As in 2.0.1, by the schedules with their random delays."""
        if not self.profiles or purpose not in (TX, TX_DEFAULT) or not self.extras().delays:
            return super().prevailing(purpose, evse, time, since, session)
        key, extras = self._key(evse), self.extras()
        ranked = [
            (installed, extras.drawn(profile, key))
            for installed, profile in self.ranking().of(
                (purpose, evse, session),
                lambda p: p.purpose == purpose and p.connector in (0, evse)
                and p.session == session,
            )
        ]  # fmt: skip
        return self.ranking().prevailing(ranked, time, since, self.holds)

    def for_transaction(self, outlet: Outlet, time: int, since: int) -> tuple | None:
        """As in 2.0.1, by limitAtSoC for the car that is there."""
        found = super().for_transaction(outlet, time, since)
        ev = outlet.hardware.ev
        if found is None or ev is None or not self.extras().caps:
            return found
        return self.extras().capped(found, ev.soc + FULL)

    def raw_period(self, outlet: Outlet, profile: Profile, period: Period) -> dict[str, Any]:
        """The ChargingSchedulePeriod that a period of for_transaction was made from; {} for none.
        """
        for installed in self.profiles or ():
            if installed.profile.id == profile.id:
                schedule = installed.raw["chargingSchedule"][installed.choice]
                most = self.extras().delays.get(profile.id, 0)
                for number, start in places(installed.profile, most, self._key(outlet.evse)):
                    if start == period.start:
                        return schedule["chargingSchedulePeriod"][number]
        return {}

    def _watch_soc(self, outlet: Outlet, now: float) -> None:
        """Plan anew when the car comes to a state of charge at which a limit begins."""
        extras, ev, due = self.extras(), outlet.hardware.ev, None
        if extras.caps and ev is not None and outlet.transaction is not None:
            above = [cap["soc"] for cap in extras.caps.values() if cap["soc"] > ev.soc + FULL]
            due = outlet.hardware.when_at(min(above), now) if above else None
        if due is not None:
            self.core.timers.set(("soc", outlet.number), max(due, now + 0.001))
        elif extras.caps:
            self.core.timers.clear(("soc", outlet.number))

    @timer("soc")
    def at_soc(self, now: float, number: int) -> None:
        """The car has come to the state of charge of a limitAtSoC, or about so."""
        if number in self.core.outlets:
            self.core.outlets[number].hardware.advance(now)
            self.plan(now)

    # --- what is offered ---------------------------------------------------------------------

    def offer(self, outlet: Outlet, watts: float, phases: int, now: float) -> None:
        """What the profiles leave for charging, or ask the EV to give back."""
        wish = self.core.fold(topics.WISH, Wish(watts, 0.0, watts, 0.0), outlet, now)
        super().offer(outlet, wish.take, phases, now)
        hardware = outlet.hardware
        hardware.discharge(wish.give, now)
        if wish.give and hardware.state is State.SUSPENDED_EV and hardware.ev is not None:
            hardware.apply(Event.EV_RESUMED, now)  # a full car can give
        extras = self.extras()
        if extras.caps:
            self._watch_soc(outlet, now)
        if extras.flags or self.asked:
            self.core.tell(topics.PERIOD_ASKED, outlet, now)

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
