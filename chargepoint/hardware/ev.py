"""An electric vehicle and its battery: how much power it takes, and for how long.

The battery takes a fraction of its maximum power that depends on the state of charge alone,
linear between the points of a curve. Under a constant limit this has a closed solution (a
straight line while the limit binds, an exponential while the curve binds), so the energy of an
hour does not depend on how many steps the hour is cut into.
"""

from itertools import pairwise
from math import expm1, log1p
from typing import TYPE_CHECKING, Any

from chargepoint.trust.certificates import read_chain
from chargepoint.trust.contracts import MADE, emaid_of, is_emaid

if TYPE_CHECKING:
    from chargepoint.config import ConnectorConfig

# (state of charge %, fraction of maximum power), falling, first point at 0 and last at 100.
# AC: the onboard charger is far below what the battery could take, so the fall comes late.
AC_CURVE = ((0.0, 1.0), (80.0, 1.0), (95.0, 0.35), (99.0, 0.08), (100.0, 0.08))
# DC: full power needs a fairly empty battery; from 80 % on most cars let go quickly.
DC_CURVE = ((0.0, 1.0), (50.0, 1.0), (80.0, 0.62), (95.0, 0.15), (99.0, 0.05), (100.0, 0.05))

AC_EFFICIENCY = 0.90  # onboard charger: metered energy to stored energy
DC_EFFICIENCY = 0.96

# The straight lines between the points: (soc, fraction there, soc at the end, fraction a percent).
_AC_LINES, _DC_LINES = (
    tuple((s0, f0, s1, (f1 - f0) / (s1 - s0)) for (s0, f0), (s1, f1) in pairwise(curve))
    for curve in (AC_CURVE, DC_CURVE)
)

FULL = 1e-7  # percent; closer than this to the target is at the target
LEAST_W = 1e-3  # an offer below this is none; smaller still, and seconds overflow


