"""Functional block K in 2.1: dynamic profiles (K28-K29)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core.block import Block, action, folds, got, hears, timer
from chargepoint.core.clock import next_step
from chargepoint.timing.times import seconds_of
from chargepoint.v201 import topics
from chargepoint.v201.charging.charging_profiles import Installed, read
from chargepoint.v201.charging.smart_charging import rejected

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.charging.charging_limits import ChargingLimits


class DynamicProfiles(Block):
    """Block of Station21. What changes of a profile is kept in the profile itself."""

    __slots__ = ("charging",)

    KEEPS = False

    def __init__(self, core: Station, charging: ChargingLimits) -> None:
        super().__init__(core)
        self.charging = charging

    @folds(topics.INSTALLING)
    def begin_dynamic(self, installed: Installed, now: float) -> Installed:
        """A dynamic profile is installed: it counts from now on (K28)."""
        if installed.profile.kind != "Dynamic":
            return installed
        # Its duration counts from here (K28).
        raw = {**installed.raw, "dynUpdateTime": self.core.clock.stamp(now)}
        place = installed.profile.connector, installed.profile.session
        return read(raw, *place, installed.source, installed.choice)

    @hears(topics.PROFILE_KEPT)
    def pull_later(self, installed: Installed, now: float) -> None:
        """Set the timer of the next pull, each dynUpdateInterval seconds (K28)."""
        seconds = installed.raw.get("dynUpdateInterval", 0)
        if installed.profile.kind == "Dynamic" and seconds > 0:
            # In step with the last update, also after a restart.
            told = seconds_of(installed.raw.get("dynUpdateTime", ""))
            begun = told or self.core.clock.station_time(now)
            due = next_step(begun - self.core.clock.skew, seconds, now)
            self.core.timers.set(("pull", installed.profile.id), due)

    def _dynamic(self, identity: int) -> Installed | None:
        for installed in self.charging.profiles or ():
            if installed.profile.id == identity and installed.profile.kind == "Dynamic":
                return installed
        return None

    @action("UpdateDynamicSchedule")
    def on_update_dynamic_schedule(self, payload: dict, now: float) -> dict:
        """UpdateDynamicSchedule (K28)."""
        installed = self._dynamic(payload["chargingProfileId"])
        if installed is None:
            return rejected("InvalidProfileId", "there is no such dynamic profile")
        if payload["scheduleUpdate"].get("limit", 0) < 0:
            return rejected("InvalidSchedule", "the limit is negative")
        self._update_schedule(installed, payload["scheduleUpdate"], now)
        self.core.answers.later(self.charging.plan)
        return {"status": "Accepted"}

    def _update_schedule(self, installed: Installed, update: dict[str, Any], now: float) -> None:
        schedule, *rest = installed.raw["chargingSchedule"]
        first, *later = schedule["chargingSchedulePeriod"]
        schedule = {**schedule, "chargingSchedulePeriod": [{**first, **update}, *later]}
        raw = {**installed.raw, "chargingSchedule": [schedule, *rest]}
        place = installed.profile.connector, installed.profile.session
        self.charging.install(read(raw, *place, installed.source, installed.choice), now)

    @timer("pull")
    def at_pull(self, now: float, identity: int) -> None:
        """Send PullDynamicScheduleUpdate (K28), and set the next one."""
        installed = self._dynamic(identity)
        if installed is None:
            return
        if self.core.online:
            self.core.calls.make(
                "PullDynamicScheduleUpdate", {"chargingProfileId": identity}, now, identity
            )
        self.pull_later(installed, now)

    @got("PullDynamicScheduleUpdate")
    def got_pull_dynamic_schedule_update(self, payload: dict, identity: int, now: float) -> None:
        """The answer to PullDynamicScheduleUpdate."""
        installed, update = self._dynamic(identity), payload.get("scheduleUpdate")
        if payload["status"] == "Accepted" and installed is not None and update:
            self._update_schedule(installed, update, now)
            self.charging.plan(now)
