"""Functional block K, smart charging: the CSMS sets, reads and clears charging profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from chargepoint.charging import limits, offers
from chargepoint.charging.limits import Limit
from chargepoint.charging.ranking import Changes
from chargepoint.core.block import Block, action
from chargepoint.v201 import topics
from chargepoint.v201.charging.charging_profiles import (
    EXTERNAL,
    OF_THE_STATION,
    TX,
    WAITING,
    Installed,
    collide,
    nonsense,
    read,
)
from chargepoint.v201.custom_data import plain
from chargepoint.v201.variables.table import PROFILES_AT_MOST

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.charging.charging_limits import ChargingLimits
    from chargepoint.v201.charging.ev_needs import EvNeeds


BYTES_AT_MOST = 100_000  # of one profile: it is saved with every snapshot


def rejected(code: str, text: str) -> dict:
    return {"status": "Rejected", "statusInfo": {"reasonCode": code, "additionalInfo": text}}


class SmartCharging(Block):
    """Block of a 2.x station."""

    __slots__ = ("charging", "needs")

    KEEPS = False

    def __init__(self, core: Station, charging: ChargingLimits, needs: EvNeeds) -> None:
        super().__init__(core)
        self.charging = charging
        self.needs = needs

    # --- SetChargingProfile (K01) ------------------------------------------------------------

    @action("SetChargingProfile")
    def on_set_charging_profile(self, payload: dict, now: float) -> dict:
        """SetChargingProfile (K01)."""
        evse, raw = payload["evseId"], payload["chargingProfile"]
        if evse and not self.core.outlets_of({"id": evse}):
            return rejected("UnknownEvse", f"there is no EVSE {evse}")  # K01.FR.28
        session = ""
        if raw["chargingProfilePurpose"] == TX:
            outlet = self.core.running(raw.get("transactionId", ""))
            if outlet is None or outlet.evse != evse:
                return rejected("TxNotFound", "no such transaction runs on the EVSE")  # .09, .33
            session = outlet.transaction.id
        why = self.cannot_install(raw, evse, session)
        if why is not None:
            return why
        self.charging.install(read(raw, evse, session), now)
        self.core.answers.later(self.profile_set, raw, session)
        return {"status": "Accepted"}

    def profile_set(self, raw: dict, session: str, now: float) -> None:
        """After the answer: the new limit acts, and an EV that waited for it goes on."""
        outlet = self.core.running(session) if session else None
        if outlet is not None:
            self.needs.ev_chooses(outlet, raw, now)
        self.charging.plan(now)

    def cannot_install(self, raw: dict, evse: int, session: str) -> dict | None:
        """The answer that refuses the profile; None where it can be installed."""
        why = self.core.ask(topics.REFUSES_PROFILE, raw, evse)
        return why or self._cannot_install(raw, evse, session)

    def _cannot_install(self, raw: dict, evse: int, session: str) -> dict | None:
        purpose, model = raw["chargingProfilePurpose"], self.core.model
        if not model.flag("SmartChargingCtrlr.Enabled"):
            return rejected("NotEnabled", "smart charging is switched off")
        if purpose == EXTERNAL:  # K01.FR.22
            return rejected("InvalidProfile", "external constraints do not come from the CSMS")
        if purpose in OF_THE_STATION and evse:
            return rejected("InvalidProfile", f"{purpose} is for EVSE 0")
        if raw["stackLevel"] > model.integer("SmartChargingCtrlr.ProfileStackLevel"):
            return rejected("InvalidStackLevel", "stackLevel is too high")
        if raw["stackLevel"] < 0:
            return rejected("InvalidStackLevel", "stackLevel is negative")
        longest = model.integer("SmartChargingCtrlr.PeriodsPerSchedule")
        for schedule in raw["chargingSchedule"]:
            if len(schedule["chargingSchedulePeriod"]) > longest:
                return rejected("InvalidSchedule", f"a schedule has at most {longest} periods")
            if schedule["chargingRateUnit"] not in model.members("SmartChargingCtrlr.RateUnit"):
                return rejected("UnsupportedRateUnit", "see SmartChargingCtrlr.RateUnit")
            if any("phaseToUse" in p for p in schedule["chargingSchedulePeriod"]):
                return rejected("UnsupportedParam", "no phase switching")  # K01.FR.48
        if len(orjson.dumps(plain(raw))) > BYTES_AT_MOST:
            return rejected("TooLargeElement", f"a profile has at most {BYTES_AT_MOST} bytes")
        if why := nonsense(raw):
            return rejected("InvalidProfile", why)
        new = read(raw, evse, session).profile
        kept = [i for i in self.charging.profiles or () if i.profile.id != new.id]
        if any(i.profile.id == new.id and i.source != "CSO" for i in self.charging.profiles or ()):
            return rejected("InvalidProfileId", "that id is an external limit's")
        if any(collide(new, installed.profile) for installed in kept):
            return rejected("DuplicateProfile", "another profile has its stackLevel and purpose")
        if len(kept) >= PROFILES_AT_MOST:
            return rejected("TooManyElements", "no room for another profile")
        return None

    # --- RequestStartTransaction with a profile (F01, K05) -----------------------------------

    def cannot_start_with(self, raw: dict, evse: int) -> dict | None:
        """Why a profile of RequestStartTransaction cannot be used, as the answer's fields; None if
        it can."""
        if raw["chargingProfilePurpose"] != TX or "transactionId" in raw:
            return rejected("InvalidProfile", "a TxProfile without transactionId")  # F01.FR.10-11
        return self.cannot_install(raw, evse, WAITING)

    # --- GetChargingProfiles, ClearChargingProfile (K09, K10) --------------------------------

    @action("GetChargingProfiles")
    def on_get_charging_profiles(self, payload: dict, now: float) -> dict:
        """GetChargingProfiles (K09)."""
        found = [i for i in self.charging.profiles or () if _asked_for(i, payload)]
        if not found:
            return {"status": "NoProfiles"}
        self.core.answers.later(self._report_profiles, payload["requestId"], found)
        return {"status": "Accepted"}

    def _report_profiles(self, request: int, found: list[Installed], now: float) -> None:
        groups: dict[tuple[str, int], list[dict]] = {}
        for installed in found:
            place = installed.source, installed.profile.connector
            groups.setdefault(place, []).append(_as_reported(installed))
        parts = [
            (source, evse, part)
            for (source, evse), profiles in groups.items()
            for part in self.core.block("reports").split(profiles)
        ]
        reports: list[dict[str, Any]] = [
            {
                "requestId": request, "chargingLimitSource": source, "evseId": evse,
                "chargingProfile": part, "tbc": number < len(parts),
            }
            for number, (source, evse, part) in enumerate(parts, 1)
        ]  # fmt: skip
        self.core.block("reports").tell_pages("ReportChargingProfiles", reports, now)

    @action("ClearChargingProfile")
    def on_clear_charging_profile(self, payload: dict, now: float) -> dict:
        """ClearChargingProfile (K10)."""
        if "chargingProfileId" not in payload and not payload.get("chargingProfileCriteria"):
            return {"status": "Unknown"}  # K10.FR.02: one of them must be there
        # K10.FR.06: an external limit is not the CSMS's to clear.
        known = self.charging.profiles or ()
        cleared = [i for i in known if i.source == "CSO" and _to_clear(i, payload)]
        if not cleared:
            return {"status": "Unknown"}
        self.charging.remove(cleared)
        self.core.answers.later(self.charging.plan)
        return {"status": "Accepted"}

    # --- GetCompositeSchedule (K08) ----------------------------------------------------------

    @action("GetCompositeSchedule")
    def on_get_composite_schedule(self, payload: dict, now: float) -> dict:
        """GetCompositeSchedule (K08)."""
        evse, seconds = payload["evseId"], payload["duration"]
        unit = payload.get("chargingRateUnit", "W")
        if evse and not self.core.outlets_of({"id": evse}):
            return rejected("UnknownEvse", f"there is no EVSE {evse}")  # K08.FR.05
        if unit not in self.core.model.members("SmartChargingCtrlr.RateUnit"):
            return rejected("UnsupportedRateUnit", "see SmartChargingCtrlr.RateUnit")  # K08.FR.07
        if seconds <= 0:
            return rejected("InvalidValue", "the duration is not above 0")
        begin = int(now + self.core.clock.skew) * 1000
        periods, seconds = self._composite(evse, begin, seconds * 1000, unit)
        start = self.core.HABITS.stamp(begin / 1000)
        schedule = {
            "evseId": evse, "duration": seconds, "scheduleStart": start,
            "chargingRateUnit": unit, "chargingSchedulePeriod": periods,
        }  # fmt: skip
        return {"status": "Accepted", "schedule": schedule}

    def _composite(
        self, evse: int, begin: int, duration: int, unit: str
    ) -> tuple[list[dict[str, Any]], int]:
        """([ChargingSchedulePeriod], seconds that they are good for); times in ms."""
        charging = self.charging
        outlets = [o for o in charging.charging_places() if evse in (0, o.evse)]
        since = {o.number: charging.since(o, begin) for o in outlets}

        def limit_at(time: int) -> Limit:
            station = charging.station_limits(time)
            found = [charging.limit_at(o, time, since[o.number], station, False) for o in outlets]
            if evse:
                return found[0]
            circuits = [offers.circuit_of(o.hardware, False) for o in outlets]
            total = sum(f.total_w(c.volts) for f, c in zip(found, circuits, strict=True))
            limit = limits.unlimited(charging.grid(total))
            for one in station:
                limit = limit.joined(limits.limit_of(*one, charging.grid(total)))
            return limit

        changes = Changes(charging.schedules(), since.values(), begin, charging.other_changes())
        most = self.core.model.integer("SmartChargingCtrlr.PeriodsPerSchedule")
        circuit = charging.grid(0.0)
        if evse:
            circuit = offers.circuit_of(charging.place_of(evse).hardware, False)

        def told_at(time: int) -> dict[str, Any]:
            return offers.period_of(limit_at(time), unit, circuit)

        ranking = charging.ranking()
        steps, seconds = limits.composite(told_at, ranking, changes, begin, duration, most)
        return offers.periods(steps), seconds


def _as_reported(installed: Installed) -> dict:
    session = installed.profile.session
    if installed.profile.purpose == TX and session not in ("", WAITING):
        return {**installed.raw, "transactionId": session}
    return installed.raw


def _asked_for(installed: Installed, payload: dict) -> bool:
    profile, wanted = installed.profile, payload["chargingProfile"]
    if payload.get("evseId", profile.connector) != profile.connector:
        return False
    return (
        profile.id in wanted.get("chargingProfileId", [profile.id])
        and installed.source in wanted.get("chargingLimitSource", [installed.source])
        and wanted.get("chargingProfilePurpose", profile.purpose) == profile.purpose
        and wanted.get("stackLevel", profile.stack) == profile.stack
    )


def _to_clear(installed: Installed, payload: dict) -> bool:
    profile = installed.profile
    if "chargingProfileId" in payload:  # K10.FR.03: the id alone counts
        return profile.id == payload["chargingProfileId"]
    wanted = payload["chargingProfileCriteria"]
    return (
        wanted.get("evseId", profile.connector) == profile.connector
        and wanted.get("chargingProfilePurpose", profile.purpose) == profile.purpose
        and wanted.get("stackLevel", profile.stack) == profile.stack
    )
