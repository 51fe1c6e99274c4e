"""The live stream in a web process: one subscription, however many browsers look on.

A batch is decoded once; each viewer is offered the rows and takes those of its filter.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator

import msgspec
from channels.layers import get_channel_layer

from messaging.live.publishing import LIVE_GROUP
from messaging.live.viewer import Viewer
from messaging.records import FrameRecord, TornBatch, decode_batch
from messaging.rows import Row
from runtime import lifetime

log = logging.getLogger(__name__)

MOST_SOURCES = 1000
RATE_SECONDS = 5
VIEWERS_A_TURN = 25
BEAT = 2.0


class Hub:
    """Fans batches out to the viewers of one event loop."""

    def __init__(self) -> None:
        self.viewers: dict[Viewer, Callable[[str], None]] = {}
        self.watchers = 0
        self.received = 0
        self.reached = False  # whether the stream is subscribed to now
        self.gaps = 0
        self.gap_records = 0
        self._expected: dict[str, tuple[int, str]] = {}
        self._recent: deque[tuple[float, int, int, int]] = deque()
        self._task: asyncio.Task | None = None

    def join(self, viewer: Viewer, send: Callable[[str], None]) -> None:
        """Add a viewer; `send` must not block. The first one starts the subscription."""
        self.viewers[viewer] = send
        self._wake()

    def leave(self, viewer: Viewer) -> None:
        """Remove a viewer; the last one ends the subscription."""
        self.viewers.pop(viewer, None)
        self._rest()

    def watch(self) -> None:
        """Keep the subscription for the sake of its numbers."""
        self.watchers += 1
        self._wake()

    def unwatch(self) -> None:
        """Undo one `watch`."""
        self.watchers -= 1
        self._rest()

    def _wake(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="live-hub")

    def _rest(self) -> None:
        if not self.viewers and not self.watchers and self._task is not None:
            self._task.cancel()
            self._task = None
            self._expected.clear()

    async def _run(self) -> None:
        wait = 0.5
        beat = asyncio.create_task(self._beat(), name="live-beat")
        try:
            # redis-py may lose a cancellation while it connects, so it is asked for besides.
            while not asyncio.current_task().cancelling():
                try:
                    await self._listen()
                except Exception as error:  # noqa: BLE001 - Redis may be away in many ways
                    if asyncio.current_task().cancelling():
                        return
                    log.warning("The live stream is not reached (%s); trying again.", error)
                    await asyncio.sleep(wait)
                    wait = min(wait * 2, 10)
        finally:
            await lifetime.end([beat])

    async def _listen(self) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel("hub.")
        try:
            await layer.group_add(LIVE_GROUP, channel)
            self.reached = True
            while not asyncio.current_task().cancelling():
                # Cancelling this drops the channel, see channels_redis.pubsub.
                for _ in self.shares(await layer.receive(channel)):
                    await asyncio.sleep(0)
        finally:
            self.reached = False
            # Its error, with Redis away, must not take the place of a cancellation.
            with contextlib.suppress(Exception):
                await layer.group_discard(LIVE_GROUP, channel)

    async def _beat(self) -> None:
        """Let idle browsers see that the stream lives."""
        while True:
            await asyncio.sleep(BEAT)
            self._to_all(json.dumps({"type": "beat", "reached": self.reached, **self.rates()}))

    def spread(self, message: dict) -> None:
        """Offer one published batch to every viewer at once."""
        for _ in self.shares(message):
            pass

    def shares(self, message: dict) -> Iterator[None]:
        """The same with a pause after each VIEWERS_A_TURN: a batch is joined anew for each."""
        try:
            records = decode_batch(message["data"])
        except (TornBatch, msgspec.MsgspecError, KeyError) as error:
            log.error("A live batch cannot be read: %s", error)
            return
        rows = [Row(record) for record in records if isinstance(record, FrameRecord)]
        if records:
            self._look_for_gap(message, records[0].id, records[-1].id)
        if not rows:
            return
        self.received += len(rows)
        sent = sum(1 for row in rows if row.record.direction == "sent")
        failed = sum(1 for row in rows if row.failed)
        self._recent.append((time.monotonic(), len(rows), sent, failed))
        for number, (viewer, send) in enumerate(list(self.viewers.items()), 1):
            if viewer in self.viewers:  # it may have left in a pause
                for text in viewer.offer(rows):
                    send(text)
            if number % VIEWERS_A_TURN == 0:
                yield

    def _look_for_gap(self, message: dict, first_id: str, last_id: str) -> None:
        """Tell viewers where a batch never came (pub/sub may lose some), with its id range."""
        source, first = message["source"], message["first"]
        known = self._expected.pop(source, None)
        self._expected[source] = (first + message["count"], last_id)
        if len(self._expected) > MOST_SOURCES:
            self._expected.pop(next(iter(self._expected)))
        if known is None or first <= known[0]:
            return
        count = first - known[0]
        self.gaps += 1
        self.gap_records += count
        notice = {"type": "gap", "count": count, "after": known[1], "before": first_id}
        self._to_all(json.dumps(notice))

    def _to_all(self, text: str) -> None:
        for send in list(self.viewers.values()):
            send(text)

    def rates(self) -> dict:
        """Messages a second over the last RATE_SECONDS."""
        horizon = time.monotonic() - RATE_SECONDS
        while self._recent and self._recent[0][0] < horizon:
            self._recent.popleft()
        sums = [sum(part[place] for part in self._recent) for place in (1, 2, 3)]
        total, sent, failed = (round(value / RATE_SECONDS, 1) for value in sums)
        return {
            "rate": total,
            "sentRate": sent,
            "receivedRate": round(total - sent, 1),
            "errorRate": failed,
        }

    def stats(self) -> dict:
        """Numbers of this process's stream."""
        return {
            "viewers": len(self.viewers),
            "received": self.received,
            "gaps": self.gaps,
            "gapMessages": self.gap_records,
            "missed": sum(viewer.missed_total for viewer in self.viewers),
            **self.rates(),
        }


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def hub() -> Hub:
    """The running event loop's hub."""
    loop = asyncio.get_running_loop()
    found = _hubs.get(loop)
    if found is None:
        found = _hubs[loop] = Hub()
    return found
