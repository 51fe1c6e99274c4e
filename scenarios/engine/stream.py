"""Frames as they happen: the live stream, sorted into an inbox for each station that is watched.

The runner joins messaging's hub as one viewer. What the stream may have lost is told by its gaps;
a step that waits then asks the history, see waits.py.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque

from messaging.live.hub import hub
from messaging.records import id_at, time_of
from messaging.rows import Row
from scenarios.engine.clock import Clock
from scenarios.rules.patterns import KINDS, Frame
from scenarios.watch.wire import WireWatch

log = logging.getLogger(__name__)

KEPT = 400  # frames of one station that were not looked at yet
MEASURED_FOR = 60.0  # seconds that a measure of the worker's clock is good for
UNSURE, SLACK = 1.0, 0.1  # seconds that a place is put back by, without and with a measure
SAME_CLOCK = 1.0  # seconds: what seems to differ by less is one host's clock, and its delay
SETTLING = 1.0  # seconds after joining until the subscription surely stands


class Inbox:
    """The frames of one station from `since` (an id) on, newest last; each has a number.

    watch: the wire watch of the run, which sees every frame, also those of kinds that no step
    waits for; None where nobody watches.
    """

    __slots__ = (
        "ahead", "clock", "found", "frames", "gaps", "last", "news", "number", "since", "watch",
        "_measured",
    )  # fmt: skip

    def __init__(
        self, since: str, watch: WireWatch | None = None, clock: Clock | None = None
    ) -> None:
        self.since = since
        self.watch = watch
        self.clock = clock or Clock()
        self.last = ""  # id of the newest frame, of any kind
        self.frames: deque[tuple[int, Frame]] = deque(maxlen=KEPT)
        self.number = 0
        self.gaps = 0  # how often frames may have been missed
        # Seconds that the worker's clock is ahead of ours, at least; None: no frame has told.
        self.ahead: float | None = None
        self._measured = 0.0
        self.news = asyncio.Event()
        self.found = asyncio.Event()  # the watch has found something

    def put(self, frame: Frame) -> None:
        """Take one frame of the station: measure its delay, show it to the wire watch, keep the
        last KEPT."""
        self._measure(time_of(frame.id), self.clock.time())
        self.last = max(self.last, frame.id)
        if self.watch is not None:
            self._watched(frame)
        if frame.kind not in KINDS:
            return
        if len(self.frames) == KEPT:
            self.since = max(self.since, self.frames[0][1].id)
        self.number += 1
        self.frames.append((self.number, frame))
        self._tell()

    def _watched(self, frame: Frame) -> None:
        before = self.watch.findings.changes
        try:
            self.watch.eat(frame)
        except Exception:
            # A bug of ours must not cost the other viewers of the stream their frames.
            log.exception("the wire watch failed at %s", frame.id)
            self.watch.unseen(time_of(frame.id))
        if self.watch.findings.changes != before:
            self.found.set()
            self.found = asyncio.Event()

    def _measure(self, recorded: float, now: float) -> None:
        """A frame was recorded before it came: so the worker's clock is no further behind."""
        stale = now - self._measured > MEASURED_FOR
        if self.ahead is None or stale or recorded - now >= self.ahead:
            self.ahead, self._measured = recorded - now, now

    def position(self, moment: float) -> str:
        """An id that no frame recorded after this moment of our clock is below.

        Hosts' clocks differ, and a worker's follows its host's with some delay.
        """
        if self.ahead is None:
            return id_at(moment - UNSURE)
        return id_at(moment + self.ahead - SLACK)

    def cut(self) -> None:
        """The station's link was cut or made by the run: the watch must know."""
        if self.watch is not None:
            self.watch.cut(self.clock.time() + (self.ahead or 0.0))

    def limit(self, moment: float) -> str:
        """An id above that of every frame that was recorded before this moment of our clock."""
        if self.ahead is None or abs(self.ahead) < SAME_CLOCK:
            return id_at(moment)
        return id_at(moment + self.ahead + SLACK)

    def missed(self) -> None:
        """Some frames did not come, of this station or of others."""
        self.gaps += 1
        self._tell()

    def _tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()

    def after(self, number: int) -> list[tuple[int, Frame]]:
        """Frames that came after the one of this number."""
        if not self.frames or self.frames[-1][0] <= number:
            return []
        first = self.frames[0][0]
        start = max(0, number + 1 - first)
        return [self.frames[place] for place in range(start, len(self.frames))]


class Stream:
    """A viewer of messaging's hub; see hub.join for `offer` and the texts that `hear` gets."""

    missed_total = 0  # it has no window, so it never falls behind

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self._inboxes: dict[str, list[Inbox]] = {}
        self._joined = 0.0

    def join(self) -> None:
        """Subscribe, for as long as the runner lives: so a run misses nothing of its beginning."""
        hub().join(self, self.hear)
        self._joined = self.clock.time()

    def leave(self) -> None:
        hub().leave(self)

    def open(self, station: str, watch: WireWatch | None = None) -> Inbox:
        """Begin to collect a station's frames, and to have them watched."""
        since = id_at(max(self.clock.time(), self._joined + SETTLING))
        inbox = Inbox(since, watch, self.clock)
        self._inboxes.setdefault(station, []).append(inbox)
        return inbox

    def close(self, station: str, inbox: Inbox) -> None:
        """Undo `open`."""
        there = self._inboxes.get(station, [])
        if inbox in there:
            there.remove(inbox)
        if not there:
            self._inboxes.pop(station, None)

    def offer(self, rows: list[Row]) -> list[str]:
        """Give rows of the message log to the inboxes of their stations.

        Returns no text: nobody is told anything.
        """
        inboxes = self._inboxes
        for row in rows:
            if there := inboxes.get(row.record.station):
                frame = Frame.of_record(row.record)
                for inbox in there:
                    inbox.put(frame)
        return []

    def hear(self, text: str) -> None:
        """What the hub tells all viewers: beats, and gaps."""
        if '"gap"' in text and json.loads(text)["type"] == "gap":
            for there in self._inboxes.values():
                for inbox in there:
                    inbox.missed()
