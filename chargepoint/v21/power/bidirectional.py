"""Functional block Q, bidirectional power: setpoints, discharge limits, and who allows them."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from chargepoint.charging import offers
from chargepoint.charging.profile import Period, Profile
from chargepoint.core.block import Block, action, folds, hears, timer
from chargepoint.der.controls import KINDS
from chargepoint.der.curves import interpolated
from chargepoint.effects import SOON
from chargepoint.hardware.ev import EV
from chargepoint.timing.times import seconds_of
from chargepoint.v21.power.evse_controllers import V2X
from chargepoint.v21.power.wish import Wish, rating_of
from chargepoint.v201 import topics
from chargepoint.v201.charging.smart_charging import rejected
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v21.power.charging import ChargingLimits21
    from chargepoint.v21.power.evse_controllers import EvseControllers

ONE_WAY = ("", "ChargingOnly", "Idle")
_BY_SIGNAL = ("CentralFrequency", "LocalFrequency")
_EXTERNAL = ("ExternalLimits", "ExternalSetpoint")


class Bidirectional(Block):
    """Block of Station21.

    signal       the last AFRRSignal that is active, None before the first
    next_signal  [unix seconds by the station's clock, signal] of the one to come
    allowed      transaction -> kinds of energy transfer that the CSMS allows, None where it said
                 none
    """

    __slots__ = ("allowed", "charging", "controllers", "next_signal", "signal")

    GUEST = True
    KEYS = ("allowed", "next_signal", "signal")

    def __init__(
        self, core: Station, charging: ChargingLimits21, controllers: EvseControllers
    ) -> None:
        super().__init__(core)
        self.charging = charging
        self.controllers = controllers

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read the aFRR signal and allowed transfers of a snapshot."""
        self.signal: int | None = saved.get("signal")
        self.next_signal: list | None = saved.get("next_signal")
        self.allowed: dict[str, list[str]] | None = saved.get("allowed")

    def resume(self, now: float) -> None:
        if self.next_signal is not None:
            self.core.timers.set("afrr", max(now, self.next_signal[0] - self.core.clock.skew))

    def saved(self) -> dict[str, Any]:
        """The aFRR signal and allowed transfers for the snapshot."""
        saved: dict[str, Any] = {}
        if self.signal is not None:
            saved["signal"] = self.signal
        if self.next_signal is not None:
            saved["next_signal"] = [*self.next_signal]
        if self.allowed:
            saved["allowed"] = dict(self.allowed)
        return saved

    # --- what is wished ----------------------------------------------------------------------

    def _period_now(self, outlet: Outlet, now: float) -> tuple[Profile, Period] | None:
        if not self.charging.profiles:  # as at nearly every station, for each of its meter values
            return None
        time = round((now + self.core.clock.skew) * 1000)
        return self.charging.for_transaction(outlet, time, self.charging.since(outlet, time))

    def _factor(self, outlet: Outlet, profile: Profile) -> float:
        """Watts of one unit of the profile."""
        circuit = offers.circuit_of(outlet.hardware, False)
        return 1.0 if profile.unit == "W" else circuit.volts * circuit.lines

    @folds(topics.WISH, wakes=True)
    def wish(self, wish: Wish, outlet: Outlet, now: float) -> Wish:
        """What the profile makes of the limit of charging, `wish.take`."""
        found = self._period_now(outlet, now)
        if found is None:
            return wish
        watts = wish.take
        profile, period = found
        if period.mode == "Idle":  # Q10
            return Wish(0.0, 0.0, 0.0, 0.0)
        factor, room = self._factor(outlet, profile), 0.0
        if (
            period.mode not in ONE_WAY
            and self.controllers.v2x_enabled(outlet.evse)
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
            return self._by_curves(outlet, profile, period)
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
        time = round((now + self.core.clock.skew) * 1000)
        following = [o for o in self.core.outlets.values() if self._mode(o, now) in _EXTERNAL]
        for place, shares in ((outlet.evse, 1), (0, max(1, len(following)))):
            found = self.charging.external(place, time)
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
            float(self.controllers.of_evse(outlet.evse, f"{V2X}.LocalLoadBalancing[{name}]"))
            for name in ("UpperThreshold", "UpperOffset", "LowerThreshold", "LowerOffset")
        )
        load, helping = self.core.power.mains.load_w, 0
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

    def _by_curves(self, outlet: Outlet, profile: Profile, period: Period) -> float | None:
        """Q08: the baseline, and what the curves make of frequency and aFRR signal."""
        raw = self.charging.raw_period(outlet, profile, period)
        total = raw.get("v2xBaseline")
        frequency = [(p["frequency"], p["power"]) for p in raw.get("v2xFreqWattCurve", ())]
        signals = [(p["signal"], p["power"]) for p in raw.get("v2xSignalWattCurve", ())]
        if frequency:
            total = (total or 0.0) + interpolated(frequency, self.core.power.mains.frequency_hz)
        if signals and self.signal is not None:
            total = (total or 0.0) + interpolated(signals, self.signal)
        return total

    def setpoint_var(self, outlet: Outlet, now: float) -> float | None:
        """Vars by setpointReactive: above 0 inductive, taken from the grid."""
        found = self._period_now(outlet, now)
        if found is None or found[1].reactive is None or found[1].mode in ONE_WAY:
            return None
        return found[1].reactive * self._factor(outlet, found[0])

    # --- messages ----------------------------------------------------------------------------

    @action("AFRRSignal")
    def on_afrr_signal(self, payload: dict, now: float) -> dict:
        """AFRRSignal (Q07)."""
        if not any(
            period.get("operationMode") in _BY_SIGNAL and "v2xSignalWattCurve" in period
            for installed in self.charging.profiles or ()
            for period in installed.raw["chargingSchedule"][installed.choice][
                "chargingSchedulePeriod"
            ]
        ):
            return rejected("NotEnabled", "no profile follows an aFRR signal")
        begins = seconds_of(payload["timestamp"])
        if begins is not None and begins > self.core.clock.station_time(now):
            self.next_signal = [begins, payload["signal"]]
            self.core.timers.set("afrr", begins - self.core.clock.skew)
        else:
            self.signal = payload["signal"]
            self.core.answers.later(self.charging.plan)
        self.core.changed(SOON)
        return {"status": "Accepted"}

    @timer("afrr")
    def at_afrr(self, now: float) -> None:
        if self.next_signal is not None:
            self.signal, self.next_signal = self.next_signal[1], None
            self.core.changed(SOON)
            self.charging.plan(now)

    @action("NotifyAllowedEnergyTransfer")
    def on_notify_allowed_energy_transfer(self, payload: dict, now: float) -> dict:
        """NotifyAllowedEnergyTransfer (Q02)."""
        outlet = self.core.running(payload["transactionId"])
        if outlet is None:
            return rejected("TxNotFound", "no such transaction is running")
        ev = outlet.hardware.ev
        if ev is None or not ev.iso15118:
            return rejected("UnsupportedRequest", "the EV does not negotiate energy transfer")
        self.allowed = {
            **(self.allowed or {}), payload["transactionId"]: payload["allowedEnergyTransfer"],
        }  # fmt: skip
        self.core.answers.later(self.charging.plan)
        self.core.changed(SOON)
        return {"status": "Accepted"}

    @hears(topics.PROFILES_ENDING)
    def forget_allowed(self, outlet: Outlet, session: str, now: float) -> None:
        if self.allowed is not None:
            self.allowed = {k: v for k, v in self.allowed.items() if k != session} or None

    # --- what a car tells at the start -------------------------------------------------------

    @folds(topics.NEEDS, wakes=True)
    def needs(self, needs: dict[str, Any], outlet: Outlet, ev: EV) -> dict[str, Any]:
        """Q01.FR.09: it asks for charging, and names what else it could have."""
        if not (
            ev.iso15118_20
            and ev.max_discharge_kw
            and self.controllers.v2x_enabled(outlet.evse)
        ):
            return needs
        rating = rating_of(outlet.hardware)
        key = f"{V2X}.SupportedEnergyTransferModes"
        offered = self.controllers.of_evse(outlet.evse, key).split(",")
        controls = self.controllers.der_supported(outlet)
        needs["availableEnergyTransfer"] = [
            mode for mode in offered
            if mode == needs["requestedEnergyTransfer"] or "BPT" in mode
            and ("DER" not in mode or controls)
        ]  # fmt: skip
        needs["v2xChargingParameters"] = {
            "minChargePower": 0, "maxChargePower": round(rating.take_w),
            "minDischargePower": 0, "maxDischargePower": round(rating.ev_w),
            "targetSoC": round(ev.target_soc),
        }  # fmt: skip
        if not outlet.hardware.dc and controls:
            # R02: at AC the inverter is the car's; ours know every control that the EVSE knows.
            needs["derChargingParameters"] = {
                "evSupportedDERControl": [kind for kind in KINDS if kind in controls],
                "maxApparentPower": round(rating.va),
                "maxChargeApparentPower": round(rating.take_w),
                "maxDischargeApparentPower": round(rating.ev_w),
                "maxChargeReactivePower": round(rating.var),
                "maxDischargeReactivePower": round(rating.var),
            }  # fmt: skip
        return needs
