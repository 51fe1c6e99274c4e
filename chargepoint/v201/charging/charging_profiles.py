"""Charging profiles as 2.x sends them: what is kept of each, and which make no sense (K01)."""

from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple

from chargepoint.charging.profile import CYCLES, Period, Profile
from chargepoint.timing.times import seconds_of

STATION_MAX, EXTERNAL = "ChargingStationMaxProfile", "ChargingStationExternalConstraints"
TX, TX_DEFAULT = "TxProfile", "TxDefaultProfile"
PRIORITY, LOCAL_GENERATION = "PriorityCharging", "LocalGeneration"  # 2.1
OF_THE_STATION = (STATION_MAX, LOCAL_GENERATION)
WAITING = "waiting"  # the session of a TxProfile that came with a RequestStartTransaction
FROM_CSMS = "CSO"


class Installed(NamedTuple):
    """A profile, the message that it came in, and who limits by it (chargingLimitSource).

    choice: which of up to three schedules the EV has chosen (K15).
    """

    profile: Profile
    raw: dict[str, Any]
    source: str = FROM_CSMS
    choice: int = 0

    def to_saved(self) -> list:
        return [self.raw, self.profile.connector, self.profile.session, self.source, self.choice]

    @classmethod
    def from_saved(cls, saved: list) -> "Installed":
        return read(*saved)


def ms_of(text: str | None) -> int | None:
    """Unix milliseconds of a time of OCPP; None for none, or for what is no time."""
    seconds = seconds_of(text) if text else None
    return None if seconds is None else round(seconds * 1000)


def read(
    raw: dict[str, Any], evse: int, session: str = "", source: str = FROM_CSMS, choice: int = 0
) -> Installed:
    """An installed profile of a ChargingProfileType; `choice`: which of its schedules counts."""
    schedule, kind = raw["chargingSchedule"][choice], raw["chargingProfileKind"]
    duration = schedule.get("duration")
    begin = ms_of(schedule.get("startSchedule"))
    if kind == "Dynamic":
        # It counts from the moment it is there; with a duration, so long from each update on
        # (2.1 K28, and by the errata Q05 and Q06).
        begin = 0 if duration is None else ms_of(raw.get("dynUpdateTime")) or 0
    profile = Profile(
        id=raw["id"],
        connector=evse,
        purpose=raw["chargingProfilePurpose"],
        stack=raw["stackLevel"],
        kind=kind,
        unit=schedule["chargingRateUnit"],
        periods=tuple(
            _period(period, schedule["chargingRateUnit"] == "A")
            for period in schedule["chargingSchedulePeriod"]
        ),
        begin=None if kind == "Relative" else begin,
        cycle=CYCLES.get(raw.get("recurrencyKind", "")) if kind == "Recurring" else None,
        duration=None if duration is None else duration * 1000,
        valid_from=ms_of(raw.get("validFrom")),
        valid_to=ms_of(raw.get("validTo")),
        session=session,
    )
    return Installed(profile, raw, source, choice)


def _period(given: dict[str, Any], amps: bool) -> Period:
    limit = _of_phases(given, "limit", amps, min)
    return Period(
        given["startPeriod"] * 1000,
        inf if limit is None else float(limit),
        given.get("numberPhases") or None,
        _of_phases(given, "setpoint", amps, _mean),
        _of_phases(given, "dischargeLimit", amps, max),
        given.get("operationMode", ""),
        _of_phases(given, "setpointReactive", amps, _mean),
    )


def _of_phases(
    given: dict[str, Any], name: str, amps: bool, of: Callable[[list[float]], float]
) -> float | None:
    """One value of a period. With values for L2 and L3 (2.1) the plain one is L1's.

    Our cars load all phases alike, so a limit is what the tightest phase has, on each; watts are
    then of all phases together, and amperes of each phase.
    """
    values = [given[key] for key in (name, f"{name}_L2", f"{name}_L3") if key in given]
    if name not in given or len(values) == 1 or given.get("numberPhases") == 1:
        return given.get(name)
    return of(values) * (1 if amps else len(values))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def nonsense(raw: dict[str, Any]) -> str:
    """Why the profile contradicts the specification, "" if it does not."""
    kind, purpose = raw["chargingProfileKind"], raw["chargingProfilePurpose"]
    if len(raw["chargingSchedule"]) > 1 and purpose != TX:
        return "only a TxProfile may offer a choice of schedules"
    if kind == "Recurring" and "recurrencyKind" not in raw:
        return "recurrencyKind is missing"
    if kind == "Relative" and purpose in (STATION_MAX, LOCAL_GENERATION):
        return "the station's limit does not begin with a transaction"  # K01.FR.38
    for schedule in raw["chargingSchedule"]:
        begins = schedule.get("startSchedule")
        if kind in ("Absolute", "Recurring") and ms_of(begins) is None:
            return "startSchedule is missing"  # K01.FR.40
        if kind == "Relative" and begins is not None:
            return "a relative schedule has no startSchedule"  # K01.FR.41
        if schedule.get("duration", 1) <= 0:
            return "the duration is not above 0"
        if why := _bad_periods(schedule["chargingSchedulePeriod"]):
            return why
    return ""


def _bad_periods(periods: list[dict[str, Any]]) -> str:
    starts = [period["startPeriod"] for period in periods]
    if starts[0] != 0 or starts != sorted(set(starts)):
        return "periods begin at 0 and rise"  # K01.FR.31 and .35
    for period in periods:
        phases = period.get("numberPhases", 3)
        if period.get("limit", 0) < 0 or phases not in (0, 1, 2, 3):
            return "a limit is negative, or numberPhases not 1 to 3"
        if "phaseToUse" in period and (phases != 1 or period["phaseToUse"] not in (1, 2, 3)):
            return "phaseToUse goes with numberPhases 1"  # K01.FR.19
    return ""


def collide(one: Profile, other: Profile) -> bool:
    """K01.FR.39, .52 and .53: two ids with one stack level and purpose at the same time."""
    if one.id == other.id or (one.purpose, one.stack) != (other.purpose, other.stack):
        return False
    if one.session != other.session:
        return False
    apart = one.connector != other.connector and 0 not in (one.connector, other.connector)
    return not apart and _starts(one) < _ends(other) and _starts(other) < _ends(one)


def _starts(profile: Profile) -> float:
    return -inf if profile.valid_from is None else profile.valid_from


def _ends(profile: Profile) -> float:
    return inf if profile.valid_to is None else profile.valid_to
