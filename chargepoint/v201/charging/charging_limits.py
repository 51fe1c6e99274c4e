"""Functional block K: the profiles that are installed, and their limits as the power on offer."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from chargepoint.charging import limits, offers
from chargepoint.charging.limits import Circuit, Limit
from chargepoint.charging.profile import Period, Profile
from chargepoint.charging.ranking import Ranking
from chargepoint.core import topics as core_topics
from chargepoint.core.block import READS, Block, answers, hears, timer, variable
from chargepoint.effects import URGENT
from chargepoint.hardware.states import Event, State
from chargepoint.v201 import topics
from chargepoint.v201.charging.charging_profiles import (
    EXTERNAL,
    LOCAL_GENERATION,
    STATION_MAX,
    TX,
    TX_DEFAULT,
    WAITING,
    Installed,
)
from chargepoint.v201.custom_data import plain
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.variables.table import Variable

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.transactions.transactions import Transactions

_PROFILE = attrgetter("profile")


class ChargingLimits(Block):
    """Block of a 2.x station.

    profiles  [Installed], None where there are none; whose messages they came in is the business of
              the blocks "profiles" and "external"
    ranked    the Ranking that was needed last, None where none is
    """

    __slots__ = ("profiles", "ranked", "transactions")

    KEYS = ("profiles",)

    def __init__(self, core: Station, transactions: Transactions) -> None:
        super().__init__(core)
        self.transactions = transactions

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read `profiles` of a snapshot."""
        profiles = [Installed.from_saved(entry) for entry in saved.get("profiles", ())]
        self.profiles: list[Installed] | None = profiles or None
        self.ranked: Ranking | None = None

    def resume(self, now: float) -> None:
        """Plan anew with the profiles of the snapshot."""
        self.plan(now)
        for installed in self.profiles or ():
            self.core.tell(topics.PROFILE_KEPT, installed, now)

    def saved(self) -> dict[str, Any]:
        """`profiles` for the snapshot."""
        if not self.profiles:
            return {}
        return {"profiles": [installed.to_saved() for installed in self.profiles]}

    # --- which are there ---------------------------------------------------------------------

    def install(self, installed: Installed, now: float) -> None:
        """It replaces the one of its id (K01.FR.05)."""
        installed = self.core.fold(topics.INSTALLING, installed, now)
        installed = installed._replace(raw=plain(installed.raw))
        kept = [i for i in self.profiles or () if i.profile.id != installed.profile.id]
        self.profiles = [*kept, installed]
        self.core.changed(URGENT)
        self.core.tell(topics.PROFILE_KEPT, installed, now)

    def remove(self, gone: list[Installed]) -> None:
        """They are there no longer; the power on offer is the caller's to plan anew."""
        self.profiles = [i for i in self.profiles or () if i not in gone]
        self.core.changed(URGENT)

    @hears(topics.STARTING)
    def profiles_for_start(self, outlet: Outlet) -> None:
        """The transaction begins: what came with its request belongs to it now."""
        if self.profiles is not None:
            self.profiles = [
                i._replace(profile=i.profile._replace(session=outlet.transaction.id))
                if i.profile.session == WAITING and i.profile.connector == outlet.evse else i
                for i in self.profiles
            ]  # fmt: skip

    @hears(topics.CHARGE_OVER)
    def end_profiles(self, outlet: Outlet, session: str, now: float) -> None:
        """A TxProfile ends with its transaction (or with the wait for it)."""
        self.core.tell(topics.PROFILES_ENDING, outlet, session, now)
        if self.profiles is None:
            return
        self.profiles = [
            i for i in self.profiles
            if i.profile.session != session or i.profile.connector != outlet.evse
        ]  # fmt: skip
        if outlet.transaction is None:
            outlet.hardware.limit(None, now)
        self.plan(now)

    @variable(READS, "SmartChargingCtrlr.Entries[ChargingProfiles]")
    def read_entries(self, variable: Variable, evse: dict | None, now: float) -> str:
        """How many profiles there are."""
        return str(len(self.profiles or ()))

    # --- which limits hold -------------------------------------------------------------------

    def grid(self, total_w: float) -> Circuit:
        return offers.grid_of(all(c.dc for c in self.core.connectors.values()), total_w)

    def place_of(self, evse: int) -> Outlet:
        """The outlet that stands for its EVSE: the one in use, else the first."""
        outlets = self.core.outlets_of({"id": evse})
        return next((o for o in outlets if o.transaction is not None), outlets[0])

    def charging_places(self) -> list[Outlet]:
        return [
            self.place_of(evse) for evse in sorted({o.evse for o in self.core.outlets.values()})
        ]

    def since(self, outlet: Outlet, otherwise: int) -> int:
        """When the transaction began, ms by the CSMS's clock: relative schedules begin there."""
        if outlet.transaction is None:
            return otherwise
        return round((outlet.transaction.started + self.core.clock.skew) * 1000)

    def holds(self, installed: Installed, time: int) -> bool:
        """Hook: it counts at `time`, ms by the CSMS's clock, apart from its schedule."""
        return True

    def ranking(self) -> Ranking:
        """Of the profiles as they are installed now; kept until others are."""
        kept = self.ranked
        if kept is None or kept.installed is not self.profiles:
            kept = self.ranked = Ranking(self.profiles or [], _PROFILE)
        return kept

    def prevailing(
        self, purpose: str, evse: int, time: int, since: int | None, session: str = ""
    ) -> tuple[Profile, Period] | None:
        """The profile and period of a purpose that hold at `time`, or None. Times are Unix
        milliseconds; `since` is the transaction's start."""
        if not self.profiles:
            return None
        ranking = self.ranking()
        places = (evse,) if purpose == EXTERNAL else (0, evse)
        ranked = ranking.of(
            (purpose, evse, session),
            lambda p: p.purpose == purpose and p.connector in places and p.session == session,
        )
        return ranking.prevailing(ranked, time, since, self.holds)

    def for_transaction(self, outlet: Outlet, time: int, since: int) -> tuple | None:
        """(profile, period) of the TxProfile, and where it says nothing of the default one."""
        session = outlet.transaction.id if outlet.transaction else WAITING
        found = self.prevailing(TX, outlet.evse, time, since, session) or self.prevailing(
            TX_DEFAULT, outlet.evse, time, since
        )
        return self.core.fold(topics.OWN_PROFILE, found, outlet, time, since)

    def station_limits(self, time: int) -> list[tuple[str, Period]]:
        """[(unit, period)] that all EVSEs keep together: the CSMS's, and those from outside."""
        found = [self.prevailing(STATION_MAX, 0, time, None), self.external(0, time)]
        pairs = [(profile.unit, period) for profile, period in filter(None, found)]
        extra = self.prevailing(LOCAL_GENERATION, 0, time, None)
        pairs = [self._raised(pair, extra) for pair in pairs] if extra else pairs
        return [*pairs, *offers.cabinet_of(self.core.HABITS.shared_w)]

    def _raised(self, pair: tuple[str, Period], extra: tuple) -> tuple[str, Period]:
        """What is generated on the spot comes on top of what the grid gives (2.1, K27)."""
        unit, period = pair
        more = extra[1].limit
        if extra[0].unit != unit:
            factor = limits.AC_VOLTS * 3
            more = more * factor if unit == "W" else more / factor
        return unit, period._replace(limit=period.limit + more)

    def external(self, evse: int, time: int) -> tuple | None:
        return self.prevailing(EXTERNAL, evse, time, None)

    def limit_at(
        self, outlet: Outlet, time: int, since: int, station: list[tuple[str, Period]],
        measured: bool,
    ) -> Limit:  # fmt: skip
        """What the outlet alone may have; station: station_limits(time); measured as in
        offers.circuit_of."""
        circuit = offers.circuit_of(outlet.hardware, measured)
        own = self.for_transaction(outlet, time, since)
        limit = limits.merged(circuit, own, self.external(outlet.evse, time))
        for one in station:
            limit = limit.joined(limits.limit_of(*one, circuit))
        return limit

    def schedules(self) -> list[Profile]:
        """Hook: whatever may change by a schedule."""
        return [installed.profile for installed in self.profiles or ()]

    def other_changes(self) -> list[int]:
        """Hook: moments, ms by the CSMS's clock, at which profiles change but by their schedule."""
        return []

    # --- what is offered ---------------------------------------------------------------------

    @hears(core_topics.MAINS_CHANGED)
    @hears(topics.DEMAND_CHANGED)
    def plan(self, now: float) -> None:
        """Offer every transaction what the profiles leave it, and wake up when that changes."""
        seen = self.core.ask(topics.GRID_CONTROLS, now)
        if seen is not None and self.profiles is None:
            self.profiles = []  # the controls act without any profile
        self._plan(now)
        if seen is not None:
            self.core.tell(topics.GRID_PLANNED, seen, now)

    def plan_always(self, now: float) -> None:
        """As `plan`, where something else than profiles limits the outlets too."""
        if self.profiles is None:
            self.profiles = []
        self.plan(now)

    def _plan(self, now: float) -> None:
        if self.profiles is None:
            return
        time = round((now + self.core.clock.skew) * 1000)
        active = [o for o in self.core.outlets.values() if o.hardware.in_transaction]
        active.sort(key=lambda o: o.transaction.started if o.transaction else now)
        since = [self.since(outlet, time) for outlet in active]
        station = self.station_limits(time)
        found = [
            self.limit_at(outlet, time, begun, station, True)
            for outlet, begun in zip(active, since, strict=True)
        ]
        hardware = [outlet.hardware for outlet in active]
        shares = offers.divided(hardware, found, station, self.grid(float("inf")))
        due = limits.next_change(self.schedules(), time, since)
        self._wake_for_limits([due, *(m for m in self.other_changes() if m > time)])
        before = [outlet.hardware.limit_w for outlet in active]
        for outlet, share in zip(active, shares, strict=True):
            self.core.tell(topics.OFFERING, outlet, now)
            self.offer(outlet, *share, now)
            self.core.tell(topics.OFFERED, outlet, now)
        self.profiles = self.profiles or None
        if self.profiles is None:
            self.ranked = None
        for outlet, was in zip(active, before, strict=True):
            self.settle(outlet, was, now)

    def _wake_for_limits(self, moments: list[int | None]) -> None:
        due = min((m for m in moments if m is not None), default=None)
        if due is None:
            self.core.timers.clear("charging")
        else:
            self.core.timers.set("charging", due / 1000 - self.core.clock.skew)

    @timer("charging")
    def at_charging(self, now: float) -> None:
        self.plan(now)

    def offer(self, outlet: Outlet, watts: float, phases: int, now: float) -> None:
        """At most so many watts, on so many phases, from now on."""
        hardware = outlet.hardware
        fewer = not hardware.dc and phases < hardware.config.phases
        hardware.limit(watts, now, phases if fewer else None)

    def settle(self, outlet: Outlet, before: float | None, now: float) -> None:
        """Pause or go on as the offer is now, and tell it; `before`: the limit until now."""
        hardware = outlet.hardware
        if self.withheld(outlet):
            if hardware.state is not State.STARTED and hardware.can(Event.EVSE_SUSPENDED):
                hardware.apply(Event.EVSE_SUSPENDED, now)
                self.transactions.happened(outlet, "ChargingStateChanged", now)
        elif hardware.state is State.SUSPENDED_EVSE or self._is_news(outlet):
            self.transactions.happened(outlet, "ChargingStateChanged", now)
        elif outlet.transaction is not None and self.significant(before, hardware.limit_w):
            if hardware.state is State.CHARGING:
                self.transactions.updated(outlet, "ChargingRateChanged", now)
            self.transactions.watch_hardware(outlet, now)

    @answers(topics.WITHHELD)
    def withheld(self, outlet: Outlet) -> bool:
        """No energy is to be offered now, though somebody is authorized."""
        return offers.paused(outlet.hardware) or outlet.needs is not None

    def significant(self, before: float | None, after: float | None) -> bool:
        """SmartChargingCtrlr.LimitChangeSignificance, percent."""
        if before == after:
            return False
        if before is None or after is None or not before:
            return True
        percent = float(self.core.model.value("SmartChargingCtrlr.LimitChangeSignificance"))
        return abs(after - before) / before * 100.0 >= percent

    def _is_news(self, outlet: Outlet) -> bool:
        """The car has paused or gone on, and nobody was told."""
        hardware, transaction = outlet.hardware, outlet.transaction
        if transaction is None or hardware.ev is None or not hardware.ev.LIVES:
            return False
        return transaction.charging_state != self.core.HABITS.charging_states[hardware.state]
