"""How old the oldest record is that is not stored, wherever it waits."""

from __future__ import annotations

import socket
import time

import pytest
import redis
from celery.exceptions import Reject
from django.conf import settings
from pymongo.errors import AutoReconnect

from emulator.monitoring import signs
from messaging import tasks
from messaging.journals import log_queue
from messaging.journals.ages import MOST, STEP, Ages
from messaging.journals.journal import Journal
from messaging.journals.shipping import Shipper
from messaging.keeping import store
from messaging.records import encode, frame_payload, id_at
from tests.messaging.conftest import make_record


@pytest.fixture
def queue(monkeypatch):
    """Redis under a prefix of this test's own; nobody works off the queue there."""
    prefix = f"test-log-{time.monotonic_ns()}:"
    monkeypatch.setenv("REDIS_PREFIX", prefix)
    monkeypatch.setattr(settings, "REDIS_PREFIX", prefix)
    monkeypatch.setattr(log_queue, "_celery_prefix", lambda: f"{prefix}celery:")
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)


@pytest.fixture
def sent(queue, monkeypatch):
    """The names that were put on the queue, which holds as many."""
    names = []

    def send_task(task, arguments, **_):
        assert task == tasks.store_messages.name
        names.append(arguments[0])
        queue.lpush(log_queue.queue_key(), "a task")

    monkeypatch.setattr(log_queue.current_app, "send_task", send_task)
    return names


def batch(number: int = 0, at: float | None = None) -> bytes:
    moment = time.time() if at is None else at
    return frame_payload(encode(make_record(id=f"{id_at(moment)}{number:08x}")))


def behind(queue) -> float:
    return signs.read(queue).log_oldest


def test_the_oldest_counts_and_is_forgotten_once_stored(queue, sent):
    old, young = batch(1), batch(2)
    assert log_queue.enqueue_with_celery(young, 3.0).waiting == 1
    assert log_queue.enqueue_with_celery(old, 100.0).waiting == 2
    assert 100 <= behind(queue) < 130
    assert log_queue.batch_of(sent[1]) == old
    log_queue.is_stored(sent[1])
    assert log_queue.batch_of(sent[1]) is None
    assert log_queue.batch_of(sent[0]) == young
    assert 3 <= behind(queue) < 33
    assert signs.read(queue).log_batches == 1


def test_a_batch_that_is_sent_again_does_not_become_younger(queue, sent):
    again = batch(1)
    log_queue.enqueue_with_celery(again, 100.0)
    log_queue.enqueue_with_celery(again, 0.0)
    assert behind(queue) >= 100 and signs.read(queue).log_batches == 1


def test_what_dead_workers_left_is_as_old_as_its_records(queue, sent):
    log_queue.enqueue_with_celery(batch(1, time.time() - 500))
    assert 500 <= behind(queue) < 530


def test_records_of_a_clock_that_was_ahead_are_new(queue, sent):
    log_queue.enqueue_with_celery(batch(1, time.time() + 3600))
    assert 0 <= behind(queue) < 30


def test_nothing_is_left_of_a_batch_that_is_stored(queue, sent):
    log_queue.enqueue_with_celery(batch(1), 100.0)
    queue.delete(log_queue.queue_key())  # taken by a worker
    log_queue.is_stored(sent[0])
    assert signs.read(queue).log_batches == 0
    left = list(queue.scan_iter(f"{settings.REDIS_PREFIX}*log*"))
    assert left == [f"{settings.REDIS_PREFIX}log:era".encode()]


def test_what_is_lost_on_its_way_is_sent_again(queue, sent):
    """kombu has taken the message, and died before it noted that; or somebody purged the queue."""
    stored, lost = batch(1), batch(2)
    for each in (stored, lost):
        log_queue.enqueue_with_celery(each, 100.0)
    assert log_queue.send_lost_again(0.0) == 0  # both wait in the queue
    queue.delete(log_queue.queue_key())
    assert log_queue.send_lost_again(60.0) == 0  # they may be in somebody's hands
    assert behind(queue) >= 100
    log_queue.is_stored(sent[0])
    assert log_queue.send_lost_again(0.0) == 1
    assert sent[2:] == [sent[1]]
    assert behind(queue) >= 100  # it did not become younger
    queue.delete(log_queue.queue_key())
    assert log_queue.send_lost_again(60.0) == 0  # not at once again
    assert log_queue.batch_of(sent[1]) == lost


def test_all_that_is_lost_is_sent_again_at_once_and_then_left_for_a_while(queue, sent):
    for number in range(3):
        log_queue.enqueue_with_celery(batch(number), 100.0)
    names, long_ago = list(sent), (time.time() - 200) * 1000
    queue.zadd(f"{settings.REDIS_PREFIX}log:sent", dict.fromkeys(names, long_ago))
    queue.delete(log_queue.queue_key())
    assert log_queue.send_lost_again(120.0) == 3
    assert sorted(sent[3:]) == sorted(names)
    queue.delete(log_queue.queue_key())  # somebody has them in hand
    assert log_queue.send_lost_again(120.0) == 0


