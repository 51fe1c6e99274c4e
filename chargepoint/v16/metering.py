"""Meter values: sampled in a transaction and aligned with the clock (1.6, 3.16 and 4.7)."""

from typing import Any

from chargepoint.common.kept_values import BEGIN, END, keep
from chargepoint.core import topics
from chargepoint.core.block import Block, hears, timer
from chargepoint.core.clock import next_step
from chargepoint.effects import SOON
from chargepoint.hardware.connector import Connector
from chargepoint.hardware.sample import Sample
from chargepoint.timing.ticks import on_tick
from chargepoint.v16.configuration import Keys
from chargepoint.v16.fiscal import SIGNS
from chargepoint.v16.measurands import as_wired
from chargepoint.v16.session import Session16
from chargepoint.v16.topics import (
    BEGUN,
    ENDING,
    INTERRUPTED,
    KEY_CHANGED,
    METERED,
    SIGNING_ON,
    STOPPED,
)
from chargepoint.v16.transactions import Sessions

AFTER_STOP = "EmulatorEndTxnSampledAfterStop"


class Metering(Block):
    """Meter values; it keeps nothing of its own."""

    __slots__ = ("keys", "sessions")

    def __init__(self, core: Any, keys: Keys, sessions: Sessions) -> None:
        super().__init__(core)
        self.keys, self.sessions = keys, sessions

    def resume(self, now: float) -> None:
        """Arm the timers of clock-aligned and of sampled values."""
        self.arm_aligned(now)
        self._arm_samples(now)
        if any(map(self.keys.flag, SIGNS)):
            self.core.tell(SIGNING_ON)

    def _arm_samples(self, now: float) -> None:
        for number in self.sessions.open:
            self.arm_sample(number, now)

    @hears(KEY_CHANGED)
    def heed_key(self, name: str, now: float) -> None:
        if name == "ClockAlignedDataInterval":
            self.arm_aligned(now)
        elif name == "MeterValueSampleInterval":
            self._arm_samples(now)
        elif name in SIGNS and self.keys.flag(name):
            self.core.tell(SIGNING_ON)

    def reading(self, outlet: Connector, now: float) -> Sample:
        """What the meter shows of the connector, whose phases may be wired to others of it."""
        sample = outlet.sample(now)
        rotation = self.keys.rotation(outlet.id)
        return as_wired(sample, rotation) if rotation else sample

    @hears(BEGUN)
    def begin(self, outlet: Connector, session: Session16, now: float) -> None:
        """The values of Transaction.Begin: sent where the CSMS has asked for some (OCA's note
        "Signed Meter Values in OCPP", 3.3.4), and kept for StopTransaction."""
        sample = self.reading(outlet, now)
        if measurands := self.keys.items("StartTxnSampledData"):
            values = self._values(session, sample, measurands, BEGIN, None)
            values = self.signed(values, outlet, "StartTxnSampledData", BEGIN, sample, now)
            self._queue_values(outlet, session, values, self.core.clock.stamp(now))
        self._gather(outlet, sample, "StopTxnSampledData", BEGIN, now)
        self.arm_sample(outlet.id, now)

    @hears(ENDING)
    def end(self, outlet: Connector, session: Session16, reason: str, now: float) -> None:
        """The values of Transaction.End: of a MeterValues, where the make sends one before the
        stop, and kept for StopTransaction."""
        sample = self.reading(outlet, now)
        if not self.keys.flag(AFTER_STOP):
            self._tell_end(outlet, session, sample, now)
        self._gather(outlet, sample, "StopTxnSampledData", END, now)
        self.core.timers.clear(("sample", outlet.id))

    @hears(STOPPED)
    def stopped(self, outlet: Connector, session: Session16, now: float) -> None:
        """The values of Transaction.End, where the make sends them behind the stop."""
        if self.keys.flag(AFTER_STOP):
            self._tell_end(outlet, session, self.reading(outlet, now), now)

    def _tell_end(
        self, outlet: Connector, session: Session16, sample: Sample, now: float
    ) -> None:
        key = "EmulatorEndTxnSampledData"
        measurands = self.keys.items(key)
        if not measurands:
            return
        values = self._values(session, sample, measurands, END, session.sampled_wh)
        values = self.core.fold(METERED, values, outlet, session, key, END, sample, now, None)
        self._queue_values(outlet, session, values, self.core.clock.stamp(now))

    def arm_sample(self, number: int, now: float) -> None:
        """9.1.19 MeterValueSampleInterval; 0 turns sampling off."""
        seconds = self.keys.integer("MeterValueSampleInterval")
        if seconds:
            # In step with the transaction's start, also after a restart.
            due = next_step(self.sessions.open[number].started, seconds, now)
            self.core.timers.set(("sample", number), on_tick(due, self.core.config.ticks))
        else:
            self.core.timers.clear(("sample", number))

    @timer("sample")
    def sample(self, now: float, number: int) -> None:
        """MeterValues each MeterValueSampleInterval seconds (4.7), and those kept for
        StopTransaction."""
        outlet, session = self.core.connectors.get(number), self.sessions.open.get(number)
        if outlet is None or session is None:
            return
        before = outlet.state
        sample = self.reading(outlet, now)
        measurands, stamp = self.keys.items("MeterValuesSampledData"), self.core.clock.stamp(now)
        if measurands:
            since, context = session.sampled_wh, "Sample.Periodic"
            values = self._values(session, sample, measurands, context, since)
            values = self.core.fold(
                METERED, values, outlet, session, "MeterValuesSampledData", context, sample, now,
                None,
            )  # fmt: skip
            self._queue_values(outlet, session, values, stamp)
        if session.spacing == 1 or self._in_turn(session, now):
            self._gather(outlet, sample, "StopTxnSampledData", "Sample.Periodic", now)
        session.sampled_wh = sample.energy_wh
        self.sessions.record(session, now, sample=_plain(sample, outlet.limit_w))
        statuses, status = self.core.statuses, self.core.HABITS.statuses[outlet.state]
        if outlet.state is before and statuses.told(number) == status:
            self.core.changed(SOON)  # all that `report` would do
        else:
            statuses.report(outlet, now)
        self.sessions.watch_car(outlet, now)
        self.arm_sample(number, now)

    def _in_turn(self, session: Session16, now: float) -> bool:
        """Whether the sample of now is one of those that are kept for the stop."""
        seconds = max(1, self.keys.integer("MeterValueSampleInterval"))
        return round((now - session.started) / seconds) % session.spacing == 0

    @hears(INTERRUPTED)
    def note_interruption(self, outlet: Connector, now: float) -> None:
        """7.33: a value as a fault or a pulled cable breaks the transaction off for a while, and
        one as it goes on. Nothing while sampling is off."""
        session = self.sessions.open.get(outlet.id)
        broken = outlet.faulted or outlet.ev is None
        if session is None or broken == session.interrupted:
            return
        session.interrupted = broken
        if not self.keys.integer("MeterValueSampleInterval"):
            return
        context = "Interruption.Begin" if broken else "Interruption.End"
        sample = self.reading(outlet, now)
        measurands = self.keys.items("MeterValuesSampledData")
        values = self._values(session, sample, measurands, context, session.sampled_wh)
        values = self.signed(values, outlet, "MeterValuesSampledData", context, sample, now)
        self._queue_values(outlet, session, values, self.core.clock.stamp(now))
        self._gather(outlet, sample, "StopTxnSampledData", context, now)
        session.sampled_wh = sample.energy_wh

    @hears(topics.CLOCK_MOVED)
    def arm_aligned(self, now: float) -> None:
        """9.1.5 ClockAlignedDataInterval, counted from midnight by the station's own clock; 0
        turns it off."""
        seconds = self.keys.integer("ClockAlignedDataInterval")
        if seconds:
            mark = self.core.clock.next_clock_mark(now, seconds)
            self.core.timers.set("aligned", on_tick(mark, self.core.config.ticks))
        else:
            self.core.timers.clear("aligned")

    @timer("aligned")
    def read_aligned(self, now: float) -> None:
        """Values bear the time of the mark, 10:15:00.000, however late they are read.

        9.1.5 has values of an interval bear its begin, but a MeterValue has one time for registers
        and intervals, and what a register shows at a mark it did not show at the mark before.
        """
        seconds = self.keys.integer("ClockAlignedDataInterval")
        if not seconds:
            return
        mark = self.core.clock.clock_mark(now, seconds)
        measurands, stamp = self.keys.items("MeterValuesAlignedData"), self.core.HABITS.stamp(mark)
        for outlet in self.core.connectors.values():
            sample = self.reading(outlet, now)
            session = self.sessions.open.get(outlet.id)
            if session is not None and round(mark / seconds) % session.spacing == 0:
                self._gather(outlet, sample, "StopTxnAlignedData", "Sample.Clock", now, mark)
            since = None if session is None else session.aligned_wh
            if session is not None:
                session.aligned_wh = sample.energy_wh
            if not measurands:
                continue
            key, context = "MeterValuesAlignedData", "Sample.Clock"
            values = self._values(session, sample, measurands, context, since)
            values = self.signed(values, outlet, key, context, sample, now, mark)
            if session is not None:
                self._queue_values(outlet, session, values, stamp)
            elif values and self.core.connected and self.core.registration == "Accepted":
                meter_value = [{"timestamp": stamp, "sampledValue": values}]
                payload = {"connectorId": outlet.id, "meterValue": meter_value}
                self.core.calls.make("MeterValues", payload, now)
        self.arm_aligned(now)

    def _values(
        self, session: Session16 | None, sample: Sample, measurands: tuple[str, ...],
        context: str, since_wh: float | None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """sampledValue entries; see measurands.sampled_values."""
        begun = None if session is None else session.meter_start
        return self.core.HABITS.sampled(sample, measurands, context, since_wh, begun)

    def _queue_values(
        self, outlet: Connector, session: Session16, values: list[dict[str, Any]], stamp: str
    ) -> None:
        if not values:
            return
        self.core.calls.thin_queue("MeterValues")
        payload = {
            "connectorId": outlet.id,
            "meterValue": [{"timestamp": stamp, "sampledValue": values}],
        }
        self.core.calls.queue_message(
            "MeterValues", payload, session.id, transaction_id=session.transaction_id
        )

    def signed(
        self, values: list[dict[str, Any]], outlet: Connector, key: str, context: str,
        sample: Sample, now: float, mark: float | None = None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """The sampledValues of the measurands of `key`, with signed ones where the station signs.

        mark: the time that they bear, by the station's clock, where that is not now.
        """
        session = self.sessions.open.get(outlet.id)
        return self.core.fold(METERED, values, outlet, session, key, context, sample, now, mark)

    def _gather(
        self, outlet: Connector, sample: Sample, key: str, context: str, now: float,
        mark: float | None = None,
    ) -> None:  # fmt: skip
        """9.1.25-9.1.28: values that StopTransaction carries."""
        measurands = self.keys.items(key)
        if not measurands:
            return
        session = self.sessions.open[outlet.id]
        since = session.aligned_wh if context == "Sample.Clock" else session.sampled_wh
        values = self._values(session, sample, measurands, context, since)
        values = self.signed(values, outlet, key, context, sample, now, mark)
        if values:
            stamp = self.core.clock.stamp(now) if mark is None else self.core.HABITS.stamp(mark)
            value = {"timestamp": stamp, "sampledValue": values}
            session.spacing <<= keep(session.data, value)


def _plain(sample: Sample, limit_w: float | None) -> dict[str, Any]:
    """A point of the session's meter series. Energy Wh, power and limit W, current A, voltage V,
    soc %; no limit where none holds."""
    picture = {
        "t": sample.time,
        "energy_wh": round(sample.energy_wh),
        "power_w": round(sample.power_w, 1),
        "soc": None if sample.soc is None else round(sample.soc, 2),
        "current_a": round(max(sample.currents_a), 2),
        "voltage_v": round(sample.voltage_v, 1),
    }
    if limit_w is not None:
        picture["limit_w"] = round(limit_w)
    return picture
