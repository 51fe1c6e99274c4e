"""The cost of one transaction by its tariff, as energy flows and time passes.

Values in, cost out: the caller says how much energy flowed since the last look, and how. A stretch
is cut where a condition of the tariff begins or ceases to hold: exactly for clock, durations and
energy (which flows evenly within a stretch); power and current are taken as given for a stretch.
"""

from math import copysign
from typing import Any, NamedTuple

from chargepoint.tariff.checks import TIMED, conditions_of
from chargepoint.tariff.conditions import LEAST_S, LEAST_WH, Bounds, Moment, Place, holds
from chargepoint.tariff.taxes import Rates, both, taxed
from chargepoint.timing.local_time import QUARTER, offset_at

# The parts of a cost, as 2.1's TotalCostType names them, and what a tariff calls them.
PARTS = (
    "fixed", "energy", "chargingTime", "idleTime", "reservationTime", "reservationFixed",
)  # fmt: skip
NORMAL, MINIMUM, MAXIMUM = "NormalCost", "MinCost", "MaxCost"
_USED = ("energy", "chargingTime", "idleTime")
_MOST_PERIODS = 500
_NEVER = float("inf")


class Flow(NamedTuple):
    """How energy flows over a stretch; negative where the EV gives back."""

    charging: bool = False
    power_w: float = 0.0
    current_a: float = 0.0


class Cost(NamedTuple):
    """net, gross: without and with tax. rates: the taxes, [] where there were none or several."""

    net: float
    gross: float
    rates: Rates = []


class Totals(NamedTuple):
    kind: str
    parts: dict[str, Cost]
    total: Cost


class Period:
    """A stretch over which the same prices counted. Powers and currents None where not seen."""

    __slots__ = ("charging_s", "current_a", "idle_s", "power_w", "start", "tariff", "wh")

    def __init__(self, start: float, tariff: str):
        self.start, self.tariff = start, tariff
        self.wh = self.charging_s = self.idle_s = 0.0
        self.power_w: list[float] | None = None  # [least, most]
        self.current_a: list[float] | None = None


