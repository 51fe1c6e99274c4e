"""Functional block Q, bidirectional power: setpoints, discharge limits, and who allows them."""

from typing import Any

from chargepoint.charging import offers
from chargepoint.charging.profile import Period
from chargepoint.effects import SOON
from chargepoint.hardware.states import Event, State
from chargepoint.v201.charging_limits import ChargingLimits
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.smart_charging import rejected

_ONE_WAY = ("", "ChargingOnly", "Idle")


class V2X(ChargingLimits):
    """Block of Station21.

    signal   the last AFRRSignal, None before the first
    allowed  transaction -> kinds of energy transfer that the CSMS allows, None where it said none
    """

    __slots__ = ()

    def offer(self, outlet: Outlet, watts: float, phases: int, now: float) -> None:
        """What the profiles leave for charging, or ask the EV to give back."""
        setpoint, back = None, 0.0
        time = round((now + self._skew) * 1000)
        found = self.for_transaction(outlet, time, self.since(outlet, time))
        if found is not None:
            setpoint, back = self._setpoint(outlet, *found)
        if setpoint is not None:
            watts = min(watts, max(setpoint, 0.0)) if setpoint >= 0 else watts
        super().offer(outlet, watts, phases, now)
        hardware = outlet.hardware
        hardware.discharge(back, now)
        if back and hardware.state is State.SUSPENDED_EV and hardware.ev is not None:
            hardware.apply(Event.EV_RESUMED, now)  # a full car can give

    def _setpoint(self, outlet: Outlet, profile: Any, period: Period) -> tuple:
        """(watts wanted or None, watts that the EV is to give back)."""
        circuit = offers.circuit_of(outlet.hardware, False)
        factor = 1.0 if profile.unit == "W" else circuit.volts * circuit.lines
        if period.mode == "Idle":
            return 0.0, 0.0
        wanted = period.setpoint
        if period.mode == "CentralFrequency" and wanted is None:
            wanted = self._by_signal(profile.id, period)
        if wanted is None:
            return None, 0.0
        wanted *= factor
        if wanted >= 0 or period.mode in _ONE_WAY or not self._may_give(outlet):
            return max(wanted, 0.0), 0.0
        back = -wanted
        if period.discharge is not None:
            back = min(back, -period.discharge * factor)
        return wanted, self.der_limited(outlet, back)

    def _may_give(self, outlet: Outlet) -> bool:
        if outlet.transaction is None:
            return False
        allowed = (self.allowed or {}).get(outlet.transaction.id)
        return allowed is None or any("BPT" in kind for kind in allowed)

    def _by_signal(self, identity: int, period: Period) -> float | None:
        """Q08: the baseline, and what the curve makes of the aFRR signal."""
        for installed in self.profiles or ():
            if installed.profile.id == identity:
                schedule = installed.raw["chargingSchedule"][installed.choice]
                raw = schedule["chargingSchedulePeriod"][installed.profile.periods.index(period)]
                points = [(p["signal"], p["power"]) for p in raw.get("v2xSignalWattCurve", ())]
                if points and self.signal is not None:
                    return raw.get("v2xBaseline", 0.0) + interpolated(points, self.signal)
                return raw.get("v2xBaseline")
        return None

    def on_afrr_signal(self, payload: dict, now: float) -> dict:
        listens = any(
            period.mode == "CentralFrequency"
            for installed in self.profiles or ()
            for period in installed.profile.periods
        )
        if not listens:
            return rejected("NotEnabled", "no profile follows an aFRR signal")
        self.signal = payload["signal"]
        self.later(self.plan)
        self.changed(SOON)
        return {"status": "Accepted"}

    def on_notify_allowed_energy_transfer(self, payload: dict, now: float) -> dict:
        outlet = self._running(payload["transactionId"])
        if outlet is None:
            return rejected("TxNotFound", "no such transaction is running")
        ev = outlet.hardware.ev
        if ev is None or not ev.iso15118:
            return rejected("UnsupportedRequest", "the EV does not negotiate energy transfer")
        self.allowed = {
            **(self.allowed or {}), payload["transactionId"]: payload["allowedEnergyTransfer"],
        }  # fmt: skip
        self.later(self.plan)
        self.changed(SOON)
        return {"status": "Accepted"}


def interpolated(points: list[tuple[float, float]], x: float) -> float:
    """The curve through the points, flat beyond its ends."""
    points = sorted(points)
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]
