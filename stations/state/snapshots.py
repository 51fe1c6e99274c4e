"""Hot state of stations: reading it, and bringing MongoDB up to date with it.

The writing side is `snapshot_writer`. Nothing here holds a lock. Each write, to Redis and to
MongoDB, is conditional on the stamp, so any number of syncs and workers may run across each other:
the newest snapshot wins whatever the order of the writes, and a repeated write changes nothing.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgpack
import orjson
import redis
from asgiref.sync import sync_to_async
from bson import Binary
from django.conf import settings
from django.db import connection
from pymongo import ReplaceOne, WriteConcern
from pymongo.errors import BulkWriteError

from messaging import pulse
from runtime import redis_clients
from runtime.parts import by_ids, delete_by_ids, parts
from runtime.stores import STORE_ERRORS
from stations.state import keys
from stations.state.snapshot_writer import WRITE_IF_NEWER
from stations.state.stamps import NO_STAMP, STAMP_SIZE, split_stamp, unpack_state

CHUNK = 500
HASTY_CHUNK = 50  # where somebody waits: some 30 ms on the embedded store
DUPLICATE_KEY = 11000
# Snapshots of a station that were taken since its start, up to which MongoDB may have none of it.
FRESH = 5

# KEYS: dirty set, state keys; ARGV: identity and stamp for each state key.
# A station that changed since its snapshot was read stays dirty.
CLEAR_IF_UNMOVED = """
local cleared = 0
for i = 2, #KEYS do
  local identity, stamp = ARGV[2 * i - 3], ARGV[2 * i - 2]
  if redis.call('GETRANGE', KEYS[i], 0, 24) == stamp then
    cleared = cleared + redis.call('SREM', KEYS[1], identity)
  end
