"""Which stations of a large fleet were in which state when the task looked last (census.py).

To tell it of now, a filter by a live state reads the states of all that run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from stations.state import keys
from stations.state.snapshots import redis_client

_LOOKED = "looked"  # a field that is there after each look
_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder(list[str]).decode


def keep(members: Mapping[str, Iterable[str]], seconds: int) -> None:
    """{state: identities}, for so long. Raises RedisError."""
    key = keys.rollcall_key()
    fields = {state: _encode(list(names)) for state, names in members.items()}
    pipeline = redis_client().pipeline()
    pipeline.delete(key).hset(key, mapping=fields | {_LOOKED: b""}).expire(key, seconds).execute()


def last(state: str) -> frozenset[str] | None:
    """Who was in it; None where nobody has looked for long. Raises RedisError."""
    names, looked = redis_client().hmget(keys.rollcall_key(), [state, _LOOKED])
    if looked is None:
        return None
    return frozenset(_decode(names)) if names else frozenset()