def test_what_was_sent_before_the_clock_was_set_back_is_sent_again(queue, sent):
    log_queue.enqueue_with_celery(batch(1), 100.0)
    queue.delete(log_queue.queue_key())
    key = f"{settings.REDIS_PREFIX}log:sent"
    queue.zadd(key, {sent[0]: (time.time() + 3600) * 1000})
    assert log_queue.send_lost_again(0.0) == 1


def test_a_name_without_its_batch_waits_for_nothing(queue, sent):
    """As a version of before left it, or a Redis that has forgotten."""
    queue.zadd(signs.log_key(), {"0" * 22: 1})
    assert behind(queue) > 100
    assert log_queue.send_lost_again(0.0) == 0
    assert behind(queue) == 0
    assert tasks.store_messages("a name of nothing") == 0


def test_a_connection_that_redis_has_closed_is_made_again(queue, sent):
    held = batch(1)
    log_queue.enqueue_with_celery(held)
    queue.client_kill_filter(_id=str(log_queue.queue_client().client_id()))
    assert log_queue.batch_of(sent[0]) == held


def test_a_redis_that_is_away_is_a_connection_error(monkeypatch):
    with socket.socket() as taken:  # bound and not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{taken.getsockname()[1]}/0")
        log_queue.queue_client.cache_clear()
        try:
            with pytest.raises(redis.ConnectionError):
                log_queue.batch_of("any")
        finally:
            log_queue.queue_client.cache_clear()


def test_batches_that_begin_alike_are_kept_apart(queue, sent):
    """A journal that is replayed may be cut into batches otherwise than before."""
    short = batch(1, 1e9)
    long = short + batch(2, 1e9)
    for one in (long, short):
        log_queue.enqueue_with_celery(one, 0.0)
    log_queue.is_stored(sent[1])
    assert log_queue.batch_of(sent[0]) == long


def test_a_clock_that_was_set_back_hides_nothing(queue, sent):
    log_queue.enqueue_with_celery(batch(1), -3600.0)  # as if put there an hour from now
    log_queue.enqueue_with_celery(batch(2), 1.0)
    assert behind(queue) == float("inf")


def test_a_batch_that_cannot_be_read_is_put_on_the_queue_all_the_same(queue, sent):
    for broken in (b"", b"torn", frame_payload(b"\xc1")):
        log_queue.enqueue_with_celery(broken)
        assert behind(queue) < 30
        assert log_queue.batch_of(sent[-1]) == broken
        log_queue.is_stored(sent[-1])
    assert len(sent) == 3


def test_batches_that_cannot_be_read_are_kept_apart(queue, sent):
    for broken in (b"torn", b"tore"):
        log_queue.enqueue_with_celery(broken)
    assert [log_queue.batch_of(name) for name in sent] == [b"torn", b"tore"]


def test_the_task_tells_when_a_batch_is_stored_and_when_not(queue, sent, monkeypatch):
    def refuse(error):
        def store_batch(db, batch):
            raise error

        return store_batch

    waits = batch(1)
    monkeypatch.setattr(store, "database", lambda: None)
    monkeypatch.setattr(tasks.time, "sleep", lambda seconds: None)
    log_queue.enqueue_with_celery(waits, 100.0)
    for fault in (AutoReconnect("away"), KeyError("a bug of ours")):
        monkeypatch.setattr(tasks, "store_batch", refuse(fault))
        with pytest.raises(Reject) as refusal:
            tasks.store_messages(sent[0])
        assert refusal.value.requeue
        assert behind(queue) >= 100
    monkeypatch.setattr(tasks, "store_batch", lambda db, batch: 1)
    assert tasks.store_messages(sent[0]) == 1
    assert behind(queue) == 0


def test_the_age_in_the_journal_counts_in_the_queue(queue, sent, tmp_path, monkeypatch):
    journal = Journal(tmp_path, "w", most_bytes=2**24)
    shipper = Shipper(journal, tmp_path, log_queue.celery_queue)
    monkeypatch.setattr(shipper, "lag", lambda: 42.0)
    journal.append(encode(make_record(id=f"{id_at(time.time())}00000001")))
    shipper.start()
    shipper.finish(30.0)
    assert 42 <= behind(queue) < 72
    journal.close(empty=True)


def test_ages_tell_how_long_the_oldest_waits():
    ages = Ages()
    assert ages.oldest(0, 0, 9.0) == 0.0
    for come, now in ((1, 10.0), (5, 11.0), (9, 12.0)):
        assert ages.oldest(come, 0, now) == now - 10.0
    assert ages.oldest(9, 1, 20.0) == 9.0
    assert ages.oldest(9, 5, 20.0) == 8.0
    assert ages.oldest(9, 9, 20.0) == 0.0
    assert ages.oldest(10, 9, 22.0) == 0.0
    assert ages.oldest(10, 9, 23.0) == 1.0


def test_ages_are_bounded_and_forget_little():
    ages = Ages()
    for number in range(1, 20 * MOST):
        ages.oldest(number, 0, number * STEP)
    assert len(ages._marks) <= MOST
    assert ages.oldest(20 * MOST, 0, 20 * MOST * STEP) == (20 * MOST - 1) * STEP
