"""The recorder: every frame handed on once, in order, whatever Redis does meanwhile."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter

import msgspec
import pytest

from messaging.journals import leftovers, log_queue, shipping
from messaging.journals.recorder import LIVE_INTERVAL, TELL_DROPS_EVERY, UNHEARD_INTERVAL, Recorder
from messaging.records import (
    FrameRecord,
    SessionRecord,
    decode_batch,
    decode_payload,
    document,
    payloads,
)
from messaging.rows import live_item
from tests.messaging.conftest import BASE, make_frame, make_record


class Queue:
    """Redis's part: takes batches, or refuses them while `away`."""

    def __init__(self):
        self.away = False
        self.batches = []
        self.waiting = 0  # batches that the store has not taken
        self.published = []
        self.listeners = 1

    def enqueue(self, data):
        if self.away:
            raise ConnectionError("Redis is away")
        self.batches.append(data)
        return self.waiting

    async def publish(self, message):
        if self.away:
            raise ConnectionError("Redis is away")
        self.published.append(message)
        return self.listeners

    def records(self):
        return [record for batch in self.batches for record in decode_batch(batch)]


@pytest.fixture
def queue():
    return Queue()


@pytest.fixture
async def make(tmp_path, queue):
    made = []

    def build(**options):
        made.append(
            Recorder(tmp_path, "worker", enqueue=queue.enqueue, publish=queue.publish, **options)
        )
        return made[-1]

    yield build
    for recorder in made:  # a test that failed leaves no thread to the next
        recorder._shipper.finish(0)


async def until(condition, seconds=60.0):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        await asyncio.sleep(0.02)


async def test_frames_reach_the_log_and_the_live_view_in_order(make, queue, tmp_path):
    recorder = make()
    await recorder.start()
    for number in range(1200):
        recorder.record("CP1", 7, make_frame(text=f"frame {number}", time=BASE + number / 1e3))
    await until(lambda: recorder.stats()["buffered"] == 0)
    await recorder.stop()
    texts = [f"frame {number}" for number in range(1200)]
    assert [record.text for record in queue.records()] == texts
    live = [r for message in queue.published for r in decode_batch(message["data"])]
    assert [record.text for record in live] == texts
    firsts = [(message["first"], message["count"]) for message in queue.published]
    assert [first for first, _ in firsts] == [
        sum(count for _, count in firsts[:place]) for place in range(len(firsts))
    ]
    assert max(len(decode_batch(batch)) for batch in queue.batches) <= 500
    assert list(tmp_path.iterdir()) == []


async def test_ids_sort_by_time_and_are_unique_even_in_one_instant(make, queue):
    recorder, other = make(), make()
    for _ in range(50):
        recorder.record("CP1", 1, make_frame())
        other.record("CP1", 1, make_frame())
    await recorder.start()
    await other.start()
    await recorder.stop()
    await other.stop()
    ids = [record.id for record in queue.records()]
    assert len(set(ids)) == 100
    suffixes = {record_id[14:] for record_id in ids}
    for suffix in suffixes:
        mine = [record_id for record_id in ids if record_id.endswith(suffix)]
        assert mine == sorted(mine)


async def test_numbers_count_per_station_and_run(make, queue):
    recorder = make()
    for station, run in [("A", 1), ("A", 1), ("B", 1), ("A", 2), ("A", 2)]:
        recorder.record(station, run, make_frame())
    assert recorder.number("A") == 2 << 40 | 2
    assert recorder.number("C") == 0
    await recorder.start()
    await recorder.stop()
    assert [(r.station, r.run, r.seq) for r in queue.records()] == [
        ("A", 1, 1), ("A", 1, 2), ("B", 1, 1), ("A", 2, 1), ("A", 2, 2),
    ]  # fmt: skip


async def test_sessions_go_the_same_way(make, queue):
    recorder = make()
    update = {"id": "s1", "rev": 1, "station": "CP1", "sample": {"t": 1.5, "energy_wh": 10}}
    recorder.session(3, update)
    recorder.session(3, {**update, "id_tag": "bad \ud800 tag"})
    await recorder.start()
    await recorder.stop()
    first, second = queue.records()
    assert isinstance(first, SessionRecord)
    assert (first.run, first.update) == (3, update)
    assert second.update["id_tag"] == "bad \\ud800 tag"


