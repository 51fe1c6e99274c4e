"""Smart charging: the profiles' limits become the power on offer (1.6 3.13, 5.5, 5.7, 5.16)."""

from typing import Any

from chargepoint.charging import limits, offers
from chargepoint.charging.limits import Circuit, Limit
from chargepoint.charging.offers import circuit_of, divided, grid_of
from chargepoint.charging.profile import STATION_MAX, TX, Period, Profile
from chargepoint.charging.ranking import Changes, Ranking
from chargepoint.core import topics
from chargepoint.core.block import Block, action, answers, hears, timer
from chargepoint.effects import URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import Event, State
from chargepoint.v16.charging_profiles import WAITING, install, matches, read_profile
from chargepoint.v16.configuration import Keys
from chargepoint.v16.session import Session16
from chargepoint.v16.topics import (
    AUTHORIZATION_LOST,
    BEGINNING,
    DEMAND_CHANGED,
    ENDED,
    TURNED_AWAY,
)
from chargepoint.v16.transactions import Sessions


class SmartCharging(Block):
    """profiles  those installed, None where there are none"""

    __slots__ = ("keys", "profiles", "sessions")

    GUEST = True
    KEYS = ("profiles",)

    def __init__(self, core: Any, keys: Keys, sessions: Sessions) -> None:
        super().__init__(core)
        self.keys, self.sessions = keys, sessions

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read `profiles` of a snapshot."""
        profiles = [Profile.from_saved(entry) for entry in saved.get("profiles", ())]
        self.profiles: list[Profile] | None = profiles or None

    def resume(self, now: float) -> None:
        self.plan(now)

    def saved(self) -> dict[str, Any]:
        """`profiles` for the snapshot."""
        if not self.profiles:
            return {}
        return {"profiles": [profile.to_saved() for profile in self.profiles]}

    # --- requests ----------------------------------------------------------------------------

    @action("SetChargingProfile")
    def on_set_charging_profile(self, payload: dict, now: float) -> dict:
        """SetChargingProfile (5.16)."""
        number, given = payload["connectorId"], payload["csChargingProfiles"]
        if number and number not in self.core.connectors:
            return {"status": "Rejected"}
        session = ""
        if given["chargingProfilePurpose"] == TX:
            open_ = self.sessions.open.get(number)
            wanted = given.get("transactionId")
            if open_ is None or wanted not in (None, open_.transaction_id):
                return {"status": "Rejected"}  # 5.16.1: only for a transaction that runs
            session = open_.id
        profile = read_profile(given, number, session)
        if profile is None or not self._may_install(profile):
            return {"status": "Rejected"}
        self.profiles = install(self.profiles or [], profile)
        self.core.answers.later(self.plan)
        self.core.changed(URGENT)
        return {"status": "Accepted"}

    def _may_install(self, profile: Profile) -> bool:
        keys = self.keys
        if profile.purpose == STATION_MAX and profile.connector:
            return False
        if not 0 <= profile.stack <= keys.integer("ChargeProfileMaxStackLevel"):
            return False
        if len(profile.periods) > keys.integer("ChargingScheduleMaxPeriods"):
            return False
        installed = install(self.profiles or [], profile)
        return len(installed) <= keys.integer("MaxChargingProfilesInstalled")

    @action("ClearChargingProfile")
    def on_clear_charging_profile(self, payload: dict, now: float) -> dict:
        """ClearChargingProfile (5.5)."""
        kept = [p for p in self.profiles or () if not matches(p, payload)]
        if len(kept) == len(self.profiles or ()):
            return {"status": "Unknown"}
        self.profiles = kept
        self.core.answers.later(self.plan)
        self.core.changed(URGENT)
        return {"status": "Accepted"}

    @action("GetCompositeSchedule")
    def on_get_composite_schedule(self, payload: dict, now: float) -> dict:
        """GetCompositeSchedule (5.7)."""
        number, seconds = payload["connectorId"], payload["duration"]
        if seconds <= 0 or (number and number not in self.core.connectors):
            return {"status": "Rejected"}
        begin = int(now + self.core.clock.skew) * 1000
        unit = payload.get("chargingRateUnit", "W")
        periods, seconds = self._composite(number, begin, seconds * 1000, unit)
        start = self.core.HABITS.stamp(begin / 1000)
        return {
            "status": "Accepted",
            "connectorId": number,
            "scheduleStart": start,
            "chargingSchedule": {
                "duration": seconds,
                "startSchedule": start,
                "chargingRateUnit": unit,
                "chargingSchedulePeriod": periods,
            },
        }

    def _composite(
        self, number: int, begin: int, duration: int, unit: str
    ) -> tuple[list[dict[str, Any]], int]:
        """([ChargingSchedulePeriod], seconds that they are good for); times in ms."""
        profiles = self.profiles or []
        outlets = [self.core.connectors[number]] if number else list(self.core.connectors.values())
        # Without a transaction the answer is for one that would begin now.
        since = {o.id: self._since(self.sessions.open.get(o.id), begin) for o in outlets}
        ranking = Ranking(profiles)

        def limit_at(time: int) -> Limit:
            station = limits.for_station(ranking, time)
            found = [
                limits.merged(
                    circuit_of(o, False), self._found(ranking, o, time, since[o.id]), station
                )
                for o in outlets
            ]
            if number:
                return found[0]
            total = sum(
                limit.total_w(circuit_of(o, False).volts)
                for limit, o in zip(found, outlets, strict=True)
            )
            total = min(total, self.core.HABITS.shared_w or total)
            return limits.merged(self._grid(total), station)

        circuit = circuit_of(outlets[0], False) if number else self._grid(0.0)

        def told_at(time: int) -> dict[str, Any]:
            return offers.period_of(limit_at(time), unit, circuit)

        changes = Changes(profiles, since.values(), begin)
        most = self.keys.integer("ChargingScheduleMaxPeriods")
        steps, seconds = limits.composite(told_at, ranking, changes, begin, duration, most)
        return offers.periods(steps), seconds

    def _grid(self, total_w: float) -> Circuit:
        return grid_of(all(outlet.dc for outlet in self.core.connectors.values()), total_w)

    # --- what is offered ---------------------------------------------------------------------

    def _since(self, session: Session16 | None, otherwise: int) -> int:
        if session is None:
            return otherwise
        return round((session.started + self.core.clock.skew) * 1000)

    def _found(
        self, ranking: Ranking, outlet: Connector, time: int, since: int
    ) -> tuple | None:
        session = self.sessions.open.get(outlet.id)
        identity = session.id if session else WAITING
        return limits.for_transaction(ranking, outlet.id, identity, time, since)

    @hears(DEMAND_CHANGED, topics.CLOCK_MOVED, topics.MAINS_CHANGED)
    def plan(self, now: float) -> None:
        """Offer every transaction what the profiles leave it, and wake up when that changes."""
        if self.profiles is None:
            return
        time, ranking = round((now + self.core.clock.skew) * 1000), Ranking(self.profiles)
        active = sorted(self.sessions.open.values(), key=lambda session: session.started)
        outlets = [self.core.connectors[session.connector] for session in active]
        found: list[Limit] = []
        since = [self._since(session, time) for session in active]
        for begun, outlet in zip(since, outlets, strict=True):
            tx = self._found(ranking, outlet, time, begun)
            found.append(limits.merged(circuit_of(outlet, True), tx))
        station = limits.for_station(ranking, time)
        whole = [*offers.cabinet_of(self.core.HABITS.shared_w)]
        whole += [(station[0].unit, station[1])] if station else []
        shares = divided(outlets, found, whole, self._grid(float("inf")))
        due = limits.next_change(self.profiles, time, since)
        self._offer(outlets, shares, now)
        self.profiles = self.profiles or None
        if due is None:
            self.core.timers.clear("charging")
        else:
            self.core.timers.set("charging", due / 1000 - self.core.clock.skew)

    def plan_always(self, now: float) -> None:
        """As `plan`, where something else than profiles limits the outlets too."""
        if self.profiles is None:
            self.profiles = []
        self.plan(now)

    @timer("charging")
    def due(self, now: float) -> None:
        self.plan(now)

    def _offer(
        self, outlets: list[Connector], shares: list[tuple[float, int]], now: float
    ) -> None:
        for outlet, (watts, phases) in zip(outlets, shares, strict=True):
            least = not outlet.dc and phases < outlet.config.phases
            outlet.limit(watts, now, phases if least else None)
            session = self.sessions.open[outlet.id]
            if offers.paused(outlet):
                if outlet.state is not State.STARTED and outlet.can(Event.EVSE_SUSPENDED):
                    outlet.apply(Event.EVSE_SUSPENDED, now)
            elif outlet.state is State.SUSPENDED_EVSE and not session.suspended:
                outlet.apply(Event.ENERGY_OFFERED, now)
            self.sessions.watch_car(outlet, now)
            self.core.statuses.report(outlet, now)

    # --- the profiles of a transaction -------------------------------------------------------

    def keep_for_start(self, given: dict[str, Any], number: int) -> bool:
        """The profile of a RemoteStartTransaction waits for its transaction; False: refused."""
        profile = read_profile(given, number, WAITING)
        if profile is None or not self._may_install(profile):
            return False
        self.profiles = install(self.profiles or [], profile)
        return True

    @hears(BEGINNING)
    def adopt(self, session: Session16) -> None:
        if self.profiles is not None:
            self.profiles = [
                p._replace(session=session.id)
                if p.session == WAITING and p.connector == session.connector else p
                for p in self.profiles
            ]  # fmt: skip

    @hears(ENDED)
    def session_ended(self, outlet: Connector, session: Session16, now: float) -> None:
        self._end_profiles(outlet, session.id, now)

    @hears(AUTHORIZATION_LOST, TURNED_AWAY)
    def waits_no_longer(self, outlet: Connector, now: float) -> None:
        self._end_profiles(outlet, WAITING, now)

    def _end_profiles(self, outlet: Connector, session: str, now: float) -> None:
        """3.13.1: a TxProfile ends with its transaction (or with the wait for it)."""
        if self.profiles is None:
            return
        gone = [p for p in self.profiles if p.session == session and p.connector == outlet.id]
        self.profiles = [p for p in self.profiles if p not in gone]
        outlet.limit(None, now)
        self.plan(now)

    # --- to look at --------------------------------------------------------------------------

    @answers(topics.LIMITS_NOW)
    def limits_now(self, outlet: Connector, now: float) -> list[tuple[Profile, Period, str]]:
        """(profile, period, source) of all that limits the connector now."""
        if not self.profiles:
            return []
        time, ranking = round((now + self.core.clock.skew) * 1000), Ranking(self.profiles)
        since = self._since(self.sessions.open.get(outlet.id), time)
        found = (self._found(ranking, outlet, time, since), limits.for_station(ranking, time))
        return [(*pair, "CSO") for pair in found if pair]

    @answers(topics.COMPOSITE, wakes=True)
    def composite_answer(
        self, outlet: Connector, seconds: int, now: float
    ) -> dict[str, Any] | None:
        """The composite schedule in W of the next `seconds`; None where it cannot be said."""
        asked = {"connectorId": outlet.id, "duration": seconds, "chargingRateUnit": "W"}
        answer = self.on_get_composite_schedule(asked, now)
        schedule = answer.get("chargingSchedule")
        return schedule and {
            "start": answer["scheduleStart"], "seconds": schedule["duration"],
            "periods": schedule["chargingSchedulePeriod"],
        }  # fmt: skip
