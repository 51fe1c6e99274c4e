"""What the log's task counts in Redis beside MongoDB's counts: answers by how long they took, and
failures by station, a minute each.

Redis keeps a minute for KEPT seconds, so who asks for it later sees all that was stored by then.
Frames that waited longer to be stored are not counted here.

    tally:latencies:<minute>  hash: "<action>|<bucket>" -> answers of the CSMS; see BOUNDS
    tally:failures:<minute>   hash: "<code>|<station>" -> failures
    tally:touched             set of the minutes that changed since they were read
"""

from __future__ import annotations

import functools
import logging
import os
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from messaging.names import plain
from messaging.records import FrameRecord, failed, latency_ms, time_of
from runtime import redis_clients
from runtime.stores import STORE_ERRORS

log = logging.getLogger(__name__)

KEPT = 3600  # seconds
PATIENCE = 1.0  # seconds for a question
MOST_FIELDS = 10_000  # of a minute; then only what is known already is counted
NO_ANSWER = "Timeout"  # the code of a Call that was not answered in time
# Milliseconds: a bucket has what took no longer than its bound, the last one the rest.
BOUNDS = (
    1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000,
    5000, 7000, 10_000, 15_000, 20_000, 30_000, 60_000,
)  # fmt: skip

# KEYS: latencies, failures, touched. ARGV: minute, seconds kept, most fields, how many fields of
# latencies, then field and number of each, then of failures.
ADD = """
local split = 4 + 2 * tonumber(ARGV[4])
for at = 5, #ARGV, 2 do
  local key = at <= split and KEYS[1] or KEYS[2]
  if redis.call('HLEN', key) < tonumber(ARGV[3]) or redis.call('HEXISTS', key, ARGV[at]) == 1 then
    redis.call('HINCRBY', key, ARGV[at], ARGV[at + 1])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('EXPIRE', KEYS[3], ARGV[2])
"""


def latencies_key(minute: int) -> str:
    return f"{settings.REDIS_PREFIX}tally:latencies:{minute}"


def failures_key(minute: int) -> str:
    return f"{settings.REDIS_PREFIX}tally:failures:{minute}"


def touched_key() -> str:
    return f"{settings.REDIS_PREFIX}tally:touched"


@functools.lru_cache(maxsize=1)
def _client_of(pid: int, url: str) -> redis.Redis:
    retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    return redis_clients.connect(
        url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=retry
    )


def client() -> redis.Redis:
    """One a process: a forked child must not use its parent's."""
    return _client_of(os.getpid(), settings.REDIS_URL)


# --- counting --------------------------------------------------------------------------------


def note(records: Iterable[FrameRecord], now: float | None = None) -> None:
    """Count messages that were stored just now; without Redis they are not."""
    latencies: dict[int, Counter] = defaultdict(Counter)
    failures: dict[int, Counter] = defaultdict(Counter)
    oldest = (time.time() if now is None else now) - KEPT + 60
    for record in records:
        seconds = time_of(record.id)
        if seconds < oldest:
            continue
        minute = int(seconds) // 60
        if record.latency is not None and record.direction == "received":
            bucket = bisect_left(BOUNDS, latency_ms(record.latency))
            latencies[minute][f"{plain(record.action)}|{bucket}"] += 1
        if failed(record):
            failures[minute][f"{code_of(record)}|{record.station}"] += 1
    try:
        for minute in latencies.keys() | failures.keys():
            _add(minute, latencies[minute], failures[minute])
    except STORE_ERRORS as error:
        log.debug("what was stored is not counted: %s", error)


def _add(minute: int, latencies: Counter, failures: Counter) -> None:
    pairs = [part for each in (latencies, failures) for pair in each.items() for part in pair]
    keys = (latencies_key(minute), failures_key(minute), touched_key())
    client().eval(ADD, 3, *keys, minute, KEPT, MOST_FIELDS, len(latencies), *pairs)


def code_of(record: FrameRecord) -> str:
    """The code of a failed frame, in the words of OCPP, or what kind of frame it is.

    A CallError has the side that sent it before its code: "received NotSupported".
    """
    code = plain((record.error or record.kind).partition(":")[0])
    return f"{record.direction} {code}" if record.kind == "CallError" else code


# --- reading ---------------------------------------------------------------------------------


def take_touched() -> list[int]:
    """The minutes that changed since the last time; what changes from here on is touched anew."""
    pipe = client().pipeline()
    pipe.smembers(touched_key())
    pipe.delete(touched_key())
    return sorted(int(minute) for minute in pipe.execute()[0])


def latencies_of(minutes: Iterable[int]) -> dict[int, dict[str, dict[str, int]]]:
    """{minute: {action: {bucket: answers}}}."""
    return {minute: _parted(fields) for minute, fields in _read(minutes, latencies_key).items()}


def _parted(fields: Mapping[bytes, bytes]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for field, count in fields.items():
        action, _, bucket = field.decode().partition("|")
        found[action][bucket] = int(count)
    return dict(found)


def failures_of(minutes: Iterable[int]) -> dict[str, Counter]:
    """{station: {code: failures}} over these minutes."""
    found: dict[str, Counter] = defaultdict(Counter)
    for fields in _read(minutes, failures_key).values():
        for field, count in fields.items():
            code, _, station = field.decode("utf-8", "replace").partition("|")
            found[station][code] += int(count)
    return found


def _read(minutes: Iterable[int], key: Any) -> dict[int, dict[bytes, bytes]]:
    wanted = list(minutes)
    pipe = client().pipeline(transaction=False)
    for minute in wanted:
        pipe.hgetall(key(minute))
    return dict(zip(wanted, pipe.execute(), strict=True)) if wanted else {}


# --- what the buckets tell ---------------------------------------------------------------------


def added(*parts: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """{action: {bucket: answers}} of several."""
    sums: dict[str, Counter] = defaultdict(Counter)
    for part in parts:
        for action, buckets in part.items():
            sums[action].update(buckets)
    return {action: dict(buckets) for action, buckets in sums.items()}


def percentile(buckets: Mapping[str, int], share: float) -> float | None:
    """Milliseconds below which that share of the answers came, as if a bucket's lay evenly in it.

    None without an answer. In the last bucket, which has no end, it is the last bound.
    """
    total = sum(buckets.values())
    if not total:
        return None
    wanted, passed = share * total, 0
    for bucket in sorted(map(int, buckets)):
        count = buckets[str(bucket)]
        if passed + count >= wanted and count:
            low = BOUNDS[bucket - 1] if bucket else 0
            high = BOUNDS[min(bucket, len(BOUNDS) - 1)]
            return round(low + (high - low) * max(0.0, wanted - passed) / count, 1)
        passed += count
    return float(BOUNDS[-1])