async def test_while_redis_is_away_frames_wait_in_the_journal(make, queue):
    recorder = make()
    await recorder.start()
    queue.away = True
    for number in range(3000):
        recorder.record("CP1", 1, make_frame(text=str(number)))
    await asyncio.sleep(0.5)
    assert recorder.stats()["buffered"] == 3000
    assert recorder.stats()["lag"] > 0
    queue.away = False
    await until(lambda: recorder.stats()["buffered"] == 0)
    await recorder.stop()
    assert [record.text for record in queue.records()] == [str(n) for n in range(3000)]


async def test_what_a_dead_worker_left_is_replayed_by_the_next(make, queue, tmp_path):
    dead = make()
    for number in range(700):
        dead.record("CP1", 1, make_frame(text=str(number)))
    dead._journal.close(empty=False)  # the kernel lets go of a dead process's lock
    recorder = make()
    await recorder.start()
    await until(lambda: len(queue.records()) == 700)
    await recorder.stop()
    assert [record.text for record in queue.records()] == [str(n) for n in range(700)]
    assert list(leftovers.claim(tmp_path)) == []


async def test_stop_without_redis_keeps_the_journal_for_the_next_start(make, queue, tmp_path):
    recorder = make()
    await recorder.start()
    queue.away = True
    recorder.record("CP1", 1, make_frame(text="kept"))
    async with asyncio.timeout(60):
        await recorder.stop(timeout=0.5)
    queue.away = False
    following = make()
    await following.start()
    await until(lambda: queue.records())
    await following.stop()
    assert [record.text for record in queue.records()] == ["kept"]


async def test_a_backlog_is_as_old_as_its_oldest_record(make, queue, monkeypatch):
    recorder = make()
    await recorder.start()
    queue.away = True
    for number in range(30_000):
        recorder.record("CP1", 1, make_frame(text=str(number)))
    recorder.stats()  # what has come is looked at, so the newest of it is as old as this
    begun = time.monotonic()
    await until(lambda: recorder.stats()["lag"] > 1 and time.monotonic() - begun > 1)

    shipped = []
    note = lambda batch: shipped.append(recorder.stats()["lag"]) or 0  # noqa: E731
    recorder._shipper._queue = log_queue.Queue.plain(note)
    await until(lambda: recorder.stats()["buffered"] == 0)
    assert len(shipped) > 10 and min(shipped) > 0.5  # until the last batch is gone
    assert recorder.stats()["lag"] == 0
    await recorder.stop()


async def test_a_dead_workers_journal_that_cannot_be_replayed_waits(make, queue, tmp_path):
    dead = make()
    dead.record("CP1", 1, make_frame())
    dead._journal.close(empty=False)
    (segment,) = tmp_path.glob("*/*.wal")
    kept = segment.read_bytes()
    segment.unlink()
    segment.mkdir()  # opening it is an OSError
    recorder = make()
    await recorder.start()
    await until(lambda: recorder.stats()["leftovers_wait"] > 0)
    segment.rmdir()
    segment.write_bytes(kept)
    recorder._shipper._next_leftovers = 0.0
    await until(lambda: queue.records())
    await until(lambda: recorder.stats()["leftovers_wait"] == 0)
    await recorder.stop()


async def test_a_busy_worker_replays_what_a_dead_one_left(make, queue, tmp_path):
    dead = make()
    for number in range(3000):
        dead.record("CP1", 1, make_frame(text=f"left {number}"))
    dead._journal.close(empty=False)
    recorder = make()

    def enqueue_and_be_busy(data):
        queue.enqueue(data)
        for _ in range(600):  # there is always more to hand on than one batch
            recorder.record("CP2", 1, make_frame(text="own"))
        return 0

    recorder._shipper._queue = log_queue.Queue.plain(enqueue_and_be_busy)
    recorder.record("CP2", 1, make_frame(text="own"))
    await recorder.start()
    await until(lambda: list(tmp_path.glob("*/accepted")))
    assert recorder.stats()["replayed"] == 6
    recorder._shipper._queue = log_queue.Queue.plain(queue.enqueue)
    await recorder.stop()
    texts = [record.text for record in queue.records()]
    assert [t for t in texts if t != "own"] == [f"left {n}" for n in range(3000)]
    # At its start, and then in turns: our own do not wait for it either.
    kinds = [decode_batch(batch)[0].text.split()[0] for batch in queue.batches]
    assert kinds[:7] == ["left", "own", "own", "left", "own", "own", "left"]
    assert list(leftovers.claim(tmp_path)) == []


