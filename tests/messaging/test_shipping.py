"""The thread that hands batches on: how long it waits, and what stays in the journal till then."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from messaging.journals import leftovers, shipping
from messaging.journals.journal import Journal
from messaging.journals.log_queue import Accepted, Queue
from messaging.journals.shipping import BACKOFF_FIRST, BACKOFF_MOST, Shipper
from messaging.records import decode_batch, encode
from tests.messaging.conftest import make_record

TRIES = 30


class NoTime(threading.Event):
    """An Event on which nobody waits: time goes by at once, and how long it was is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return super().wait(0.0005)


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path, "worker", segment_bytes=65_536)
    yield made
    made.close(empty=False)


OTHERS: set[threading.Thread] = set()


def appended(shipper: Shipper) -> None:
    """One record, by who tells a shipper that rests: the recorder does."""
    shipper._journal.append(encode(make_record()))
    shipper.rouse()


@pytest.fixture(autouse=True)
def others() -> None:
    """Threads that a test before has left, which failed, are no business of this one's."""
    OTHERS.clear()
    OTHERS.update(threading.enumerate())


def ended() -> None:
    """Wait for the threads of all shippers that the test has started."""
    for thread in set(threading.enumerate()) - OTHERS:
        if thread.name == "journal-shipper":
            thread.join(30)
            assert not thread.is_alive()


def test_the_pause_between_tries_grows_to_its_bound_and_no_further(journal, tmp_path, monkeypatch):
    events: list[NoTime] = []

    def make_event() -> NoTime:
        events.append(NoTime())
        return events[-1]

    patched = SimpleNamespace(Event=make_event, Thread=threading.Thread)
    monkeypatch.setattr(shipping, "threading", patched)
    tries, accepted = [], threading.Event()

    def enqueue(data: bytes) -> int:
        tries.append(len(events[0].waits))
        if len(tries) <= TRIES:
            raise ConnectionError("away")
        accepted.set()
        return 0

    shipper = Shipper(journal, tmp_path, Queue.plain(enqueue))
    journal.append(encode(make_record()))
    shipper.start()
    assert accepted.wait(30)
    shipper.finish(5.0)
    pauses = [events[0].waits[number] for number in tries[:TRIES]]
    for number, pause in enumerate(pauses):
        usual = min(BACKOFF_FIRST * 2**number, BACKOFF_MOST)
        assert 0.75 * usual <= pause <= 1.25 * usual


def test_what_the_queue_has_not_accepted_is_still_in_the_journal(journal, tmp_path):
    tried = threading.Event()

    def enqueue(data: bytes) -> int:
        tried.set()
        raise ConnectionError("away")

    record = make_record()
    shipper = Shipper(journal, tmp_path, Queue.plain(enqueue))
    journal.append(encode(record))
    shipper.start()
    assert tried.wait(30)
    assert shipper.finish(0.1) == 1
    ended()  # it does not try for ever
    journal.close(empty=False)
    [leftover] = leftovers.claim(tmp_path)
    found = [made for batch in leftover.batches(500, 2**20) for made in decode_batch(batch)]
    leftover.close()
    assert found == [record]


def test_in_a_rush_records_wait_for_more_company_but_not_for_ever(journal, tmp_path, monkeypatch):
    shipper = Shipper(journal, tmp_path, Queue.plain(lambda data: 0))
    now, most = time.monotonic(), shipping.USUAL_RECORDS
    assert shipper._is_ripe(most, now)
    shipper.in_a_rush = lambda: True
    assert not shipper._is_ripe(100 * most, now + shipping.USUAL_WAIT)
    assert shipper._is_ripe(1, now + shipping.RUSH_WAIT)
    shipper.in_a_rush = lambda: False
    assert shipper._is_ripe(most, now)


# --- the journal's limit -------------------------------------------------------------------------


def filled(root, owner, **options) -> int:
    """How many records of about 1,000 bytes a process can keep."""
    made = Journal(root, owner, segment_bytes=65_536, memory_bytes=65_536, **options)
    payload, count = b"x" * 992, 0
    while made.append(payload):
        count += 1
    made.close(empty=False)
    return count


def test_what_dead_processes_left_counts_against_the_limit(tmp_path):
    first = filled(tmp_path, "one", most_bytes=8 * 65_536)
    assert first == 8 * 65
    # Half of the limit is the first one's: what each further one gets is the least there is.
    second = filled(tmp_path, "two", most_bytes=12 * 65_536)
    assert second == 4 * 65
    assert filled(tmp_path, "three", most_bytes=12 * 65_536) == 2 * 65


