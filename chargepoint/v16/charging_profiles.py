"""Charging profiles as 1.6 sends them: which are taken, replaced and cleared (5.5, 5.16)."""

from typing import Any

from chargepoint.charging.profile import CYCLES, STATION_MAX, TX, Period, Profile
from chargepoint.timing.times import seconds_of

WAITING = "waiting"  # the session of a TxProfile that came with a RemoteStartTransaction


def ms_of(text: str | None) -> int | None:
    """Unix milliseconds of a time of OCPP; None for none, or for what is no time."""
    seconds = seconds_of(text) if text else None
    return None if seconds is None else round(seconds * 1000)


def read_profile(given: dict[str, Any], connector: int, session: str = "") -> Profile | None:
    """The Profile of a csChargingProfiles; None where it contradicts the specification."""
    schedule = given["chargingSchedule"]
    kind, duration = given["chargingProfileKind"], schedule.get("duration")
    cycle = CYCLES.get(given.get("recurrencyKind", "")) if kind == "Recurring" else None
    profile = Profile(
        id=given["chargingProfileId"],
        connector=connector,
        purpose=given["chargingProfilePurpose"],
        stack=given["stackLevel"],
        kind=kind,
        unit=schedule["chargingRateUnit"],
        periods=tuple(
            Period(p["startPeriod"] * 1000, float(p["limit"]), p.get("numberPhases"))
            for p in schedule["chargingSchedulePeriod"]
        ),
        begin=None if kind == "Relative" else ms_of(schedule.get("startSchedule")),
        cycle=cycle,
        duration=None if duration is None else duration * 1000,
        valid_from=ms_of(given.get("validFrom")),
        valid_to=ms_of(given.get("validTo")),
        session=session,
    )
    return profile if _makes_sense(profile) else None


def _makes_sense(profile: Profile) -> bool:
    starts = [period.start for period in profile.periods]
    if not starts or starts[0] != 0 or starts != sorted(set(starts)):
        return False  # 7.13: the first period begins with the schedule
    if any(p.limit < 0 or p.phases not in (None, 1, 2, 3) for p in profile.periods):
        return False
    if profile.duration is not None and profile.duration <= 0:
        return False
    if profile.kind == "Recurring" and (profile.cycle is None or profile.begin is None):
        return False
    # Errata 3.67: the station's limit does not begin with a transaction.
    return profile.purpose != STATION_MAX or profile.begin is not None


def install(profiles: list[Profile], new: Profile) -> list[Profile]:
    """5.16: it replaces the one of its id, and the one of its level, purpose and connector."""
    place = (new.purpose, new.stack, new.connector, new.session)
    kept = [
        p for p in profiles
        if p.id != new.id and (p.purpose, p.stack, p.connector, p.session) != place
    ]  # fmt: skip
    return [*kept, new]


def matches(profile: Profile, request: dict[str, Any]) -> bool:
    """Whether a ClearChargingProfile means it (5.5): by its id, or by all else that is given."""
    if "id" in request:
        return profile.id == request["id"]
    wanted = {
        "connectorId": profile.connector, "chargingProfilePurpose": profile.purpose,
        "stackLevel": profile.stack,
    }  # fmt: skip
    return all(request.get(name, value) == value for name, value in wanted.items())


def fits_remote_start(given: dict[str, Any]) -> bool:
    """5.11: only a TxProfile, and without a transaction that cannot be known yet."""
    return given["chargingProfilePurpose"] == TX and "transactionId" not in given