class Bill:
    """Times are unix seconds of the caller, energies Wh.

    zone: as local_time knows it; shift: seconds that the clock of the tariff is ahead of the
    caller's. used: which price of energy, charging and idle time counts, None before the first.
    sums: part -> [[net, rates], ...], one entry for each set of taxes.
    """

    __slots__ = (
        "at", "bounds", "capped", "charging_s", "energy_wh", "idle_s", "periods", "place",
        "reserved_s", "shift", "started", "sums", "tariff", "used", "zone",
    )  # fmt: skip

    def __init__(
        self, tariff: dict[str, Any], started: float, place: Place,
        zone: str = "", shift: float = 0.0, fees: bool = True,
    ) -> None:  # fmt: skip
        """`fees`: whether the fixed fee is due; it is not where the tariff came later."""
        self.tariff, self.place, self.zone, self.shift = tariff, place, zone, shift
        self.started = self.at = started
        self.energy_wh = self.charging_s = self.idle_s = 0.0
        self.reserved_s: float | None = None
        self.sums: dict[str, list[list]] = {}
        self.used: list[int | None] | None = None
        self.periods = [Period(started, tariff["tariffId"])]
        self.capped = False
        self.bounds = Bounds(conditions_of(tariff, TIMED))
        if fees:
            self._fee("fixed", "fixedFee")

    # --- what happens ------------------------------------------------------------------------

    def reserved(self, since: float) -> None:
        """The transaction used a reservation that was made at `since`."""
        self.reserved_s = max(0.0, self.started - since)
        self._fee("reservationFixed", "reservationFixed")
        at = since
        while self.started - at > LEAST_S:
            moment = Moment(self._local(at), elapsed_s=at - since)
            step = min(self.started - at, self._until_clock(at))
            for bound in self.bounds.elapsed:
                if bound - moment.elapsed_s > LEAST_S:
                    step = min(step, bound - moment.elapsed_s)
            found = self._price("reservationTime", moment)
            if found is not None:
                price = self.tariff["reservationTime"]["prices"][found]["priceMinute"]
                self._add("reservationTime", price * step / 60.0, self._rates("reservationTime"))
            at += step

    def change(self, tariff: dict[str, Any], now: float) -> None:
        """Another tariff counts from now on; what was charged stays charged."""
        self.tariff, self.used, self.capped = tariff, None, False
        self.bounds = Bounds(conditions_of(tariff, TIMED))
        if self.periods[-1].start >= now - LEAST_S:
            self.periods.pop()
        self._open_period(now)

    def advance(self, now: float, wh: float, flow: Flow) -> None:
        """`wh` have flowed evenly since the last call. A time before that adds energy only."""
        left = now - self.at
        if left <= LEAST_S:
            if wh:
                self._charge(0.0, wh, flow)
            return
        rate = wh / left
        while left > 0.0:
            step = min(left, self._until_change(rate, flow))
            if left - step < LEAST_S:
                step = left
            self._charge(step, rate * step, flow)
            self.at += step
            left -= step
        self.at = now

    def _until_change(self, rate: float, flow: Flow) -> float:
        """Seconds for which what holds now goes on to hold, at `rate` Wh a second."""
        step = self._until_clock(self.at)
        running = self.charging_s if flow.charging else self.idle_s
        for bounds, value in (
            (self.bounds.elapsed, self.at - self.started),
            (self.bounds.charging if flow.charging else self.bounds.idle, running),
        ):
            for bound in bounds:
                if bound - value > LEAST_S:
                    step = min(step, bound - value)
        for bound in self.bounds.energy if rate else ():
            if abs(bound - self.energy_wh) > LEAST_WH and (bound > self.energy_wh) == (rate > 0):
                step = min(step, (bound - self.energy_wh) / rate)
        return step

    def _local(self, time: float) -> float:
        time += self.shift
        return round(time + offset_at(self.zone, time), 3)

    def _until_clock(self, time: float) -> float:
        if self.bounds.clock is None:
            return _NEVER
        # Up to the next quarter the offset of the zone cannot change.
        to_quarter = QUARTER - (time + self.shift) % QUARTER
        return max(LEAST_S, min(to_quarter, self.bounds.until_clock(self._local(time))))

    # --- prices ------------------------------------------------------------------------------

    def _moment(self, flow: Flow, wh: float) -> Moment:
        """What a stretch in which `wh` flow is judged by: from a bound it goes to one side."""
        ahead = copysign(2 * LEAST_WH, wh) if wh else 0.0
        return Moment(
            self._local(self.at) if self.bounds.clock is not None else 0.0,
            self.energy_wh + ahead, flow.power_w, flow.current_a,
            self.at - self.started, self.charging_s, self.idle_s,
        )  # fmt: skip

    def _price(self, element: str, moment: Moment) -> int | None:
        """Which price of the element counts: the first whose conditions all hold."""
        for number, price in enumerate(self.tariff.get(element, {}).get("prices", ())):
            if holds(price.get("conditions"), moment, self.place):
                return number
        return None

    def _rates(self, element: str) -> Rates:
        return self.tariff[element].get("taxRates", [])

    def _fee(self, part: str, element: str) -> None:
        found = self._price(element, Moment(self._local(self.started)))
        if found is not None:
            price = self.tariff[element]["prices"][found]["priceFixed"]
            self._add(part, price, self._rates(element))

    def _add(self, part: str, net: float, rates: Rates) -> None:
        entries = self.sums.setdefault(part, [])
        if entries and entries[-1][1] == rates:
            entries[-1][0] += net
        else:
            entries.append([net, rates])

    def _due(self, seconds: float, wh: float, flow: Flow, used: list) -> list[tuple]:
        """[(part, net, rates)] for a stretch by the prices `used`."""
        due = []
        if used[0] is not None and wh:
            price = self.tariff["energy"]["prices"][used[0]]["priceKwh"]
            due.append(("energy", price * wh / 1000.0, self._rates("energy")))
        element, number = ("chargingTime", used[1]) if flow.charging else ("idleTime", used[2])
        if number is not None and seconds:
            price = self.tariff[element]["prices"][number]["priceMinute"]
            due.append((element, price * seconds / 60.0, self._rates(element)))
        return due

    def _charge(self, seconds: float, wh: float, flow: Flow) -> None:
        moment = self._moment(flow, wh)
        used = [self._price(element, moment) for element in _USED]
        if self.used is not None and used != self.used:
            self._open_period(self.at)
        self.used = used
        due = self._due(seconds, wh, flow, used)
        part = self._affordable(due)
        for name, net, rates in due if part else ():
            self._add(name, net * part, rates)
        self.energy_wh += wh
        period = self.periods[-1]
        period.wh += wh
        if flow.charging:
            self.charging_s += seconds
            period.charging_s += seconds
        else:
            self.idle_s += seconds
            period.idle_s += seconds
        if self.bounds.flow and seconds:
            period.power_w = _range(period.power_w, flow.power_w)
            period.current_a = _range(period.current_a, flow.current_a)

    def _affordable(self, due: list[tuple]) -> float:
        """The part of `due` up to which the cost is below the tariff's maxCost."""
        if self.capped or "maxCost" not in self.tariff:
            return 0.0 if self.capped else 1.0
        bound, tax = _bound(self.tariff["maxCost"])
        before = self._sum()[tax]
        more = sum(taxed(net, rates) if tax else net for _, net, rates in due)
        if before + more < bound:
            return 1.0
        self.capped = True
        return min(1.0, max(0.0, (bound - before) / more)) if more > 0 else 0.0

    def _open_period(self, now: float) -> None:
        if len(self.periods) < _MOST_PERIODS:
            self.periods.append(Period(now, self.tariff["tariffId"]))

    # --- what it comes to --------------------------------------------------------------------

    def _sum(self) -> tuple[float, float]:
        net = gross = 0.0
        for entries in self.sums.values():
            for amount, rates in entries:
                net += amount
                gross += taxed(amount, rates)
        return net, gross

    def totals(self) -> Totals:
        """What is due by now: which bound counts (normal, min, max cost), the parts, their sum,
        without and with tax in the tariff's currency (OCPP 2.1, TotalCostType)."""
        net, gross = self._sum()
        if "minCost" in self.tariff:
            bound, tax = _bound(self.tariff["minCost"])
            if (net, gross)[tax] < bound:
                least = _floor(self.tariff["minCost"], net, gross)
                return Totals(MINIMUM, {"fixed": least}, least._replace(rates=[]))
        parts = {part: _cost(self.sums[part]) for part in PARTS if part in self.sums}
        if "maxCost" in self.tariff:
            bound, tax = _bound(self.tariff["maxCost"])
            if self.capped or (net, gross)[tax] >= bound:
                # Fees alone may be above it: what is asked for is never more than it.
                factor = bound / (net, gross)[tax] if (net, gross)[tax] > bound else 1.0
                return Totals(MAXIMUM, parts, Cost(net * factor, gross * factor))
        return Totals(NORMAL, parts, Cost(net, gross))

    def per_second(self, flow: Flow) -> float:
        """What a second costs now, with tax, if all stays as it is."""
        if self.capped:
            return 0.0
        moment = self._moment(flow, flow.power_w)
        used = [self._price(element, moment) for element in _USED]
        due = self._due(1.0, flow.power_w / 3600.0, flow, used)
        return sum(taxed(net, rates) for _, net, rates in due)

    # --- saving ------------------------------------------------------------------------------

    def to_saved(self) -> dict[str, Any]:
        """All that a restart needs to go on computing, as plain JSON."""
        plain = (
            "at", "capped", "charging_s", "energy_wh", "idle_s", "reserved_s", "shift", "started",
            "tariff", "zone",
        )  # fmt: skip
        return {
            **{name: getattr(self, name) for name in plain},
            "used": self.used and [*self.used],
            "place": list(self.place),
            "sums": {part: [[*entry] for entry in found] for part, found in self.sums.items()},
            "periods": [
                [p.start, p.tariff, p.wh, p.charging_s, p.idle_s,
                 p.power_w and [*p.power_w], p.current_a and [*p.current_a]]
                for p in self.periods
            ],
        }  # fmt: skip

    @classmethod
    def from_saved(cls, saved: dict[str, Any]) -> "Bill":
        """The bill that `to_saved` wrote."""
        place = Place(*saved["place"])
        bill = cls(saved["tariff"], saved["started"], place, saved["zone"], fees=False)
        for name in ("at", "capped", "charging_s", "energy_wh", "idle_s", "reserved_s", "shift"):
            setattr(bill, name, saved[name])
        bill.used = saved["used"] and [*saved["used"]]
        bill.sums = {part: [[*entry] for entry in found] for part, found in saved["sums"].items()}
        bill.periods = []
        for start, tariff, wh, charging_s, idle_s, power_w, current_a in saved["periods"]:
            period = Period(start, tariff)
            period.wh, period.charging_s, period.idle_s = wh, charging_s, idle_s
            period.power_w, period.current_a = power_w and [*power_w], current_a and [*current_a]
            bill.periods.append(period)
        return bill


def _range(seen: list[float] | None, value: float) -> list[float]:
    return [value, value] if seen is None else [min(seen[0], value), max(seen[1], value)]


def _cost(entries: list[list]) -> Cost:
    net = sum(amount for amount, _ in entries)
    gross = sum(taxed(amount, rates) for amount, rates in entries)
    return Cost(net, gross, entries[0][1] if len(entries) == 1 else [])


def _bound(price: dict[str, Any]) -> tuple[float, int]:
    """(amount, 1 if it is with tax else 0): with tax, where the price says it."""
    net, gross = both(price)
    return (gross, 1) if gross is not None else (net, 0)


def _floor(price: dict[str, Any], net: float, gross: float) -> Cost:
    least, taxed_least = both(price)
    factor = gross / net if net else 1.0
    if least is None:
        least = taxed_least / factor
    if taxed_least is None:
        taxed_least = least * factor
    return Cost(least, taxed_least, price.get("taxRates", []))
