"""Functional blocks K and Q: what a schedule may ask for that cannot be had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.charging.profile import TX, TX_DEFAULT
from chargepoint.core.block import Block, answers
from chargepoint.v21.power.evse_controllers import V2X
from chargepoint.v201 import topics
from chargepoint.v201.charging.smart_charging import rejected

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v21.power.evse_controllers import EvseControllers

# What a schedule may ask for, and the variable that says whether it can be had (K01.FR.123-125).
_ASKED = {
    "limitAtSoC": "SupportsLimitAtSoC", "randomizedDelay": "SupportsRandomizedDelay",
    "useLocalTime": "SupportsUseLocalTime",
}  # fmt: skip
_OF_TRANSACTIONS = (TX, TX_DEFAULT)


class OperationModes(Block):
    """Block of Station21: operation modes that are refused (Q01, Q08)."""

    __slots__ = ("controllers",)

    KEEPS = False

    def __init__(self, core: Station, controllers: EvseControllers) -> None:
        super().__init__(core)
        self.controllers = controllers

    @answers(topics.REFUSES_PROFILE)
    def refuses(self, raw: dict, evse: int) -> dict | None:
        """Why a profile's operation modes are not taken, as the answer's fields; None if they are.
        """
        for schedule in raw["chargingSchedule"]:
            if why := self._cannot_have(schedule, raw["chargingProfilePurpose"]):
                return rejected(*why)
            for period in schedule["chargingSchedulePeriod"]:
                if why := self._cannot_do(period, evse):
                    return rejected(*why)
        return None

    def _cannot_have(self, schedule: dict[str, Any], purpose: str) -> tuple[str, str] | None:
        for name, variable in _ASKED.items():
            if schedule.get(name) and not self.core.model.flag(f"SmartChargingCtrlr.{variable}"):
                return "InvalidSchedule", f"SmartChargingCtrlr.{variable} is false"
        # By the field's description only these have it.
        if schedule.get("randomizedDelay") and purpose not in _OF_TRANSACTIONS:
            return "InvalidSchedule", "randomizedDelay is for TxProfile and TxDefaultProfile"
        if "limitAtSoC" in schedule:
            if purpose not in _OF_TRANSACTIONS:
                return "InvalidSchedule", "limitAtSoC is of a car: TxProfile or TxDefaultProfile"
            if schedule["limitAtSoC"]["limit"] < 0:
                return "InvalidSchedule", "the limit of limitAtSoC is negative"
        return None

    def _cannot_do(self, period: dict[str, Any], evse: int) -> tuple[str, str] | None:
        mode = period.get("operationMode", "ChargingOnly")
        places = [evse] if evse else sorted({o.evse for o in self.core.outlets.values()})
        of_evse = self.controllers.of_evse
        modes = [of_evse(n, f"{V2X}.SupportedOperationModes").split(",") for n in places]
        if not any(mode in known for known in modes):
            return "UnsupportedParam", f"operationMode {mode}: see {V2X}.SupportedOperationModes"
        off = not any(map(self.controllers.v2x_enabled, places))
        if mode not in ("ChargingOnly", "Idle") and off:
            return "NotEnabled", f"operationMode {mode}: {V2X}.Available or Enabled is false"
        if period.get("evseSleep") and mode != "Idle":  # K01.FR.126, by the errata of 2025-09
            return "InvalidSchedule", "an EVSE sleeps in operationMode Idle alone"
        if mode == "CentralSetpoint" and "setpoint" not in period:
            return "InvalidSchedule", f"operationMode {mode} has a setpoint"
        if mode == "LocalFrequency" and (  # Q08.FR.02
            len(period.get("v2xFreqWattCurve", ())) < 2 or "v2xBaseline" not in period
        ):
            return "InvalidSchedule", "LocalFrequency has v2xBaseline and a curve of two points"
        if mode == "ChargingOnly" and period.get("setpoint", 0) < 0:
            return "InvalidSchedule", "ChargingOnly has no setpoint below 0"
        return None
