"""Functional block K, K11-K14: limits from outside, such as an energy management system's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core.block import Block, command
from chargepoint.core.commands import CommandRejected
from chargepoint.v201.charging.charging_profiles import EXTERNAL, Installed, read

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.charging.charging_limits import ChargingLimits

SOURCES = ("EMS", "Other", "SO", "CSO")


class ExternalLimits(Block):
    """Block of a 2.x station. An external limit is an installed profile with a negative id."""

    __slots__ = ("charging",)

    KEEPS = False

    def __init__(self, core: Station, charging: ChargingLimits) -> None:
        super().__init__(core)
        self.charging = charging

    @command("charging-limit")
    def do_charging_limit(
        self, now: float, limit: Any = None, unit: str = "W", evse: int = 0,
        source: str = "EMS", critical: bool = False,
    ) -> dict:  # fmt: skip
        """Limit the station (evse 0) or an EVSE from outside; without `limit`, end that limit."""
        self._check_limit(limit, unit, evse, source)
        if limit is None:
            return self._clear_limit(self._limit_of(evse, source), now)
        return self.limit_outside(now, {"limit": float(limit)}, unit, evse, source, critical)

    def limit_outside(
        self, now: float, period: dict[str, Any], unit: str, evse: int, source: str,
        critical: bool,
    ) -> dict:  # fmt: skip
        """period: the ChargingSchedulePeriodType that holds from now on, without its start."""
        old = self._limit_of(evse, source)
        identity = old.profile.id if old else self._next_external_id()
        raw = {
            "id": identity, "stackLevel": 0, "chargingProfilePurpose": EXTERNAL,
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [{
                "id": abs(identity), "startSchedule": self.core.clock.stamp(now),
                "chargingRateUnit": unit,
                "chargingSchedulePeriod": [{"startPeriod": 0, **period}],
            }],
        }  # fmt: skip
        self.charging.install(read(raw, evse, "", source), now)
        before = old.raw["chargingSchedule"][0]["chargingSchedulePeriod"][0] if old else {}
        names = ("limit", "setpoint")
        if old is None or old.profile.unit != unit or any(
            self.charging.significant(before.get(name), period.get(name)) for name in names
        ):  # fmt: skip
            self._notify_limit(raw, evse, source, critical, now)
        self.charging.plan(now)
        return {"status": "Accepted"}

    def _check_limit(self, limit: Any, unit: str, evse: int, source: str) -> None:
        if not self.core.model.flag("SmartChargingCtrlr.ExternalControlSignalsEnabled"):
            why = "SmartChargingCtrlr.ExternalControlSignalsEnabled is false."
            raise CommandRejected("not_possible_now", why)
        number = isinstance(limit, int | float) and not isinstance(limit, bool)
        if limit is not None and not (number and 0 <= limit < 1e9):
            raise CommandRejected("invalid_arguments", "limit is a number from 0, or left out.")
        if unit not in ("W", "A"):
            raise CommandRejected("invalid_arguments", "unit is W or A.")
        if source not in SOURCES:
            message = f"source is one of: {', '.join(SOURCES)}."
            raise CommandRejected("invalid_arguments", message)
        if evse and not self.core.outlets_of({"id": evse}):
            raise CommandRejected("invalid_arguments", f"This station has no EVSE {evse!r}.")

    def _limit_of(self, evse: int, source: str) -> Installed | None:
        for installed in self.charging.profiles or ():
            profile = installed.profile
            if (profile.purpose, profile.connector, installed.source) == (EXTERNAL, evse, source):
                return installed
        return None

    def _next_external_id(self) -> int:
        taken = [i.profile.id for i in self.charging.profiles or ()]
        return min([0, *taken]) - 1  # the CSMS's own ids are left to it

    def _clear_limit(self, old: Installed | None, now: float) -> dict:
        if old is None:
            raise CommandRejected("not_possible_now", "There is no such limit.")
        self.charging.remove([old])
        payload: dict[str, Any] = {"chargingLimitSource": old.source}
        if old.profile.connector:
            payload["evseId"] = old.profile.connector
        self.core.calls.make("ClearedChargingLimit", payload, now)  # K13.FR.01
        self.charging.plan(now)
        return {"status": "Accepted"}

    def _notify_limit(self, raw: dict, evse: int, source: str, critical: bool, now: float) -> None:
        limit = {"chargingLimitSource": source, "isGridCritical": critical}
        payload: dict[str, Any] = {"chargingLimit": limit}
        if evse:
            payload["evseId"] = evse
        # K11.FR.06: the schedule goes along if the CSMS wants it.
        if self.core.model.flag("SmartChargingCtrlr.NotifyChargingLimitWithSchedules"):
            payload["chargingSchedule"] = raw["chargingSchedule"]
        self.core.calls.make("NotifyChargingLimit", payload, now)