async def test_batches_grow_with_the_backlog(make, queue):
    recorder = make()
    for _ in range(10_000):
        recorder.record("CP1", 1, make_frame())
    await recorder.start()
    await recorder.stop()
    sizes = [len(decode_batch(batch)) for batch in queue.batches]
    assert sum(sizes) == 10_000
    assert max(sizes) == shipping.MOST_RECORDS
    assert max(map(len, queue.batches)) <= shipping.MOST_BYTES
    assert len(sizes) <= 9  # the first segment is small, and a batch is of one


@pytest.mark.parametrize("workers", [1, 3])
def test_a_slow_store_catches_up(workers):
    """Workers at 150 messages a second each, a store of 4 batches a second, 400 that wait.

    With batches of as little as records at rest wait for three workers fill the queue for ever.
    """
    rate, cost = 150, 0.25
    queued, free_at = 400, 0.0  # batches; seconds
    now, due = 0.0, [0.0] * workers
    while queued > 20 and now < 3600:
        now += 0.05
        for number, moment in enumerate(due):
            wait = shipping.longest_wait(queued)
            if now - moment >= min(wait, shipping.MOST_RECORDS / rate):
                due[number] = now
                queued += 1
        while queued and free_at <= now:
            queued -= 1
            free_at = max(free_at, now - 0.05) + cost
    assert queued <= 20, f"{queued} batches wait after an hour"


async def test_records_wait_for_company_where_the_queue_is_long(make, queue, monkeypatch):
    monkeypatch.setattr(shipping, "USUAL_WAIT", 0.25)
    queue.waiting = 1000
    recorder = make()
    recorder.record("CP1", 1, make_frame(text="first"))
    await recorder.start()
    await until(lambda: queue.batches)
    for _ in range(3):
        recorder.record("CP1", 1, make_frame(text="in company"))
        await asyncio.sleep(2 * shipping.USUAL_WAIT)
    await recorder.stop()
    assert [len(decode_batch(batch)) for batch in queue.batches] == [1, 3]


async def test_while_nobody_hears_it_the_live_view_gets_few_batches_and_every_record(
    make, queue, monkeypatch
):
    pauses = asyncio.Queue()
    sleep = asyncio.sleep

    async def paused(seconds):
        await pauses.put(seconds)
        await sleep(0)

    recorder = make()
    monkeypatch.setattr("messaging.journals.recorder.asyncio.sleep", paused)
    recorder.record("CP1", 7, make_frame(text="first"))
    queue.listeners = 0
    showing = asyncio.create_task(recorder._show())
    assert await pauses.get() == LIVE_INTERVAL
    while not queue.published:
        await sleep(0)
    for number in range(700):
        recorder.record("CP1", 7, make_frame(text=str(number)))
    assert await pauses.get() == UNHEARD_INTERVAL
    queue.listeners = 1  # somebody has come since
    while len(queue.published) < 3:
        await sleep(0)
    recorder.record("CP1", 7, make_frame(text="last"))
    assert await pauses.get() == LIVE_INTERVAL
    while len(queue.published) < 4:
        await sleep(0)
    showing.cancel()
    published = [r for message in queue.published for r in decode_batch(message["data"])]
    assert [record.text for record in published] == ["first", *map(str, range(700)), "last"]


async def test_at_rest_nothing_wakes_up_until_there_is_a_record(make, queue, monkeypatch):
    monkeypatch.setattr(shipping, "REST", 3600.0)
    recorder = make()
    sleep, pauses = asyncio.sleep, []

    async def paused(seconds, *more):
        pauses.append(seconds)
        await sleep(seconds, *more)

    await recorder.start()
    await until(lambda: recorder._resting and recorder._shipper.resting)
    monkeypatch.setattr("messaging.journals.recorder.asyncio.sleep", paused)
    monkeypatch.setattr(recorder._shipper, "_step", None)  # a look of its thread would be a fault
    await sleep(3 * LIVE_INTERVAL)
    assert pauses == []
    monkeypatch.undo()
    recorder.record("CP1", 1, make_frame(text="first"))
    await until(lambda: queue.batches and queue.published)
    await until(lambda: recorder._resting and recorder._shipper.resting)
    recorder.session(1, {"station": "CP1"})
    await until(lambda: len(queue.batches) == 2)
    await recorder.stop()


