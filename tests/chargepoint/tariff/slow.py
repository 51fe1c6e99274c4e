"""A slow, plain evaluator to hold the real one against: it walks through every second.

Whole seconds, Wh a second and bounds that fall on whole seconds, so that nothing lies between.
"""

from datetime import UTC, datetime

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def bound_ok(conditions, name, value):
    low, high = conditions.get("min" + name), conditions.get("max" + name)
    if low is not None:
        if low < 0 and value > low:
            return False
        if low >= 0 and value < low:
            return False
    if high is not None:
        if high < 0 and value <= high:
            return False
        if high >= 0 and value >= high:
            return False
    return True


def applies(conditions, state, brand):
    local = datetime.fromtimestamp(state["local"], UTC)
    clock = local.strftime("%H:%M")
    start = conditions.get("startTimeOfDay", "00:00")
    end = conditions.get("endTimeOfDay", "00:00")
    if start < end and not start <= clock < end:
        return False
    if start > end and not (clock >= start or clock < end):
        return False
    if "dayOfWeek" in conditions and DAYS[local.weekday()] not in conditions["dayOfWeek"]:
        return False
    today = local.strftime("%Y-%m-%d")
    if today < conditions.get("validFromDate", "0000"):
        return False
    if today >= conditions.get("validToDate", "9999"):
        return False
    if conditions.get("evseKind", "AC") != "AC":
        return False
    if conditions.get("paymentBrand", brand) != brand:
        return False
    return all(
        bound_ok(conditions, name, state[name])
        for name in ("Energy", "Power", "Current", "Time", "ChargingTime", "IdleTime")
    )


def first(tariff, element, state, brand):
    for number, price in enumerate(tariff.get(element, {}).get("prices", [])):
        if applies(price.get("conditions", {}), state, brand):
            return number
    return None


def with_tax(net, rates):
    by_level = {}
    for rate in rates:
        by_level.setdefault(rate.get("stack", 0), []).append(rate["tax"])
    for level in sorted(by_level):
        net = net * (1 + sum(by_level[level]) / 100)
    return net


def evaluate(tariff, start, offset, stretches, brand=""):
    """stretches: [(seconds, Wh a second, charging)]. Returns {part: (net, gross)} and periods."""
    state = dict.fromkeys(("Energy", "Power", "Current", "Time", "ChargingTime", "IdleTime"), 0)
    state["local"] = start + offset
    sums = {}
    periods, used = [], None
    number = first(tariff, "fixedFee", state, brand)
    if number is not None:
        sums["fixed"] = tariff["fixedFee"]["prices"][number]["priceFixed"]
    for seconds, rate, charging in stretches:
        state["Power"] = rate * 3600
        state["Current"] = rate * 3600 / 230
        for _ in range(seconds):
            # A second is judged by its middle: from a bound, energy goes to one side of it.
            middle = state | {"Energy": state["Energy"] + (rate > 0) / 2 - (rate < 0) / 2}
            now = [first(tariff, e, middle, brand) for e in ("energy", "chargingTime", "idleTime")]
            if now != used:
                periods.append([state["Time"], 0, 0, 0])
                used = now
            if now[0] is not None and rate:
                price = tariff["energy"]["prices"][now[0]]["priceKwh"]
                sums["energy"] = sums.get("energy", 0) + price * rate / 1000
            element, which = ("chargingTime", now[1]) if charging else ("idleTime", now[2])
            if which is not None:
                price = tariff[element]["prices"][which]["priceMinute"]
                sums[element] = sums.get(element, 0) + price / 60
            state["Energy"] += rate
            state["Time"] += 1
            state["local"] += 1
            state["ChargingTime" if charging else "IdleTime"] += 1
            periods[-1][1] += rate
            periods[-1][2 if charging else 3] += 1
    rates = {part: tariff["fixedFee" if part == "fixed" else part].get("taxRates", [])
             for part in sums}  # fmt: skip
    return {p: (net, with_tax(net, rates[p])) for p, net in sums.items()}, periods
