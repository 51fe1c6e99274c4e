"""Functional block Q, bidirectional power: setpoints, discharge limits, and who allows them."""

from math import inf
from typing import Any

from chargepoint.charging import offers
from chargepoint.charging.profile import Period, Profile
from chargepoint.core.block import action, timer
from chargepoint.der.curves import interpolated
from chargepoint.effects import SOON
from chargepoint.hardware.states import Event, State
from chargepoint.times import seconds_of
from chargepoint.v21.power.der_effects import Wish
from chargepoint.v21.power.evse_controllers import V2X as CONTROLLER
from chargepoint.v201.charging.charging_limits import ChargingLimits
from chargepoint.v201.charging.smart_charging import rejected
from chargepoint.v201.outlet import Outlet

ONE_WAY = ("", "ChargingOnly", "Idle")
_BY_SIGNAL = ("CentralFrequency", "LocalFrequency")
_EXTERNAL = ("ExternalLimits", "ExternalSetpoint")


class V2X(ChargingLimits):
    """Block of Station21.

    signal       the last AFRRSignal that is active, None before the first
    next_signal  [unix seconds by the station's clock, signal] of the one to come
    allowed      transaction -> kinds of energy transfer that the CSMS allows, None where it said
                 none
    """

    __slots__ = ()

    def offer(self, outlet: Outlet, watts: float, phases: int, now: float) -> None:
        """What the profiles leave for charging, or ask the EV to give back."""
        take, give = self.core.block("der").der_shaped(outlet, self._wish(outlet, watts, now), now)
        super().offer(outlet, take, phases, now)
        hardware = outlet.hardware
        hardware.discharge(give, now)
        if give and hardware.state is State.SUSPENDED_EV and hardware.ev is not None:
            hardware.apply(Event.EV_RESUMED, now)  # a full car can give

    def withheld(self, outlet: Outlet) -> bool:
        """A car that gives is not withheld from; one that talks ISO 15118 can do with little."""
        hardware = outlet.hardware
        if outlet.needs is None and hardware.discharge_w:
            return False
        ev = hardware.ev
        if outlet.needs is None and ev is not None and ev.iso15118 and ev.max_discharge_kw:
            return hardware.limit_w is not None and hardware.limit_w < offers.LEAST_DC_W
        return super().withheld(outlet)

    def _period_now(self, outlet: Outlet, now: float) -> tuple[Profile, Period] | None:
        if not self.profiles:  # as at nearly every station, for each of its meter values
            return None
        time = round((now + self.core.skew) * 1000)
        return self.for_transaction(outlet, time, self.since(outlet, time))

    def _factor(self, outlet: Outlet, profile: Profile) -> float:
        """Watts of one unit of the profile."""
        circuit = offers.circuit_of(outlet.hardware, False)
        return 1.0 if profile.unit == "W" else circuit.volts * circuit.lines

    def _wish(self, outlet: Outlet, watts: float, now: float) -> Wish:
        found = self._period_now(outlet, now)
        if found is None:
            return Wish(watts, 0.0, watts, 0.0)
        profile, period = found
        if period.mode == "Idle":  # Q10
            return Wish(0.0, 0.0, 0.0, 0.0)
        factor, room = self._factor(outlet, profile), 0.0
        if (
            period.mode not in ONE_WAY
            and self.core.block("controllers").v2x_enabled(outlet.evse)
            and self._may_give(outlet)
        ):
            room = inf if period.discharge is None else -period.discharge * factor
        wanted = self._setpoint_w(outlet, profile, period, factor, now)
        if wanted is None:
            return Wish(watts, 0.0, watts, room)
        if wanted >= 0:
            return Wish(min(watts, wanted), 0.0, watts, room)
        give = min(-wanted, room)
        return Wish(watts if give else 0.0, give, watts, room)

    def _setpoint_w(
        self, outlet: Outlet, profile: Profile, period: Period, factor: float, now: float
    ) -> float | None:
        """Watts to take, below 0 to give; None where nothing but limits counts."""
        own = None if period.setpoint is None else period.setpoint * factor
        if period.mode in _EXTERNAL:
            outside = self._from_outside(outlet, now)
            return own if outside is None else outside
        if period.mode in _BY_SIGNAL and own is None:
            return self._by_curves(profile, period)
        if period.mode == "LocalLoadBalancing":
            return self._balanced(outlet, now)
        return own

    def _may_give(self, outlet: Outlet) -> bool:
        if outlet.transaction is None:
            return False
        allowed = (self.allowed or {}).get(outlet.transaction.id)
        return allowed is None or any("BPT" in kind or "DER" in kind for kind in allowed)

    def _from_outside(self, outlet: Outlet, now: float) -> float | None:
        """The setpoint of an external system for the EVSE, or its share of the station's."""
        time = round((now + self.core.skew) * 1000)
        following = [o for o in self.core.outlets.values() if self._mode(o, now) in _EXTERNAL]
        for place, shares in ((outlet.evse, 1), (0, max(1, len(following)))):
            found = self._external(place, time)
            if found is not None and found[1].setpoint is not None:
                return found[1].setpoint * self._factor(outlet, found[0]) / shares
        return None

    def _mode(self, outlet: Outlet, now: float) -> str:
        if not outlet.hardware.in_transaction:
            return ""
        found = self._period_now(outlet, now)
        return found[1].mode if found else ""

    def _balanced(self, outlet: Outlet, now: float) -> float:
        """Q09: keep what the site draws between the thresholds, with the other outlets of it."""
        upper, more, lower, less = (
            float(
                self.core.block("controllers").of_evse(
                    outlet.evse, f"{CONTROLLER}.LocalLoadBalancing[{name}]"
                )
            )
            for name in ("UpperThreshold", "UpperOffset", "LowerThreshold", "LowerOffset")
        )
        load, helping = self.core.mains.load_w, 0
        for other in self.core.outlets.values():
            if self._mode(other, now) == "LocalLoadBalancing":
                helping += 1
            elif other.hardware.in_transaction:
                load += other.hardware.power_w - other.hardware.export_w
        if load > upper:
            return (upper + more - load) / max(1, helping)
        if load < lower:
            return (lower + less - load) / max(1, helping)
        return 0.0

    def _by_curves(self, profile: Profile, period: Period) -> float | None:
        """Q08: the baseline, and what the curves make of frequency and aFRR signal."""
        raw = self._raw_period(profile, period)
        total = raw.get("v2xBaseline")
        frequency = [(p["frequency"], p["power"]) for p in raw.get("v2xFreqWattCurve", ())]
        signals = [(p["signal"], p["power"]) for p in raw.get("v2xSignalWattCurve", ())]
        if frequency:
            total = (total or 0.0) + interpolated(frequency, self.core.mains.frequency_hz)
        if signals and self.signal is not None:
            total = (total or 0.0) + interpolated(signals, self.signal)
        return total

    def _raw_period(self, profile: Profile, period: Period) -> dict[str, Any]:
        for installed in self.profiles or ():
            if installed.profile.id == profile.id:
                schedule = installed.raw["chargingSchedule"][installed.choice]
                place = installed.profile.periods.index(period)
                return schedule["chargingSchedulePeriod"][place]
        return {}

    def setpoint_var(self, outlet: Outlet, now: float) -> float | None:
        """Vars by setpointReactive: above 0 inductive, taken from the grid."""
        found = self._period_now(outlet, now)
        if found is None or found[1].reactive is None or found[1].mode in ONE_WAY:
            return None
        return found[1].reactive * self._factor(outlet, found[0])

    # --- messages ----------------------------------------------------------------------------

    @action("AFRRSignal")
    def on_afrr_signal(self, payload: dict, now: float) -> dict:
        if not any(
            period.get("operationMode") in _BY_SIGNAL and "v2xSignalWattCurve" in period
            for installed in self.profiles or ()
            for period in installed.raw["chargingSchedule"][installed.choice][
                "chargingSchedulePeriod"
            ]
        ):
            return rejected("NotEnabled", "no profile follows an aFRR signal")
        begins = seconds_of(payload["timestamp"])
        if begins is not None and begins > self.core.station_time(now):
            self.next_signal = [begins, payload["signal"]]
            self.core.set_timer("afrr", begins - self.core.skew)
        else:
            self.signal = payload["signal"]
            self.core.later(self.plan)
        self.core.changed(SOON)
        return {"status": "Accepted"}

    @timer("afrr")
    def at_afrr(self, now: float) -> None:
        if self.next_signal is not None:
            self.signal, self.next_signal = self.next_signal[1], None
            self.core.changed(SOON)
            self.plan(now)

    @action("NotifyAllowedEnergyTransfer")
    def on_notify_allowed_energy_transfer(self, payload: dict, now: float) -> dict:
        outlet = self.core.running(payload["transactionId"])
        if outlet is None:
            return rejected("TxNotFound", "no such transaction is running")
        ev = outlet.hardware.ev
        if ev is None or not ev.iso15118:
            return rejected("UnsupportedRequest", "the EV does not negotiate energy transfer")
        self.allowed = {
            **(self.allowed or {}), payload["transactionId"]: payload["allowedEnergyTransfer"],
        }  # fmt: skip
        self.core.later(self.plan)
        self.core.changed(SOON)
        return {"status": "Accepted"}
