"""Functional block K in 2.1: what a profile asks for that a station without link cannot have."""

from typing import Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import hears
from chargepoint.effects import URGENT
from chargepoint.v21.power.evse_controllers import V2X
from chargepoint.v201.charging.charging_profiles import Installed
from chargepoint.v201.charging.smart_charging import rejected

# What a schedule may ask for, and the variable that says that it cannot be had.
_REFUSED = {
    "limitAtSoC": "SupportsLimitAtSoC", "randomizedDelay": "SupportsRandomizedDelay",
    "useLocalTime": "SupportsUseLocalTime",
}  # fmt: skip


class OfflineProfiles:
    """Block of Station21: operation modes that are refused, and profiles that end offline."""

    __slots__ = ()

    # --- refused (Q01, Q08) ------------------------------------------------------------------

    def cannot_install(self, raw: dict, evse: int, session: str) -> dict | None:
        for schedule in raw["chargingSchedule"]:
            for name, variable in _REFUSED.items():
                if schedule.get(name):
                    return rejected("UnsupportedParam", f"SmartChargingCtrlr.{variable} is false")
            for period in schedule["chargingSchedulePeriod"]:
                if why := self._cannot_do(period, evse):
                    return rejected(*why)
        return super().cannot_install(raw, evse, session)

    def _cannot_do(self, period: dict[str, Any], evse: int) -> tuple[str, str] | None:
        mode = period.get("operationMode", "ChargingOnly")
        places = [evse] if evse else sorted({o.evse for o in self.core.outlets.values()})
        modes = [
            self.core.block("controllers").of_evse(n, f"{V2X}.SupportedOperationModes").split(",")
            for n in places
        ]
        if not any(mode in known for known in modes):
            return "UnsupportedParam", f"operationMode {mode}: see {V2X}.SupportedOperationModes"
        off = not any(map(self.core.block("controllers").v2x_enabled, places))
        if mode not in ("ChargingOnly", "Idle") and off:
            return "NotEnabled", f"operationMode {mode}: {V2X}.Available or Enabled is false"
        if period.get("evseSleep"):
            return "UnsupportedParam", "SmartChargingCtrlr.SupportsEvseSleep is false"
        if mode == "CentralSetpoint" and "setpoint" not in period:
            return "InvalidSchedule", f"operationMode {mode} has a setpoint"
        if mode == "LocalFrequency" and (  # Q08.FR.02
            len(period.get("v2xFreqWattCurve", ())) < 2 or "v2xBaseline" not in period
        ):
            return "InvalidSchedule", "LocalFrequency has v2xBaseline and a curve of two points"
        if mode == "ChargingOnly" and period.get("setpoint", 0) < 0:
            return "InvalidSchedule", "ChargingOnly has no setpoint below 0"
        return None

    # --- offline (K01) -----------------------------------------------------------------------

    def holds(self, installed: Installed, time: int) -> bool:
        end = self._offline_end(installed)
        return end is None or time < end

    def _offline_end(self, installed: Installed) -> int | None:
        """When it ends if the link stays away, ms by the CSMS's clock; None: it does not."""
        most = installed.raw.get("maxOfflineDuration")
        if most is None or self.provisioning.offline_since is None:
            return None
        return round((self.provisioning.offline_since + most + self.core.skew) * 1000)

    def other_changes(self) -> list[int]:
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
        time = round((now + self.core.skew) * 1000)
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