end
return cleared
"""

_client: redis.Redis | None = None


def redis_client() -> redis.Redis:
    """The process's synchronous Redis client; redis-py's pool makes it safe among threads."""
    global _client
    if _client is None:
        _client = redis_clients.connect(settings.REDIS_URL, **settings.REDIS_CLIENT)
    return _client


def state_collection():
    """MongoDB collection `station_state`; `_id` is the identity."""
    return connection.get_collection("station_state")


# --- reading ---------------------------------------------------------------------------------


def read_states_sync(identities: Iterable[str]) -> dict[str, dict | None]:
    """Snapshots by identity (None where there is none): one MGET, MongoDB for what is missing."""
    wanted = list(identities)
    if not wanted:
        return {}
    try:
        values = redis_client().mget([keys.state_key(identity) for identity in wanted])
    except STORE_ERRORS:
        values = [None] * len(wanted)  # the last synced state is better than none
    found = {
        identity: unpack_state(value)[1] if value else None
        for identity, value in zip(wanted, values, strict=True)
    }
    missing = [identity for identity, state in found.items() if state is None]
    if missing:
        for document in by_ids(state_collection(), missing):
            found[document["_id"]] = _from_document(document)[1]
    return found


async def read_states(identities: Iterable[str]) -> dict[str, dict | None]:
    """Async twin of read_states_sync."""
    return await sync_to_async(read_states_sync)(list(identities))


def read_newest(identities: Iterable[str]) -> dict[str, tuple[str, dict]]:
    """(stamp, snapshot) by identity, the newer of Redis and MongoDB; absent where neither has one.

    For taking a station over: after Redis lost data either store may be the one behind.
    """
    wanted = list(identities)
    newest: dict[str, tuple[str, dict]] = {}
    if not wanted:
        return newest
    values = redis_client().mget([keys.state_key(identity) for identity in wanted])
    for identity, value in zip(wanted, values, strict=True):
        if value:
            newest[identity] = unpack_state(value)
    behind = [
        document["_id"]
        for part in parts(wanted)
        for document in state_collection().find({"_id": {"$in": part}}, {"stamp": 1})
        if document["stamp"] > newest.get(document["_id"], (NO_STAMP,))[0]
    ]
    if behind:
        for document in by_ids(state_collection(), behind):
            newest[document["_id"]] = _from_document(document)
    return newest


def write_if_newer(values: dict[str, bytes]) -> int:
    """Put packed states into Redis where they are newer than what is there; returns how many."""
    client = redis_client()
    script = client.register_script(WRITE_IF_NEWER)
    names, written = list(values), 0
    for start in range(0, len(names), HASTY_CHUNK):
        chunk = names[start : start + HASTY_CHUNK]
        state_keys = [keys.state_key(identity) for identity in chunk]
        with client.pipeline(transaction=False) as pipeline:
            for key in state_keys:
                pipeline.getrange(key, 0, STAMP_SIZE - 1)
            held = pipeline.execute()
        newer = [
            identity
            for identity, stamp in zip(chunk, held, strict=True)
            if values[identity][:STAMP_SIZE] > stamp
        ]
        if newer:
            arguments = [part for identity in newer for part in (identity, values[identity])]
            where = [keys.dirty_key(), *map(keys.state_key, newer)]
            written += script(keys=where, args=arguments).count(1)
    return written


def forget_states(identities: Iterable[str]) -> None:
    """Remove the state of deleted stations, so that a new one of that name starts afresh."""
    gone = list(identities)
    if not gone:
        return
    client = redis_client()
    client.delete(*(name(each) for each in gone for name in (keys.state_key, keys.moments_key)))
    client.srem(keys.dirty_key(), *gone)
    delete_by_ids(state_collection(), gone)


def _from_document(document: dict[str, Any]) -> tuple[str, dict]:
    snapshot = dict(document)
    stamp = snapshot.pop("stamp")
    snapshot.pop("_id")
    snapshot["saved"] = msgpack.unpackb(snapshot["saved"], strict_map_key=False)
    return stamp, snapshot


def _to_document(identity: str, value: bytes) -> dict[str, Any]:
    # What operators look at is readable in the collection. `saved` is for the station alone and
    # has field names with dots, so it stays packed.
    stamp, snapshot = unpack_state(value)
    snapshot["saved"] = Binary(msgpack.packb(snapshot.get("saved")))
    return {**snapshot, "_id": identity, "stamp": stamp}


# --- the sync ----------------------------------------------------------------------------------


def dirty_chunks(size: int = CHUNK) -> Iterator[list[str]]:
    """Identities that await a sync, in lists of up to `size`.

    SSCAN gives every member that is there from its start to its end; one that is added meanwhile
    may wait for the next sync.
    """
    chunk: list[str] = []
    for raw in redis_client().sscan_iter(keys.dirty_key(), count=CHUNK):
        chunk.append(raw.decode())
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def read_chunk(identities: list[str]) -> dict[str, bytes | None]:
    """Raw values of the state keys."""
    values = redis_client().mget([keys.state_key(identity) for identity in identities])
    return dict(zip(identities, values, strict=True))


def write_chunk(values: dict[str, bytes | None]) -> tuple[int, int]:
    """Store the snapshots that are newer than MongoDB's; returns (written, stale).

    On return they are in its journal. A wait for that costs the embedded store as much as the
    write, so only the last write waits: the journal has what came before it as well, unless the
    store died in between. Then it lacks what was written last without, and all is written again.
    """
    documents = [
        _to_document(identity, value) for identity, value in values.items() if value is not None
    ]
    surely = state_collection()
    quickly = surely.with_options(write_concern=WriteConcern(j=False))
    inserted = _insert_fresh(quickly, documents[:-1])
    others = [made for made in documents[:-1] if made["_id"] not in inserted]
    stale = _replace_older(quickly, others) + _replace_older(surely, documents[-1:])
    last = [made for made in documents[:-1] if made["_id"] in inserted][-1:] + others[-1:]
    if not all(_is_there(surely, made) for made in last):
        stale = _replace_older(surely, documents)
    return len(documents) - stale, stale


def _insert_fresh(collection: Any, documents: list[dict[str, Any]]) -> set[str]:
    """Insert those of which there may be none yet; returns the ids of those that were not there.

    An insert costs the embedded store a tenth of a guarded replacement, which the many first
    states of a fleet's start need not be.
    """
    fresh = [made for made in documents if split_stamp(made["stamp"])[1] <= FRESH]
    if not fresh:
        return set()
    refused = _refused(lambda: collection.insert_many(fresh, ordered=False))
    return {made["_id"] for at, made in enumerate(fresh) if at not in refused}


def _is_there(collection: Any, document: dict[str, Any]) -> bool:
    found = collection.find_one({"_id": document["_id"]}, {"stamp": 1})
    return found is not None and found["stamp"] >= document["stamp"]


def _replace_older(collection: Any, documents: list[dict[str, Any]]) -> int:
    """Put these in the place of what is older; returns how many were not newer."""
    if not documents:
        return 0
    writes = [
        ReplaceOne({"_id": made["_id"], "stamp": {"$lt": made["stamp"]}}, made, upsert=True)
        for made in documents
    ]
    return len(_refused(lambda: collection.bulk_write(writes, ordered=False)))


def _refused(write: Callable[[], object]) -> set[int]:
    """Carry out a bulk; which of it was refused because a document with that _id is there."""
    try:
        write()
    except BulkWriteError as failure:
        errors = failure.details["writeErrors"]
        # With an equal or newer document there, the filter finds nothing and the upsert's insert
        # meets the same _id: that is the sign of a stale snapshot, not a fault.
        if any(error["code"] != DUPLICATE_KEY for error in errors):
            raise
        return {error["index"] for error in errors}
    return set()


def clear_chunk(values: dict[str, bytes | None]) -> int:
    """Take ids out of the dirty set unless their state has moved on since `values` was read."""
    state_keys, arguments = [], []
    for identity, value in values.items():
        state_keys.append(keys.state_key(identity))
        arguments += [identity, value[:STAMP_SIZE] if value else NO_STAMP]
    client = redis_client()
    script = client.register_script(CLEAR_IF_UNMOVED)
    return script(keys=[keys.dirty_key(), *state_keys], args=arguments)


def sync_dirty(seconds: float | None = None) -> dict[str, Any]:
    """Bring MongoDB up to date; returns {time, seconds, written, stale, lag, complete}.

    `lag` is the number of stations still (or again) dirty at the end. With `seconds` no chunk is
    begun after so long, and `complete` tells whether there was one more. May run at the same time
    as another sync, a worker's writes or a takeover.
    """
    began = time.monotonic()
    written, stale, complete = 0, 0, True
    for identities in dirty_chunks(CHUNK if seconds is None else HASTY_CHUNK):
        if seconds is not None and time.monotonic() - began >= seconds:
            complete = False
            break
        values = read_chunk(identities)
        newer, older = write_chunk(values)
        clear_chunk(values)
        written += newer
        stale += older
    result = {
        "time": time.time(),
        "seconds": round(time.monotonic() - began, 3),
        "written": written,
        "stale": stale,
        "lag": redis_client().scard(keys.dirty_key()),
        "complete": complete,
    }
    if complete:
        redis_client().set(keys.sync_last_key(), orjson.dumps(result))
        pulse.mark(redis_client(), settings.REDIS_PREFIX, "sync:")
    return result


def last_sync() -> dict[str, Any] | None:
    """What the last complete sync_dirty returned, with `dirty`, the stations that wait now."""
    raw = redis_client().get(keys.sync_last_key())
    if raw is None:
        return None
    return {**orjson.loads(raw), "dirty": redis_client().scard(keys.dirty_key())}
