"""The log's queue: batches are kept in Redis until they are stored, the queue has their names.

kombu takes a message from its list first and notes that it has it after, so a message is lost with
the process or the link between the two. The batch is not: it stays in a hash until it is stored,
and a name that nobody has dealt with for RESEND_AFTER is put on the queue again.

A batch that goes back to the queue comes to its end, so neither end of the list shows the oldest.
Beside the list there is a sorted set of the batches that are not stored yet, by the time since
which the first record of each has waited. Times are Redis' own: see messaging/pulse.py for why.
"""

from __future__ import annotations

import functools
import logging
import time
import uuid
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import redis
from celery import current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

from messaging.packing import compressed, decompressed
from messaging.records import first_id, time_of
from runtime import redis_clients

log = logging.getLogger(__name__)

LOG_QUEUE = "messages"
STORE_TASK = "messaging.tasks.store_messages"  # by its name: who queues need not load who stores
PATIENCE = 2.0  # seconds for a question
# Longer than a batch is in anybody's hands: the broker's visibility timeout, and the longest task.
RESEND_AFTER = 120.0
MOST_RESENT = 50  # batches at a time

# The era: a mark that goes with the data, and the run of the server, which may have come back
# without the newest of it. While both are the same nothing that was accepted was lost.
ERA = """
local function era()
  redis.call('SET', KEYS[5], ARGV[1], 'NX')
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or ''
  return redis.call('GET', KEYS[5]) .. '-' .. run
end
"""

# KEYS of all: outstanding, batches, sent, queue, era.
# ARGV: new era, member, age in ms, batch. Returns how many batches wait in the queue, and the era.
# NX: a batch that is sent again does not become younger.
BEGIN = (
    ERA
    + """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZADD', KEYS[1], 'NX', string.format('%.0f', now - tonumber(ARGV[3])), ARGV[2])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
redis.call('ZADD', KEYS[3], string.format('%.0f', now), ARGV[2])
return {redis.call('LLEN', KEYS[4]), era()}
"""
)

# ARGV: new era, then members. Returns the era, and those of the members that are stored.
STORED = (
    ERA
    + """
local stored = {era()}
for at = 2, #ARGV do
  if redis.call('HEXISTS', KEYS[2], ARGV[at]) == 0 then stored[#stored + 1] = ARGV[at] end
end
return stored
"""
)

# ARGV: member.
END = """
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
"""

# ARGV: ms after which a batch counts as lost, most. Returns the members that are.
# While the queue is not empty a batch may wait there for long. What was sent in the future was
# sent before the clock was set back. Without its batch a member has nothing to wait for.
LOST = """
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[2])) do
  if redis.call('HEXISTS', KEYS[2], member) == 0 then
    redis.call('ZREM', KEYS[1], member)
    redis.call('ZREM', KEYS[3], member)
  end
end
if redis.call('LLEN', KEYS[4]) > 0 then return {} end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local stamp = string.format('%.0f', now)
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. stamp, '+inf')) do
  redis.call('ZADD', KEYS[3], stamp, member)
end
local before = string.format('%.0f', now - tonumber(ARGV[1]))
local lost = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', before, 'LIMIT', 0, ARGV[2])
for _, member in ipairs(lost) do redis.call('ZADD', KEYS[3], stamp, member) end
return lost
"""


class Accepted(NamedTuple):
    """Redis has a batch: how many wait in the queue, the batch's name, and the era."""

    waiting: int
    name: str
    era: str


@dataclass(frozen=True)
class Queue:
    """What the log's queue does for who hands batches on; all raise where Redis is away.

    put(batch, age)     accept a batch whose first record has waited so many seconds
    stored(names)       the era, and those of the batches that are not there any more
    era()               names the Redis there is: what was accepted in another era may be lost
    recover()           send again what was lost between Redis and Celery
    """

    put: Callable[[bytes, float | None], Accepted]
    stored: Callable[[Sequence[str]], tuple[str, set[str]]]
    era: Callable[[], str]
    recover: Callable[[], int]

    @staticmethod
    def plain(enqueue: Callable[[bytes], int]) -> Queue:
        """One that loses nothing; `enqueue(batch)` returns how many wait in it."""
        return Queue(
            put=lambda batch, age: Accepted(enqueue(batch), "", ""),
            stored=lambda names: ("", set()),
            era=lambda: "",
            recover=lambda: 0,
        )


