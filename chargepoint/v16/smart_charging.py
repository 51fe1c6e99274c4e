"""Smart charging: the profiles' limits become the power on offer (1.6 3.13, 5.5, 5.7, 5.16)."""

from typing import Any

from chargepoint.charging import limits, offers
from chargepoint.charging.limits import Circuit, Limit
from chargepoint.charging.offers import circuit_of, divided, grid_of
from chargepoint.charging.profile import STATION_MAX, TX, Profile
from chargepoint.charging.ranking import Changes, Ranking
from chargepoint.effects import URGENT
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import Event, State
from chargepoint.times import iso
from chargepoint.v16.charging_profiles import WAITING, install, matches, read_profile
from chargepoint.v16.session import Session16


class SmartCharging:
    """Block of Station16. profiles: those installed, None where there are none."""

    __slots__ = ()

    # --- requests ----------------------------------------------------------------------------

    def on_set_charging_profile(self, payload: dict, now: float) -> dict:
        number, given = payload["connectorId"], payload["csChargingProfiles"]
        if number and number not in self.connectors:
            return {"status": "Rejected"}
        session = ""
        if given["chargingProfilePurpose"] == TX:
            open_ = self.sessions.get(number)
            wanted = given.get("transactionId")
            if open_ is None or wanted not in (None, open_.transaction_id):
                return {"status": "Rejected"}  # 5.16.1: only for a transaction that runs
            session = open_.id
        profile = read_profile(given, number, session)
        if profile is None or not self._may_install(profile):
            return {"status": "Rejected"}
        self.profiles = install(self.profiles or [], profile)
        self.later(self.plan)
        self.changed(URGENT)
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

    def on_clear_charging_profile(self, payload: dict, now: float) -> dict:
        kept = [p for p in self.profiles or () if not matches(p, payload)]
        if len(kept) == len(self.profiles or ()):
            return {"status": "Unknown"}
        self.profiles = kept
        self.later(self.plan)
        self.changed(URGENT)
        return {"status": "Accepted"}

    def on_get_composite_schedule(self, payload: dict, now: float) -> dict:
        number, seconds = payload["connectorId"], payload["duration"]
        if seconds <= 0 or (number and number not in self.connectors):
            return {"status": "Rejected"}
        begin = int(now + self._skew) * 1000
        unit = payload.get("chargingRateUnit", "W")
        periods, seconds = self._composite(number, begin, seconds * 1000, unit)
        start = iso(begin / 1000)
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
        outlets = [self.connectors[number]] if number else list(self.connectors.values())
        # Without a transaction the answer is for one that would begin now.
        since = {o.id: self._since(self.sessions.get(o.id), begin) for o in outlets}
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
            return limits.merged(self._grid(total), station)

        circuit = circuit_of(outlets[0], False) if number else self._grid(0.0)

        def told_at(time: int) -> dict[str, Any]:
            return offers.period_of(limit_at(time), unit, circuit)

        changes = Changes(profiles, since.values(), begin)
        most = self.keys.integer("ChargingScheduleMaxPeriods")
        steps, seconds = limits.composite(told_at, ranking, changes, begin, duration, most)
        return offers.periods(steps), seconds

    def _grid(self, total_w: float) -> Circuit:
        return grid_of(all(outlet.dc for outlet in self.connectors.values()), total_w)

    # --- what is offered ---------------------------------------------------------------------

    def _since(self, session: Session16 | None, otherwise: int) -> int:
        if session is None:
            return otherwise
        return round((session.started + self._skew) * 1000)

    def _found(
        self, ranking: Ranking, outlet: Connector, time: int, since: int
    ) -> tuple | None:
        session = self.sessions.get(outlet.id)
        identity = session.id if session else WAITING
        return limits.for_transaction(ranking, outlet.id, identity, time, since)

    def mains_changed(self, now: float) -> None:
        self.plan(now)
        for session in self.sessions.values():
            self.watch_car(self.connectors[session.connector], now)

    def plan(self, now: float) -> None:
        """Offer every transaction what the profiles leave it, and wake up when that changes."""
        if self.profiles is None:
            return
        time, ranking = round((now + self._skew) * 1000), Ranking(self.profiles)
        active = sorted(self.sessions.values(), key=lambda session: session.started)
        outlets = [self.connectors[session.connector] for session in active]
        found: list[Limit] = []
        since = [self._since(session, time) for session in active]
        for begun, outlet in zip(since, outlets, strict=True):
            tx = self._found(ranking, outlet, time, begun)
            found.append(limits.merged(circuit_of(outlet, True), tx))
        station = limits.for_station(ranking, time)
        whole = [(station[0].unit, station[1])] if station else []
        shares = divided(outlets, found, whole, self._grid(float("inf")))
        due = limits.next_change(self.profiles, time, since)
        self._offer(outlets, shares, now)
        self.profiles = self.profiles or None
        if due is None:
            self.clear_timer("charging")
        else:
            self.set_timer("charging", due / 1000 - self._skew)

    def at_charging(self, now: float) -> None:
        self.plan(now)

    def _offer(
        self, outlets: list[Connector], shares: list[tuple[float, int]], now: float
    ) -> None:
        for outlet, (watts, phases) in zip(outlets, shares, strict=True):
            least = not outlet.dc and phases < outlet.config.phases
            outlet.limit(watts, now, phases if least else None)
            session = self.sessions[outlet.id]
            if self.paused(outlet):
                if outlet.state is not State.STARTED and outlet.can(Event.EVSE_SUSPENDED):
                    outlet.apply(Event.EVSE_SUSPENDED, now)
            elif outlet.state is State.SUSPENDED_EVSE and not session.suspended:
                outlet.apply(Event.ENERGY_OFFERED, now)
            self.watch_car(outlet, now)
            self.report(outlet, now)

    def paused(self, outlet: Connector) -> bool:
        """Too little is on offer to charge with."""
        return offers.paused(outlet)

    # --- the profiles of a transaction -------------------------------------------------------

    def keep_for_start(self, given: dict[str, Any], number: int) -> bool:
        """The profile of a RemoteStartTransaction waits for its transaction; False: refused."""
        profile = read_profile(given, number, WAITING)
        if profile is None or not self._may_install(profile):
            return False
        self.profiles = install(self.profiles or [], profile)
        return True

    def profiles_for_start(self, session: Session16) -> None:
        if self.profiles is not None:
            self.profiles = [
                p._replace(session=session.id)
                if p.session == WAITING and p.connector == session.connector else p
                for p in self.profiles
            ]  # fmt: skip

    def end_profiles(self, outlet: Connector, session: str, now: float) -> None:
        """3.13.1: a TxProfile ends with its transaction (or with the wait for it)."""
        if self.profiles is None:
            return
        gone = [p for p in self.profiles if p.session == session and p.connector == outlet.id]
        self.profiles = [p for p in self.profiles if p not in gone]
        outlet.limit(None, now)
        self.plan(now)
