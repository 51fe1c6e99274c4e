"""A recorder that also makes a span of every Call, from its frame to the answer's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind, Status, StatusCode

from messaging.journals.recorder import Recorder

if TYPE_CHECKING:
    from chargepoint.effects import Frame

KINDS = {"sent": SpanKind.CLIENT, "received": SpanKind.SERVER}
ASKER = {"sent": "received", "received": "sent"}  # whose Call an answer in this direction is to
ANSWERS = ("CallResult", "CallError")


class CallSpans:
    """The Calls under way: one for each station and direction, as OCPP-J has it (4.1.1)."""

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer
        self._open: dict[tuple[str, str], tuple[str, Any]] = {}

    def heard(self, station: str, frame: Frame) -> None:
        """A frame was recorded. Those that are no Call and no answer change nothing."""
        moment = int(frame.time * 1e9)
        if frame.kind == "Call":
            self._begin(station, frame, moment)
        elif frame.kind in ANSWERS:
            self._end(station, frame, moment)

    def _begin(self, station: str, frame: Frame, moment: int) -> None:
        key = station, frame.direction
        if before := self._open.get(key):
            _fail(before[1], "no answer", moment)
        span = self._tracer.start_span(
            frame.action, kind=KINDS[frame.direction], start_time=moment,
            attributes={"ocpp.station": station, "ocpp.message_id": frame.unique_id},
        )  # fmt: skip
        self._open[key] = frame.unique_id, span

    def _end(self, station: str, frame: Frame, moment: int) -> None:
        key = station, ASKER[frame.direction]
        uid, span = self._open.get(key, ("", None))
        if span is None or uid != frame.unique_id:
            return
        del self._open[key]
        if frame.kind == "CallError":
            span.set_attribute("error.type", frame.error)
            _fail(span, frame.error, moment)
        else:
            span.end(moment)


class TracedRecorder(Recorder):
    """As its base in everything else."""

    def __init__(self, journal_dir: Path, source: str, tracer: Any, **options: Any) -> None:
        super().__init__(journal_dir, source, **options)
        self._spans = CallSpans(tracer)

    def record(self, station: str, run: int, frame: Frame) -> None:
        """Keep one frame, and begin or end its Call's span."""
        super().record(station, run, frame)
        self._spans.heard(station, frame)


def _fail(span: Any, why: str, moment: int) -> None:
    span.set_status(Status(StatusCode.ERROR, why))
    span.end(moment)
