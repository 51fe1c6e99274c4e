"""What the stations of this process say and do, in memory: in the places of recorder and store."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import orjson

from chargepoint.effects import Frame, Upload
from chargepoint.timing.times import iso

KEPT = 2000  # frames a station
NESTED = 200  # brackets of a frame that are surely not too deep


class Listener(Protocol):
    """Who is told at once; nothing here may wait or raise."""

    def frame(self, station: str, frame: Frame) -> None: ...

    def link(self, station: str, state: str, why: str) -> None: ...


class Heard(NamedTuple):
    """A frame with its number, which rises by one over all stations, and an id as the log has it
    (messaging.records.id_at): they sort by time."""

    number: int
    id: str
    frame: Frame


class Hearing:
    """In the recorder's place: the newest frames of each station, and news of them.

    It is in the snapshot writer's place too: a station's state needs no keeping here, but whoever
    says that it has changed may have another link than before.

    speed: of the stations' clock (terminal.haste). A latency is told in seconds of the wall.
    """

    owes = False

    def __init__(self, listener: Listener, speed: float = 1.0) -> None:
        self.count = 0
        self.taps: list[Callable[[str, Heard], None]] = []  # told of every frame too
        self._listener = listener
        self._speed = speed
        self._suffix = secrets.token_hex(4)
        self._micros = 0
        self._frames: dict[str, deque[Heard]] = {}
        self._links: dict[str, tuple[str, str]] = {}
        self._news = asyncio.Event()

    # --- as messaging.recorder.Recorder has it -----------------------------------------------

    def record(self, station: str, run: int, frame: Frame) -> None:
        """Keep a frame of a station for the steps that wait for one (the last KEPT), and give it
        to the listener and the taps. Latencies become seconds of the real clock."""
        self.count += 1
        if self._speed != 1.0 and frame.latency is not None:
            frame = frame._replace(latency=frame.latency / self._speed)
        self._micros = max(int(frame.time * 1e6), self._micros + 1)
        heard = Heard(self.count, f"{self._micros:014x}{self._suffix}", frame)
        self._frames.setdefault(station, deque(maxlen=KEPT)).append(heard)
        self._listener.frame(station, frame)
        for tap in self.taps:
            tap(station, heard)
        self._stir()

    def session(self, run: int, update: dict[str, Any]) -> None: ...

    def state(self, station: str, run: int, state: bytes, updates: list[dict]) -> None: ...

    def number(self, station: str) -> int:
        return 0

    def go_on(self, station: str, number: int) -> None: ...

    # --- as stations.snapshot_writer.SnapshotWriter has it -----------------------------------

    def changed(self, source: Any, urgency: object) -> None:
        """Tell the listener of a link whose state or error is another than before."""
        link = source.link.describe()
        now = (link["state"], link["error"])
        if self._links.get(source.identity) != now:
            self._links[source.identity] = now
            self._listener.link(source.identity, *now)
        self._stir()

    # --- for those who ask -------------------------------------------------------------------

    def since(self, station: str, number: int) -> Iterator[Heard]:
        """Frames that came after the one of this number, oldest first."""
        return (heard for heard in self._frames.get(station, ()) if heard.number > number)

    async def until(self, holds: Callable[[], Any], seconds: float) -> Any:
        """Wait until `holds()` is true and return what it said; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not (said := holds()):
                self._news.clear()
                await self._news.wait()
        return said

    def forget(self, station: str) -> None:
        """Drop what is kept of a station."""
        self._frames.pop(station, None)
        self._links.pop(station, None)

    def _stir(self) -> None:
        self._news.set()

    def write_log(self, upload: Upload, path: Path) -> None:
        """The file for GetLog and GetDiagnostics; in a thread."""
        frames = list(self._frames.get(upload.document["station"], ()))
        lines = [orjson.dumps(upload.document, option=orjson.OPT_INDENT_2, default=str), b""]
        for _, _, frame in frames:
            is_event = frame.action == "SecurityEventNotification" and frame.kind == "Call"
            if (upload.start or 0) <= frame.time <= (upload.stop or float("inf")) and (
                is_event or upload.log != "SecurityLog"
            ):
                lines.append(orjson.dumps(as_plain(upload.document["station"], frame)))
        path.write_bytes(b"\n".join(lines) + b"\n")


def as_plain(station: str, frame: Frame) -> dict[str, Any]:
    """A frame for machines; `frame` is the text itself where that is no JSON.

    time as RFC 3339; latency_ms of an answer since its Call; error and mark only where there are.
    """
    plain: dict[str, Any] = {
        "event": "frame" if frame.direction else "note",
        "time": iso(frame.time),
        "station": station,
        "direction": frame.direction,
        "kind": frame.kind,
        "action": frame.action,
        "id": frame.unique_id,
        "frame": _read(frame.text),
    }
    if frame.latency is not None:
        plain["latency_ms"] = round(frame.latency * 1000, 1)
    if frame.error:
        plain["error"] = frame.error
    if frame.mark:
        plain["mark"] = frame.mark
    return plain


def _read(text: str) -> Any:
    """The value; the text where that is none, or nested deeper than what writes it again goes."""
    try:
        value = orjson.loads(text)
        if text.count("[") + text.count("{") > NESTED:
            orjson.dumps([[[[[[[[[[value]]]]]]]]]])  # a report has it as deep as that
    except (orjson.JSONDecodeError, TypeError):
        return text
    return value
