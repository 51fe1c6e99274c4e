"""Functional block K in 2.1: priority charging (K22-K24) and dynamic profiles (K28-K29)."""

from typing import Any

from chargepoint.core.block import action, command, got, timer
from chargepoint.effects import URGENT
from chargepoint.station import CommandRejected
from chargepoint.timekeeping import next_step
from chargepoint.times import seconds_of
from chargepoint.v21.power.v2x import V2X
from chargepoint.v201.charging.charging_profiles import PRIORITY, Installed, read
from chargepoint.v201.charging.smart_charging import SmartCharging, rejected
from chargepoint.v201.outlet import Outlet


class DynamicProfiles(SmartCharging, V2X):
    """Block of Station21. priority: transactions with priority, None where there are none."""

    __slots__ = ("allowed", "next_signal", "priority", "signal")

    KEYS = (*SmartCharging.KEYS, "allowed", "next_signal", "priority", "signal")

    def restore(self, saved: dict[str, Any], now: float) -> None:
        super().restore(saved, now)
        self.signal: int | None = saved.get("signal")
        self.next_signal: list | None = saved.get("next_signal")
        self.allowed: dict[str, list[str]] | None = saved.get("allowed")
        self.priority: set[str] | None = set(saved.get("priority", ())) or None

    def resume(self, now: float) -> None:
        super().resume(now)
        for installed in self.profiles or ():
            self.pull_later(installed, now)
        if self.next_signal is not None:
            self.core.set_timer("afrr", max(now, self.next_signal[0] - self.core.skew))

    def saved(self) -> dict[str, Any]:
        saved = super().saved()
        if self.signal is not None:
            saved["signal"] = self.signal
        if self.next_signal is not None:
            saved["next_signal"] = [*self.next_signal]
        if self.allowed:
            saved["allowed"] = dict(self.allowed)
        if self.priority:
            saved["priority"] = sorted(self.priority)
        return saved

    # --- priority ----------------------------------------------------------------------------

    def for_transaction(self, outlet: Outlet, time: int, since: int) -> tuple | None:
        found = super().for_transaction(outlet, time, since)
        running = outlet.transaction
        if self.priority is None or running is None or running.id not in self.priority:
            return found
        return self.prevailing(PRIORITY, outlet.evse, time, since) or found

    @action("UsePriorityCharging")
    def on_use_priority_charging(self, payload: dict, now: float) -> dict:
        outlet = self.core.running(payload["transactionId"])
        if outlet is None:
            return rejected("TxNotFound", "no such transaction is running")
        if payload["activate"] and not self._has_priority_profile(outlet):
            return {"status": "NoProfile"}
        self.core.later(self._prioritize, outlet.transaction.id, payload["activate"])
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
        self.core.changed(URGENT)
        self.plan(now)

    @command("priority-charging")
    def do_priority_charging(self, now: float, connector: int = 1, operative: bool = True) -> dict:
        """The driver asks for priority at the station, or gives it back."""
        outlet = self.core.outlet(connector)
        if outlet.transaction is None:
            raise CommandRejected("no_transaction", "No transaction is running there.")
        if operative and not self._has_priority_profile(outlet):
            raise CommandRejected("not_possible_now", "The CSMS has set no PriorityCharging.")
        self._prioritize(outlet.transaction.id, operative, now)
        payload = {"transactionId": outlet.transaction.id, "activated": operative}
        self.core.call("NotifyPriorityCharging", payload, now)
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
            raw = {**installed.raw, "dynUpdateTime": self.core.stamp(now)}
            place = installed.profile.connector, installed.profile.session
            installed = read(raw, *place, installed.source, installed.choice)
        super().install(installed, now)
        self.pull_later(installed, now)

    def pull_later(self, installed: Installed, now: float) -> None:
        seconds = installed.raw.get("dynUpdateInterval", 0)
        if installed.profile.kind == "Dynamic" and seconds > 0:
            # In step with the last update, also after a restart.
            begun = seconds_of(installed.raw.get("dynUpdateTime", "")) or self.core.station_time(
                now
            )
            due = next_step(begun - self.core.skew, seconds, now)
            self.core.set_timer(("pull", installed.profile.id), due)

    def _dynamic(self, identity: int) -> Installed | None:
        for installed in self.profiles or ():
            if installed.profile.id == identity and installed.profile.kind == "Dynamic":
                return installed
        return None

    @action("UpdateDynamicSchedule")
    def on_update_dynamic_schedule(self, payload: dict, now: float) -> dict:
        installed = self._dynamic(payload["chargingProfileId"])
        if installed is None:
            return rejected("InvalidProfileId", "there is no such dynamic profile")
        if payload["scheduleUpdate"].get("limit", 0) < 0:
            return rejected("InvalidSchedule", "the limit is negative")
        self._update_schedule(installed, payload["scheduleUpdate"], now)
        self.core.later(self.plan)
        return {"status": "Accepted"}

    def _update_schedule(self, installed: Installed, update: dict[str, Any], now: float) -> None:
        schedule, *rest = installed.raw["chargingSchedule"]
        first, *later = schedule["chargingSchedulePeriod"]
        schedule = {**schedule, "chargingSchedulePeriod": [{**first, **update}, *later]}
        raw = {**installed.raw, "chargingSchedule": [schedule, *rest]}
        place = installed.profile.connector, installed.profile.session
        self.install(read(raw, *place, installed.source, installed.choice), now)

    @timer("pull")
    def at_pull(self, now: float, identity: int) -> None:
        installed = self._dynamic(identity)
        if installed is None:
            return
        if self.core.online:
            self.core.call(
                "PullDynamicScheduleUpdate", {"chargingProfileId": identity}, now, identity
            )
        self.pull_later(installed, now)

    @got("PullDynamicScheduleUpdate")
    def got_pull_dynamic_schedule_update(self, payload: dict, identity: int, now: float) -> None:
        installed, update = self._dynamic(identity), payload.get("scheduleUpdate")
        if payload["status"] == "Accepted" and installed is not None and update:
            self._update_schedule(installed, update, now)
            self.plan(now)