def test_what_was_lost_on_its_way_is_asked_for_now_and_then(journal, tmp_path, monkeypatch):
    monkeypatch.setattr(shipping, "RECOVER_EVERY", 0.01)
    asked = threading.Semaphore(0)

    def recover() -> int:
        asked.release()
        raise ConnectionError("away")  # which stops nothing

    shipped = threading.Event()

    def enqueue(data: bytes) -> int:
        shipped.set()
        return 0

    queue = replace(Queue.plain(enqueue), recover=recover)
    shipper = Shipper(journal, tmp_path, queue)
    shipper.start()
    for _ in range(3):
        assert asked.acquire(timeout=30)
    appended(shipper)
    assert shipped.wait(30)
    assert shipper.finish(5.0) == 0


# --- the end, and what the dead left -------------------------------------------------------------


def left_by_a_dead_process(root, records: int) -> None:
    dead = Journal(root, "dead", segment_bytes=65_536)
    for _ in range(records):
        dead.append(encode(make_record()))
    dead.close(empty=False)


def test_the_last_records_wait_for_no_company(journal, tmp_path, monkeypatch):
    """However many batches wait in the queue, and would have them wait."""
    monkeypatch.setattr(shipping, "LONGEST_WAIT", 600.0)
    shipped = threading.Semaphore(0)

    def enqueue(data: bytes) -> int:
        shipped.release()
        return shipping.LONG_QUEUE

    shipper = Shipper(journal, tmp_path, Queue.plain(enqueue))
    shipper.start()
    appended(shipper)
    assert shipped.acquire(timeout=30)
    appended(shipper)
    assert shipper.finish(60.0) == 0


def test_what_is_left_of_the_dead_is_free_for_the_next_one(journal, tmp_path, monkeypatch):
    monkeypatch.setattr(shipping, "USUAL_RECORDS", 2)
    left_by_a_dead_process(tmp_path, 6)
    replayed = threading.Semaphore(0)

    def enqueue(data: bytes) -> int:
        replayed.release()
        if shipper.replayed:
            raise ConnectionError("away")
        return 0

    shipper = Shipper(journal, tmp_path, Queue.plain(enqueue))
    shipper.start()
    for _ in range(2):
        assert replayed.acquire(timeout=30)
    shipper.finish(0.1)
    ended()
    [leftover] = leftovers.claim(tmp_path)
    assert sum(len(decode_batch(batch)) for batch in leftover.batches(500, 2**20)) == 4
    leftover.close()


def test_the_dead_are_looked_for_now_and_then(journal, tmp_path, monkeypatch):
    looks, real = [], leftovers.batches

    def batches(*given):
        looks.append(given)
        return real(*given)

    monkeypatch.setattr(shipping.leftovers, "batches", batches)
    shipped = threading.Semaphore(0)

    def enqueue(data: bytes) -> int:
        shipped.release()
        return 0

    shipper = Shipper(journal, tmp_path, Queue.plain(enqueue))
    shipper.start()
    for _ in range(3):
        appended(shipper)
        assert shipped.acquire(timeout=30)
    assert shipper.finish(30.0) == 0
    assert len(looks) == 1


# --- a Redis that loses its data -----------------------------------------------------------------


def test_a_replay_in_whose_midst_redis_lost_data_is_done_once_more(tmp_path):
    left_by_a_dead_process(tmp_path, 3)
    [leftover] = leftovers.claim(tmp_path, "one")
    leftover.begin("one")
    assert len(list(leftover.batches(2, 2**20))) == 2
    leftover.keep("two")
    leftovers.remove_old(tmp_path, seconds=-1.0)  # it is no old one, of which all is accepted
    [again] = leftovers.claim(tmp_path, "two")
    again.begin("two")
    assert sum(len(decode_batch(batch)) for batch in again.batches(500, 2**20)) == 3
    again.keep("two")
    assert list(leftovers.claim(tmp_path, "two")) == []


def test_the_journal_names_a_new_redis_once_that_has_all(journal, tmp_path):
    """Or who replays it would take for accepted what the Redis before has lost."""
    eras, refused = iter(("one", "two")), threading.Semaphore(0)
    accepted = threading.Semaphore(0)

    def put(batch: bytes, age: float | None) -> Accepted:
        era = next(eras, None)
        if era is None:
            refused.release()
            raise ConnectionError("away")
        seen.append(era)
        accepted.release()
        return Accepted(0, f"batch of {era}", era)

    seen = ["one"]
    queue = Queue(put, lambda names: (seen[-1], set()), lambda: seen[-1], lambda: 0)
    shipper = Shipper(journal, tmp_path, queue)
    shipper.start()
    for _ in range(2):
        appended(shipper)
        assert accepted.acquire(timeout=30)
    assert refused.acquire(timeout=30)  # the first batch, once more
    assert (journal.directory / "era").read_text() == "one"
    shipper.finish(0.1)
    ended()
