"""Functional block K in 2.1: priority charging (K22-K24) and dynamic profiles (K28-K29)."""

from typing import Any

from chargepoint.effects import URGENT
from chargepoint.station import CommandRejected
from chargepoint.timekeeping import next_step
from chargepoint.times import seconds_of
from chargepoint.v21.v2x import V2X
from chargepoint.v201.charging_profiles import PRIORITY, Installed, read
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.smart_charging import SmartCharging, rejected


class DynamicProfiles(SmartCharging, V2X):
    """Block of Station21. priority: transactions with priority, None where there are none."""

    __slots__ = ()

    # --- priority ----------------------------------------------------------------------------

    def for_transaction(self, outlet: Outlet, time: int, since: int) -> tuple | None:
        found = super().for_transaction(outlet, time, since)
        running = outlet.transaction
        if self.priority is None or running is None or running.id not in self.priority:
            return found
        return self._prevailing(PRIORITY, outlet.evse, time, since) or found

    def on_use_priority_charging(self, payload: dict, now: float) -> dict:
        outlet = self._running(payload["transactionId"])
        if outlet is None:
            return rejected("TxNotFound", "no such transaction is running")
        if payload["activate"] and not self._has_priority_profile(outlet):
            return {"status": "NoProfile"}
        self.later(self._prioritize, outlet.transaction.id, payload["activate"])
        return {"status": "Accepted"}

    def _has_priority_profile(self, outlet: Outlet) -> bool:
        return any(
            i.profile.purpose == PRIORITY and i.profile.connector in (0, outlet.evse)
            for i in self.profiles or ()
        )

    def _prioritize(self, transaction: str, on: bool, now: float) -> None:
        ids = {*(self.priority or ())}
        (ids.add if on else ids.discard)(transaction)
        self.priority = ids or None
        self.changed(URGENT)
        self.plan(now)

    def do_priority_charging(self, now: float, connector: int = 1, operative: bool = True) -> dict:
        """The driver asks for priority at the station, or gives it back."""
        outlet = self.outlet(connector)
        if outlet.transaction is None:
            raise CommandRejected("no_transaction", "No transaction is running there.")
        if operative and not self._has_priority_profile(outlet):
            raise CommandRejected("not_possible_now", "The CSMS has set no PriorityCharging.")
        self._prioritize(outlet.transaction.id, operative, now)
        payload = {"transactionId": outlet.transaction.id, "activated": operative}
        self.call("NotifyPriorityCharging", payload, now)
        return {"status": "Accepted"}

    def end_profiles(self, outlet: Outlet, session: str, now: float) -> None:
        if self.priority is not None:
            self.priority = self.priority - {session} or None
        if self.allowed is not None:
            self.allowed = {k: v for k, v in self.allowed.items() if k != session} or None
        if outlet.transaction is None:
            outlet.hardware.discharge(0.0, now)
        super().end_profiles(outlet, session, now)

    # --- dynamic profiles --------------------------------------------------------------------

    def install(self, installed: Installed, now: float) -> None:
        if installed.profile.kind == "Dynamic":  # its duration counts from here (K28)
            raw = {**installed.raw, "dynUpdateTime": self.stamp(now)}
            place = installed.profile.connector, installed.profile.session
            installed = read(raw, *place, installed.source, installed.choice)
        super().install(installed, now)
        self.pull_later(installed, now)

    def pull_later(self, installed: Installed, now: float) -> None:
        seconds = installed.raw.get("dynUpdateInterval", 0)
        if installed.profile.kind == "Dynamic" and seconds > 0:
            # In step with the last update, also after a restart.
            begun = seconds_of(installed.raw.get("dynUpdateTime", "")) or self.station_time(now)
            due = next_step(begun - self.skew, seconds, now)
            self.set_timer(("pull", installed.profile.id), due)

    def _dynamic(self, identity: int) -> Installed | None:
        for installed in self.profiles or ():
            if installed.profile.id == identity and installed.profile.kind == "Dynamic":
                return installed
        return None

    def on_update_dynamic_schedule(self, payload: dict, now: float) -> dict:
        installed = self._dynamic(payload["chargingProfileId"])
        if installed is None:
            return rejected("InvalidProfileId", "there is no such dynamic profile")
        if payload["scheduleUpdate"].get("limit", 0) < 0:
            return rejected("InvalidSchedule", "the limit is negative")
        self._update_schedule(installed, payload["scheduleUpdate"], now)
        self.later(self.plan)
        return {"status": "Accepted"}

    def _update_schedule(self, installed: Installed, update: dict[str, Any], now: float) -> None:
        schedule, *rest = installed.raw["chargingSchedule"]
        first, *later = schedule["chargingSchedulePeriod"]
        schedule = {**schedule, "chargingSchedulePeriod": [{**first, **update}, *later]}
        raw = {**installed.raw, "chargingSchedule": [schedule, *rest]}
        place = installed.profile.connector, installed.profile.session
        self.install(read(raw, *place, installed.source, installed.choice), now)

    def at_pull(self, now: float, identity: int) -> None:
        installed = self._dynamic(identity)
        if installed is None:
            return
        if self.online:
            self.call("PullDynamicScheduleUpdate", {"chargingProfileId": identity}, now, identity)
        self.pull_later(installed, now)

    def got_pull_dynamic_schedule_update(self, payload: dict, identity: int, now: float) -> None:
        installed, update = self._dynamic(identity), payload.get("scheduleUpdate")
        if payload["status"] == "Accepted" and installed is not None and update:
            self._update_schedule(installed, update, now)
            self.plan(now)