def _keys() -> tuple[str, ...]:
    """outstanding: sorted set, a batch's name -> Redis ms since which its first record waits;
    batches: hash, name -> the batch, compressed; sent: sorted set, name -> Redis ms at which it
    was put on the queue last; the queue; and the era's mark."""
    from django.conf import settings

    prefix = f"{settings.REDIS_PREFIX}log:"
    return f"{prefix}outstanding", f"{prefix}batches", f"{prefix}sent", queue_key(), f"{prefix}era"


def enqueue_with_celery(batch: bytes, age: float | None = None) -> Accepted:
    """Put a batch on the queue `messages`.

    age: seconds that its first record has waited; by the wall clock where it is not known. Raises
    where Redis is away: there is no retry in here.
    """
    first = first_of(batch)
    if age is None:
        age = _age_by_wall_clock(first)
    # By its length too: a batch that begins with the same record may have another end.
    name = f"{first}.{len(batch)}"
    # A tenth of the bytes to send, and to keep in Redis while the log is behind.
    packed = compressed(batch)
    waiting, era = _eval(BEGIN, uuid.uuid4().hex, name, round(age * 1000), packed)
    _send(name)
    return Accepted(waiting + 1, name, era.decode())


def stored_of(names: Sequence[str]) -> tuple[str, set[str]]:
    """The era, and which of these batches are not there: stored, if they were put in that era."""
    era, *stored = _eval(STORED, uuid.uuid4().hex, *names)
    return era.decode(), {name.decode() for name in stored}


def era() -> str:
    """Of the Redis there is."""
    return stored_of(())[0]


def _send(name: str) -> None:
    current_app.send_task(STORE_TASK, (name,), queue=LOG_QUEUE, retry=False)


def send_lost_again(after: float = RESEND_AFTER) -> int:
    """Put on the queue again what was sent so many seconds ago and nobody has stored.

    Returns how many batches; raises where Redis is away.
    """
    lost = _eval(LOST, round(after * 1000), MOST_RESENT)
    for name in lost:
        _send(name.decode())
    if lost:
        log.warning("%d batches of the log were lost on their way: they are sent again.", len(lost))
    return len(lost)


def batch_of(name: str) -> bytes | None:
    """The batch of that name; None where it is stored already. Raises where Redis is away."""
    packed = queue_client().hget(_keys()[1], name)
    return None if packed is None else decompressed(packed)


def first_of(batch: bytes) -> str:
    """The id of a batch's first record."""
    try:
        return first_id(batch)
    except Exception:  # noqa: BLE001 - what cannot be read is the storing's concern
        return f"unreadable {zlib.crc32(batch):08x}"


def _age_by_wall_clock(name: str) -> float:
    try:
        return max(0.0, time.time() - time_of(name))
    except ValueError:
        return 0.0


def is_stored(name: str) -> None:
    """The batch waits no more; raises where Redis is away."""
    _eval(END, name)


def _eval(script: str, *arguments: str | int | bytes) -> Any:
    keys = _keys()
    return queue_client().eval(script, len(keys), *keys, *arguments)


def queue_key() -> str:
    """The Redis key of the list that is the queue `messages`."""
    return _celery_prefix() + LOG_QUEUE


def _celery_prefix() -> str:
    from celery import current_app

    options = current_app.conf.broker_transport_options or {}
    return options.get("global_keyprefix", "")


@functools.cache
def queue_client() -> redis.Redis:
    """A blocking client beside Celery's own."""
    from django.conf import settings

    return redis_clients.connect(
        settings.REDIS_URL,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )


celery_queue = Queue(enqueue_with_celery, stored_of, era, send_lost_again)
