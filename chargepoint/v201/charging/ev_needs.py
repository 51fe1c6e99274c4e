"""Functional block K, K15-K17: an EV with ISO 15118 tells what it needs, and takes a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.charging.offers import unlike_neighbours
from chargepoint.core.block import Block, failed, got, hears, timer
from chargepoint.effects import SOON
from chargepoint.hardware.ev import EV
from chargepoint.v201 import topics
from chargepoint.v201.charging.charging_profiles import read
from chargepoint.v201.outlet import Outlet

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.charging.charging_limits import ChargingLimits
    from chargepoint.v201.transactions.transactions import Transactions


_TUPLES = "ISO15118Ctrlr.MaxScheduleEntries"
# ISO 15118-2 [V2G2-307]: an EV waits 60 s for its schedule; then the station offers its own.
PATIENCE = 60.0


class EvNeeds(Block):
    """Block of a 2.x station. outlet.needs: until when the EV waits for its schedule."""

    __slots__ = ("charging", "transactions")

    KEEPS = False

    def __init__(
        self, core: Station, transactions: Transactions, charging: ChargingLimits
    ) -> None:
        super().__init__(core)
        self.transactions = transactions
        self.charging = charging

    @hears(topics.EV_ASKS)
    def ev_asks(self, outlet: Outlet, now: float) -> None:
        """The power path closes: an EV that speaks ISO 15118 asks first (K15.FR.01)."""
        ev = outlet.hardware.ev
        flag = self.core.model.flag
        enabled = flag("SmartChargingCtrlr.Enabled") and flag("ISO15118Ctrlr.Enabled")
        if ev is None or not ev.iso15118 or not enabled or not self.core.online:
            return
        needs = self.core.fold(topics.NEEDS, self._needs_of(outlet, ev, now), outlet, ev)
        payload = {
            "evseId": outlet.evse, "maxScheduleTuples": self.core.model.integer(_TUPLES),
            "chargingNeeds": needs,
        }  # fmt: skip
        self.core.calls.make("NotifyEVChargingNeeds", payload, now, outlet.number)
        outlet.needs = now + PATIENCE
        self.core.timers.set(("needs", outlet.number), outlet.needs)

    def _needs_of(self, outlet: Outlet, ev: EV, now: float) -> dict[str, Any]:
        wanted = max(0.0, ev.target_soc - ev.soc) / 100 * ev.battery_kwh * 1000
        needs: dict[str, Any] = {}
        if outlet.hardware.dc:
            needs["requestedEnergyTransfer"] = "DC"
            needs["dcChargingParameters"] = {
                "evMaxCurrent": round(ev.max_power_kw * 1000 / 400), "evMaxVoltage": 500,
                "energyAmount": round(wanted), "evMaxPower": round(ev.max_power_kw * 1000),
                "stateOfCharge": round(ev.soc), "fullSoC": round(ev.target_soc),
                "evEnergyCapacity": round(ev.battery_kwh * 1000),
            }  # fmt: skip
        else:
            phases = min(ev.phases or 3, outlet.hardware.config.phases)
            words = {1: "single", 2: "two", 3: "three"}[phases]
            needs["requestedEnergyTransfer"] = f"AC_{words}_phase"
            needs["acChargingParameters"] = {
                "energyAmount": round(wanted), "evMinCurrent": 6, "evMaxVoltage": 230,
                "evMaxCurrent": round(ev.max_power_kw * 1000 / (ev.phases or 3) / 230),
            }  # fmt: skip
        if ev.departure_s:
            needs["departureTime"] = self.core.clock.stamp(now + ev.departure_s)
        return needs

    @got("NotifyEVChargingNeeds")
    def got_notify_ev_charging_needs(self, payload: dict, number: int, now: float) -> None:
        """The answer to NotifyEVChargingNeeds (K15)."""
        # K15.FR.03: Accepted means that a profile comes; any other answer, that none comes now.
        outlet = self.core.outlets.get(number)
        if outlet is not None and payload["status"] != "Accepted":
            self.ev_goes_on(outlet, now)

    @failed("NotifyEVChargingNeeds")
    def failed_notify_ev_charging_needs(self, code: str, number: int, now: float) -> None:
        """No answer, or a CallError: the car charges without a profile of the CSMS."""
        outlet = self.core.outlets.get(number)
        if outlet is not None:
            self.ev_goes_on(outlet, now)

    @timer("needs")
    def at_needs(self, now: float, number: int) -> None:
        """No profile came in time: the car charges without one."""
        outlet = self.core.outlets.get(number)
        if outlet is not None:
            self.ev_goes_on(outlet, now)

    def ev_goes_on(self, outlet: Outlet, now: float) -> None:
        """The wait is over, with a schedule or without one."""
        if outlet.needs is None:
            return
        outlet.needs = None
        self.core.timers.clear(("needs", outlet.number))
        self.core.changed(SOON)
        self.transactions.happened(outlet, "ChargingStateChanged", now)

    def ev_chooses(self, outlet: Outlet, raw: dict, now: float) -> None:
        """The EV takes the schedule that gives it most, and tells its own (K15.FR.07)."""
        ev = outlet.hardware.ev
        if ev is None or not ev.iso15118:
            return
        schedules = raw["chargingSchedule"]
        choice = max(range(len(schedules)), key=lambda n: (_energy(schedules[n]), -n))
        session = outlet.transaction.id
        self.charging.install(read(raw, outlet.evse, session, choice=choice), now)
        begun = self.core.HABITS.stamp(self.charging.since(outlet, 0) / 1000)
        start = schedules[choice].get("startSchedule") or begun
        payload = {
            "timeBase": start, "evseId": outlet.evse,
            "chargingSchedule": {
                "id": schedules[choice]["id"],
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": self._ev_periods(outlet, schedules[choice]),
            },
            **self.choice_told(schedules[choice]["id"]),
        }  # fmt: skip
        self.core.calls.make("NotifyEVChargingSchedule", payload, now)
        self.ev_goes_on(outlet, now)

    def choice_told(self, schedule: int) -> dict[str, Any]:
        """Hook: 2.1 tells which schedule was chosen."""
        return {}

    def _ev_periods(self, outlet: Outlet, schedule: dict) -> list[dict]:
        """Within each period, what the EV can take of it."""
        hardware = outlet.hardware
        most = hardware.ev.ceiling_w(hardware.config)
        volts = 400.0 if hardware.dc else 230.0 * (hardware.ev.phases or 3)
        factor = 1.0 if schedule["chargingRateUnit"] == "W" else volts
        return unlike_neighbours([
            {"startPeriod": p["startPeriod"],
             "limit": round(min(most, p.get("limit", most) * factor), 1)}
            for p in schedule["chargingSchedulePeriod"]
        ])  # fmt: skip


def _energy(schedule: dict) -> float:
    """Limit times seconds within a day."""
    periods = schedule["chargingSchedulePeriod"]
    ends = [p["startPeriod"] for p in periods[1:]] + [schedule.get("duration", 86_400)]
    factor = 1.0 if schedule["chargingRateUnit"] == "W" else 690.0
    return factor * sum(
        p.get("limit", 1e6) * max(0, end - p["startPeriod"])
        for p, end in zip(periods, ends, strict=True)
    )
