"""Functional block J, meter values: when they are taken."""

from chargepoint.calls import QUEUE_AT_MOST
from chargepoint.times import next_mark
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.transactions import Transactions

_MOST_KEPT = 400  # samples for one Ended event; beyond, every second one goes (J02.FR.14)


class MeterSchedule(Transactions):
    __slots__ = ()

    def restart_timers(self, outlet: Outlet, now: float) -> None:
        """Set or clear the timers of an outlet, after a start, an end, a restart or a new value."""
        number, open_ = outlet.number, outlet.transaction is not None
        self._every(("sample", number), "SampledDataCtrlr.TxUpdatedInterval", open_, now)
        self._every(("ended_sample", number), "SampledDataCtrlr.TxEndedInterval", open_, now)
        if outlet.connect_by is not None:
            self.set_timer(("ev_timeout", number), outlet.connect_by)
        if open_ and outlet.transaction.cap_wh is not None:
            self.watch_cap(outlet, now)
        if outlet.needs is not None:
            self.set_timer(("needs", number), outlet.needs)
        self.watch_hardware(outlet, now)

    def _every(self, key: tuple[str, int], variable: str, wanted: bool, now: float) -> None:
        seconds = self.model.integer(variable) if wanted else 0
        if not seconds:
            self.clear_timer(key)
        else:
            # In step with the transaction's start, also after a restart.
            started = self.outlets[key[1]].transaction.started
            self.set_timer(key, started + (int((now - started) // seconds) + 1) * seconds)

    def at_sample(self, now: float, number: int) -> None:
        outlet = self.outlets.get(number)
        if outlet is None or outlet.transaction is None:
            return
        key = "SampledDataCtrlr.TxUpdatedMeasurands"
        self._update(
            outlet, "MeterValuePeriodic", self.sampled(outlet, key, "Sample.Periodic", now), now
        )
        self._every(("sample", number), "SampledDataCtrlr.TxUpdatedInterval", True, now)

    def _update(self, outlet: Outlet, trigger: str, meter: list[dict], now: float) -> None:
        # After days offline the queue is full: no more meter values then (E04 lets them go).
        # An event that was never made has no number, so there is no gap.
        if meter and len(self.queued) < QUEUE_AT_MOST:
            self.updated(outlet, trigger, now, meter)

    def at_ended_sample(self, now: float, number: int) -> None:
        outlet = self.outlets.get(number)
        if outlet is None or outlet.transaction is None:
            return
        self._keep(outlet, "SampledDataCtrlr.TxEndedMeasurands", "Sample.Periodic", now)
        self._every(("ended_sample", number), "SampledDataCtrlr.TxEndedInterval", True, now)

    def _keep(self, outlet: Outlet, key: str, context: str, now: float) -> None:
        kept = outlet.transaction.ended_values
        kept += self.sampled(outlet, key, context, now)
        if len(kept) > _MOST_KEPT:
            del kept[1::2]

    # --- clock-aligned (J01) -----------------------------------------------------------------

    def schedule_aligned(self, now: float) -> None:
        for key, variable in (
            ("aligned", "AlignedDataCtrlr.Interval"),
            ("aligned_ended", "AlignedDataCtrlr.TxEndedInterval"),
        ):
            seconds = self.model.integer(variable)
            if seconds and self.model.flag("AlignedDataCtrlr.Enabled"):
                # A clock that drifts may be a hair before the mark that this was armed for.
                mark = next_mark(self.station_time(now) + 0.001, seconds)
                self.set_timer(key, self.when_it_shows(mark, now))
            else:
                self.clear_timer(key)

    def clock_moved(self, now: float) -> None:
        self.schedule_aligned(now)
        self.security_event("SettingSystemTime", self.stamp(now), now)
        self.arm_certificate(now)

    def at_aligned(self, now: float) -> None:
        idle = self.model.flag("AlignedDataCtrlr.SendDuringIdle")
        seen: set[int] = set()
        for outlet in self.outlets.values():
            meter = self.sampled(outlet, "AlignedDataCtrlr.Measurands", "Sample.Clock", now)
            if not meter:
                continue
            if outlet.transaction is not None:
                self._update(outlet, "MeterValueClock", meter, now)
            elif idle and outlet.evse not in seen and self.online:
                self.call("MeterValues", {"evseId": outlet.evse, "meterValue": meter}, now)
            seen.add(outlet.evse)
        self.schedule_aligned(now)

    def at_aligned_ended(self, now: float) -> None:
        for outlet in self.outlets.values():
            if outlet.transaction is not None:
                self._keep(outlet, "AlignedDataCtrlr.TxEndedMeasurands", "Sample.Clock", now)
        self.schedule_aligned(now)