class EV:
    """One car at a connector. Powers in watts at the meter, energies in Wh at the meter.

    LIVES: whether it pauses and goes on by itself (see profiled.py).
    """

    LIVES = False

    __slots__ = (
        "battery_kwh", "contract", "contracts", "departure_s", "emaid", "iso15118", "iso15118_20",
        "max_discharge_kw", "max_power_kw", "min_soc", "phases", "soc", "target_soc",
    )  # fmt: skip

    def __init__(
        self,
        battery_kwh: float = 60.0,
        soc: float = 30.0,
        max_power_kw: float = 11.0,
        phases: int = 3,
        target_soc: float = 100.0,
        iso15118: bool = False,
        departure_s: float = 0.0,
        max_discharge_kw: float = 0.0,
        min_soc: float = 20.0,
        emaid: str = "",
        contract: str = "",
        contracts: int = 1,
        iso15118_20: bool = False,
    ):
        """`soc` and `target_soc` in percent; `phases` of the onboard charger (1-3).

        iso15118: it tells its needs, with `departure_s` seconds to go (0: not said).
        max_discharge_kw: what it can give back, down to `min_soc` percent; 0: nothing.
        emaid: it charges by Plug & Charge under this eMAID, with `contract`, the PEM chain of its
        certificate, contract first ("": none yet; "made": the emulator makes one); it has room for
        `contracts` of them. iso15118_20: it speaks ISO 15118-20 too.

        Raises ValueError, with a sentence, on a value that no car has.
        """
        if not 0 < battery_kwh <= 10_000:
            raise ValueError("battery_kwh must be above 0 and at most 10000")
        if not 0 <= soc <= 100:
            raise ValueError("soc must be 0 to 100")
        if not 0 < max_power_kw <= 10_000:
            raise ValueError("max_power_kw must be above 0 and at most 10000")
        if phases not in (0, 1, 2, 3):
            raise ValueError("phases must be 1, 2 or 3 (0 for DC)")
        if not 0 <= target_soc <= 100:
            raise ValueError("target_soc must be 0 to 100")
        if not 0 <= max_discharge_kw <= 10_000:
            raise ValueError("max_discharge_kw must be 0 to 10000")
        if not 0 <= min_soc <= 100:
            raise ValueError("min_soc must be 0 to 100")
        if not 0 <= departure_s <= 31_536_000:
            raise ValueError("departure_s must be 0 to a year of seconds")
        if not 1 <= contracts <= 8:
            raise ValueError("contracts must be 1 to 8")
        self.emaid, self.contract, self.contracts = emaid, contract, int(contracts)
        self.iso15118_20 = bool(iso15118_20)
        self.iso15118 = bool(iso15118) or bool(emaid or contract or iso15118_20)
        self.departure_s = float(departure_s)
        self.max_discharge_kw = float(max_discharge_kw)
        self.min_soc = float(min_soc)
        self.battery_kwh = float(battery_kwh)
        self.soc = float(soc)
        self.max_power_kw = float(max_power_kw)
        self.phases = int(phases)
        self.target_soc = float(target_soc)

    @classmethod
    def for_connector(cls, config: "ConnectorConfig", given: dict[str, Any] | None = None) -> "EV":
        """A usual car for this connector; what `given` names replaces the usual values.

        Raises ValueError on an unknown name or an impossible value.
        """
        usual = (
            {"battery_kwh": 75.0, "soc": 20.0, "max_power_kw": 150.0, "phases": 0}
            if config.phases == 0
            else {"battery_kwh": 60.0, "soc": 30.0, "max_power_kw": 11.0, "phases": 3}
        )
        return cls(**checked(usual | given_of(given)))

    @property
    def full(self) -> bool:
        return self.soc >= self.target_soc - FULL

    cold_s = 0.0  # how long its battery takes to get warm
    resting = full  # it takes nothing, whatever is on offer

    def wh_per_percent(self, dc: bool) -> float:
        """Wh that the meter sees while the battery gives a percent."""
        return self.battery_kwh * 10.0 * (DC_EFFICIENCY if dc else AC_EFFICIENCY)

    def ceiling_w(self, config: "ConnectorConfig", at_most: int | None = None) -> float:
        """What car and connector both allow, on `at_most` phases, before the battery's curve."""
        if config.phases == 0:
            return min(self.max_power_kw * 1000.0, float(config.max_power_w))
        # Asked several times a reading: comparisons cost a third of what min() does.
        phases, there = self.phases or 3, config.phases
        used = phases if phases < there else there
        if at_most and at_most < used:
            used = at_most
        car_w, outlet_w = self.max_power_kw * 1000.0 / phases, config.max_power_w / there
        return used * (car_w if car_w < outlet_w else outlet_w)

    def power_w(self, cap_w: float, dc: bool) -> float:
        """Power taken now if `cap_w` is on offer."""
        if self.full or cap_w < LEAST_W:
            return 0.0
        return self._stretch(self.soc, cap_w, dc)[1]

    able_w = power_w  # the same, though nothing is on offer yet

    def charge(self, seconds: float, cap_w: float, dc: bool) -> tuple[float, float]:
        """Charge for up to `seconds`; the battery fills. Returns (Wh metered, seconds used).

        Fewer seconds than given are used when the target is reached first.
        """
        if cap_w < LEAST_W:
            return 0.0, seconds
        start = soc = self.soc
        left, target = seconds, self.target_soc - FULL
        per_ws = self.percent_per_ws(dc)
        while left > 0 and soc < target:
            end, power, slope = self._stretch(soc, cap_w, dc)
            duration = duration_of(end - soc, power, slope, per_ws)
            if duration > left:
                soc = min(end, soc + gain_of(left, power, slope, per_ws))
                left = 0.0
            else:
                soc = end
                left -= duration
        self.soc = soc
        return (soc - start) / per_ws / 3600.0, seconds - left

    def gives_w(self, asked_w: float) -> float:
        """Power given back now if `asked_w` is asked for."""
        if self.soc <= self.min_soc + FULL:
            return 0.0
        return min(asked_w, self.max_discharge_kw * 1000.0)

    def give(self, seconds: float, asked_w: float, dc: bool) -> float:
        """Give back for up to `seconds`, down to min_soc. Returns Wh as the meter sees them."""
        per_percent = self.wh_per_percent(dc)
        left = max(0.0, self.soc - self.min_soc) * per_percent
        energy = min(self.gives_w(asked_w) * seconds / 3600.0, left)
        self.soc -= energy / per_percent
        return energy

    def seconds_to_target(self, cap_w: float, dc: bool) -> float | None:
        """How long until the target at this cap; None if it will never be reached."""
        if self.full:
            return 0.0
        if cap_w < LEAST_W:
            return None
        soc, total = self.soc, 0.0
        per_ws = self.percent_per_ws(dc)
        while soc < self.target_soc - FULL:
            end, power, slope = self._stretch(soc, cap_w, dc)
            total += duration_of(end - soc, power, slope, per_ws)
            soc = end
        return total

    def seconds_to(self, soc: float, cap_w: float, dc: bool) -> float | None:
        """The same to another percent; None as well where its target is below that."""
        if soc > self.target_soc:
            return None
        before, self.target_soc = self.target_soc, soc
        try:
            return self.seconds_to_target(cap_w, dc)
        finally:
            self.target_soc = before

    def percent_per_ws(self, dc: bool) -> float:
        """Percent of the battery gained for each watt-second metered."""
        return (DC_EFFICIENCY if dc else AC_EFFICIENCY) / (self.battery_kwh * 36_000.0)

    def _stretch(self, soc: float, cap_w: float, dc: bool) -> tuple[float, float, float]:
        """(end soc, watts at `soc`, watts gained per percent) while one law holds."""
        peak = self.max_power_kw * 1000.0
        for s0, f0, s1, fall in _DC_LINES if dc else _AC_LINES:  # noqa: B007 - used after the break
            if soc < s1:
                break
        slope = fall * peak
        power = f0 * peak + slope * (soc - s0)
        end = self.target_soc
        if s1 < end:
            end = s1
        if power <= cap_w:
            return end, power, slope
        if slope < 0:
            crossing = s0 + (cap_w - f0 * peak) / slope
            if crossing <= soc:  # only by rounding
                return end, cap_w, slope
            end = min(end, crossing)
        return end, cap_w, 0.0

    def to_saved(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in EV.__slots__}

    @classmethod
    def from_saved(cls, saved: dict[str, Any]) -> "EV":
        return cls(**saved)


