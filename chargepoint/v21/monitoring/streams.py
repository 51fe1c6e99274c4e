"""Functional block N in 2.1: monitors that report by periodic event streams (N11-N15)."""

from typing import Any

from chargepoint.config import StationConfig
from chargepoint.core import topics as core_topics
from chargepoint.core.block import READS, Block, action, answers, failed, got, hears, timer
from chargepoint.core.block import variable as of_variable
from chargepoint.effects import SOON, TOUCH, URGENT
from chargepoint.v21.monitoring.event_stream import LIVING, EventStream, Phase, params_of
from chargepoint.v201 import topics
from chargepoint.v201.monitoring.monitors import PERIODIC, Monitor
from chargepoint.v201.monitoring.requests import Refusal
from chargepoint.v201.variables.table import Variable

STREAMS_AT_MOST = 20
_STREAMED = ("Delta", *PERIODIC)  # part 2, SetMonitoringDataType
_NO_PARAMS = "an interval or a number of values above 0 is wanted"


class Streams(Block):
    """Block of Station21. `streams`: id -> stream, None without any."""

    __slots__ = ("streams",)

    GUEST = True
    KEYS = ("streams",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read monitors and streams of a snapshot."""
        streams = [EventStream.from_saved(entry) for entry in saved.get("streams", ())]
        self.streams: dict[int, EventStream] | None = {s.id: s for s in streams} or None

    def resume(self, now: float) -> None:
        """Arm the timers of monitors and streams."""
        for stream in (self.streams or {}).values():
            if stream.due is not None:
                self.core.timers.set(("stream", stream.id), stream.due)

    def saved(self) -> dict[str, Any]:
        """Monitors and streams for the snapshot."""
        if not self.streams:
            return {}
        return {"streams": [stream.to_saved() for stream in self.streams.values()]}

    @of_variable(READS, "MonitoringCtrlr.MaxPeriodicEventStreams")
    def read_most_streams(self, variable: Variable, evse: dict | None, now: float) -> str:
        return str(STREAMS_AT_MOST)

    def _living_streams(self) -> list[EventStream]:
        return [s for s in (self.streams or {}).values() if s.phase in LIVING]

    def _stream_of(self, monitor: int) -> EventStream | None:
        if self.streams is None:
            return None
        return next((s for s in self._living_streams() if s.monitor == monitor), None)

    def _forget_stream(self, stream: EventStream) -> None:
        self.streams = {k: s for k, s in self.streams.items() if k != stream.id} or None
        self.core.timers.clear(("stream", stream.id))
        self.core.changed(SOON)

    # --- monitors come and go (N11, N13) -----------------------------------------------------

    @answers(topics.REFUSES_MONITOR, wakes=True)
    def refuses_stream(self, item: dict) -> Refusal | None:
        """Why the stream that the SetMonitoringDataType wants cannot be had; None if it can, or
        none is wanted."""
        if "periodicEventStream" not in item:
            return None
        if item["type"] not in _STREAMED:
            words = f"a {item['type']} monitor has no stream"
            return Refusal("Rejected", "UnsupportedParam", words)
        if not params_of(item["periodicEventStream"]):
            return Refusal("Rejected", "MissingParam", _NO_PARAMS)  # N11.FR.09
        others = [s for s in self._living_streams() if s.monitor != item.get("id")]
        if len(others) >= STREAMS_AT_MOST:
            words = f"at most {STREAMS_AT_MOST} streams are open"
            return Refusal("Rejected", "TooManyElements", words)
        return None

    @hears(topics.MONITOR_INSTALLED)
    def monitor_installed(self, monitor: Monitor, data: dict, now: float) -> None:
        """A monitor is set: make the stream that it asks for."""
        if "periodicEventStream" in data:
            number = max(self.streams or (0,)) + 1
            stream = EventStream(number, monitor.id, params_of(data["periodicEventStream"]))
            self.streams = {**(self.streams or {}), number: stream}

    @hears(topics.MONITOR_REMOVED)
    def monitor_removed(self, monitor_id: int, now: float) -> None:
        """A monitor is gone: close its stream."""
        stream = self._stream_of(monitor_id)
        if stream is None:
            return
        if stream.phase is Phase.NEW:
            self._forget_stream(stream)
        else:
            opening = stream.phase is Phase.OPENING
            stream.phase = Phase.UNWANTED if opening else Phase.ENDING
        self.core.timers.clear(("stream", stream.id))

    @hears(topics.MONITORS_SET, wakes=True)
    def settle_later(self, now: float) -> None:
        self.core.answers.later(self._settle_streams)

    @hears(core_topics.RECONFIGURED, wakes=True)
    def settle_matched(self, old: StationConfig, now: float) -> None:
        self._settle_streams(now)

    @hears(core_topics.MOVED)
    def open_anew(self, now: float) -> None:
        for stream in (self.streams or {}).values():
            if stream.phase is Phase.OPEN:
                stream.phase = Phase.NEW

    @hears(core_topics.BEING_REGISTERED)
    def heed_boot(self, now: float, rebooted: bool) -> None:
        for stream in (self.streams or {}).values():
            if stream.phase is Phase.OPENING or (stream.phase is Phase.OPEN and rebooted):
                stream.phase = Phase.NEW  # monitors outlive a boot, what was agreed does not
            elif stream.phase in (Phase.UNWANTED, Phase.CLOSING):
                stream.phase = Phase.ENDING  # the CSMS may have opened it, and not closed it

    @hears(core_topics.IN_SERVICE)
    def flush_streams(self, now: float, rebooted: bool) -> None:
        """In service again: send the values that were kept."""
        for stream in (self.streams or {}).values():
            self._flush_stream(stream, True, now)
        self._settle_streams(now)

    def _settle_streams(self, now: float) -> None:
        """Tell the CSMS which streams there are to be."""
        if not self.core.online:
            return
        for stream in list((self.streams or {}).values()):
            if stream.phase is Phase.NEW:
                stream.phase = Phase.OPENING
                payload = {"constantStreamData": stream.told()}
                self.core.calls.make("OpenPeriodicEventStream", payload, now, stream.id)
            elif stream.phase is Phase.ENDING:
                stream.phase = Phase.CLOSING
                self._send_values(stream, True, now)  # N13.FR.03: all, and then the end
                self.core.calls.make("ClosePeriodicEventStream", {"id": stream.id}, now, stream.id)
        self.core.changed(SOON)

    # --- what the CSMS says to that ----------------------------------------------------------

    @got("OpenPeriodicEventStream")
    def got_open_periodic_event_stream(self, payload: dict, number: Any, now: float) -> None:
        """The answer to OpenPeriodicEventStream (N11)."""
        stream = (self.streams or {}).get(number)
        if stream is None:
            return
        if payload["status"] != "Accepted":
            self._revert_stream(stream, now)
        elif stream.phase is Phase.UNWANTED:
            stream.phase = Phase.ENDING
            self._settle_streams(now)
        else:
            stream.phase = Phase.OPEN
            self._arm_stream(stream, now)
            self._flush_stream(stream, False, now)

    @failed("OpenPeriodicEventStream")
    def failed_open_periodic_event_stream(self, code: str, number: Any, now: float) -> None:
        """OpenPeriodicEventStream failed: the values go by NotifyEvent."""
        stream = (self.streams or {}).get(number)
        if stream is not None and code != "Disconnected":
            self._revert_stream(stream, now)

    def _revert_stream(self, stream: EventStream, now: float) -> None:
        """N11.FR.07: no stream for this monitor; what it has seen is told by NotifyEvent."""
        self._forget_stream(stream)
        monitoring = self.core.block("monitoring")
        monitor = (monitoring.monitors or {}).get(stream.monitor)
        if monitor is not None and stream.phase is not Phase.UNWANTED:
            trigger = "Periodic" if monitor.type in PERIODIC else "Delta"
            shift = now - self.core.clock.station_time(now)
            for clock, text in stream.values:
                monitoring.tell_monitor(monitor, text, trigger, False, now, clock + shift)

    @got("ClosePeriodicEventStream")
    def got_close_periodic_event_stream(self, payload: dict, number: Any, now: float) -> None:
        self._stream_closed(number)

    @failed("ClosePeriodicEventStream")
    def failed_close_periodic_event_stream(self, code: str, number: Any, now: float) -> None:
        if code != "Disconnected":  # then it is told again
            self._stream_closed(number)

    def _stream_closed(self, number: int) -> None:
        stream = (self.streams or {}).get(number)
        if stream is not None and stream.phase is Phase.CLOSING:
            self._forget_stream(stream)

    # --- values (N15) ------------------------------------------------------------------------

    @answers(topics.STREAMED)
    def streamed(self, monitor: Monitor, text: str, now: float) -> bool:
        """Whether the monitor writes to a stream: then the text is in it."""
        stream = self._stream_of(monitor.id)
        if stream is None:
            return False
        stream.put(self.core.clock.station_time(now), text[:2500])
        self.core.changed(TOUCH if self.core.online else SOON)
        self._flush_stream(stream, False, now)
        return True

    @timer("stream")
    def at_stream(self, now: float, number: int) -> None:
        """The interval of a stream is over: send its values (NotifyPeriodicEventStream)."""
        stream = (self.streams or {}).get(number)
        if stream is None:
            return
        if stream.phase is Phase.OPEN and self.core.online:
            self._send_values(stream, True, now)
        self._arm_stream(stream, now)

    def _flush_stream(self, stream: EventStream, all_of_them: bool, now: float) -> None:
        if not (stream.phase is Phase.OPEN and self.core.online):
            return
        if self._send_values(stream, all_of_them, now):
            self._arm_stream(stream, now)  # N15: the interval counts from the last sending

    def _send_values(self, stream: EventStream, all_of_them: bool, now: float) -> bool:
        messages = stream.messages(all_of_them, self.core.HABITS.stamp)
        for message in messages:
            self.core.calls.send("NotifyPeriodicEventStream", message, now)
        return bool(messages)

    def _arm_stream(self, stream: EventStream, now: float) -> None:
        due = stream.sent_at(now)
        if due is None:
            self.core.timers.clear(("stream", stream.id))
        else:
            self.core.timers.set(("stream", stream.id), due)

    # --- the CSMS asks (N12, N14) ------------------------------------------------------------

    @action("GetPeriodicEventStream")
    def on_get_periodic_event_stream(self, payload: dict, now: float) -> dict:
        """GetPeriodicEventStream (N12)."""
        told = [s.told() for s in (self.streams or {}).values() if s.phase is Phase.OPEN]
        return {"constantStreamData": told} if told else {}

    @action("AdjustPeriodicEventStream")
    def on_adjust_periodic_event_stream(self, payload: dict, now: float) -> dict:
        """AdjustPeriodicEventStream (N14)."""
        stream = (self.streams or {}).get(payload["id"])
        if stream is None or stream.phase not in LIVING:
            return _refused("NotFound", "no such stream is open")
        params = params_of(payload["params"], stream.params)
        if not params:
            return _refused("MissingParam", _NO_PARAMS)
        stream.params, stream.due = params, None
        self.core.changed(URGENT)
        if stream.phase is Phase.OPEN:
            self._arm_stream(stream, now)
            self.core.answers.later(self._flush_filled, stream.id)
        return {"status": "Accepted"}

    def _flush_filled(self, number: int, now: float) -> None:
        stream = (self.streams or {}).get(number)
        if stream is not None:
            self._flush_stream(stream, False, now)


def _refused(reason: str, words: str) -> dict[str, Any]:
    info = {"reasonCode": reason, "additionalInfo": words}
    return {"status": "Rejected", "statusInfo": info}
