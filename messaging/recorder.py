"""The worker's side of messaging: keep each frame at once, hand batches on in the background.

`record` costs a few microseconds: it gives the frame its id and per-station number and appends it
to the journal. From there a thread hands batches to Celery (the log), and a task on the event
loop publishes them to the live view. Both read the journal in order, so while Redis is away
nothing but the journal grows, and what a crash leaves in it is replayed (ids make that
idempotent).
"""

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from messaging.journal import MIB, Journal
from messaging.records import FrameRecord, SessionRecord, encode, speakable, speakable_tree
from messaging.shipping import Shipper

if TYPE_CHECKING:
    from chargepoint.effects import Frame

log = logging.getLogger(__name__)

LOG_QUEUE = "messages"
LIVE_GROUP = "messages"
LIVE_INTERVAL = 0.1  # seconds
LIVE_MOST_RECORDS = 500
LIVE_MOST_BYTES = MIB // 2
LIVE_BEHIND = 20_000  # records; further behind than this the live view starts afresh
PUBLISH_TIMEOUT = 2.0
SEQ_BITS = 40


class Recorder:
    """Keeps every frame of one worker process and hands them on.

    `enqueue(batch)` puts a batch on the log's queue and `publish(message)` sends one to the live
    view; both raise where Redis is away. Left out, they are Celery's and the channel layer's, and
    `journal_bytes`, the most the journal may take on disk, is the setting JOURNAL_BYTES.
    """

    def __init__(
        self,
        journal_dir: Path,
        source: str,
        *,
        enqueue: Callable[[bytes], None] | None = None,
        publish: Callable[[dict], Awaitable[None]] | None = None,
        segment_bytes: int = 4 * MIB,
        journal_bytes: int | None = None,
        memory_bytes: int = 16 * MIB,
    ):
        self.source = source
        self._suffix = secrets.token_hex(4)
        self._journal = Journal(
            Path(journal_dir),
            source,
            segment_bytes=segment_bytes,
            most_bytes=journal_bytes or _journal_bytes(),
            memory_bytes=memory_bytes,
        )
        self._append = self._journal.append
        self._live = self._journal.cursor()
        self._publish = publish or _publish_to_layer
        self._shipper = Shipper(self._journal, Path(journal_dir), enqueue or enqueue_with_celery)
        self._numbers: dict[str, int] = {}  # station -> run << SEQ_BITS | seq
        self._micros = 0
        self._dropping: dict[str, int] = {}
        self._dropped = 0
        self._live_task: asyncio.Task | None = None
        self._live_skipped = 0

    def record(self, station: str, run: int, frame: "Frame") -> None:
        """Keep one frame. Never blocks on the network, never raises for what a frame holds."""
        number = self._numbers.get(station, 0) + 1
        if number >> SEQ_BITS != run:
            number = (run << SEQ_BITS) + 1
        self._numbers[station] = number
        micros = int(frame.time * 1e6)
        if micros <= self._micros:
            micros = self._micros + 1
        self._micros = micros
        record = FrameRecord(
            "%014x%s" % (micros, self._suffix),  # noqa: UP031 - half the cost of an f-string
            station,
            run,
            number & ((1 << SEQ_BITS) - 1),
            frame.time,
            frame.direction,
            frame.kind,
            frame.action,
            frame.unique_id,
            frame.text,
            frame.latency,
            frame.error,
            frame.mark,
        )
        try:
            payload = encode(record)
        except UnicodeEncodeError:
            payload = encode(_speakable_record(record))
        if self._dropping:
            self._say_dropped(frame.time)
        if not self._append(payload):
            self._drop(station)

    def session(self, update: dict) -> None:
        """Keep one update of a charging session (see SessionRecord)."""
        record = SessionRecord(self._next_id(), update)
        try:
            payload = encode(record)
        except UnicodeEncodeError:
            payload = encode(SessionRecord(record.id, speakable_tree(update)))
        if not self._append(payload):
            self._drop(str(update.get("station", "")))

    def forget(self, station: str) -> None:
        """Drop a station's counter: it no longer runs here."""
        self._numbers.pop(station, None)

    def _next_id(self) -> str:
        # Beside the frames' own clock, which need not be the wall's.
        self._micros = self._micros + 1 if self._micros else int(time.time() * 1e6)
        return f"{self._micros:014x}{self._suffix}"

    def _drop(self, station: str) -> None:
        if not self._dropping:
            log.error("The message journal is full: messages are dropped and counted.")
        self._dropping[station] = self._dropping.get(station, 0) + 1
        self._dropped += 1

    def _say_dropped(self, now: float) -> None:
        """Put what was dropped on record, once there is room again."""
        dropped = sum(self._dropping.values())
        text = json.dumps({"dropped": dropped, "stations": self._dropping})
        error = f"{dropped} messages were not kept: the journal was full"
        record = FrameRecord(
            self._next_id(), "", 0, 0, now, "", "Dropped", "", "", text, None, error
        )
        if self._append(encode(record)):
            log.error("%s.", error)
            self._dropping = {}

    async def start(self) -> None:
        """Begin to hand batches on, and to replay what dead processes left."""
        self._shipper.start()
        self._live_task = asyncio.create_task(self._show(), name="live-stream")

    async def stop(self, timeout: float = 10.0) -> None:
        """Hand on what is there, within `timeout` seconds; the rest is replayed at next start."""
        if self._dropping:
            self._say_dropped(time.time())
        if self._live_task is not None:
            self._live_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._live_task
            with contextlib.suppress(Exception):
                await self._show_pending()
        left = await asyncio.to_thread(self._shipper.finish, timeout)
        if left:
            log.warning("%d messages wait in the journal for the next start.", left)
        self._journal.close(empty=not left)

    async def _show(self) -> None:
        """Publish to the live view about every LIVE_INTERVAL; while Redis is away, wait."""
        failing = False
        while True:
            await asyncio.sleep(LIVE_INTERVAL)
            try:
                await self._show_pending()
                failing = False
            except Exception as error:  # noqa: BLE001 - the live view must never stop the worker
                if not failing:
                    log.warning("The live view is not reached (%s); the log goes on.", error)
                failing = True
                await asyncio.sleep(1.0)

    async def _show_pending(self) -> None:
        behind = self._journal.appended - self._live.taken
        if behind > LIVE_BEHIND:
            self._live.skip_to_end(self._journal)
            self._live_skipped += behind
        while batch := self._live.take(LIVE_MOST_RECORDS, LIVE_MOST_BYTES):
            message = {
                "type": "messages.batch",
                "source": self.source + self._suffix,
                "first": self._live.taken - batch.count,
                "count": batch.count,
                "data": batch.data,
            }
            await asyncio.wait_for(self._publish(message), PUBLISH_TIMEOUT)

    def stats(self) -> dict:
        """Counts since start; `buffered` records are in the journal only, `lag` is seconds."""
        shipper = self._shipper
        return {
            "recorded": self._journal.appended,
            "buffered": self._journal.appended - shipper.accepted,
            "journal_bytes": self._journal.bytes,
            "journal_on_disk": self._journal.on_disk,
            "sent": shipper.accepted,
            "replayed": shipper.replayed,
            "dropped": self._dropped,
            "live_skipped": self._live_skipped,
            "lag": round(shipper.lag(), 3),
        }


def _journal_bytes() -> int:
    """The limit of the journal on disk: the setting JOURNAL_BYTES."""
    from django.conf import settings

    return getattr(settings, "JOURNAL_BYTES", 256 * MIB) if settings.configured else 256 * MIB


def _speakable_record(record: FrameRecord) -> FrameRecord:
    for name in ("station", "action", "uid", "text", "error", "mark"):
        setattr(record, name, speakable(getattr(record, name)))
    return record


def enqueue_with_celery(batch: bytes) -> None:
    """Put a batch on the queue `messages`; raises where Redis is away (no retry in here)."""
    from messaging.tasks import store_messages

    # Celery would otherwise make a repr of the whole batch for its events.
    store_messages.apply_async(
        (batch,),
        queue=LOG_QUEUE,
        retry=False,
        argsrepr=f"({len(batch)} bytes,)",
        # A tenth of the bytes to base64, send, and keep in Redis while the log is behind.
        compression="zstd",
    )


async def _publish_to_layer(message: dict) -> None:
    from channels.layers import get_channel_layer

    await get_channel_layer().group_send(LIVE_GROUP, message)