def given_of(given: dict[str, Any] | None) -> dict[str, Any]:
    """The fields of a command's `ev` that say something.

    Raises ValueError for what no EV has.
    """
    unknown = set(given or ()) - set(EV.__slots__)
    if unknown:
        raise ValueError(f"an EV has no {', '.join(sorted(map(str, unknown)))}")
    return {name: value for name, value in (given or {}).items() if value is not None}


def checked(values: dict[str, Any]) -> dict[str, Any]:
    """The same values. Raises ValueError for one of a wrong type, or a contract that cannot be."""
    for name, value in values.items():
        if name in ("iso15118", "iso15118_20"):
            if not isinstance(value, bool):
                raise ValueError(f"{name} must be true or false")  # noqa: TRY004 - as below
        elif name not in ("emaid", "contract") and (
            isinstance(value, bool) or not isinstance(value, int | float)
        ):
            raise ValueError(f"{name} must be a number")  # noqa: TRY004 - one kind of refusal
    _check_contract(values.get("emaid", ""), values.get("contract", ""))
    return values


def _check_contract(emaid: Any, contract: Any) -> None:
    """ValueError if no car can be known by these."""
    if emaid and not is_emaid(emaid):
        raise ValueError("emaid must be an eMAID such as DE-ABC-C12345678-1")
    if contract and contract != MADE and not (
        isinstance(contract, str) and read_chain(contract) and (emaid or emaid_of(contract))
    ):
        raise ValueError('contract must be "made" or a PEM chain whose common name is an eMAID')
    if contract == MADE and not emaid:
        raise ValueError("a contract is made for an emaid")


def duration_of(percent: float, power: float, slope: float, per_ws: float) -> float:
    """Seconds to gain `percent` when watts = power + slope * (percent gained)."""
    if slope == 0.0:
        return percent / (per_ws * power)
    return log1p(slope * percent / power) / (per_ws * slope)


def gain_of(seconds: float, power: float, slope: float, per_ws: float) -> float:
    """Percent gained in `seconds` under the same law."""
    if slope == 0.0:
        return per_ws * power * seconds
    return power / slope * expm1(per_ws * slope * seconds)
