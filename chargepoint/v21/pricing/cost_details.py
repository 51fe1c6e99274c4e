"""A bill as 2.1 writes it: CostDetailsType."""

from collections.abc import Callable
from typing import Any

from chargepoint.tariff.bill import Bill, Cost, Period

_DECIMALS = 5  # of amounts; the CSMS rounds to what can be paid


def cost_details(
    bill: Bill, failure: str = "", stamp: Callable[[float], str] | None = None
) -> dict[str, Any]:
    """`stamp`: writes a time; without it the periods are left out, as of a running cost.

    Volumes and usage are Wh, seconds, W and A. chargingTime is the time spent charging, as the
    cost of that name is (I12.FR.10); the schema's note on TotalUsageType would have it all.
    """
    found = bill.totals()
    total = {"currency": bill.tariff["currency"], "typeOfCost": found.kind}
    total |= {part: _price(cost) for part, cost in found.parts.items()}
    total["total"] = {
        "exclTax": round(found.total.net, _DECIMALS), "inclTax": round(found.total.gross, _DECIMALS)
    }  # fmt: skip
    usage: dict[str, Any] = {
        "energy": round(bill.energy_wh, 3),
        "chargingTime": round(bill.charging_s),
        "idleTime": round(bill.idle_s),
    }
    if bill.reserved_s is not None:
        usage["reservationTime"] = round(bill.reserved_s)
    details: dict[str, Any] = {"totalCost": total, "totalUsage": usage}
    if stamp is not None:
        details["chargingPeriods"] = [_period(period, stamp) for period in bill.periods]
    if failure:
        details |= {"failureToCalculate": True, "failureReason": failure[:500]}
    return details


def _price(cost: Cost) -> dict[str, Any]:
    price: dict[str, Any] = {
        "exclTax": round(cost.net, _DECIMALS), "inclTax": round(cost.gross, _DECIMALS)
    }  # fmt: skip
    if cost.rates:
        price["taxRates"] = cost.rates
    return price


def _period(period: Period, stamp: Callable[[float], str]) -> dict[str, Any]:
    volumes = [("Energy", round(period.wh, 3))]
    if period.charging_s:
        volumes.append(("ChargingTime", round(period.charging_s, 3)))
    if period.idle_s:
        volumes.append(("IdleTIme", round(period.idle_s, 3)))  # the schema's own spelling
    for name, seen in (("Power", period.power_w), ("Current", period.current_a)):
        if seen is not None:
            volumes += [(f"Min{name}", round(seen[0], 3)), (f"Max{name}", round(seen[1], 3))]
    return {
        "startPeriod": stamp(period.start),
        "tariffId": period.tariff,
        "dimensions": [{"type": name, "volume": volume} for name, volume in volumes],
    }
