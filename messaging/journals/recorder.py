"""The worker's side of messaging: keep each frame at once, hand batches on in the background.

`record` costs a few microseconds: it gives the frame its id and per-station number and appends it
to the journal. From there a thread hands batches to Celery (the log), and a task on the event
loop publishes them to the live view. Both read the journal in order, so while Redis is away
nothing but the journal grows, and what a crash leaves in it is replayed (ids make that
idempotent).
"""

import asyncio
import json
import logging
import secrets
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from messaging.journals.journal import MIB, Journal
from messaging.journals.log_queue import Queue, celery_queue
from messaging.journals.shipping import Shipper
from messaging.live.publishing import LiveGroup
from messaging.records import (
    FRAME_TAG,
    FrameRecord,
    SessionRecord,
    StateRecord,
    encode,
    speakable,
    speakable_tree,
)
from runtime import lifetime

if TYPE_CHECKING:
    from chargepoint.effects import Frame

log = logging.getLogger(__name__)

LIVE_INTERVAL = 0.2  # seconds
UNHEARD_INTERVAL = 1.0  # while nobody has subscribed: what comes first to a viewer is so late
LIVE_MOST_RECORDS = 500
LIVE_MOST_BYTES = MIB // 2
LIVE_BEHIND = 20_000  # records; further behind than this the live view starts afresh
PUBLISH_TIMEOUT = 2.0
TELL_DROPS_EVERY = 1.0  # seconds
SEQ_BITS = 40
LAST_SEQ = (1 << SEQ_BITS) - 1


