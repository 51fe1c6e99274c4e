"""Charging profiles as a CSMS writes them, and a slow evaluator that is obviously right."""

from typing import Any

from chargepoint.timing.times import iso, seconds_of
from tests.chargepoint.peer import Peer

VOLTS, OUTLET_W = 230.0, 22_000.0


def profile(
    limit: float | list[tuple], identity: int = 1, purpose: str = "TxDefaultProfile",
    stack: int = 0, kind: str = "Relative", unit: str = "W", **more: Any,
) -> dict:  # fmt: skip
    """`limit`, or [(startPeriod, limit[, numberPhases])]. more: further fields, also of the
    schedule; times as unix seconds."""
    periods = limit if isinstance(limit, list) else [(0, limit)]
    names = ("startPeriod", "limit", "numberPhases")
    schedule: dict[str, Any] = {
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [dict(zip(names, p, strict=False)) for p in periods],
    }
    made = {
        "chargingProfileId": identity, "stackLevel": stack, "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind, "chargingSchedule": schedule,
    }  # fmt: skip
    for name, value in more.items():
        if name in ("startSchedule", "validFrom", "validTo"):
            value = iso(value)
        (schedule if name in ("startSchedule", "duration") else made)[name] = value
    return made


def set_profile(peer: Peer, connector: int, made: dict) -> str:
    payload = {"connectorId": connector, "csChargingProfiles": made}
    return peer.call("SetChargingProfile", payload)[2]["status"]


def composite(peer: Peer, connector: int, duration: int, **more: Any) -> dict:
    payload = {"connectorId": connector, "duration": duration, **more}
    return peer.call("GetCompositeSchedule", payload)[2]


def by_second(schedule: dict) -> list[float]:
    """The limits of a chargingSchedule, second by second."""
    periods = {p["startPeriod"]: p["limit"] for p in schedule["chargingSchedulePeriod"]}
    limits, limit = [], None
    for second in range(schedule["duration"]):
        limit = periods.get(second, limit)
        limits.append(limit)
    return limits


def alike(periods: list[dict]) -> bool:
    """Whether two neighbours tell the same."""
    told = [{**period, "startPeriod": 0} for period in periods]
    return any(one == other for one, other in zip(told, told[1:], strict=False))


# --- the reference -------------------------------------------------------------------------------


def asked(made: dict, second: float, since: float) -> dict | None:
    """The chargingSchedulePeriod that one profile means at a second."""
    schedule = made["chargingSchedule"]
    if "validFrom" in made and second < seconds_of(made["validFrom"]):
        return None
    if "validTo" in made and second >= seconds_of(made["validTo"]):
        return None
    begin = since
    if made["chargingProfileKind"] != "Relative" and "startSchedule" in schedule:
        begin = seconds_of(schedule["startSchedule"])
    if made["chargingProfileKind"] == "Recurring":
        cycle = 86_400 if made["recurrencyKind"] == "Daily" else 604_800
        while begin + cycle <= second:
            begin += cycle
    if second < begin or second >= begin + schedule.get("duration", 10**9):
        return None
    found = None
    for period in schedule["chargingSchedulePeriod"]:
        if begin + period["startPeriod"] <= second:
            found = period
    return found


def highest(profiles: list[tuple[int, dict]], second: float, since: float) -> tuple | None:
    for connector, made in sorted(
        profiles, key=lambda pair: (pair[1]["stackLevel"], pair[0] > 0), reverse=True
    ):
        period = asked(made, second, since)
        if period is not None:
            return made["chargingSchedule"]["chargingRateUnit"], period, connector
    return None


def expected(
    installed: list[tuple[int, dict]], connector: int, second: float, since: float
) -> tuple[float, int]:
    """(watts, phases) of a three-phase outlet of 22 kW."""

    def of(purpose: str) -> list[tuple[int, dict]]:
        return [
            pair for pair in installed
            if pair[1]["chargingProfilePurpose"] == purpose and pair[0] in (0, connector)
        ]  # fmt: skip

    tx = highest(of("TxProfile"), second, since) or highest(of("TxDefaultProfile"), second, since)
    watts, amps, phases = OUTLET_W, OUTLET_W / 3 / VOLTS, 3
    for found in (tx, highest(of("ChargePointMaxProfile"), second, since)):
        if found is None:
            continue
        unit, period, _ = found
        phases = min(phases, period.get("numberPhases", 3))
        if unit == "W":
            watts = min(watts, period["limit"])
        else:
            amps = min(amps, period["limit"])
    return min(watts, amps * VOLTS * phases), phases
