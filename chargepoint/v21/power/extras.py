"""Functional block K in 2.1: what schedules have beyond 2.0.1's, gathered of those installed.

Worked out once for a list of installed profiles; at a station without such fields all is empty.
"""

from __future__ import annotations

from typing import Any

from chargepoint.charging.delaying import delayed
from chargepoint.charging.profile import TX, TX_DEFAULT, Period, Profile
from chargepoint.v201.charging.charging_profiles import Installed, ms_of

_FLAGS = ("evseSleep", "preconditioningRequest")


class Extras:
    """caps    profile id -> its limitAtSoC
    delays  profile id -> its randomizedDelay, seconds
    flags   whether a period has evseSleep or preconditioningRequest
    """

    __slots__ = ("_drawn", "caps", "delays", "flags", "installed")

    def __init__(self, installed: list[Installed]) -> None:
        self.installed = installed
        self.caps: dict[int, dict[str, Any]] = {}
        self.delays: dict[int, int] = {}
        self.flags = False
        self._drawn: dict[tuple[int, str], Profile] = {}
        for each in installed:
            schedule = each.raw["chargingSchedule"][each.choice]
            if "limitAtSoC" in schedule:
                self.caps[each.profile.id] = schedule["limitAtSoC"]
            if schedule.get("randomizedDelay") and each.profile.purpose in (TX, TX_DEFAULT):
                self.delays[each.profile.id] = schedule["randomizedDelay"]
            periods = schedule["chargingSchedulePeriod"]
            self.flags = self.flags or any(p.get(flag) for p in periods for flag in _FLAGS)

    def drawn(self, profile: Profile, key: str) -> Profile:
        """As it is for the transaction `key`."""
        most = self.delays.get(profile.id)
        if not most:
            return profile
        place = profile.id, key
        if place not in self._drawn:
            self._drawn[place] = delayed(profile, most, key)
        return self._drawn[place]

    def capped(self, found: tuple[Profile, Period], soc: float) -> tuple[Profile, Period]:
        """limitAtSoC: beyond that state of charge, limit and setpoint are at most its limit."""
        profile, period = found
        cap = self.caps.get(profile.id)
        if cap is None or soc < cap["soc"]:
            return found
        most = float(cap["limit"])
        setpoint = period.setpoint if period.setpoint is None else min(period.setpoint, most)
        return profile, period._replace(limit=min(period.limit, most), setpoint=setpoint)


def in_zone(installed: Installed, zone: str) -> Installed:
    """useLocalTime: startSchedule without its offset, as local time of the zone."""
    schedule = installed.raw["chargingSchedule"][installed.choice]
    begins = schedule.get("startSchedule")
    if not schedule.get("useLocalTime") or begins is None:
        return installed
    wall = ms_of(f"{begins[:19]}Z")
    if wall is None:
        return installed
    return installed._replace(profile=installed.profile._replace(begin=wall, zone=zone or "Z"))
