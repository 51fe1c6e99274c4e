"""Functional block J, meter values: when they are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargepoint.common.kept_values import keep
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, answers, hears, timer
from chargepoint.core.calls import QUEUE_AT_MOST
from chargepoint.core.clock import next_step
from chargepoint.hardware.sample import Sample
from chargepoint.timing.ticks import on_tick
from chargepoint.v201 import topics
from chargepoint.v201.outlet import Outlet, Transaction
from chargepoint.v201.transactions.transactions import (
    ENDED_MEASURANDS,
    STARTED_MEASURANDS,
    Transactions,
)

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.transactions.transactions import Transactions


SIGNS = ("AlignedDataCtrlr.SignReadings", "SampledDataCtrlr.SignReadings")
_ALIGNED_INTERVAL = "AlignedDataCtrlr.Interval"
_ALIGNED_ENDED_INTERVAL = "AlignedDataCtrlr.TxEndedInterval"
_ALIGNED_MEASURANDS = "AlignedDataCtrlr.Measurands"
_ALIGNED_ENDED_MEASURANDS = "AlignedDataCtrlr.TxEndedMeasurands"
_UPDATED_MEASURANDS = "SampledDataCtrlr.TxUpdatedMeasurands"
# Variable with the measurands -> the one that switches them on.
_SWITCHES = {
    key: f"{key.partition('.')[0]}.Enabled"
    for key in (
        STARTED_MEASURANDS, _UPDATED_MEASURANDS, ENDED_MEASURANDS, _ALIGNED_MEASURANDS,
        _ALIGNED_ENDED_MEASURANDS,
    )
}  # fmt: skip


class MeterSchedule(Block):
    __slots__ = ("transactions",)

    def __init__(self, core: Station, transactions: Transactions) -> None:
        super().__init__(core)
        self.transactions = transactions

    def resume(self, now: float) -> None:
        """Arm the timers of meter values."""
        for outlet in self.core.outlets.values():
            self.restart_timers(outlet, now)
        self.schedule_aligned(now)
        self._open_fiscal()

    def _open_fiscal(self) -> None:
        if any(map(self.core.model.flag, SIGNS)):
            self.core.tell(topics.SIGNING_ON)

    # --- what the meter shows ----------------------------------------------------------------

    def sample(self, outlet: Outlet, now: float) -> Sample:
        """What the meter of the outlet shows: what the hardware measures, and what blocks add."""
        return self.core.fold(topics.SAMPLE, outlet.hardware.sample(now), outlet, now)

    @answers(topics.METER_VALUES)
    def sampled(
        self, outlet: Outlet, key: str, context: str, now: float, mark: float | None = None
    ) -> list[dict]:
        """[MeterValue] by the measurands of the variable `key`; [] if that is off or empty.

        mark: the time that it bears, by the station's clock, where that is not now.
        """
        measurands = self._measurands(key)
        if not measurands:
            return []
        sample = outlet.hardware.sample(now)
        return self._written(outlet, sample, key, measurands, context, now, mark)

    def _measurands(self, key: str) -> tuple[str, ...]:
        """Of the variable `key`; () where its controller is off."""
        model = self.core.model
        measurands = model.items(key)
        return measurands if measurands and model.flag(_SWITCHES[key]) else ()

    def _written(
        self, outlet: Outlet, sample: Sample, key: str, measurands: tuple[str, ...], context: str,
        now: float, mark: float | None = None,
    ) -> list[dict]:  # fmt: skip
        """[MeterValue] of what the hardware measures, and of what blocks add to it. `key`: the
        variable that has the measurands."""
        core, transaction = self.core, outlet.transaction
        stamp = core.clock.stamp(now) if mark is None else core.HABITS.stamp(mark)
        shown = core.fold(topics.SAMPLE, sample, outlet, now)
        begun = None if transaction is None else transaction.meter_start
        value = core.HABITS.meter_value(shown, measurands, context, stamp, begun)
        if value is None:
            return []
        return [core.fold(topics.METERED, value, outlet, key, context, shown, now, mark)]

    # --- its timers --------------------------------------------------------------------------

    @hears(topics.SPAN_CHANGED)
    def restart_timers(self, outlet: Outlet, now: float) -> None:
        """Set or clear the timers of an outlet, after a start, an end, a restart or a new value."""
        number, open_ = outlet.number, outlet.transaction is not None
        self._every(("sample", number), "SampledDataCtrlr.TxUpdatedInterval", open_, now)
        self._every_ended(outlet, now)
        if outlet.connect_by is not None:
            self.core.timers.set(("ev_timeout", number), outlet.connect_by)
        if outlet.needs is not None:
            self.core.timers.set(("needs", number), outlet.needs)
        self.transactions.watch_hardware(outlet, now)
        self.core.tell(topics.OUTLET_TIMERS, outlet, now)

    @hears(topics.VARIABLES_CHANGED)
    def restart_all_timers(self, now: float) -> None:
        """Variables have changed: arm all timers anew."""
        for outlet in self.core.outlets.values():
            self.restart_timers(outlet, now)
        self.schedule_aligned(now)
        self._open_fiscal()

    @hears(core_topics.REGISTERED)
    def heed_clock(self, now: float, rebooted: bool) -> None:
        self.schedule_aligned(now)  # the clock may have moved

    def _every(
        self, key: tuple[str, int], variable: str, wanted: bool, now: float, spacing: int = 1
    ) -> None:
        seconds = self.core.model.integer(variable) * spacing if wanted else 0
        if not seconds:
            self.core.timers.clear(key)
        else:
            # In step with the transaction's start, also after a restart.
            started = self.core.outlets[key[1]].transaction.started
            self.core.timers.set(
                key, on_tick(next_step(started, seconds, now), self.core.config.ticks)
            )

    def _every_ended(self, outlet: Outlet, now: float) -> None:
        transaction = outlet.transaction
        spacing = 1 if transaction is None else transaction.spacing
        key = ("ended_sample", outlet.number)
        variable = "SampledDataCtrlr.TxEndedInterval"
        self._every(key, variable, transaction is not None, now, spacing)

    @timer("sample")
    def at_sample(self, now: float, number: int) -> None:
        """Send periodic values of a transaction (J02)."""
        outlet = self.core.outlets.get(number)
        if outlet is None or outlet.transaction is None:
            return
        measurands = self._measurands(_UPDATED_MEASURANDS)
        if measurands:
            sample = outlet.hardware.sample(now)
            key, context = _UPDATED_MEASURANDS, "Sample.Periodic"
            meter = self._written(outlet, sample, key, measurands, context, now)
            self._update(outlet, "MeterValuePeriodic", meter, now, sample)
        self._every(("sample", number), "SampledDataCtrlr.TxUpdatedInterval", True, now)

    def _update(
        self, outlet: Outlet, trigger: str, meter: list[dict], now: float,
        sample: Sample | None = None,
    ) -> None:  # fmt: skip
        # After days offline the queue is full: no more meter values then (E04 lets them go).
        # An event that was never made has no number, so there is no gap.
        if meter and len(self.core.calls.queued) < QUEUE_AT_MOST:
            self.transactions.updated(outlet, trigger, now, meter, sample=sample)

    @timer("ended_sample")
    def at_ended_sample(self, now: float, number: int) -> None:
        """Keep periodic values for the Ended event (J02)."""
        outlet = self.core.outlets.get(number)
        if outlet is None or outlet.transaction is None:
            return
        values = self.sampled(outlet, ENDED_MEASURANDS, "Sample.Periodic", now)
        self._keep(outlet.transaction, values)
        self._every_ended(outlet, now)

    def _keep(self, transaction: Transaction, values: list[dict]) -> None:
        """For its Ended event, which has the values of the begin and the end in any case:
        SampledDataCtrlr.TxEndedInterval 0 asks for those alone (E06, J02)."""
        for value in values:
            transaction.spacing <<= keep(transaction.ended_values, value)

    # --- clock-aligned (J01) -----------------------------------------------------------------
    #
    # A value is what the meter shows at a mark, and bears the time of that mark: 10:15:00.000,
    # however late it is read. The text on Interval names an interval by its begin, which the errata
    # of 2.1 (2025-09, 2.44) take back; no measurand here is gathered over an interval.

    @hears(core_topics.CLOCK_MOVED)
    def schedule_aligned(self, now: float) -> None:
        for key, variable in (
            ("aligned", _ALIGNED_INTERVAL), ("aligned_ended", _ALIGNED_ENDED_INTERVAL),
        ):  # fmt: skip
            seconds = self.core.model.integer(variable)
            if seconds and self.core.model.flag("AlignedDataCtrlr.Enabled"):
                mark = self.core.clock.next_clock_mark(now, seconds)
                self.core.timers.set(key, on_tick(mark, self.core.config.ticks))
            else:
                self.core.timers.clear(key)

    @timer("aligned")
    def at_aligned(self, now: float) -> None:
        """J01.FR.20: AlignedDataCtrlr.SendDuringIdle, true, has the station send none *while a
        transaction is ongoing*; false, the default, always.

        The controller is the whole station's and not an EVSE's, so that a transaction anywhere
        silences every EVSE. What AlignedDataCtrlr.TxEnded* keep is sent after the transaction.
        """
        seconds = self.core.model.integer(_ALIGNED_INTERVAL)
        busy = {o.evse for o in self.core.outlets.values() if o.transaction is not None}
        if seconds and not (busy and self.core.model.flag("AlignedDataCtrlr.SendDuringIdle")):
            self._tell_aligned(busy, self.core.clock.clock_mark(now, seconds), now)
        self.schedule_aligned(now)

    def _tell_aligned(self, busy: set[int], mark: float, now: float) -> None:
        told = set(busy)  # the values of a transaction are for its events alone (J02)
        for outlet in self.core.outlets.values():
            meter = self.sampled(outlet, _ALIGNED_MEASURANDS, "Sample.Clock", now, mark)
            if meter and outlet.transaction is not None:
                self._update(outlet, "MeterValueClock", meter, now)
            elif meter and outlet.evse not in told and self.core.online:
                payload = {"evseId": outlet.evse, "meterValue": meter}
                self.core.calls.make("MeterValues", payload, now)
                told.add(outlet.evse)

    @timer("aligned_ended")
    def at_aligned_ended(self, now: float) -> None:
        """Keep clock-aligned values for the Ended event (J02)."""
        seconds = self.core.model.integer(_ALIGNED_ENDED_INTERVAL)
        if seconds:
            mark = self.core.clock.clock_mark(now, seconds)
            for outlet in self.core.outlets.values():
                transaction = outlet.transaction
                if transaction is not None and round(mark / seconds) % transaction.spacing == 0:
                    key = _ALIGNED_ENDED_MEASURANDS
                    self._keep(transaction, self.sampled(outlet, key, "Sample.Clock", now, mark))
        self.schedule_aligned(now)