class Recorder:
    """Keeps every frame of one worker process and hands them on.

    `enqueue(batch)` puts a batch on the log's queue and returns how many wait there;
    `publish(message)` sends one to the live view and returns how many heard it; both raise where
    Redis is away. Left out, they are Celery's and the live group's, and `journal_bytes`, the most
    the journal may take on disk, is the setting JOURNAL_BYTES.
    """

    def __init__(
        self,
        journal_dir: Path,
        source: str,
        *,
        enqueue: Callable[[bytes], int] | None = None,
        publish: Callable[[dict], Awaitable[int]] | None = None,
        segment_bytes: int = 4 * MIB,
        journal_bytes: int | None = None,
        memory_bytes: int = 16 * MIB,
    ):
        self.source = source
        self.root = Path(journal_dir)  # where other processes' journals are, too
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
        self._group = None if publish else LiveGroup()
        self._publish = publish or self._group.publish
        self._heard = True  # whether anybody did, of what was published last
        self._shipper = Shipper(
            self._journal,
            Path(journal_dir),
            Queue.plain(enqueue) if enqueue else celery_queue,
        )
        self._numbers: dict[str, int] = {}  # station -> run << SEQ_BITS | seq
        self._micros = 0
        self._news = asyncio.Event()  # set by what is recorded while the live view's task rests
        self._resting = False
        self._dropping: dict[str, int] = {}
        self._dropped = 0
        self._dropped_at: float | None = None
        self._next_telling = 0.0  # monotonic seconds
        self._live_task: asyncio.Task | None = None
        self._live_skipped = 0
        self._live_skipped_at: float | None = None

    def record(self, station: str, run: int, frame: "Frame") -> None:
        """Keep one frame. Never blocks on the network, never raises for what a frame holds."""
        number = self._numbers.get(station, 0) + 1
        if number >> SEQ_BITS != run:
            number = (run << SEQ_BITS) + 1
        self._numbers[station] = number
        direction, kind, action, uid, text, moment, latency, error, mark, cause = frame
        micros = int(moment * 1e6)
        if micros <= self._micros:
            micros = self._micros + 1
        self._micros = micros
        record = (
            FRAME_TAG, "%014x%s" % (micros, self._suffix),  # noqa: UP031 - half the cost of an f-string
            station, run, number & LAST_SEQ, moment,
            direction, kind, action, uid, text, latency, error, mark,
        )  # fmt: skip
        if cause:  # the last field, so that all others are without it
            record = (*record, cause)
        try:
            # As a FrameRecord is encoded; making one first costs as much again.
            payload = encode(record)
        except UnicodeEncodeError:
            payload = encode(_speakable_record(FrameRecord(*record[1:])))
        if self._dropping and time.monotonic() >= self._next_telling:
            self._say_dropped(moment)
        if not self._append(payload):
            self._drop(station)
        if self._resting or self._shipper.resting:
            self._rouse()

    def session(self, run: int, update: dict) -> None:
        """Keep one update of a charging session (see SessionRecord)."""
        if not self._append(self._encoded_session(run, update)):
            self._drop(str(update.get("station", "")))
        self._rouse()

    def state(self, station: str, run: int, state: bytes, updates: list[dict]) -> None:
        """Keep a station's packed state, for whoever resumes it, and the session updates of the
        same event: all of them or none."""
        payload = encode(StateRecord(station, state))
        sessions = [self._encoded_session(run, update) for update in updates]
        if not self._journal.append_kept(payload, sessions):
            for session in sessions:
                if not self._append(session):
                    self._drop(station)
        if sessions:
            self._rouse()

    def _encoded_session(self, run: int, update: dict) -> bytes:
        record = SessionRecord(self._next_id(), update, run)
        try:
            return encode(record)
        except UnicodeEncodeError:
            return encode(SessionRecord(record.id, speakable_tree(update), run))

    def _rouse(self) -> None:
        """Have those who hand on look again: at rest nobody wakes up for nothing."""
        if self._resting:
            self._resting = False
            self._news.set()
        if self._shipper.resting:
            self._shipper.rouse()

    def number(self, station: str) -> int:
        """run << SEQ_BITS | seq of the station's newest record; 0 where none is known.

        Kept for as long as the process lives, so that no number is given twice.
        """
        return self._numbers.get(station, 0)

    def go_on(self, station: str, number: int) -> None:
        """The station comes from elsewhere: there is a record of it with this number."""
        if number > self._numbers.get(station, 0):
            self._numbers[station] = number

    def hold_until(self, settled: Callable[[], float]) -> None:
        """Have accepted segments held for whoever resumes the stations: see Journal.settled."""
        self._journal.settled = settled

    def spare(self, in_a_rush: Callable[[], bool]) -> None:
        """While this is true the store has more urgent things to do: see shipping.RUSH_WAIT."""
        self._shipper.in_a_rush = in_a_rush

    def _next_id(self) -> str:
        # Beside the frames' own clock, which need not be the wall's.
        self._micros = self._micros + 1 if self._micros else int(time.time() * 1e6)
        return f"{self._micros:014x}{self._suffix}"

    def _drop(self, station: str) -> None:
        if not self._dropping:
            log.error("The message journal is full: messages are dropped and counted.")
            self._next_telling = time.monotonic() + TELL_DROPS_EVERY
        self._dropping[station] = self._dropping.get(station, 0) + 1
        self._dropped += 1
        self._dropped_at = time.monotonic()

    def _say_dropped(self, now: float) -> None:
        """Put what was dropped on record, once there is room again."""
        # Every station may be named in it: not with each record of a long outage.
        self._next_telling = time.monotonic() + TELL_DROPS_EVERY
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
            await lifetime.end([self._live_task])
            await lifetime.within(PUBLISH_TIMEOUT, self._show_pending(), "the live view's last")
        if self._group is not None:
            await lifetime.within(PUBLISH_TIMEOUT, self._group.close(), "closing the live view")
        left = await asyncio.to_thread(self._shipper.finish, timeout)
        if left:
            log.warning("%d messages wait in the journal for the next start.", left)
        stored = not self._shipper.unstored
        self._journal.close(empty=not left and stored, accepted=not left)

    async def _show(self) -> None:
        """Publish to the live view about every LIVE_INTERVAL; while Redis is away, wait.

        While nobody listens all of it is published still, in few batches: whoever subscribes
        misses nothing that was recorded from then on.
        """
        failing = False
        while True:
            if self._journal.appended == self._live.taken:
                self._news.clear()
                self._resting = True
                await self._news.wait()
            await asyncio.sleep(LIVE_INTERVAL if self._heard else UNHEARD_INTERVAL)
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
            self._live.skip_to(self._journal.current, self._journal.appended)
            self._live_skipped += behind
            self._live_skipped_at = time.monotonic()
        while batch := self._live.take(LIVE_MOST_RECORDS, LIVE_MOST_BYTES):
            message = {
                "type": "messages.batch",
                "source": self.source + self._suffix,
                "first": self._live.taken - batch.count,
                "count": batch.count,
                "data": batch.data,
            }
            async with asyncio.timeout(PUBLISH_TIMEOUT):
                self._heard = bool(await self._publish(message))

    def stats(self) -> dict:
        """Counts since start; `buffered` records are in the journal only; sizes in bytes,
        `disk_free` None where the journal's folder is gone. In seconds:

        lag             that the oldest of these has waited
        leftovers_wait  that a dead process's journal has, since it was found
        *_ago           since the last time that something was dropped or skipped; None: never
        """
        shipper, now = self._shipper, time.monotonic()
        return {
            "recorded": self._journal.appended,
            "buffered": self._journal.appended - shipper.accepted,
            "journal_bytes": self._journal.bytes,
            "journal_on_disk": self._journal.on_disk,
            "sent": shipper.accepted,
            "replayed": shipper.replayed,
            "dropped": self._dropped,
            "live_skipped": self._live_skipped,
            "disk_free": self._disk_free(),
            "lag": round(shipper.lag(), 3),
            "leftovers_wait": round(shipper.leftovers_wait(), 1),
            "dropped_ago": _since(self._dropped_at, now),
            "live_skipped_ago": _since(self._live_skipped_at, now),
        }

    def _disk_free(self) -> int | None:
        try:
            return shutil.disk_usage(self.root).free
        except OSError:
            return None


def _since(moment: float | None, now: float) -> float | None:
    return None if moment is None else round(now - moment, 1)


def _journal_bytes() -> int:
    """The limit of the journal on disk: the setting JOURNAL_BYTES."""
    from django.conf import settings

    return getattr(settings, "JOURNAL_BYTES", 256 * MIB) if settings.configured else 256 * MIB


def _speakable_record(record: FrameRecord) -> FrameRecord:
    for name in ("station", "action", "uid", "text", "error", "mark", "cause"):
        setattr(record, name, speakable(getattr(record, name)))
    return record
