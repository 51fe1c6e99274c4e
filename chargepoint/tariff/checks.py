"""Whether a tariff can be used: the size and the sense of a 2.1 TariffType."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

TIMED = ("energy", "chargingTime", "idleTime", "reservationTime")
FIXED = ("fixedFee", "reservationFixed")
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_CURRENCY = re.compile(r"[A-Z]{3}")


def conditions_of(tariff: dict[str, Any], elements: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for name in elements:
        for price in tariff.get(name, {}).get("prices", ()):
            if price.get("conditions"):
                yield price["conditions"]


def most_elements(tariff: dict[str, Any]) -> int:
    """The most prices that one element has."""
    return max(len(tariff.get(name, {}).get("prices", ())) for name in TIMED + FIXED)


def has_conditions(tariff: dict[str, Any]) -> bool:
    return any(True for _ in conditions_of(tariff, TIMED + FIXED))


def nonsense(tariff: dict[str, Any]) -> str | None:
    """What in the tariff cannot be, in words, beyond what the schema sees; None if nothing."""
    if not _CURRENCY.fullmatch(tariff["currency"]):
        return f"currency {tariff['currency']!r} is no ISO 4217 code"
    for name in ("minCost", "maxCost"):
        if name in tariff and not {"exclTax", "inclTax"} & tariff[name].keys():
            return f"{name} has neither exclTax nor inclTax"
    for conditions in conditions_of(tariff, TIMED + FIXED):
        for name in ("startTimeOfDay", "endTimeOfDay"):
            if not _HOUR.fullmatch(conditions.get(name, "00:00")):
                return f"{name} is no HH:MM"
        for name in ("validFromDate", "validToDate"):
            if not _is_date(conditions.get(name, "2000-01-01")):
                return f"{name} is no YYYY-MM-DD"
    return None


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
