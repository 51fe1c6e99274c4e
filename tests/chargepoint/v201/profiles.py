"""Charging profiles as a 2.x CSMS writes them, and a slow evaluator that is obviously right."""

from typing import Any

from chargepoint.timing.times import iso
from tests.chargepoint.v16 import charging

MAX, DEFAULT, TX = "ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile"


def profile(
    limit: float | list[tuple], identity: int = 1, purpose: str = DEFAULT, stack: int = 0,
    kind: str = "Relative", unit: str = "W", **more: Any,
) -> dict:  # fmt: skip
    """As tests.chargepoint.v16.charging.profile, in the words of 2.x."""
    periods = limit if isinstance(limit, list) else [(0, limit)]
    names = ("startPeriod", "limit", "numberPhases")
    schedule: dict[str, Any] = {
        "id": identity,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [dict(zip(names, p, strict=False)) for p in periods],
    }
    made = {
        "id": identity, "stackLevel": stack, "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind, "chargingSchedule": [schedule],
    }  # fmt: skip
    for name, value in more.items():
        if name in ("startSchedule", "validFrom", "validTo"):
            value = iso(value)
        (schedule if name in ("startSchedule", "duration") else made)[name] = value
    return made


def set_profile(csms, evse: int, made: dict) -> str:
    payload = {"evseId": evse, "chargingProfile": made}
    return csms.call("SetChargingProfile", payload)["status"]


def composite(csms, evse: int, duration: int, **more: Any) -> dict:
    payload = {"evseId": evse, "duration": duration, **more}
    return csms.call("GetCompositeSchedule", payload)


def expected(installed: list[tuple[int, dict]], second: float, since: float) -> tuple[float, int]:
    """(watts, phases) of EVSE 1, a three-phase outlet of 22 kW; the reference of 1.6 says it."""
    purposes = {MAX: "ChargePointMaxProfile"}
    as_16 = [
        (evse, {
            **made,
            "chargingProfilePurpose": purposes.get(
                made["chargingProfilePurpose"], made["chargingProfilePurpose"]
            ),
            "chargingSchedule": made["chargingSchedule"][0],
        })
        for evse, made in installed
    ]  # fmt: skip
    return charging.expected(as_16, 1, second, since)
