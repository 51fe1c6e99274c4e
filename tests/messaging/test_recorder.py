"""The recorder: every frame handed on once, in order, whatever Redis does meanwhile."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from messaging.recorder import Recorder
from messaging.records import FrameRecord, SessionRecord, decode_batch
from tests.messaging.conftest import BASE, make_frame


class Queue:
    """Redis's part: takes batches, or refuses them while `away`."""

    def __init__(self):
        self.away = False
        self.batches = []
        self.published = []

    def enqueue(self, data):
        if self.away:
            raise ConnectionError("Redis is away")
        self.batches.append(data)

    async def publish(self, message):
        if self.away:
            raise ConnectionError("Redis is away")
        self.published.append(message)

    def records(self):
        return [record for batch in self.batches for record in decode_batch(batch)]


@pytest.fixture
def queue():
    return Queue()


@pytest.fixture
def make(tmp_path, queue):
    def build(**options):
        return Recorder(tmp_path, "worker", enqueue=queue.enqueue, publish=queue.publish, **options)

    return build


async def until(condition, seconds=5.0):
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
    recorder.forget("A")
    recorder.record("A", 2, make_frame())
    await recorder.start()
    await recorder.stop()
    assert [(r.station, r.run, r.seq) for r in queue.records()] == [
        ("A", 1, 1), ("A", 1, 2), ("B", 1, 1), ("A", 2, 1), ("A", 2, 2), ("A", 2, 1),
    ]  # fmt: skip


async def test_sessions_go_the_same_way(make, queue):
    recorder = make()
    update = {"id": "s1", "rev": 1, "station": "CP1", "sample": {"t": 1.5, "energy_wh": 10}}
    recorder.session(update)
    recorder.session({**update, "id_tag": "bad \ud800 tag"})
    await recorder.start()
    await recorder.stop()
    first, second = queue.records()
    assert isinstance(first, SessionRecord)
    assert first.update == update
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
    assert list(tmp_path.iterdir()) == []


async def test_stop_without_redis_keeps_the_journal_for_the_next_start(make, queue, tmp_path):
    recorder = make()
    await recorder.start()
    queue.away = True
    recorder.record("CP1", 1, make_frame(text="kept"))
    before = time.monotonic()
    await recorder.stop(timeout=0.5)
    assert time.monotonic() - before < 3
    queue.away = False
    following = make()
    await following.start()
    await until(lambda: queue.records())
    await following.stop()
    assert [record.text for record in queue.records()] == ["kept"]


async def test_at_the_limit_drops_are_counted_and_put_on_record(make, queue, caplog):
    recorder = make(segment_bytes=4096, journal_bytes=8192)
    queue.away = True
    await recorder.start()
    for number in range(200):
        recorder.record("A" if number % 2 else "B", 1, make_frame(text="x" * 200))
    dropped = recorder.stats()["dropped"]
    assert 0 < dropped < 200
    queue.away = False
    await until(lambda: recorder.stats()["buffered"] == 0)
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


async def test_lone_surrogates_do_not_stop_a_frame(make, queue):
    recorder = make()
    recorder.record("CP1", 1, make_frame(action="bad \udc80", unique_id="\ud800"))
    await recorder.start()
    await recorder.stop()
    (record,) = queue.records()
    assert isinstance(record, FrameRecord)
    assert record.action == "bad \\udc80"


def test_recording_is_cheap(make):
    """The contract says about 6 us; the bound here leaves room for a loaded machine."""
    recorder = make()
    frame = make_frame(text="x" * 300)
    best = float("inf")
    for _ in range(5):
        before = time.process_time()
        for _ in range(2000):
            recorder.record("CP1", 1, frame)
        best = min(best, (time.process_time() - before) / 2000)
    assert best < 20e-6
