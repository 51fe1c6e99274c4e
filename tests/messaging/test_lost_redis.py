"""A Redis that loses its data takes nothing of the log with it: the journal has it until it is
stored, and hands it on again."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from django.conf import settings

from messaging.journals import leftovers, log_queue, shipping
from messaging.journals.journal import Journal
from messaging.journals.log_queue import celery_queue
from messaging.journals.shipping import Shipper
from messaging.records import decode_batch, encode, id_at
from tests.messaging.conftest import batch_of, make_record


def wait_until(condition, seconds: float = 180.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to this in time"
        time.sleep(0.01)


class LosingRedis:
    """Real Redis under a prefix of its own, without Celery: `store` does what its task does."""

    def __init__(self, client: redis.Redis, prefix: str) -> None:
        self.client, self.prefix = client, prefix
        self.stored: list[str] = []  # ids of records

    def waiting(self) -> list[str]:
        return sorted(name.decode() for name in self.client.hkeys(f"{self.prefix}log:batches"))

    def ids(self) -> list[str]:
        return [
            record.id
            for name in self.waiting()
            for record in decode_batch(log_queue.batch_of(name))
        ]

    def store(self, name: str) -> None:
        self.stored += [record.id for record in decode_batch(log_queue.batch_of(name))]
        log_queue.is_stored(name)

    def store_all(self) -> None:
        for name in self.waiting():
            self.store(name)

    def lose(self) -> None:
        for key in self.client.scan_iter(f"{self.prefix}*"):
            self.client.delete(key)


@pytest.fixture
def queue(monkeypatch):
    prefix = f"test-lost-{time.monotonic_ns()}:"
    monkeypatch.setattr(settings, "REDIS_PREFIX", prefix)
    monkeypatch.setattr(log_queue, "_celery_prefix", lambda: f"{prefix}celery:")
    monkeypatch.setattr(log_queue.current_app, "send_task", lambda *_, **__: None)
    for name in ("STORED_EVERY", "LEFTOVERS_EVERY"):
        monkeypatch.setattr(shipping, name, 0.01)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        made = LosingRedis(client, prefix)
        yield made
        made.lose()


class Worker:
    """A journal and its shipper; the segments are small, so most of them are accepted early."""

    def __init__(self, root, **options) -> None:
        self.journal = Journal(root, "worker", segment_bytes=2048, **options)
        self.journal.settled = lambda: self.settled
        self.settled = float("inf")
        self.shipper = Shipper(self.journal, root, celery_queue)
        self.shipper.start()
        self.written: list[str] = []

    def write(self, count: int = 1) -> None:
        for _ in range(count):
            record = make_record(id=f"{id_at(time.time())}{random.getrandbits(32):08x}")
            assert self.journal.append(encode(record))
            self.written.append(record.id)
        self.shipper.rouse()

    def accepted(self) -> None:
        wait_until(lambda: self.shipper.accepted == self.journal.appended)

    def stop(self) -> None:
        """In order."""
        left = self.shipper.finish(10.0)
        stored = not self.shipper.unstored
        self.journal.close(empty=not left and stored, accepted=not left)

    def die(self) -> None:
        """Its lock is free, and its files are as they were."""
        self.shipper.finish(0.0)
        self.journal.close(empty=False)


@pytest.fixture
def worker(queue, tmp_path):
    made = Worker(tmp_path)
    yield made
    made.die()


def test_what_redis_lost_before_it_was_stored_is_put_there_again(queue, worker):
    for _ in range(3):
        worker.write(20)
        worker.accepted()
    first, *others = queue.waiting()
    queue.store(first)
    wait_until(lambda: worker.shipper.unstored == len(others))
    queue.lose()
    wait_until(lambda: sorted(queue.waiting()) == sorted(others))
    queue.store_all()
    assert sorted(queue.stored) == sorted(worker.written)
    # It lost nothing the second time.
    wait_until(lambda: not worker.shipper.unstored)
    assert queue.waiting() == []


def start_redis(folder: Path) -> tuple[subprocess.Popen, str]:
    """With a file that every write goes to before it is answered."""
    program = shutil.which("redis-server", path=f"{Path(sys.executable).parent}:{os.defpath}")
    socket = folder / "redis.sock"
    command = [
        program, "--port", "0", "--unixsocket", str(socket), "--dir", str(folder),
        "--appendonly", "yes", "--appendfsync", "always",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    client = redis.Redis(unix_socket_path=str(socket))

    def ready() -> bool:
        try:
            return client.ping()
        except redis.RedisError:
            return False

    wait_until(ready)
    return process, f"unix://{socket}"


def test_a_restart_with_the_data_counts_as_a_loss(queue, tmp_path, monkeypatch):
    """Its newest part may be missing: a usual append-only file is synced once a second."""
    process, url = start_redis(tmp_path)
    monkeypatch.setattr(settings, "REDIS_URL", url)
    log_queue.queue_client.cache_clear()
    try:
        before, name = (
            log_queue.era(),
            log_queue.enqueue_with_celery(batch_of([make_record()])).name,
        )
        assert log_queue.era() == before
        process.kill()
        process.wait()
        process, _ = start_redis(tmp_path)
        assert log_queue.batch_of(name) and log_queue.era() != before
    finally:
        process.kill()
        process.wait()
        log_queue.queue_client.cache_clear()


def test_accepted_segments_are_held_until_they_are_stored(queue, worker):
    worker.write(60)
    worker.accepted()
    assert len(list(worker.journal.directory.glob("*.wal"))) > 3
    queue.store_all()
    wait_until(lambda: len(list(worker.journal.directory.glob("*.wal"))) <= 2)


def test_what_is_stored_is_held_until_it_is_settled(queue, worker):
    worker.settled = 0.0
    worker.write(60)
    worker.accepted()
    queue.store_all()
    wait_until(lambda: not worker.shipper.unstored)
    assert len(list(worker.journal.directory.glob("*.wal"))) > 3


def test_new_records_matter_more_than_what_redis_has(queue, tmp_path):
    worker = Worker(tmp_path, most_bytes=5 * 2048)
    for _ in range(8):
        worker.write(20)
        worker.accepted()
    assert worker.journal.bytes <= 5 * 2048
    before = len(queue.ids())
    queue.lose()
    wait_until(lambda: worker.shipper.again and not worker.shipper._unstored.lost())
    assert 0 < len(queue.ids()) < before
    worker.die()


@pytest.mark.parametrize("end", ["die", "stop"])
def test_what_a_worker_that_is_gone_handed_on_is_replayed(queue, tmp_path, end):
    gone = Worker(tmp_path)
    gone.write(60)
    gone.accepted()
    wait_until(lambda: len(queue.ids()) == 60)
    getattr(gone, end)()
    heir = Worker(tmp_path)
    wait_until(lambda: [*tmp_path.glob(f"{gone.journal.directory.name}/accepted")])
    assert heir.shipper.replayed == 0  # Redis has it
    queue.lose()
    wait_until(lambda: sorted(queue.ids()) == sorted(gone.written))
    wait_until(lambda: [*tmp_path.glob(f"{gone.journal.directory.name}/accepted")])
    heir.die()


def test_what_is_stored_leaves_nothing_at_the_end(queue, tmp_path):
    worker = Worker(tmp_path)
    worker.write(60)
    worker.accepted()
    queue.store_all()
    worker.stop()
    assert list(tmp_path.iterdir()) == []


def test_without_redis_leftovers_wait(queue, tmp_path):
    gone = Worker(tmp_path)
    gone.write(3)
    gone.die()

    def away() -> str:
        raise redis.ConnectionError("away")

    with pytest.raises(redis.ConnectionError):
        next(leftovers.batches(tmp_path, 500, 2**20, away))
    [leftover] = leftovers.claim(tmp_path)
    leftover.close()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_all_is_stored(queue, tmp_path, seed):
    """Workers die and stop, batches are stored in any order, and Redis forgets, now and again."""
    chance = random.Random(seed)
    worker, written = Worker(tmp_path), []

    def end(how: str) -> None:
        nonlocal worker
        written.extend(worker.written)
        getattr(worker, how)()
        worker = Worker(tmp_path)

    def store_some() -> None:
        for name in queue.waiting():
            if chance.random() < 0.5:
                queue.store(name)

    steps = [
        lambda: worker.write(chance.randint(1, 30)), lambda: worker.write(5), store_some,
        lambda: worker.accepted(), queue.lose,
        lambda: end("die"), lambda: end("stop"),
    ]  # fmt: skip
    for _ in range(25):
        chance.choice(steps)()
    worker.accepted()
    written.extend(worker.written)

    def all_stored() -> bool:
        queue.store_all()
        return set(written) <= set(queue.stored)

    wait_until(all_stored, 60)
    worker.die()