async def test_a_swallowed_cancellation_does_not_keep_it_from_stopping(make, queue):
    recorder = make()
    publishing = asyncio.Event()

    async def publish(message):
        publishing.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return  # as redis-py does where it falls into its clean-up

    recorder._publish = publish
    recorder.record("CP1", 1, make_frame())
    await recorder.start()
    await publishing.wait()
    async with asyncio.timeout(30) as limit:
        await recorder.stop()
    assert not limit.expired()


async def test_at_the_limit_drops_are_counted_and_put_on_record(make, queue, caplog):
    recorder = make(segment_bytes=4096, journal_bytes=8192)
    queue.away = True
    await recorder.start()
    for number in range(200):
        recorder.record("A" if number % 2 else "B", 1, make_frame(text="x" * 200))
    dropped = recorder.stats()["dropped"]
    assert recorder.stats()["dropped_ago"] < 60
    assert 0 < dropped < 200
    queue.away = False
    await until(lambda: recorder.stats()["buffered"] == 0)
    recorder._next_telling = 0.0
    recorder.record("A", 1, make_frame(text="after"))
    await recorder.stop()
    records = queue.records()
    said = [record for record in records if record.kind == "Dropped"]
    assert len(said) == 1
    assert json.loads(said[0].text)["dropped"] == dropped
    assert sum(json.loads(said[0].text)["stations"].values()) == dropped
    assert len([r for r in records if r.kind != "Dropped"]) == 201 - dropped
    assert records[-1].text == "after"
    assert caplog.text.count("journal is full") == 1


def test_while_it_drops_it_tells_of_it_once_a_second(make, queue, monkeypatch):
    recorder = make(segment_bytes=4096, journal_bytes=8192)
    told, say = [], recorder._say_dropped
    monkeypatch.setattr(recorder, "_say_dropped", lambda now: (told.append(now), say(now)))
    began = time.monotonic()
    for _ in range(20_000):
        recorder.record("CP1", 1, make_frame(text="x" * 200))
    assert recorder.stats()["dropped"] > 10_000
    recorder._next_telling = 0.0
    recorder.record("CP1", 1, make_frame(text="x" * 200))
    assert 1 <= len(told) <= 2 + (time.monotonic() - began) / TELL_DROPS_EVERY


async def test_lone_surrogates_do_not_stop_a_frame(make, queue):
    recorder = make()
    recorder.record("CP1", 1, make_frame(action="bad \udc80", unique_id="\ud800"))
    await recorder.start()
    await recorder.stop()
    (record,) = queue.records()
    assert isinstance(record, FrameRecord)
    assert record.action == "bad \\udc80"


def test_recording_is_cheap(make):
    """So many function calls a frame, which no load of the machine changes."""
    recorder = make()
    frame = make_frame(text="x" * 300)
    recorder.record("CP1", 1, frame)
    calls = Counter()
    sys.setprofile(lambda caller, kind, what: calls.update((kind,)))
    try:
        for _ in range(2000):
            recorder.record("CP1", 1, frame)
    finally:
        sys.setprofile(None)
    assert (calls["call"] + calls["c_call"]) / 2000 < 12


async def test_a_cause_is_written_where_there_is_one_and_costs_the_others_nothing(make, queue):
    recorder = make()
    await recorder.start()
    recorder.record("CP1", 1, make_frame(text="plain"))
    recorder.record("CP1", 1, make_frame(text="injected", cause="ada \ud800, admin [1]"))
    recorder.record("CP1", 1, make_frame(text="crafted", cause="ada, admin [1]"))
    await recorder.stop()
    plain, odd, crafted = queue.records()
    assert (plain.cause, crafted.cause) == ("", "ada, admin [1]")
    assert odd.cause == "ada \\ud800, admin [1]"
    written = [msgspec.msgpack.decode(each) for batch in queue.batches for each in payloads(batch)]
    # As it was before there were causes: a tag, and the thirteen fields.
    assert [len(each) for each in written] == [14, 15, 15]


def test_a_record_of_before_there_were_causes_is_read():
    record = make_record(mark="held")
    before = msgspec.msgpack.encode([0, *msgspec.structs.astuple(record)[:13]])
    assert decode_payload(before) == record
    assert "cause" not in document(record) and "cause" not in live_item(record)
