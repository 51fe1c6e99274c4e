"""Meter values: sampled in a transaction and aligned with the clock (1.6, 3.16 and 4.7)."""

from typing import Any

from chargepoint.hardware.connector import Connector
from chargepoint.hardware.sample import Sample
from chargepoint.kept_values import BEGIN, END, keep
from chargepoint.timekeeping import next_step
from chargepoint.timers import on_tick
from chargepoint.times import iso
from chargepoint.v16.measurands import as_wired, sampled_values
from chargepoint.v16.session import Session16


class Metering:
    """Block of Station16."""

    __slots__ = ()

    def reading(self, outlet: Connector, now: float) -> Sample:
        """What the meter shows of the connector, whose phases may be wired to others of it."""
        sample = outlet.sample(now)
        rotation = self.keys.rotation(outlet.id)
        return as_wired(sample, rotation) if rotation else sample

    def begin_metering(self, outlet: Connector, session: Session16, now: float) -> None:
        sample = self.reading(outlet, now)
        self._gather(session, sample, "StopTxnSampledData", BEGIN, self.stamp(now))
        self.arm_sample(outlet.id, now)

    def end_metering(self, outlet: Connector, session: Session16, now: float) -> None:
        sample = self.reading(outlet, now)
        self._gather(session, sample, "StopTxnSampledData", END, self.stamp(now))
        self.clear_timer(("sample", outlet.id))
        self.clear_timer(("car", outlet.id))

    def arm_sample(self, number: int, now: float) -> None:
        """9.1.19 MeterValueSampleInterval; 0 turns sampling off."""
        seconds = self.keys.integer("MeterValueSampleInterval")
        if seconds:
            # In step with the transaction's start, also after a restart.
            due = next_step(self.sessions[number].started, seconds, now)
            self.set_timer(("sample", number), on_tick(due, self.config.ticks))
        else:
            self.clear_timer(("sample", number))

    def at_sample(self, now: float, number: int) -> None:
        outlet, session = self.connectors.get(number), self.sessions.get(number)
        if outlet is None or session is None:
            return
        sample = self.reading(outlet, now)
        measurands, stamp = self.keys.items("MeterValuesSampledData"), self.stamp(now)
        if measurands:
            values = sampled_values(sample, measurands, "Sample.Periodic", session.sampled_wh)
            self._queue_values(outlet, session, values, stamp)
        if session.spacing == 1 or self._in_turn(session, now):
            self._gather(session, sample, "StopTxnSampledData", "Sample.Periodic", stamp)
        session.sampled_wh = sample.energy_wh
        self.record(session, now, sample=_plain(sample))
        self.report(outlet, now)
        self.watch_car(outlet, now)
        self.arm_sample(number, now)

    def _in_turn(self, session: Session16, now: float) -> bool:
        """Whether the sample of now is one of those that are kept for the stop."""
        seconds = max(1, self.keys.integer("MeterValueSampleInterval"))
        return round((now - session.started) / seconds) % session.spacing == 0

    def note_interruption(self, outlet: Connector, now: float) -> None:
        """7.33: a value as a fault or a pulled cable breaks the transaction off for a while, and
        one as it goes on. Nothing while sampling is off."""
        session = self.sessions.get(outlet.id)
        broken = outlet.faulted or outlet.ev is None
        if session is None or broken == session.interrupted:
            return
        session.interrupted = broken
        if not self.keys.integer("MeterValueSampleInterval"):
            return
        context = "Interruption.Begin" if broken else "Interruption.End"
        sample = self.reading(outlet, now)
        values = sampled_values(
            sample, self.keys.items("MeterValuesSampledData"), context, session.sampled_wh
        )
        self._queue_values(outlet, session, values, self.stamp(now))
        self._gather(session, sample, "StopTxnSampledData", context, self.stamp(now))
        session.sampled_wh = sample.energy_wh

    def arm_aligned(self, now: float) -> None:
        """9.1.5 ClockAlignedDataInterval, counted from midnight by the station's own clock; 0
        turns it off."""
        seconds = self.keys.integer("ClockAlignedDataInterval")
        if seconds:
            mark = self.next_clock_mark(now, seconds)
            self.set_timer("aligned", on_tick(mark, self.config.ticks))
        else:
            self.clear_timer("aligned")

    def at_aligned(self, now: float) -> None:
        """Values bear the time of the mark, 10:15:00.000, however late they are read.

        9.1.5 has values of an interval bear its begin, but a MeterValue has one time for registers
        and intervals, and what a register shows at a mark it did not show at the mark before.
        """
        seconds = self.keys.integer("ClockAlignedDataInterval")
        if not seconds:
            return
        mark = self.clock_mark(now, seconds)
        measurands, stamp = self.keys.items("MeterValuesAlignedData"), iso(mark)
        for outlet in self.connectors.values():
            sample = self.reading(outlet, now)
            session = self.sessions.get(outlet.id)
            if session is not None and round(mark / seconds) % session.spacing == 0:
                self._gather(session, sample, "StopTxnAlignedData", "Sample.Clock", stamp)
            since = None if session is None else session.aligned_wh
            if session is not None:
                session.aligned_wh = sample.energy_wh
            if not measurands:
                continue
            values = sampled_values(sample, measurands, "Sample.Clock", since)
            if session is not None:
                self._queue_values(outlet, session, values, stamp)
            elif values and self.connected and self.registration == "Accepted":
                meter_value = [{"timestamp": stamp, "sampledValue": values}]
                payload = {"connectorId": outlet.id, "meterValue": meter_value}
                self.call("MeterValues", payload, now)
        self.arm_aligned(now)

    def _queue_values(
        self, outlet: Connector, session: Session16, values: list[dict[str, Any]], stamp: str
    ) -> None:
        if not values:
            return
        self.thin_queue("MeterValues")
        payload = {
            "connectorId": outlet.id,
            "meterValue": [{"timestamp": stamp, "sampledValue": values}],
        }
        self.queue_message(
            "MeterValues", payload, session.id, transaction_id=session.transaction_id
        )

    def _gather(
        self, session: Session16, sample: Sample, key: str, context: str, stamp: str
    ) -> None:
        """9.1.25-9.1.28: values that StopTransaction carries."""
        measurands = self.keys.items(key)
        if not measurands:
            return
        since = session.aligned_wh if context == "Sample.Clock" else session.sampled_wh
        values = sampled_values(sample, measurands, context, since)
        if values:
            value = {"timestamp": stamp, "sampledValue": values}
            session.spacing <<= keep(session.data, value)


def _plain(sample: Sample) -> dict[str, Any]:
    """A point of the session's meter series. Energy Wh, power W, current A, voltage V, soc %."""
    return {
        "t": sample.time,
        "energy_wh": round(sample.energy_wh),
        "power_w": round(sample.power_w, 1),
        "soc": None if sample.soc is None else round(sample.soc, 2),
        "current_a": round(max(sample.currents_a), 2),
        "voltage_v": round(sample.voltage_v, 1),
    }
