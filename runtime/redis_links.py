"""Connections to Redis for processes on uvloop; addresses as runtime/redis_clients.py has them.

A transport that a reset has closed answers the next write with a RuntimeError under uvloop, which
redis-py passes on: no RedisError, no OSError, and nothing tries again. Here it is what it means, a
ConnectionError, which a retry of redis-py's heals and which STORE_ERRORS has.
"""

from __future__ import annotations

import functools
from typing import Any

from redis.asyncio import Connection, ConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import (
    MasterNotFoundError,
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from runtime.redis_clients import Sentinels, asking, sentinels_of

ONCE = Retry(NoBackoff(), 0)


class _Steady:
    async def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        try:
            await super().send_packed_command(*args, **kwargs)
        except RuntimeError as error:
            raise RedisConnectionError(f"The connection is closed: {error}") from error

    async def connect(self) -> None:
        # To ask a Sentinel is a part of it, over a connection that may have been reset as well.
        try:
            await super().connect()
        except RuntimeError as error:
            raise RedisConnectionError(f"The connection is closed: {error}") from error


class _Managed(_Steady):
    async def connect(self) -> None:
        try:
            await super().connect()
        except MasterNotFoundError:
            # redis-py puts the Sentinel that answered first, also while another connection goes
            # through them: that one then asks the one that is away twice, and no other.
            await super().connect()


@functools.cache
def _steady(base: type, kind: type = _Steady) -> type:
    return type(f"Steady{base.__name__}", (kind, base), {})


def options_of(url: str, **more: Any) -> dict[str, Any]:
    """What Channels' layers take as a host: arguments of redis.asyncio.ConnectionPool for a server,
    of its SentinelConnectionPool beside `sentinels` and `master_name` where Sentinels are named.

    Raises ValueError where the address cannot be read.
    """
    known = sentinels_of(url)
    if known is None:
        options = {**more, **parse_url(url)}
        base = options.get("connection_class", Connection)  # that of TLS or of a unix socket
        return {**options, "connection_class": _steady(base)}
    return {
        **more,
        **known.master,
        "connection_class": _managed(known),
        "master_name": known.service,
        "sentinels": list(known.addresses),
        "sentinel_kwargs": asking(known, more, ONCE),
    }


def connect(url: str, **options: Any) -> Redis:
    """As redis.asyncio.Redis.from_url. Raises ValueError where the address cannot be read."""
    known = sentinels_of(url)
    if known is None:
        return Redis.from_pool(ConnectionPool(**options_of(url, **options)))
    sentinels = Sentinel(known.addresses, sentinel_kwargs=asking(known, options, ONCE))
    return sentinels.master_for(
        known.service,
        connection_pool_class=_MasterPool,
        connection_class=_managed(known),
        **{**options, **known.master},
    )


class _MasterPool(SentinelConnectionPool):
    """One that closes the connections to the Sentinels with its own."""

    async def disconnect(self, inuse_connections: bool = True) -> None:
        await super().disconnect(inuse_connections)
        if inuse_connections:
            for sentinel in self.sentinel_manager.sentinels:
                await sentinel.aclose()


def _managed(known: Sentinels) -> type:
    base = SentinelManagedSSLConnection if known.tls else SentinelManagedConnection
    return _steady(base, _Managed)
